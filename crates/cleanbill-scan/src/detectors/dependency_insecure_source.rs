//! Detector `dependency-insecure-source`.

use std::ops::Range;

use cleanbill_code::dependencies::{Dependencies, Ecosystem, Origin, pip_arguments};
use cleanbill_core::{Severity, Text, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Packages taken from places that cannot be trusted with it: indexes and files over plain `http`, hosts whose
    /// certificate is not checked, a second index besides the usual one, files and repositories at an address.
    /// ## Why it matters
    /// Installing a package runs it. With a second index, whoever registers an internal name at the usual one wins.
    /// ## How it is decided
    /// In lists, locks and `pip install` of recipes, pods and pipelines. Plain transport to public hosts, unchecked hosts and
    /// second indexes are `medium`; a file over plain transport or from a bare public address of a machine is `high`. Indexes
    /// of well-known projects and files on the usual forges are `low`. Private addresses are left at `low`.
    /// ## What it misses
    /// Settings of the machine (`pip.conf`), and whether names of an internal index exist at the usual one.
    /// ## What to do
    /// One index that proxies the others, over `https`; digests for files.
    /// ## References
    /// CWE-427, CWE-829, CWE-319, CVE-2018-20225, MITRE ATLAS AML.T0010.001.
    id: "dependency-insecure-source",
    title: "Dependency from an insecure place", "依赖来自不可信来源",
    severity: Medium, confidence: High,
    tags: &["CWE-427", "CWE-829", "AML.T0010.001"], controls: &["NET-01", "NET-02", "APP-01", "APP-02"],
    on: artifact => run,
}

/// Hosts of indexes and files that projects themselves point to.
const WELL_KNOWN: &[&str] = &[
    "pypi.org",
    "files.pythonhosted.org",
    "download.pytorch.org",
    "pypi.nvidia.com",
    "pypi.ngc.nvidia.com",
    "wheels.vllm.ai",
    "test.pypi.org",
    "data.pyg.org",
    "storage.googleapis.com/jax-releases",
    "abetlen.github.io/llama-cpp-python",
    "flashinfer.ai",
    "github.com",
    "codeload.github.com",
    "gitlab.com",
    "huggingface.co",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "conda.anaconda.org",
    "repo.anaconda.com",
    "pypi.anaconda.org",
    "dl.fbaipublicfiles.com",
    "mirrors.aliyun.com",
    "pypi.tuna.tsinghua.edu.cn",
    "mirrors.cloud.tencent.com",
    "repo.huaweicloud.com",
    "wheels.myhloli.com",
];

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut report = |severity: Severity, span: &Range<usize>, message: Text, evidence: &str| {
        sink.report(scene.reading.range(span), message)
            .severity(severity)
            .evidence(evidence);
    };
    if let Some(found) = scene.reading.dependencies() {
        judge(found, &mut report);
    }
    for command in scene
        .reading
        .deployment()
        .iter()
        .flat_map(|deployment| &deployment.commands)
    {
        if command.text.contains("pip") {
            judge(&pip_arguments(&command.text, &command.span), &mut report);
        }
    }
    for variable in scene
        .reading
        .deployment()
        .iter()
        .flat_map(|one| &one.containers)
        .flat_map(|one| &one.variables)
    {
        let value = variable.value.as_deref().unwrap_or_default();
        let extra = matches!(
            variable.name.as_str(),
            "PIP_EXTRA_INDEX_URL" | "UV_EXTRA_INDEX_URL" | "PIP_FIND_LINKS"
        );
        if !value.contains("://")
            || !extra
                && !matches!(
                    variable.name.as_str(),
                    "PIP_INDEX_URL" | "UV_INDEX_URL" | "NPM_CONFIG_REGISTRY" | "GOPROXY"
                )
        {
            continue;
        }
        let mut found = Dependencies::default();
        found.indexes.push(cleanbill_code::dependencies::Index {
            url: value.to_owned(),
            is_extra: extra,
            span: variable.span.clone(),
        });
        judge(&found, &mut report);
    }
}

/// Reports a finding: how bad, where, what, evidence.
type Report<'a> = dyn FnMut(Severity, &Range<usize>, Text, &str) + 'a;

