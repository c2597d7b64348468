//! Detector `archive-hidden-entry`.

use std::ops::Range;

use cleanbill_core::{Severity, text};
use cleanbill_formats::{
    Parsed,
    bytes::{ReadAt, read_range},
    zip::Origin,
};

use crate::{
    archives::{Series, recognised},
    detector::detector,
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// An entry that has a local header in a ZIP file but is in no directory; an entry of a tar archive behind the end mark or
    /// a bad header; bytes behind the end of a ZIP file.
    /// ## Why it matters
    /// One reader goes by the directory, another by the headers, a third carries on where others stop. What is hidden from the
    /// scanner may be what the loader takes.
    /// ## How it is decided
    /// The gaps between listed entries are searched for headers, and tar archives are read to their last byte. Bytes behind
    /// the end of a ZIP file are low, and high if they are of a known format or begin, blanks aside, as a script does.
    /// ## What it misses
    /// Gaps beyond 64 MiB in one archive, which is then said.
    /// ## What to do
    /// Do not load it. Archives that were joined or repaired by hand can be packed again.
    /// ## References
    /// CWE-436.
    id: "archive-hidden-entry",
    title: "Entry that some readers do not see", "部分读取器看不到的条目",
    severity: High, confidence: High,
    tags: &["CWE-436"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut series = Series::new(sink);
    let hint = || text!("do not load it", "不要加载");
    for parsed in scene.parsed {
        match parsed {
            Parsed::Zip(view) => {
                for entry in view.entries.iter().filter(|entry| entry.origin == Origin::Hidden) {
                    let message = text!("no directory lists this entry", "没有目录列出此条目");
                    series.report(Severity::High, Some(entry.extent()), message, &entry.name, hint());
                }
                if !view.suffix.is_empty() {
                    let known = recognised(scene.source, view.suffix.clone())
                        .or_else(|| is_script(scene.source, view.suffix.clone()).then_some("script"));
                    let severity = known.map_or(Severity::Low, |_| Severity::High);
                    let message = text!("bytes follow the end of the archive", "归档结束之后还有字节");
                    let evidence = known.unwrap_or_default().as_bytes();
                    series.report(severity, Some(view.suffix.clone()), message, evidence, hint());
                }
            }
            Parsed::Tar(view) => {
                for entry in view.entries.iter().filter(|entry| entry.after_end) {
                    let message = text!(
                        "an entry stands where common readers have stopped",
                        "条目位于常见读取器停止之后"
                    );
                    let range = entry.header.start..entry.data.end.max(entry.header.end);
                    series.report(Severity::High, Some(range), message, &entry.name, hint());
                }
            }
            _ => {}
        }
    }
}

/// Says whether the bytes begin as a script does, behind blanks: a reader that starts at a line runs it.
fn is_script(source: &dyn ReadAt, range: Range<u64>) -> bool {
    let start = read_range(source, range, 256).unwrap_or_default();
    start.trim_ascii_start().starts_with(b"#!")
}

#[cfg(test)]
mod tests {
    use crate::archives::tests::{Item, findings, item, tar, zip};

    #[test]
    fn what_no_directory_lists_is_found() {
        let id = "archive-hidden-entry";
        let hidden = Item {
            hidden: true,
            ..item("evil.pkl", b"N.")
        };
        assert_eq!(findings(id, &zip(&[item("a", b"1"), hidden])), ["high evil.pkl"]);
        let plain = zip(&[item("a", b"1")]);
        assert_eq!(
            findings(id, &[plain.clone(), b"tail".to_vec()].concat()),
            ["low "]
        );
        assert_eq!(
            findings(id, &[plain.clone(), b"\n#!/bin/sh\necho\n".to_vec()].concat()),
            ["high script"]
        );
        let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0".to_vec();
        assert_eq!(findings(id, &[plain, gzip].concat()), ["high gzip"]);
        let one = tar(&[("a", b'0', "", 0)]);
        let two = [one, tar(&[("b", b'0', "", 0)])].concat();
        assert_eq!(findings(id, &two), ["high b"]);
    }
}
