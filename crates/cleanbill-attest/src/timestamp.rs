//! Timestamps (RFC 3161) over the signature of a bundle: proof, by an authority that the caller trusts, that it was there at a time.
//!
//! A token is CMS (RFC 5652): a signature over attributes, one of which is the digest of what is stamped.

use std::collections::BTreeMap;

use cleanbill_core::{Text, text};
use der::{AnyRef, Decode as _, Reader as _, SliceReader, asn1::ObjectIdentifier};

use crate::{
    certificate::{Certificate, Purpose, scheme_of, verify_by, verify_chain},
    key::Prehash,
    limits,
    refusal::Refusal,
    time::UnixTime,
    verify::Authorities,
};

/// Says what is wrong with a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TimestampProblem {
    /// There is none.
    Missing,
    /// It is no granted token of RFC 3161, or not in DER.
    Syntax,
    /// It is over other bytes than the signature of the bundle.
    Imprint,
    /// Its attributes are not those of what it stamps.
    Attributes,
    /// No certificate of its signer is in it or trusted.
    Signer,
    /// It is signed in a way that is not accepted.
    Algorithm,
    /// Its signature does not verify.
    Signature,
    /// The certificate of its signer is not for timestamps alone.
    Usage,
    /// It lies ahead of the present time.
    Ahead,
}

impl TimestampProblem {
    /// Returns the id of the reason.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Missing => "timestamp-missing",
            Self::Syntax => "timestamp-syntax",
            Self::Imprint => "timestamp-imprint",
            Self::Attributes => "timestamp-attributes",
            Self::Signer => "timestamp-signer",
            Self::Algorithm => "timestamp-algorithm",
            Self::Signature => "timestamp-signature",
            Self::Usage => "timestamp-usage",
            Self::Ahead => "timestamp-ahead",
        }
    }

    /// Returns the words for people.
    pub fn text(self) -> Text {
        match self {
            Self::Missing => text!(
                "the bundle has no timestamp, so that nothing proves when it was signed",
                "签名包没有时间戳，无法证明签名时间"
            ),
            Self::Syntax => text!(
                "the timestamp is no granted token of RFC 3161",
                "时间戳不是 RFC 3161 所定义的已批准令牌"
            ),
            Self::Imprint => text!(
                "the timestamp is over other bytes than this signature",
                "时间戳所覆盖的不是此签名"
            ),
            Self::Attributes => text!(
                "the signed attributes of the timestamp are not those of its content",
                "时间戳的签名属性与其内容不符"
            ),
            Self::Signer => text!(
                "no certificate of the timestamp's signer is in it or trusted",
                "时间戳中及受信任的证书中都没有其签名者的证书"
            ),
            Self::Algorithm => text!(
                "the timestamp is signed in a way that is not accepted",
                "时间戳的签名方式不被接受"
            ),
            Self::Signature => text!(
                "the signature of the timestamp does not verify",
                "时间戳的签名验证失败"
            ),
            Self::Usage => text!(
                "the certificate of the timestamp's signer is not for timestamps alone",
                "时间戳签名者的证书并非仅用于时间戳"
            ),
            Self::Ahead => text!(
                "the timestamp lies ahead of the present time",
                "时间戳晚于当前时间"
            ),
        }
    }
}

/// Holds a time that is proven, and who proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proven {
    pub(crate) at: UnixTime,
    pub(crate) authority: String,
}

/// Returns what the first timestamp proves that holds; else why the first one does not.
pub(crate) fn verify(
    tokens: &[Vec<u8>],
    signature: &[u8],
    authorities: Authorities<'_>,
) -> Result<Proven, Refusal> {
    let mut refusal = None;
    for token in tokens {
        match verify_one(token, signature, authorities) {
            Ok(proven) => return Ok(proven),
            Err(problem) => {
                refusal.get_or_insert(problem);
            }
        }
    }
    Err(refusal.unwrap_or(Refusal::Timestamp(TimestampProblem::Missing)))
}

