//! Detector `archive-link`.

use std::collections::HashMap;

use cleanbill_core::{Severity, text};

use super::archive_path_traversal::{Escape, escape};
use crate::{
    archives::{Entry, Kind, Series, entries},
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
    /// names a drive, or goes above the top, leads out. Links of the same archive on the way are followed too, so that a chain
    /// of links each of which stays inside is seen to leave.
    /// ## What it misses
    /// Chains of more than 40 links, which no system follows; targets in 7z archives with large solid blocks.
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
    let entries: Vec<Entry<'_>> = scene.parsed.iter().flat_map(entries).collect();
    let links = Links::of(&entries);
    for entry in &entries {
        if !matches!(entry.kind, Kind::SymbolicLink | Kind::HardLink) {
            continue;
        }
        let target = entry.link_target.unwrap_or_default();
        let evidence = [&entry.name[..], b" -> ", target].concat();
        let (severity, message) =
            if leaves(&entry.name, target, entry.kind) || links.leave(&entry.name, target, entry.kind) {
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
        series.report(severity, entry.range.clone(), message, &evidence, hint);
    }
}

/// Says whether a link at `name` to `target` leads above the top of the archive.
fn leaves(name: &[u8], target: &[u8], kind: Kind) -> bool {
    if matches!(escape(target), Some(Escape::Absolute | Escape::Drive)) {
        return true;
    }
    let mut depth = if kind == Kind::HardLink {
        0
    } else {
        parts(name).count().saturating_sub(1)
    };
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

/// Parts a path at either separator.
fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|byte| matches!(byte, b'/' | b'\\'))
        .filter(|part| !part.is_empty() && *part != b".")
}

/// LIMIT: links followed on one way, as Linux does; a longer way is an error there.
const FOLLOWED: usize = 40;

/// The symbolic links of an archive, by their names.
struct Links<'a>(HashMap<Vec<&'a [u8]>, &'a [u8]>);

impl<'a> Links<'a> {
    fn of(entries: &'a [Entry<'a>]) -> Self {
        let links = entries.iter().filter(|entry| entry.kind == Kind::SymbolicLink);
        Self(
            links
                .filter_map(|entry| Some((parts(&entry.name).collect(), entry.link_target?)))
                .collect(),
        )
    }

    /// Says whether a link at `name` to `target` leads above the top when the links on the way are followed.
    fn leave(&self, name: &[u8], target: &[u8], kind: Kind) -> bool {
        // What is still to be walked, the next part last.
        let mut ahead: Vec<&[u8]> = parts(target).rev().collect();
        if kind == Kind::SymbolicLink {
            ahead.extend(parts(name).rev().skip(1));
        }
        let mut here: Vec<&[u8]> = Vec::new();
        let mut followed = 0;
        while let Some(part) = ahead.pop() {
            if part == b".." {
                if here.pop().is_none() {
                    return true;
                }
                continue;
            }
            here.push(part);
            let Some(target) = self.0.get(&here) else { continue };
            followed += 1;
            if followed > FOLLOWED {
                return false;
            }
            if matches!(escape(target), Some(Escape::Absolute | Escape::Drive)) {
                return true;
            }
            here.pop();
            ahead.extend(parts(target).rev());
        }
        false
    }
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
    fn chains_of_links_are_followed() {
        for (links, want) in [
            (
                &[("a", "."), ("a/b", "..")][..],
                &["high a/b -> ..", "low a -> ."][..],
            ),
            (&[("a/b", ".."), ("c", "a/b")], &["low a/b -> ..", "low c -> a/b"]),
            (&[("a", "b"), ("b", "a")], &["low a -> b", "low b -> a"]),
            (
                &[("x/a", "../y"), ("x/b", "a/../z")],
                &["low x/a -> ../y", "low x/b -> a/../z"],
            ),
        ] {
            let items: Vec<_> = links
                .iter()
                .map(|(name, target)| (*name, b'2', *target, 0o777))
                .collect();
            assert_eq!(findings("archive-link", &tar(&items)), want);
        }
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
