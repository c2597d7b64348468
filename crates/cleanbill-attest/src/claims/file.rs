//! Files of claims: one bundle a line. Nothing in them is repaired, and nothing is passed over.

use super::{Claim, ClaimRefusal};
use crate::{
    bundle::{Bundle, Material},
    certificate::Certificate,
    limits,
    refusal::Refusal,
};

/// Says who is said to have signed a claim; nobody checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnverifiedSigner {
    /// The holder of a key with this fingerprint.
    Key(String),
    /// Whoever this subject of a certificate is.
    Certificate(String),
    /// An identity of Sigstore.
    Identity,
}

/// Holds a line of a file of claims, read and not verified.
#[derive(Clone, Debug)]
pub struct ListedClaim {
    /// Its number, from 1.
    pub line: usize,
    /// Who is said to have signed it, and what it says; or why it cannot be read.
    pub read: Result<(UnverifiedSigner, Claim), Refusal>,
}

/// Reads the claims of a file without verifying them; a line that cannot be read has its reason.
pub fn list(bytes: &[u8]) -> Result<Vec<ListedClaim>, Refusal> {
    let mut listed = Vec::new();
    for (line, bundle) in lines(bytes)? {
        let read = bundle.and_then(one);
        listed.push(ListedClaim { line, read });
    }
    Ok(listed)
}

/// Returns the content of a file of claims with some more, all of which can be read again. A file that is damaged is refused, so that
/// nobody writes behind damage.
pub fn append<B: AsRef<[u8]>>(existing: &[u8], bundles: &[B]) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::with_capacity(existing.len());
    if !existing.is_empty() {
        for (_, bundle) in lines(existing)? {
            one(only_line(bundle?)?)?;
        }
        out.extend_from_slice(existing);
        if existing.last() != Some(&b'\n') {
            out.push(b'\n');
        }
    }
    for bundle in bundles {
        let bundle = only_line(bundle.as_ref())?;
        one(bundle)?;
        out.extend_from_slice(bundle);
        out.push(b'\n');
    }
    if !out.is_empty() {
        lines(&out)?;
    }
    Ok(out)
}

fn only_line(bundle: &[u8]) -> Result<&[u8], Refusal> {
    if bundle.contains(&b'\n') {
        return Err(Refusal::Claim(ClaimRefusal::Line));
    }
    Ok(bundle)
}

fn one(bytes: &[u8]) -> Result<(UnverifiedSigner, Claim), Refusal> {
    let bundle = Bundle::from_json(bytes)?;
    let signer = match &bundle.material {
        Material::Key { hint, .. } => UnverifiedSigner::Key(hint.clone().unwrap_or_default()),
        Material::Chain(chain) => {
            let first = chain.first().and_then(|der| Certificate::from_der(der));
            let subject = first.map(|certificate| certificate.subject());
            UnverifiedSigner::Certificate(subject.ok_or(Refusal::CertificateSyntax { position: 1 })?)
        }
        Material::Identity => UnverifiedSigner::Identity,
    };
    Ok((signer, Claim::from_json(&bundle.payload)?))
}

/// A line with its number, or what is wrong with it.
type Line<'a> = (usize, Result<&'a [u8], Refusal>);

/// Parts a file into bundles. Blanks around a bundle are refused, so that every byte of a file that we write counts; one bundle on
/// several lines is what other tools write, and is taken as the only one.
pub(super) fn lines(bytes: &[u8]) -> Result<Vec<Line<'_>>, Refusal> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limits::CLAIMS_BYTES {
        return Err(Refusal::Claim(ClaimRefusal::TooLarge));
    }
    if bytes.is_empty() {
        return Err(Refusal::Claim(ClaimRefusal::Empty));
    }
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if is_spread(body) {
        return Ok(vec![(1, Ok(body))]);
    }
    let mut all = Vec::new();
    for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
        if index >= limits::CLAIMS {
            return Err(Refusal::Claim(ClaimRefusal::TooMany));
        }
        let is_whole = line.starts_with(b"{") && line.ends_with(b"}");
        let line = if is_whole {
            Ok(line)
        } else {
            Err(Refusal::Claim(ClaimRefusal::Line))
        };
        all.push((index.saturating_add(1), line));
    }
    Ok(all)
}

/// Says whether a file is one bundle on several lines: its first line opens it and no more.
fn is_spread(body: &[u8]) -> bool {
    let mut lines = body.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    lines.next().is_some() && matches!(first, b"{" | b"{\r")
}