fn verify_one(token: &[u8], signature: &[u8], authorities: Authorities<'_>) -> Result<Proven, Refusal> {
    let problem = Refusal::Timestamp;
    let trusted = authorities.certificates;
    let token = Token::read(token).ok_or(problem(TimestampProblem::Syntax))?;
    let stamp = Stamp::read(token.content).ok_or(problem(TimestampProblem::Syntax))?;
    let hash = stamp.hash.ok_or(problem(TimestampProblem::Algorithm))?;
    if hash.of(signature) != stamp.imprint {
        return Err(problem(TimestampProblem::Imprint));
    }
    let hash = token.hash.ok_or(problem(TimestampProblem::Algorithm))?;
    let signer = token
        .certificates
        .iter()
        .chain(trusted)
        .find(|one| token.signer.is(one))
        .ok_or(problem(TimestampProblem::Signer))?
        .clone();
    token.check_attributes(hash, &signer)?;
    let (family, named) = match token.algorithm {
        RSA => scheme_of(RSA_SHA256).ok_or(problem(TimestampProblem::Algorithm))?,
        other => scheme_of(other).ok_or(problem(TimestampProblem::Algorithm))?,
    };
    // Where the algorithm names its hash as well, the two must be the same.
    if token.algorithm != RSA && named != hash {
        return Err(problem(TimestampProblem::Algorithm));
    }
    let key = signer.key_der().ok_or(problem(TimestampProblem::Algorithm))?;
    verify_by(family, hash, &key, &token.signed, token.signature)
        .ok_or(problem(TimestampProblem::Signature))?;
    let mut presented = vec![signer.clone()];
    presented.extend(
        token
            .certificates
            .iter()
            .filter(|one| one.as_der() != signer.as_der())
            .cloned(),
    );
    verify_chain(&presented, trusted, stamp.at, Purpose::Timestamps)?;
    if stamp.at > authorities.now {
        return Err(problem(TimestampProblem::Ahead));
    }
    Ok(Proven {
        at: stamp.at,
        authority: signer.subject(),
    })
}

/// Holds a token, taken apart and not verified.
struct Token<'a> {
    /// What is stamped, as DER.
    content: &'a [u8],
    certificates: Vec<Certificate>,
    signer: Signer<'a>,
    /// The digest over the content; none that is accepted where it is `None`.
    hash: Option<Prehash>,
    attributes: BTreeMap<ObjectIdentifier, &'a [u8]>,
    /// The attributes as they were signed.
    signed: Vec<u8>,
    algorithm: ObjectIdentifier,
    signature: &'a [u8],
}

/// Names a certificate.
enum Signer<'a> {
    /// By its issuer, as DER, and its serial number.
    Serial { issuer: &'a [u8], serial: &'a [u8] },
    /// By the identifier of its key.
    KeyId(&'a [u8]),
}

impl Signer<'_> {
    fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Serial { issuer, serial } => {
                certificate.issuer_der().as_deref() == Some(*issuer) && certificate.serial_bytes() == *serial
            }
            Self::KeyId(id) => certificate.key_id() == Some(*id),
        }
    }
}

/// One element of DER.
#[derive(Clone, Copy)]
struct Element<'a> {
    /// Its tag, which is one octet everywhere in these structures.
    tag: u8,
    value: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// Takes the elements within apart, where it has this tag.
    fn within(self, tag: u8) -> Option<std::vec::IntoIter<Self>> {
        if self.tag != tag {
            return None;
        }
        elements(self.value).map(Vec::into_iter)
    }

    fn value(self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.value)
    }

    fn oid(self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_der(self.whole).ok()
    }
}

/// Takes bytes apart that are nothing but elements of DER, of which there are few.
fn elements(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut list = Vec::new();
    if bytes.is_empty() {
        return Some(list);
    }
    let mut reader = SliceReader::new(bytes).ok()?;
    while !reader.is_finished() {
        if list.len() >= limits::TIMESTAMP_ELEMENTS {
            return None;
        }
        let whole = reader.tlv_bytes().ok()?;
        let value = AnyRef::from_der(whole).ok()?.value();
        list.push(Element {
            tag: *whole.first()?,
            value,
            whole,
        });
    }
    Some(list)
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const TIME: u8 = 0x18;
/// Context-specific and constructed, numbers 0 and 1; primitive, number 0.
const FIRST: u8 = 0xa0;
const SECOND: u8 = 0xa1;
const FIRST_PRIMITIVE: u8 = 0x80;

/// Returns the one element that bytes are.
fn one(bytes: &[u8]) -> Option<Element<'_>> {
    match elements(bytes)?.as_slice() {
        [element] => Some(*element),
        _ => None,
    }
}

