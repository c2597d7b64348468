//! Versions of packages and their orders.

mod apk;
mod dpkg;

use std::{borrow::Cow, cmp::Ordering, str::FromStr};

use apk::ApkVersion;
use dpkg::DpkgVersion;

/// Names the order that versions of an ecosystem have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Python packages (PEP 440).
    Pep440,
    /// Semantic Versioning 2.0; missing numbers count as 0, a leading `v` is passed over.
    Semver,
    /// Semantic Versioning as Go writes it: `v1.2.3`, pseudo-versions, `go1.21rc2`.
    Go,
    /// Debian packages (deb-version(7)).
    Dpkg,
    /// Alpine packages (apk-tools 3).
    Apk,
}

/// A version, read in one order.
#[derive(Clone, Debug)]
pub enum Version<'a> {
    /// Of a Python package.
    Pep440 {
        /// As it is written.
        full: pep440_rs::Version,
        /// Without its local label, which names a build of the same release.
        public: pep440_rs::Version,
    },
    /// A semantic version.
    Semver(semver::Version),
    /// Of a Debian package.
    Dpkg(DpkgVersion<'a>),
    /// Of an Alpine package.
    Apk(ApkVersion<'a>),
}

impl Order {
    /// Reads a version; `None` where it has not the form that the order wants.
    pub fn parse(self, text: &str) -> Option<Version<'_>> {
        let text = text.trim();
        match self {
            Self::Pep440 => {
                let full = pep440_rs::Version::from_str(text).ok()?;
                let public = full.clone().without_local();
                Some(Version::Pep440 { full, public })
            }
            Self::Semver => semantic(text.trim_start_matches(['v', 'V', '='])).map(Version::Semver),
            Self::Go => go(text).map(Version::Semver),
            Self::Dpkg => DpkgVersion::parse(text).map(Version::Dpkg),
            Self::Apk => ApkVersion::parse(text).map(Version::Apk),
        }
    }

    /// Compares two versions; `None` where one has not the form that the order wants.
    pub fn compare(self, left: &str, right: &str) -> Option<Ordering> {
        Some(self.parse(left)?.against(&self.parse(right)?))
    }

    /// Says whether two texts name one version.
    pub(crate) fn same(self, left: &str, right: &str) -> bool {
        if left == right {
            return true;
        }
        if self == Self::Pep440 {
            // Most versions are numbers and dots, and most of them differ in the first number.
            if let (Some(left), Some(right)) = (Numbers::of(left), Numbers::of(right)) {
                return left.eq(right);
            }
            let epoch = |text: &str| text.bytes().any(|byte| byte == b'!');
            if first_number(left) != first_number(right) && !epoch(left) && !epoch(right) {
                return false;
            }
        }
        match (self.parse(left), self.parse(right)) {
            // Build labels do not order, but they tell versions apart.
            (Some(Version::Semver(left)), Some(Version::Semver(right))) => left == right,
            (Some(left), Some(right)) => left.against(&right) == Ordering::Equal,
            _ => false,
        }
    }
}

impl Version<'_> {
    /// Compares a version of a package with a version that an advisory names.
    ///
    /// A local label of a Python version, as in `2.1.0+cu118`, counts only where the advisory has one as well: the labelled build is
    /// the same release (PEP 440, "Version specifiers").
    pub fn against(&self, listed: &Self) -> Ordering {
        match (self, listed) {
            (Self::Pep440 { full, .. }, Self::Pep440 { full: listed, .. }) if listed.is_local() => {
                full.cmp(listed)
            }
            (Self::Pep440 { public, .. }, Self::Pep440 { full: listed, .. }) => public.cmp(listed),
            (Self::Semver(version), Self::Semver(listed)) => version.cmp_precedence(listed),
            (Self::Dpkg(version), Self::Dpkg(listed)) => version.cmp(listed),
            (Self::Apk(version), Self::Apk(listed)) => version.cmp(listed),
            // Versions of two orders never meet: both sides are read by the same one.
            _ => Ordering::Equal,
        }
    }
}

/// Reads a semantic version, filling in numbers that are left out.
fn semantic(text: &str) -> Option<semver::Version> {
    if let Ok(version) = semver::Version::parse(text) {
        return Some(version);
    }
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at_checked(end)?;
    let mut numbers = Vec::with_capacity(3);
    for part in core.split('.') {
        // Leading zeros are against the specification and seen all the same.
        let number: u64 = part.parse().ok()?;
        numbers.push(number);
    }
    let [major, minor, patch] = match numbers.as_slice() {
        [major] => [*major, 0, 0],
        [major, minor] => [*major, *minor, 0],
        [major, minor, patch] => [*major, *minor, *patch],
        _ => return None,
    };
    semver::Version::parse(&format!("{major}.{minor}.{patch}{rest}")).ok()
}

