//! Validators: what a candidate must satisfy beyond its shape. Each is a few instructions, so all of them run.

use crate::{
    encodings::{base32, base62, base64, crc32},
    numbers,
    placeholder::{entropy_is_high, is_placeholder, is_published},
};

/// Names a validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Looks random and is no placeholder; all the others ask for this too.
    Random,
    /// Has a digit and a letter.
    Digits,
    /// Has letters of both cases.
    Mixed,
    /// Has letters of both cases, and a digit.
    MixedDigits,
    /// The last six characters are the CRC-32, in base62, of the thirty before: GitHub, npm.
    Crc62,
    /// Names an account of twelve digits, as AWS key ids do.
    AwsId,
    /// Forty characters of base64 that are no hash and no path.
    AwsSecret,
    /// Decodes to 64 bytes.
    Base64Of64,
    /// The header is JSON with `alg`, the payload JSON.
    Jwt,
    /// Decodes to a macaroon of the Python Package Index.
    Macaroon,
    /// A number of a person or account, by its place in the table of `numbers.rs`.
    Number(usize),
}

impl Check {
    /// Returns the validator of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "random" => Self::Random,
            "digits" => Self::Digits,
            "mixed" => Self::Mixed,
            "mixed-digits" => Self::MixedDigits,
            "crc62" => Self::Crc62,
            "aws-id" => Self::AwsId,
            "aws-secret" => Self::AwsSecret,
            "base64-64" => Self::Base64Of64,
            "jwt" => Self::Jwt,
            "macaroon" => Self::Macaroon,
            other => Self::Number(numbers::named(other)?),
        })
    }

    /// Says whether a computed proof stands behind a value that it accepts, rather than its looks.
    pub(crate) fn proves(self) -> bool {
        matches!(
            self,
            Self::Crc62 | Self::AwsId | Self::Base64Of64 | Self::Jwt | Self::Macaroon
        )
    }

    /// Says whether `value`, whose part after the telling prefix is `body`, may be real.
    pub(crate) fn accepts(self, value: &[u8], body: &[u8]) -> bool {
        if is_placeholder(body) {
            return false;
        }
        let count = |test: fn(&u8) -> bool| body.iter().filter(|byte| test(byte)).count();
        let digits = count(u8::is_ascii_digit);
        let upper = count(u8::is_ascii_uppercase);
        let lower = count(u8::is_ascii_lowercase);
        let own = match self {
            Self::Number(_) => false,
            Self::Random => true,
            Self::Digits => digits >= 1 && upper.saturating_add(lower) >= 1,
            Self::Mixed => upper > 0 && lower > 0,
            Self::MixedDigits => upper > 0 && lower > 0 && digits > 0,
            Self::Crc62 => checksum(value),
            Self::AwsId => account(value),
            Self::AwsSecret => {
                upper > 0 && lower > 0 && digits > 0 && memchr::memchr_iter(b'/', body).count() < 5
            }
            Self::Base64Of64 => base64(value, 200).0.len() == 64,
            Self::Jwt => web_token(value),
            Self::Macaroon => {
                let (bytes, _) = base64(value.get(5..).unwrap_or_default(), 400);
                bytes.starts_with(&[2, 1])
                    && bytes
                        .get(3..7)
                        .is_some_and(|name| name == b"pypi" || name == b"test")
            }
        };
        own && entropy_is_high(body)
    }
}

fn checksum(value: &[u8]) -> bool {
    let parts = value.len().checked_sub(36).and_then(|at| value.get(at..));
    let Some((body, check)) = parts.and_then(|last| last.split_at_checked(30)) else {
        return false;
    };
    base62(check) == Some(u64::from(crc32(body)))
}

/// Prefixes of tokens that end with a checksum.
const CHECKED: &[&[u8]] = &[b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"npm_"];

/// Says whether `value` is written as a token with a checksum, and the checksum is wrong: nobody issued it.
pub(crate) fn is_broken(value: &[u8]) -> bool {
    CHECKED.iter().any(|prefix| {
        let body = value.strip_prefix(*prefix);
        body.is_some_and(|body| body.len() == 36 && body.iter().all(u8::is_ascii_alphanumeric))
    }) && !checksum(value)
}

fn account(value: &[u8]) -> bool {
    let Some(body) = value.get(4..) else { return false };
    // Key ids of the first years begin with I or J and name no account.
    if matches!(body.first(), Some(b'I' | b'J')) {
        return true;
    }
    // 80 bits; the account stands in the upper 48, without the first.
    let Some(high) = body.get(..10).and_then(base32) else {
        return false;
    };
    let account = (high >> 2 & 0x7fff_ffff_ff80) >> 7;
    account <= 999_999_999_999
}

fn web_token(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'.');
    let (header, payload) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (header, _) = base64(header, 2_000);
    let (payload, _) = base64(payload, 3_000);
    if parts.next().is_some_and(is_published) {
        return false;
    }
    let json = header.starts_with(b"{\"") && header.ends_with(b"}");
    // Tokens of services say who issued them, for whom or until when; examples of libraries say nothing.
    let claims = CLAIMS.iter().any(|claim| contains(&payload, claim));
    json && contains(&header, b"\"alg\"") && payload.starts_with(b"{\"") && claims
}

/// Claims of RFC 7519, and those that services add.
const CLAIMS: &[&[u8]] = &[
    b"\"exp\"",
    b"\"iss\"",
    b"\"aud\"",
    b"\"iat\"",
    b"\"nbf\"",
    b"\"jti\"",
    b"\"sub\"",
    b"\"role\"",
    b"\"scope",
    b"\"user",
];

/// Says whether `part` stands in `bytes`.
pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let Some((first, _)) = part.split_first() else {
        return true;
    };
    if bytes.len() > SHORT {
        return memchr::memmem::find(bytes, part).is_some();
    }
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(*first, rest) {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(part) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// Up to this length, looking for the first byte costs less than preparing a search.
const SHORT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_checksum_is_told_from_none() {
        let body = [b'x'; 36];
        assert!(is_broken(&[b"ghp_", &body[..]].concat()));
        assert!(!is_broken(&[b"ghx_", &body[..]].concat()) && !is_broken(b"ghp_short"));
    }

    #[test]
    fn accounts_are_decoded() {
        assert!(account(b"ASIAY34FZKBOKMUTVV7A"));
        let high = base32(b"Y34FZKBOKM").unwrap();
        assert_eq!((high >> 2 & 0x7fff_ffff_ff80) >> 7, 609_629_065_308);
    }

    #[test]
    fn a_web_token_has_json_inside() {
        let header = crate::encodings::to_base64(br#"{"alg":"HS256"}"#);
        let payload = crate::encodings::to_base64(br#"{"iss":"x"}"#);
        let token = [&header[..], b".", &payload, b".c2lnbmF0dXJl"].concat();
        assert!(web_token(&token));
        assert!(!web_token(b"eyJhYmM.eyJhYmM.abc"));
    }
}