impl<'a> Token<'a> {
    /// Reads a token, or the answer of an authority that holds one.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let outer = one(bytes)?;
        let mut inside = outer.within(SEQUENCE)?;
        let first = inside.next()?;
        let token = if first.tag == OID {
            outer
        } else {
            // PKIStatusInfo: granted, or granted with changes.
            let status = first.within(SEQUENCE)?.next()?.value(INTEGER)?;
            if !matches!(status, [0 | 1]) {
                return None;
            }
            inside.next()?
        };
        let mut token = token.within(SEQUENCE)?;
        if token.next()?.oid()? != SIGNED_DATA {
            return None;
        }
        let data = one(token.next()?.value(FIRST)?)?;
        Self::of_signed_data(data)
    }

    fn of_signed_data(data: Element<'a>) -> Option<Self> {
        let mut data = data.within(SEQUENCE)?;
        data.next()?.value(INTEGER)?;
        data.next()?.value(SET)?;
        let mut content = data.next()?.within(SEQUENCE)?;
        if content.next()?.oid()? != TST_INFO {
            return None;
        }
        let content = one(content.next()?.value(FIRST)?)?.value(OCTETS)?;
        let mut certificates = Vec::new();
        let mut next = data.next()?;
        if next.tag == FIRST {
            // What is no certificate that can be read vouches for nothing.
            certificates = next
                .within(FIRST)?
                .filter_map(|element| Certificate::from_der(element.whole))
                .collect();
            next = data.next()?;
        }
        if next.tag == SECOND {
            next = data.next()?;
        }
        let signers = elements(next.value(SET)?)?;
        let [information] = signers.as_slice() else {
            return None;
        };
        let mut parts = information.within(SEQUENCE)?;
        parts.next()?.value(INTEGER)?;
        let named = parts.next()?;
        let named = if named.tag == FIRST_PRIMITIVE {
            Signer::KeyId(named.value)
        } else {
            let mut named = named.within(SEQUENCE)?;
            Signer::Serial {
                issuer: named.next()?.whole,
                serial: named.next()?.value(INTEGER)?,
            }
        };
        let hash = hash_of(parts.next()?.within(SEQUENCE)?.next()?.oid()?);
        let signed = parts.next()?;
        let mut attributes = BTreeMap::new();
        for attribute in signed.within(FIRST)? {
            let mut attribute = attribute.within(SEQUENCE)?;
            let kind = attribute.next()?.oid()?;
            // None of those that count may stand twice (RFC 5652, 11; RFC 5035, 3).
            if attributes.insert(kind, attribute.next()?.value(SET)?).is_some() {
                return None;
            }
        }
        // They are signed as the set that they are, not as the part of a message (RFC 5652, 5.4).
        let mut as_set = signed.whole.to_vec();
        *as_set.first_mut()? = SET;
        Some(Self {
            content,
            certificates,
            signer: named,
            hash,
            attributes,
            signed: as_set,
            algorithm: parts.next()?.within(SEQUENCE)?.next()?.oid()?,
            signature: parts.next()?.value(OCTETS)?,
        })
    }

    /// Returns the value of the one attribute of a kind.
    fn attribute(&self, kind: ObjectIdentifier) -> Option<Element<'a>> {
        one(self.attributes.get(&kind)?)
    }

    /// Compares the attributes with the content and the signer.
    fn check_attributes(&self, hash: Prehash, signer: &Certificate) -> Result<(), Refusal> {
        let kind = self.attribute(CONTENT_TYPE).and_then(Element::oid);
        let digest = self.attribute(MESSAGE_DIGEST).and_then(|one| one.value(OCTETS));
        let names = self
            .attribute(SIGNING_CERTIFICATE)
            .is_none_or(|list| names_signer(list, signer) == Some(true));
        if kind == Some(TST_INFO) && digest == Some(hash.of(self.content).as_slice()) && names {
            Ok(())
        } else {
            Err(Refusal::Timestamp(TimestampProblem::Attributes))
        }
    }
}

/// Says whether the first certificate of `SigningCertificateV2` (RFC 5035) is the signer's.
fn names_signer(list: Element<'_>, signer: &Certificate) -> Option<bool> {
    let list = list.within(SEQUENCE)?.next()?;
    let mut first = list.within(SEQUENCE)?.next()?.within(SEQUENCE)?;
    let mut next = first.next()?;
    let mut hash = Prehash::Sha256;
    if next.tag == SEQUENCE {
        hash = hash_of(next.within(SEQUENCE)?.next()?.oid()?)?;
        next = first.next()?;
    }
    Some(next.value(OCTETS)? == hash.of(signer.as_der()))
}

/// Holds what is stamped: `TSTInfo` (RFC 3161, 2.4.2).
struct Stamp<'a> {
    hash: Option<Prehash>,
    imprint: &'a [u8],
    at: UnixTime,
}

impl<'a> Stamp<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut info = one(bytes)?.within(SEQUENCE)?;
        if info.next()?.value(INTEGER)? != [1] {
            return None;
        }
        info.next()?.oid()?;
        let mut imprint = info.next()?.within(SEQUENCE)?;
        let hash = hash_of(imprint.next()?.within(SEQUENCE)?.next()?.oid()?);
        let imprint = imprint.next()?.value(OCTETS)?;
        info.next()?.value(INTEGER)?;
        let at = time(info.next()?.value(TIME)?)?;
        Some(Self { hash, imprint, at })
    }
}

/// Reads `GeneralizedTime` in UTC, whose fractions of a second are cut off: `20261128120000.5Z`.
fn time(bytes: &[u8]) -> Option<UnixTime> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let part = |from: usize, length: usize| whole.get(from..from.checked_add(length)?);
    let [year, month, day] = [part(0, 4)?, part(4, 2)?, part(6, 2)?];
    let [hour, minute, second] = [part(8, 2)?, part(10, 2)?, part(12, 2)?];
    UnixTime::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

fn hash_of(oid: ObjectIdentifier) -> Option<Prehash> {
    match oid {
        SHA256 => Some(Prehash::Sha256),
        SHA384 => Some(Prehash::Sha384),
        SHA512 => Some(Prehash::Sha512),
        _ => None,
    }
}

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
/// RSA without a word on the hash, which stands elsewhere.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