/// Reads a version of a Go module or of Go itself.
fn go(text: &str) -> Option<semver::Version> {
    let text = text.strip_prefix("go").unwrap_or(text);
    let text = text.strip_prefix('v').unwrap_or(text);
    if let Some(version) = semantic(text) {
        return Some(version);
    }
    // `1.21rc2`, as releases of the toolchain are called.
    let start = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (core, label) = text.split_at_checked(start)?;
    let digits = label.find(|c: char| c.is_ascii_digit())?;
    let (word, number) = label.split_at_checked(digits)?;
    let shown: Cow<'_, str> = match core.matches('.').count() {
        1 => Cow::Owned(format!("{core}.0")),
        _ => Cow::Borrowed(core),
    };
    matches!(word, "rc" | "beta").then(|| semantic(&format!("{shown}-{word}.{number}")))?
}

/// The numbers of a version that consists of numbers and dots, without zeros at the end.
#[derive(Clone, Copy)]
struct Numbers<'a>(&'a [u8]);

impl<'a> Numbers<'a> {
    fn of(text: &'a str) -> Option<Self> {
        // A dot stands between two digits; `true` after one.
        let mut open = true;
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => open = false,
                b'.' if !open => open = true,
                _ => return None,
            }
        }
        (!open).then_some(Self(text.as_bytes()))
    }

    fn eq(mut self, mut other: Self) -> bool {
        while !self.0.is_empty() || !other.0.is_empty() {
            if self.take() != other.take() {
                return false;
            }
        }
        true
    }

    /// Takes the first number, without zeros before it: nothing at the end, which is a zero as well.
    fn take(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == b'.');
        let (number, rest) = self
            .0
            .split_at_checked(end.unwrap_or(self.0.len()))
            .unwrap_or_default();
        self.0 = rest.get(1..).unwrap_or_default();
        let zeros = number.iter().take_while(|byte| **byte == b'0').count();
        number.get(zeros..).unwrap_or_default()
    }
}

fn first_number(text: &str) -> &str {
    let text = text.trim_start_matches(['v', 'V', ' ']);
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim_start_matches('0')
}

/// Compares two runs of digits of any length by value.
fn by_value(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(order: Order, ascending: &[&str]) {
        for (index, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                assert_eq!(
                    order.compare(left, right),
                    Some(index.cmp(&other)),
                    "{left} and {right}"
                );
            }
        }
    }

    #[test]
    fn python_versions() {
        check(
            Order::Pep440,
            &["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.1", "1!0.1"],
        );
        assert_eq!(
            Order::Pep440.compare("2.1.0+cu118", "2.1.0"),
            Some(Ordering::Equal)
        );
        assert_eq!(
            Order::Pep440.compare("2.1.0+cu118", "2.1.0+cu117"),
            Some(Ordering::Greater)
        );
        assert_eq!(Order::Pep440.compare("1.0-legacy-x", "1"), None);
        for (left, right, same) in [
            ("1.0", "1.0.0", true),
            ("01.0", "1", true),
            ("1.0", "1.0.1", false),
            ("1.0RC1", "1.0rc1", true),
            ("v1.0a1", "1.0.0-alpha.1", true),
            ("2.0a1", "1.0a1", false),
            ("0!1.0", "1.0", true),
        ] {
            assert_eq!(Order::Pep440.same(left, right), same, "{left} and {right}");
        }
    }

    #[test]
    fn semantic_versions() {
        check(
            Order::Semver,
            &[
                "0.9",
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-rc.1",
                "v1",
                "1.0.1",
            ],
        );
        assert_eq!(Order::Semver.compare("1.0.0+a", "1.0.0+b"), Some(Ordering::Equal));
        assert!(!Order::Semver.same("1.0.0+a", "1.0.0+b"));
        assert_eq!(Order::Semver.compare("1.2.3.4", "1.2.3"), None);
        assert_eq!(Order::Semver.compare("latest", "1.2.3"), None);
    }

    #[test]
    fn go_versions() {
        check(
            Order::Go,
            &[
                "v0.0.0-20190101000000-abcdefabcdef",
                "v0.0.0-20200101000000-0123456789ab",
                "0.1.0",
                "go1.21rc2",
                "1.21",
                "v2.0.0+incompatible",
            ],
        );
    }

    #[test]
    fn digits_of_any_length() {
        assert_eq!(by_value("00012", "12"), Ordering::Equal);
        assert_eq!(
            by_value("99999999999999999999999", "100000000000000000000000"),
            Ordering::Less
        );
    }
}
