//! Ecosystems of the OSV schema: how their names are written, which order their versions have.

use std::borrow::Cow;

use crate::{record::GIT, version::Order};

/// Splits an ecosystem as OSV writes it, `Debian:12`, into the ecosystem and its release.
pub(crate) fn split(ecosystem: &str) -> (&str, &str) {
    ecosystem.split_once(':').unwrap_or((ecosystem, ""))
}

/// Says whether a package of `asked` (a release, may be empty) is one that a record of `listed` speaks of. An empty release on
/// either side stands for all.
pub(crate) fn release_fits(listed: &str, asked: &str) -> bool {
    listed.is_empty() || asked.is_empty() || listed == asked
}

/// Returns the order of the versions of an ecosystem, if it is known here.
pub(crate) fn order(ecosystem: &str) -> Option<Order> {
    let row = ORDERS.iter().find(|(name, _)| *name == ecosystem);
    row.map(|(_, order)| *order)
}

/// Writes a name as its ecosystem compares names.
pub(crate) fn normalise<'a>(ecosystem: &str, name: &'a str) -> Cow<'a, str> {
    match ecosystem {
        "PyPI" => pep503(name),
        // The registry takes `-` and `_` for the same character and has no two crates that differ in it.
        "crates.io" => mapped(name, |c| if c == '_' { '-' } else { c.to_ascii_lowercase() }),
        // Addresses of repositories, with or without the end that clients accept.
        GIT => mapped(name.trim_end_matches('/').trim_end_matches(".git"), |c| {
            c.to_ascii_lowercase()
        }),
        "NuGet" | "Packagist" | "GitHub Actions" => mapped(name, |c| c.to_ascii_lowercase()),
        _ => Cow::Borrowed(name),
    }
}

/// Lower case, and every run of `-`, `_` and `.` is one `-` (PEP 503).
fn pep503(name: &str) -> Cow<'_, str> {
    let normal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let plain = bytes.iter().all(|byte| normal(*byte) || *byte == b'-')
        && !bytes.windows(2).any(|pair| pair == b"--");
    if plain {
        return Cow::Borrowed(name);
    }
    let mut written = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !written.ends_with('-') {
                written.push('-');
            }
        } else {
            written.extend(c.to_lowercase());
        }
    }
    Cow::Owned(written)
}

fn mapped(name: &str, map: impl Fn(char) -> char) -> Cow<'_, str> {
    if name.chars().all(|c| map(c) == c) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.chars().map(map).collect())
}

/// Ecosystems whose versions can be ordered here. Those of any other match by their listed versions only, or by ranges of type
/// `SEMVER`, which say their order themselves.
const ORDERS: &[(&str, Order)] = &[
    ("Alpaquita", Order::Apk),
    ("Alpine", Order::Apk),
    ("BellSoft Hardened Containers", Order::Apk),
    ("Chainguard", Order::Apk),
    ("Debian", Order::Dpkg),
    ("Go", Order::Go),
    ("MinimOS", Order::Apk),
    ("PyPI", Order::Pep440),
    ("Ubuntu", Order::Dpkg),
    ("Wolfi", Order::Apk),
    ("crates.io", Order::Semver),
    ("npm", Order::Semver),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_their_ecosystem_compares_them() {
        for (ecosystem, name, wanted) in [
            ("PyPI", "Foo._-Bar", "foo-bar"),
            ("PyPI", "plain-1", "plain-1"),
            ("PyPI", "a--b", "a-b"),
            ("npm", "@Scope/Name", "@Scope/Name"),
            ("crates.io", "Serde_json", "serde-json"),
            ("NuGet", "Newtonsoft.Json", "newtonsoft.json"),
            ("Go", "github.com/A/b", "github.com/A/b"),
        ] {
            assert_eq!(normalise(ecosystem, name), wanted);
        }
    }

    #[test]
    fn releases_fit_as_a_whole() {
        assert_eq!(split("Ubuntu:22.04:LTS"), ("Ubuntu", "22.04:LTS"));
        assert!(release_fits("12", "12") && release_fits("", "12") && release_fits("12", ""));
        assert!(!release_fits("12", "1"));
    }
}
