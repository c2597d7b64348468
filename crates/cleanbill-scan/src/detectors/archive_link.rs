//! Detector `archive-link`.

use cleanbill_core::{Severity, text};

use super::archive_path_traversal::{Escape, escape};
use crate::{
    archives::{Kind, Series, entries},
    detector::detector,
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A symbolic or hard link in a ZIP, tar or 7z archive: high where it leads out of the archive, low where it stays inside.
    /// ## Why it matters
    /// What is unpacked after the link is written to where it leads, and what is read through it comes from there.
    /// ## How it is decided
    /// The target is followed from the folder of the link (a hard link from the top) part by part; a target that is absolute,
    /// names a drive, or goes above the top, leads out.
    /// ## What it misses
    /// Chains in which one link changes where the next one leads; targets in 7z archives with large solid blocks.
    /// ## What to do
    /// Do not unpack it where links are followed. Models need no links.
    /// ## References
    /// CWE-59, CWE-61; CVE-2025-4517 of Python's `tarfile`.
    id: "archive-link",
    title: "Link in an archive", "归档中的链接",
    severity: High, confidence: High,
    tags: &["CWE-59"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut series = Series::new(sink);
    for entry in scene.parsed.iter().flat_map(entries) {
        if !matches!(entry.kind, Kind::SymbolicLink | Kind::HardLink) {
            continue;
        }
        let target = entry.link_target.unwrap_or_default();
        let evidence = [&entry.name[..], b" -> ", target].concat();
        let (severity, message) = if leaves(&entry.name, target, entry.kind) {
            (
                Severity::High,
                text!("a link leads out of the archive", "链接指向归档之外"),
            )
        } else {
            (
                Severity::Low,
                text!("a link leads to another entry", "链接指向另一个条目"),
            )
        };
        let hint = text!("unpack it without following links", "解包时不要跟随链接");
        series.report(severity, entry.range, message, &evidence, hint);
    }
}

/// Says whether a link at `name` to `target` leads above the top of the archive.
fn leaves(name: &[u8], target: &[u8], kind: Kind) -> bool {
    if matches!(escape(target), Some(Escape::Absolute | Escape::Drive)) {
        return true;
    }
    let parts = |path: &[u8]| -> Vec<Vec<u8>> {
        let parts = path.split(|byte| matches!(byte, b'/' | b'\\'));
        parts
            .filter(|part| !part.is_empty() && *part != b".")
            .map(<[u8]>::to_vec)
            .collect()
    };
    let mut folder = if kind == Kind::HardLink {
        Vec::new()
    } else {
        parts(name)
    };
    folder.pop();
    let mut depth = folder.len();
    for part in parts(target) {
        if part == b".." {
            match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            }
        } else {
            depth += 1;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archives::tests::{Item, findings, item, tar, zip};

    #[test]
    fn targets_are_followed() {
        for (name, target, want) in [
            ("a/b", "c", false),
            ("a/b", "../c", false),
            ("a/b", "../../c", true),
            ("b", "x/../y", false),
            ("b", "/etc", true),
        ] {
            assert_eq!(
                leaves(name.as_bytes(), target.as_bytes(), Kind::SymbolicLink),
                want,
                "{name} {target}"
            );
        }
        assert!(leaves(b"a/b", b"../c", Kind::HardLink));
    }

    #[test]
    fn every_archive_is_looked_at() {
        let id = "archive-link";
        let bytes = tar(&[("l", b'2', "../x", 0o777), ("h", b'1', "a", 0o644)]);
        assert_eq!(findings(id, &bytes), ["high l -> ../x", "low h -> a"]);
        let link = Item {
            mode: 0o120_777,
            ..item("l", b"/etc/passwd")
        };
        assert_eq!(findings(id, &zip(&[link])), ["high l -> /etc/passwd"]);
    }
}
