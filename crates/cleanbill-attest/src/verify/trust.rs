//! What is trusted, and when a signature counts as made.

use crate::{
    certificate::{Certificate, RevocationList},
    key::PublicKey,
    refusal::Method,
    sigstore::SigstoreTrust,
    time::UnixTime,
};

/// Says what is trusted.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// The holder of a key.
    Key(&'a PublicKey),
    /// The holder of a key. A timestamp in the bundle proves when it signed; without one nothing does, which refuses nothing.
    StampedKey {
        /// The key.
        key: &'a PublicKey,
        /// Who is believed about time.
        authorities: Authorities<'a>,
    },
    /// Whom roots vouch for.
    Certificates(CertificateTrust<'a>),
    /// An identity that Sigstore confirmed.
    Sigstore(&'a SigstoreTrust),
}

/// Says which certificates are trusted, and when they have to be valid.
#[derive(Clone, Copy, Debug)]
pub struct CertificateTrust<'a> {
    /// Certificates that are trusted; paths end at those that signed themselves.
    pub trusted: &'a [Certificate],
    /// Lists of revoked certificates. Where there are any, one has to speak of each certificate of the path but the root.
    pub lists: &'a [RevocationList],
    /// When every certificate has to be valid.
    pub time: SigningTime<'a>,
}

/// Says when a signature counts as made.
#[derive(Clone, Copy, Debug)]
pub enum SigningTime<'a> {
    /// At this time, which the caller answers for.
    Given(UnixTime),
    /// When a timestamp in the bundle was made. Without one that holds the bundle is refused.
    Proven(Authorities<'a>),
    /// When a timestamp in the bundle was made; at another time where none holds.
    ProvenOr(Authorities<'a>, UnixTime),
}

impl SigningTime<'_> {
    /// Returns when lists of revoked certificates have to count: the present, whatever is proven about the past.
    pub(crate) const fn of_lists(self) -> UnixTime {
        match self {
            Self::Given(at) | Self::ProvenOr(_, at) => at,
            Self::Proven(authorities) => authorities.now,
        }
    }
}

/// Says who is believed about time.
#[derive(Clone, Copy, Debug)]
pub struct Authorities<'a> {
    /// Certificates that are trusted for timestamps.
    pub certificates: &'a [Certificate],
    /// The present time: a timestamp that lies ahead of it proves nothing.
    pub now: UnixTime,
}

impl<'a> Trust<'a> {
    /// Trusts whom these roots vouch for, at one time.
    pub const fn certificates(trusted: &'a [Certificate], at: UnixTime) -> Self {
        Self::Certificates(CertificateTrust {
            trusted,
            lists: &[],
            time: SigningTime::Given(at),
        })
    }

    pub(crate) const fn method(&self) -> Method {
        match self {
            Self::Key(_) | Self::StampedKey { .. } => Method::Key,
            Self::Certificates(_) => Method::Certificate,
            Self::Sigstore(_) => Method::Sigstore,
        }
    }

    /// Says whether timestamps in the bundle are looked at.
    pub(crate) const fn uses_timestamps(&self) -> bool {
        match self {
            Self::Key(_) => false,
            Self::StampedKey { authorities, .. } => !authorities.certificates.is_empty(),
            Self::Certificates(trust) => match trust.time {
                SigningTime::Given(_) => false,
                SigningTime::Proven(_) => true,
                SigningTime::ProvenOr(authorities, _) => !authorities.certificates.is_empty(),
            },
            Self::Sigstore(_) => true,
        }
    }
}
