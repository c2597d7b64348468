//! The order of Debian packages (deb-version(7)): epoch, upstream version, revision.

use std::cmp::Ordering;

use super::by_value;

/// A version of a Debian package.
#[derive(Clone, Debug)]
pub struct DpkgVersion<'a> {
    epoch: &'a str,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> DpkgVersion<'a> {
    /// Reads a version; `None` where it is empty, its epoch is no number or it has characters that no version has.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (epoch, rest) = text.split_once(':').unwrap_or(("", text));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '~' | ':');
        let whole = epoch.bytes().all(|byte| byte.is_ascii_digit())
            && !(epoch.is_empty() && text.starts_with(':'))
            && !upstream.is_empty()
            && rest.chars().all(known);
        whole.then_some(Self {
            epoch,
            upstream,
            revision,
        })
    }
}

impl Ord for DpkgVersion<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        by_value(self.epoch, other.epoch)
            .then_with(|| compare(self.upstream, other.upstream))
            .then_with(|| compare(self.revision, other.revision))
    }
}

impl PartialOrd for DpkgVersion<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for DpkgVersion<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for DpkgVersion<'_> {}

/// Compares by turns what is not digits, letters before all else and `~` before the end, and digits by value.
fn compare(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (left_text, left_rest) = split_while(left, |byte| !byte.is_ascii_digit());
        let (right_text, right_rest) = split_while(right, |byte| !byte.is_ascii_digit());
        let length = left_text.len().max(right_text.len());
        for index in 0..length {
            let order = weight(left_text, index).cmp(&weight(right_text, index));
            if order != Ordering::Equal {
                return order;
            }
        }
        let (left_digits, left_rest) = split_while(left_rest, |byte| byte.is_ascii_digit());
        let (right_digits, right_rest) = split_while(right_rest, |byte| byte.is_ascii_digit());
        let order = by_value(left_digits, right_digits);
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

/// `~` comes before the end of a part, the end before letters, letters before the rest.
fn weight(text: &str, index: usize) -> u16 {
    match text.as_bytes().get(index) {
        Some(b'~') => 0,
        None => 1,
        Some(byte) if byte.is_ascii_alphabetic() => u16::from(*byte),
        Some(byte) => u16::from(*byte).saturating_add(256),
    }
}

fn split_while(text: &str, is_in: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !is_in(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_ascend() {
        let ascending = [
            "0~rc1", "0", "1.0~~", "1.0~", "1.0~1", "1.0", "1.0-0.1", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0a",
            "1.0+b", "1.0.1", "1.2", "1.10", "1:0.1", "2:0~a",
        ];
        for (index, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                let (left, right) = (
                    DpkgVersion::parse(left).unwrap(),
                    DpkgVersion::parse(right).unwrap(),
                );
                assert_eq!(left.cmp(&right), index.cmp(&other), "{left:?} and {right:?}");
            }
        }
        assert_eq!(DpkgVersion::parse("0:1.00-1"), DpkgVersion::parse("1.0-01"));
        for wrong in ["", ":1", "a:1", "1 2", "1.0\u{e9}", "-1"] {
            assert!(DpkgVersion::parse(wrong).is_none(), "{wrong}");
        }
    }
}
