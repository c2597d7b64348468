//! Detector `archive-prefix`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{Format, zip::View};

use crate::{archives::recognised, detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Bytes before the first record of a ZIP file.
    /// ## Why it matters
    /// Readers that look at the start see another file than readers that look at the end: a pickle, a program or another
    /// archive in front of a ZIP file is loaded by one and scanned as the other.
    /// ## How it is decided
    /// Medium; high where the bytes are of a known format by themselves. They are examined as a member of their own.
    /// ## What it misses
    /// Formats that cannot be told from their first 64 KiB.
    /// ## What to do
    /// Find out which of the two the loader opens. A self-extracting archive is a program; do not run it.
    /// ## References
    /// CWE-436; PKWARE APPNOTE 6.3.10, section 4.1.9.
    id: "archive-prefix",
    title: "Bytes before an archive", "归档之前的字节",
    severity: Medium, confidence: High,
    tags: &["CWE-436"], controls: &["MOD-01"],
    on: Zip => run,
}

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    // TensorFlow Lite models carry their labels in an archive behind the model; both parts are examined.
    // The program of a llamafile is reported as what it is.
    if view.prefix.is_empty() || scene.is(Format::Tflite) || scene.is(Format::Llamafile) {
        return;
    }
    let known = recognised(scene.source, view.prefix.clone());
    let severity = known.map_or(Severity::Medium, |_| Severity::High);
    let length = view.prefix.end - view.prefix.start;
    let message = text!(
        "{length} bytes stand before the archive",
        "归档之前有 {length} 字节"
    );
    let hint = text!(
        "find out which part its loader opens",
        "确认加载器打开的是哪一部分"
    );
    let draft = sink.report(Some(view.prefix.clone()), message).severity(severity);
    draft.evidence(known.unwrap_or_default()).hint(hint);
}

#[cfg(test)]
mod tests {
    use crate::archives::tests::{findings, item, zip};

    #[test]
    fn a_known_format_in_front_is_worse() {
        let id = "archive-prefix";
        let plain = zip(&[item("a", b"1")]);
        assert_eq!(
            findings(id, &[b"#!/bin/sh\n".to_vec(), plain.clone()].concat()),
            ["medium "]
        );
        let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0".to_vec();
        assert_eq!(findings(id, &[gzip, plain].concat()), ["high gzip"]);
    }
}