fn judge(found: &Dependencies, report: &mut Report<'_>) {
    for index in &found.indexes {
        let place = Place::of(&index.url);
        if place.is_plain && !place.is_private {
            report(
                Severity::Medium,
                &index.span,
                text!(
                    "packages are looked for over plain transport",
                    "通过未加密传输查找软件包"
                ),
                &index.url,
            );
        } else if index.is_extra && !place.is_file {
            let severity = if place.is_known || place.is_private {
                Severity::Low
            } else {
                Severity::Medium
            };
            report(
                severity,
                &index.span,
                text!(
                    "a second index besides the usual one: the highest version of either wins",
                    "除常用索引外还有第二索引：取两者中的最高版本"
                ),
                &index.url,
            );
        }
    }
    for host in &found.trusted_hosts {
        let severity = if Place::of(&format!("https://{}", host.text)).is_private {
            Severity::Low
        } else {
            Severity::Medium
        };
        report(
            severity,
            &host.span,
            text!(
                "a host of packages need not prove who it is",
                "软件包主机无需证明身份"
            ),
            &host.text,
        );
    }
    let mut seen: Vec<String> = Vec::new();
    for one in &found.list {
        let (url, is_repository) = match &one.origin {
            Origin::Url(url) => (url, false),
            Origin::Repository { url, .. } => (url, true),
            Origin::Registry(Some(url)) if url.contains("://") => (url, true),
            _ => continue,
        };
        let place = Place::of(url);
        let of_registry = matches!(one.origin, Origin::Registry(_));
        // A lock names the same registry for every package.
        if of_registry && (!place.is_plain || seen.contains(&place.host)) {
            continue;
        }
        seen.push(place.host.clone());
        if (place.is_plain || place.is_number) && !place.is_private {
            let severity = if of_registry {
                Severity::Medium
            } else {
                Severity::High
            };
            report(
                severity,
                &one.span,
                text!(
                    "a package comes over plain transport or from a bare address",
                    "软件包经未加密传输或来自裸地址"
                ),
                url,
            );
        } else if !is_repository && !place.is_file && !matches!(one.ecosystem, Ecosystem::Go) {
            let known = place.is_known || place.is_private || one.is_pinned();
            report(
                if known { Severity::Low } else { Severity::Medium },
                &one.span,
                text!(
                    "a package is a file at an address, outside of any index",
                    "软件包为网址上的文件，不在任何索引中"
                ),
                url,
            );
        }
    }
}

/// Holds what an address says about its place.
#[expect(
    clippy::struct_excessive_bools,
    reason = "answers to separate questions about one address"
)]
struct Place {
    host: String,
    is_plain: bool,
    is_private: bool,
    is_number: bool,
    is_known: bool,
    is_file: bool,
}

impl Place {
    fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let rest = rest
            .split_once('@')
            .filter(|(user, _)| !user.contains('/'))
            .map_or(rest, |(_, rest)| rest);
        let host = rest
            .split(['/', ':', '?', '#'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let numbers: Vec<u8> = host.split('.').filter_map(|part| part.parse().ok()).collect();
        let is_number = numbers.len() == 4;
        let private = matches!(
            numbers.as_slice(),
            [10 | 127, _, _, _] | [192, 168, _, _] | [172, 16..=31, _, _]
        );
        let named = !host.contains('.')
            || [".internal", ".local", ".corp", ".lan", ".svc"]
                .iter()
                .any(|end| host.ends_with(end))
            || host.contains(['$', '{', '<']);
        let known = |one: &str| {
            rest.strip_prefix(one)
                .is_some_and(|after| after.is_empty() || after.starts_with(['/', ':', '?', '#']))
        };
        Self {
            is_plain: matches!(scheme, "http" | "ftp" | "git"),
            is_private: private || named,
            is_number,
            is_known: WELL_KNOWN.iter().any(|one| known(one)),
            is_file: scheme.is_empty() || scheme == "file",
            host,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn places_are_weighed() {
        use Severity::{High, Low, Medium};
        for (text, severities) in [
            ("-i http://p.example.invalid/simple\na==1\n", &[Medium][..]),
            (
                "--extra-index-url https://p.example.invalid/simple\na==1\n",
                &[Medium],
            ),
            (
                "--extra-index-url https://download.pytorch.org/whl/cu121\na==1\n",
                &[Low],
            ),
            ("--trusted-host p.example.invalid\na==1\n", &[Medium]),
            ("a @ http://p.example.invalid/a.whl\n", &[High]),
            ("a @ https://192.0.2.1/a.whl\n", &[High]),
            ("a @ https://p.example.invalid/a.whl\n", &[Medium]),
            ("a @ https://github.com/o/r/releases/download/v1/a.whl\n", &[Low]),
            ("-i https://pypi.org/simple\n-f ./wheels\na==1\n", &[]),
            ("git+https://github.com/o/r@main\n", &[]),
        ] {
            check(
                "dependency-insecure-source",
                "requirements.txt",
                text.as_bytes(),
                severities,
            );
        }
    }
}
