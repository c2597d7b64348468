//! Package URLs: whether one is well-formed, and what it names.

use std::collections::BTreeMap;

use cleanbill_core::{Text, text};

/// Says what is wrong with a package URL (specification of package-url, "rules for each component").
pub(super) fn check(purl: &str) -> Result<(), Text> {
    let rest = purl
        .strip_prefix("pkg:")
        .ok_or_else(|| text!("it does not begin with `pkg:`", "不以 `pkg:` 开头"))?;
    let rest = rest.trim_start_matches('/');
    let (rest, subpath) = cut(rest, '#');
    let (rest, qualifiers) = cut(rest, '?');
    let (class, path) = rest
        .split_once('/')
        .ok_or_else(|| text!("it has no name", "缺少名称"))?;
    let is_class = class.starts_with(|one: char| one.is_ascii_alphabetic())
        && class
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'));
    if !is_class {
        return Err(text!("`{class}` is no type", "`{class}` 不是类型"));
    }
    let (path, version) = match path.rsplit_once('@') {
        // A scope of npm may stand unencoded: `@scope/name`.
        Some((name, version)) if !name.is_empty() && !version.contains('/') => (name, version),
        _ => (path, ""),
    };
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        return Err(text!("it has no name", "缺少名称"));
    }
    for part in [path, version, qualifiers, subpath] {
        if let Some(wrong) = unfit(part) {
            return Err(text!(
                "`{wrong}` must be percent-encoded",
                "`{wrong}` 必须用百分号编码"
            ));
        }
    }
    for pair in qualifiers.split('&').filter(|pair| !pair.is_empty()) {
        let key = pair.split('=').next().unwrap_or_default();
        let is_key = key.starts_with(|one: char| one.is_ascii_alphabetic())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if !is_key || !pair.contains('=') {
            return Err(text!("`{pair}` is no qualifier", "`{pair}` 不是限定符"));
        }
    }
    if class.eq_ignore_ascii_case("huggingface") && !path.contains('/') {
        return Err(text!(
            "a model of the hub has a namespace",
            "模型中心的模型需有命名空间"
        ));
    }
    Ok(())
}

fn cut(text: &str, mark: char) -> (&str, &str) {
    text.split_once(mark).unwrap_or((text, ""))
}

/// Returns the first character that may not stand as it is.
fn unfit(text: &str) -> Option<String> {
    for (index, one) in text.char_indices() {
        if one == '%' {
            let digits = text.get(index + 1..index + 3).unwrap_or_default();
            if digits.len() != 2 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Some("%".to_owned());
            }
        } else if one.is_whitespace() || one.is_control() || matches!(one, '"' | '<' | '>' | '\\' | '^' | '`')
        {
            return Some(one.escape_default().to_string());
        }
    }
    None
}

/// Holds the parts of a package URL that say which package it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// Type, namespace and name, in the spelling of their type.
    pub(super) package: String,
    /// Version, decoded.
    pub(super) version: Option<String>,
    /// Qualifiers that part builds of one version.
    pub(super) qualifiers: BTreeMap<String, String>,
}

/// Takes a package URL apart; the subpath does not say which package it is.
pub(super) fn named(purl: &str) -> Option<Named> {
    check(purl).ok()?;
    let rest = purl.strip_prefix("pkg:")?.trim_start_matches('/');
    let (rest, qualifiers) = cut(cut(rest, '#').0, '?');
    let (class, path) = rest.split_once('/')?;
    let class = class.to_ascii_lowercase();
    let (path, version) = match path.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() && !version.contains('/') => (name, Some(version)),
        _ => (path, None),
    };
    let decoded = super::spdx::decode(path.trim_matches('/'));
    let path = match class.as_str() {
        "pypi" => pep_503(&decoded),
        "github" | "bitbucket" | "gitlab" | "composer" | "deb" | "apk" | "alpm" | "hex" | "npm" => {
            decoded.to_lowercase()
        }
        // Databricks does not tell upper from lower case; other registries of MLflow do.
        "mlflow" if qualifiers.to_ascii_lowercase().contains("databricks") => decoded.to_lowercase(),
        _ => decoded,
    };
    Some(Named {
        package: format!("{class}/{path}"),
        version: version.filter(|one| !one.is_empty()).map(|one| {
            let version = super::spdx::decode(one);
            if class == "huggingface" {
                version.to_lowercase()
            } else {
                version
            }
        }),
        qualifiers: qualifiers
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.to_ascii_lowercase(), super::spdx::decode(value)))
            .collect(),
    })
}

