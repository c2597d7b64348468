//! Detector `archive-path-traversal`.

use cleanbill_core::{Severity, text};

use crate::{
    archives::{Series, entries},
    detector::detector,
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// An entry of a ZIP, tar or 7z archive whose name leads out of the folder into which it is unpacked: `..`, an absolute
    /// path, a drive letter, a share; and, as a smaller matter, names with backslashes.
    /// ## Why it matters
    /// Unpacking it overwrites files elsewhere: start-up scripts, keys, other models (CVE-2025-12060, CVE-2024-5187).
    /// ## How it is decided
    /// Both `/` and `\` part a name, whatever the system. A name that begins with one of them or with a drive letter, or has
    /// a part `..`, is reported. Backslashes alone are low: some tools for Windows write them.
    /// ## What it misses
    /// Names that a loader changes before it uses them; links, which `archive-link` reports.
    /// ## What to do
    /// Do not unpack it. Ask the supplier for an archive without such names.
    /// ## References
    /// CWE-22, "Zip Slip".
    id: "archive-path-traversal",
    title: "Archive entry that leaves its folder", "归档条目会写到目标文件夹之外",
    severity: High, confidence: High,
    tags: &["CWE-22", "AML.T0011"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut series = Series::new(sink);
    for entry in scene.parsed.iter().flat_map(entries) {
        let message = match escape(&entry.name) {
            None => continue,
            Some(Escape::Parent) => text!("an entry leads to a parent folder", "条目指向上级文件夹"),
            Some(Escape::Absolute) => text!("an entry has an absolute path", "条目使用绝对路径"),
            Some(Escape::Drive) => text!(
                "an entry names a drive or share of Windows",
                "条目指定了 Windows 盘符或共享"
            ),
            Some(Escape::Backslash) => {
                let message = text!("an entry's name holds a backslash", "条目名称含有反斜杠");
                let hint = text!(
                    "unpack it with a tool that knows such names",
                    "使用能处理此类名称的工具解包"
                );
                series.report(Severity::Low, entry.range, message, &entry.name, hint);
                continue;
            }
        };
        let hint = text!("do not unpack it", "不要解包");
        series.report(Severity::High, entry.range, message, &entry.name, hint);
    }
}

/// Names a way out of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    Parent,
    Absolute,
    Drive,
    Backslash,
}

/// Says how `name` leads out of the folder, worst first.
pub(super) fn escape(name: &[u8]) -> Option<Escape> {
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    let drive = matches!(name, [letter, b':', ..] if letter.is_ascii_alphabetic());
    if drive || name.starts_with(b"\\\\") || name.starts_with(b"//") {
        Some(Escape::Drive)
    } else if name.first().is_some_and(is_separator) {
        Some(Escape::Absolute)
    } else if name.split(is_separator).any(|part| part == b"..") {
        Some(Escape::Parent)
    } else {
        name.contains(&b'\\').then_some(Escape::Backslash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archives::tests::{findings, item, tar, zip};

    #[test]
    fn names_are_sorted_by_where_they_lead() {
        for (name, want) in [
            ("a/b", None),
            ("a..b/..c", None),
            ("a/../../b", Some(Escape::Parent)),
            ("..\\b", Some(Escape::Parent)),
            ("/etc/passwd", Some(Escape::Absolute)),
            ("C:\\x", Some(Escape::Drive)),
            ("\\\\host\\share", Some(Escape::Drive)),
            ("a\\b", Some(Escape::Backslash)),
        ] {
            assert_eq!(escape(name.as_bytes()), want, "{name}");
        }
    }

    #[test]
    fn every_archive_is_looked_at() {
        let id = "archive-path-traversal";
        assert_eq!(findings(id, &zip(&[item("../x", b"1")])), ["high ../x"]);
        assert_eq!(findings(id, &tar(&[("/x", b'0', "", 0o644)])), ["high /x"]);
    }
}
