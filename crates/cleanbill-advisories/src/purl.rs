//! From a package URL to the ecosystem and name that advisories use.

use std::str::FromStr;

use packageurl::PackageUrl;
use thiserror::Error;

use crate::{fault::printable, matching::Package, matching::PackageVersion, record::GIT};

/// Why a package URL names no package that could be looked up.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PurlError {
    /// It is no package URL.
    #[error("`{purl}` is not a package URL")]
    Malformed {
        /// The text.
        purl: String,
    },
    /// Its type is one that no advisories are published for, or none that is known here.
    #[error("no ecosystem of advisories is known for package URLs of type `{kind}`")]
    NoEcosystem {
        /// The type.
        kind: String,
    },
}

/// Reads a package URL (ECMA-427) as ecosystem, name and version.
///
/// Advisories of distributions name source packages: where the qualifier `upstream` or `source` names one, that is taken. The
/// release comes from the qualifier `distro`.
pub fn package_of_purl(purl: &str) -> Result<Package, PurlError> {
    let parsed = PackageUrl::from_str(purl).map_err(|_| PurlError::Malformed {
        purl: printable(purl),
    })?;
    let namespace = parsed.namespace().unwrap_or_default();
    let qualifier = |key: &str| {
        parsed
            .qualifiers()
            .get(key)
            .map(|value| value.as_ref().to_owned())
    };
    let joined = |separator: &str| {
        if namespace.is_empty() {
            parsed.name().to_owned()
        } else {
            format!("{namespace}{separator}{}", parsed.name())
        }
    };
    let no_ecosystem = || PurlError::NoEcosystem {
        kind: printable(parsed.ty()),
    };
    let (ecosystem, name) = match parsed.ty() {
        "pypi" => ("PyPI".to_owned(), parsed.name().to_owned()),
        "npm" => ("npm".to_owned(), joined("/")),
        "cargo" => ("crates.io".to_owned(), parsed.name().to_owned()),
        "golang" => ("Go".to_owned(), joined("/")),
        "maven" => ("Maven".to_owned(), joined(":")),
        "gem" => ("RubyGems".to_owned(), parsed.name().to_owned()),
        "nuget" => ("NuGet".to_owned(), parsed.name().to_owned()),
        "composer" => ("Packagist".to_owned(), joined("/")),
        // Advisories of software that no registry holds name its repository.
        "github" if !namespace.is_empty() => (
            GIT.to_owned(),
            format!("https://github.com/{}", joined("/")).to_ascii_lowercase(),
        ),
        kind @ ("deb" | "apk") => {
            let base = DISTRIBUTIONS
                .iter()
                .find(|(of, name, _)| *of == kind && *name == namespace);
            let base = base.map(|(.., ecosystem)| *ecosystem).ok_or_else(no_ecosystem)?;
            let source = qualifier("upstream").or_else(|| qualifier("source"));
            // Some writers put the version of the source behind its name.
            let source = source.and_then(|source| source.split(['@', ' ']).next().map(str::to_owned));
            let name = source
                .filter(|source| !source.is_empty())
                .unwrap_or_else(|| parsed.name().to_owned());
            let release = qualifier("distro").and_then(|distro| release(base, &distro));
            (
                release.map_or(base.to_owned(), |release| format!("{base}:{release}")),
                name,
            )
        }
        _ => return Err(no_ecosystem()),
    };
    let version = parsed.version().map_or(PackageVersion::Unknown, |version| {
        PackageVersion::Exact(version.to_owned())
    });
    Ok(Package {
        ecosystem,
        name,
        version,
    })
}

/// Writes the release of a distribution as OSV does.
fn release(ecosystem: &str, distro: &str) -> Option<String> {
    let version = distro.rsplit_once('-').map_or(distro, |(_, version)| version);
    let mut numbers = version.trim_start_matches('v').split('.');
    let major = numbers
        .next()
        .filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    match ecosystem {
        "Debian" => {
            let named = DEBIAN_NAMES
                .iter()
                .find(|(name, _)| *name == version)
                .map(|(_, number)| *number);
            named.or(major).map(str::to_owned)
        }
        "Alpine" => Some(format!("v{}.{}", major?, numbers.next()?)),
        "Ubuntu" => {
            let (major, minor) = (major?, numbers.next()?);
            let year: u32 = major.parse().ok()?;
            // Releases of April of even years are supported for long and say so.
            let long = if minor == "04" && year.is_multiple_of(2) {
                ":LTS"
            } else {
                ""
            };
            Some(format!("{major}.{minor}{long}"))
        }
        _ => None,
    }
}

/// Type, namespace and ecosystem of distributions.
const DISTRIBUTIONS: &[(&str, &str, &str)] = &[
    ("apk", "alpine", "Alpine"),
    ("apk", "chainguard", "Chainguard"),
    ("apk", "wolfi", "Wolfi"),
    ("deb", "debian", "Debian"),
    ("deb", "ubuntu", "Ubuntu"),
];

/// Names of Debian's releases and their numbers.
const DEBIAN_NAMES: &[(&str, &str)] = &[
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purls_become_packages() {
        for (purl, wanted) in [
            ("pkg:pypi/Django@1.11.1", "PyPI django 1.11.1"),
            (
                "pkg:npm/%40angular/animation@12.3.1",
                "npm @angular/animation 12.3.1",
            ),
            ("pkg:cargo/rand@0.7.2", "crates.io rand 0.7.2"),
            (
                "pkg:golang/google.golang.org/genproto@v0.0.1",
                "Go google.golang.org/genproto v0.0.1",
            ),
            (
                "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
                "Debian curl 7.50.3-1",
            ),
            (
                "pkg:deb/debian/libssl3@3.0.1-1?distro=debian-12&upstream=openssl",
                "Debian:12 openssl 3.0.1-1",
            ),
            ("pkg:deb/debian/curl@7.50?distro=bookworm", "Debian:12 curl 7.50"),
            (
                "pkg:deb/ubuntu/curl@7.50?distro=ubuntu-22.04",
                "Ubuntu:22.04:LTS curl 7.50",
            ),
            (
                "pkg:deb/ubuntu/curl@7.50?distro=ubuntu-23.10",
                "Ubuntu:23.10 curl 7.50",
            ),
            (
                "pkg:apk/alpine/curl@7.83.0-r0?distro=alpine-3.18.4",
                "Alpine:v3.18 curl 7.83.0-r0",
            ),
            ("pkg:maven/org.apache/commons@1", "Maven org.apache:commons 1"),
        ] {
            let package = package_of_purl(purl).unwrap();
            let PackageVersion::Exact(version) = &package.version else {
                panic!("{purl}")
            };
            assert_eq!(
                format!("{} {} {version}", package.ecosystem, package.name),
                wanted,
                "{purl}"
            );
        }
        assert_eq!(
            package_of_purl("pkg:pypi/x").unwrap().version,
            PackageVersion::Unknown
        );
        assert!(matches!(
            package_of_purl("pkg:huggingface/a/b@1"),
            Err(PurlError::NoEcosystem { .. })
        ));
        assert!(matches!(
            package_of_purl("pkg:deb/devuan/x@1"),
            Err(PurlError::NoEcosystem { .. })
        ));
        assert!(matches!(
            package_of_purl("pypi/x"),
            Err(PurlError::Malformed { .. })
        ));
    }
}