/// Percent-encodes a version.
pub(super) fn encode(version: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in version.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Writes a name of the Python index as PEP 503 has it.
fn pep_503(name: &str) -> String {
    let mut out = String::new();
    for one in name.chars() {
        if matches!(one, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(one.to_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_ones_pass() {
        for good in [
            "pkg:pypi/torch@2.1.0",
            "pkg:huggingface/acme/tiny@0123456789abcdef",
            "pkg:npm/%40scope/name@1.0?arch=x64#sub/path",
            "pkg:oci/image@sha256%3Aabc?repository_url=https:%2F%2Fa.b",
            "pkg:generic/openssl@1.1",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "pypi/torch",
            "pkg:pypi",
            "pkg:pypi/",
            "pkg:1x/a",
            "pkg:pypi/a b",
            "pkg:pypi/a%zz",
            "pkg:pypi/a?b",
            "pkg:huggingface/gpt2",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_tables_of_the_specification_are_judged_and_taken_apart_as_they_say() {
        let shared = option_env!("CLEANBILL_SHARED_DATA")
            .unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
        let folder = std::path::Path::new(shared).join("vectors/purl");
        if !folder.exists() {
            eprintln!("SKIPPED: no ../shared/data/vectors/purl beside the checkout");
            return;
        }
        let mut wrong = Vec::new();
        let mut checked = 0;
        for kind in [
            "pypi",
            "conda",
            "npm",
            "cargo",
            "golang",
            "huggingface",
            "oci",
            "generic",
            "mlflow",
        ] {
            let text = std::fs::read_to_string(folder.join(format!("{kind}-test.json"))).unwrap();
            let table: serde_json::Value = serde_json::from_str(&text).unwrap();
            for case in table["tests"].as_array().unwrap() {
                let Some(purl) = case["input"].as_str() else {
                    continue;
                };
                checked += 1;
                let refused = check(purl).is_err();
                let fails = case["expected_failure"] == true;
                if refused != fails {
                    wrong.push(format!("{purl}: refused {refused}, expected {fails}"));
                }
                let expected = &case["expected_output"];
                // What is read and what is written in its place name the same package.
                let same = match expected.as_str() {
                    Some(written) => named(purl) == named(written),
                    None if expected.is_null() => true,
                    None => named(purl).is_some_and(|one| {
                        let parts = ["type", "namespace", "name"].map(|key| expected[key].as_str());
                        let package: Vec<&str> = parts.into_iter().flatten().collect();
                        one.package.eq_ignore_ascii_case(&package.join("/"))
                            && one.version.as_deref() == expected["version"].as_str()
                    }),
                };
                if !fails && !same {
                    wrong.push(format!("{purl}: {:?}, expected {expected}", named(purl)));
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {checked}:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert!(checked > 70, "{checked}");
    }

    #[test]
    fn spelling_does_not_part_packages() {
        assert_eq!(
            named("pkg:pypi/Foo_Bar@1.0?x=y"),
            Some(Named {
                package: "pypi/foo-bar".to_owned(),
                version: Some("1.0".to_owned()),
                qualifiers: BTreeMap::from([("x".to_owned(), "y".to_owned())]),
            })
        );
        assert_eq!(named("pkg:pypi/foo.bar").map(|one| one.version), Some(None));
    }
}
