//! Detector `dependency-unpinned`.

use cleanbill_code::dependencies::{Dependency, Origin};
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Lists of dependencies that leave open what is installed: ranges of versions, branches of repositories, versions
    /// without digests.
    /// ## Why it matters
    /// The next installation may bring other code than the one that was examined.
    /// ## How it is decided
    /// One finding for each list: for requirements and environments without an exact version, for entries of locks and fully
    /// pinned requirements without a digest (`info`), and for repositories at a branch (`low`). Ranges in `pyproject.toml`,
    /// `package.json` and `Cargo.toml` are how libraries are written, and are left to the lock beside them.
    /// ## What it misses
    /// Whether the lock beside a list is in step with it.
    /// ## What to do
    /// Install from a lock with digests: `uv lock`, `pip-compile --generate-hashes`, `npm ci`.
    /// ## References
    /// CWE-1357, CWE-494, MITRE ATLAS AML.T0010.001.
    id: "dependency-unpinned",
    title: "Dependencies are not pinned", "依赖未固定",
    severity: Info, confidence: High,
    tags: &["CWE-1357", "AML.T0010.001"], controls: &["APP-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(found) = scene.reading.dependencies() else {
        return;
    };
    let branches: Vec<&Dependency> = found
        .list
        .iter()
        .filter(|one| matches!(one.origin, Origin::Repository { .. }) && !one.is_pinned())
        .collect();
    if let Some(first) = branches.first() {
        let count = branches.len();
        sink.report(
            scene.reading.range(&first.span),
            text!(
                "{count} dependencies come from a repository at no fixed commit",
                "{count} 个依赖来自未固定提交的仓库"
            ),
        )
        .severity(Severity::Low)
        .evidence(&first.name);
    }
    let of_registry = || {
        found
            .list
            .iter()
            .filter(|one| matches!(one.origin, Origin::Registry(_)))
    };
    let installs = matches!(
        found.kind,
        "requirements" | "conda environment" | "Pipfile" | "setup.cfg"
    );
    let open: Vec<&Dependency> = of_registry().filter(|one| one.version.is_none()).collect();
    if let Some(first) = open.first().filter(|_| installs) {
        let count = open.len();
        sink.report(
            scene.reading.range(&first.span),
            text!(
                "{count} dependencies without an exact version",
                "{count} 个依赖未指定确切版本"
            ),
        )
        .evidence(&first.name)
        .hint(text!("install from a lock with digests", "从带摘要的锁文件安装"));
        return;
    }
    let hashed = found.is_lock || found.kind == "requirements";
    let bare: Vec<&Dependency> = of_registry()
        .filter(|one| one.hashes.is_empty() && !is_own(one))
        .collect();
    if let Some(first) = bare.first().filter(|_| hashed) {
        let count = bare.len();
        sink.report(
            scene.reading.range(&first.span),
            text!("{count} dependencies without a digest", "{count} 个依赖没有摘要"),
        )
        .evidence(&first.name)
        .hint(text!("install from a lock with digests", "从带摘要的锁文件安装"));
    }
}

/// A lock of Cargo lists the packages of the project itself, which have no source.
fn is_own(one: &Dependency) -> bool {
    one.ecosystem == cleanbill_code::dependencies::Ecosystem::Cargo && one.origin == Origin::Registry(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn one_finding_for_each_list() {
        use Severity::{Info, Low};
        for (name, text, severities) in [
            ("requirements.txt", "numpy\ntorch>=2\n", &[Info][..]),
            ("requirements.txt", "numpy==1.26.4\n", &[Info]),
            ("requirements.txt", "numpy==1.26.4 --hash=sha256:ab\n", &[]),
            (
                "requirements.txt",
                "git+https://g.example.invalid/a/b@main\n",
                &[Low],
            ),
            (
                "pyproject.toml",
                "[project]\nname = 'a'\ndependencies = ['numpy>=1']\n",
                &[],
            ),
        ] {
            check("dependency-unpinned", name, text.as_bytes(), severities);
        }
    }
}
