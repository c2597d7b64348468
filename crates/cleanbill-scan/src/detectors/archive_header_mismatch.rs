//! Detector `archive-header-mismatch`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::zip::{Mismatch, View};

use crate::{archives::Series, detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// An entry of a ZIP file whose local header and directory record differ in name, method, size, checksum or flags.
    /// ## Why it matters
    /// Readers trust one or the other: Python refuses such an entry, PyTorch loads it (CVE-2025-1944).
    /// ## How it is decided
    /// Field by field; sizes and checksums that a streaming writer leaves open do not count. A checksum alone is medium.
    /// Encryption flags are reported by `archive-encrypted-entry`.
    /// ## What it misses
    /// Time stamps and version numbers, which change nothing that is read. Both versions are examined in any case.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2025-1944, GHSA-7q5r-7gvp-wc82; PKWARE APPNOTE 6.3.10, sections 4.3.7 and 4.3.12.
    id: "archive-header-mismatch",
    title: "Headers of an archive entry disagree", "归档条目的文件头不一致",
    severity: High, confidence: High,
    tags: &["CWE-436"], controls: &["MOD-01"],
    on: Zip => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut series = Series::new(sink);
    for entry in view.entries.iter().filter(|entry| !entry.mismatches.is_empty()) {
        let severity = if entry.mismatches == [Mismatch::Crc32] {
            Severity::Medium
        } else {
            Severity::High
        };
        let (en, zh): (Vec<_>, Vec<_>) = entry.mismatches.iter().map(|one| words(*one)).unzip();
        let (en, zh) = (en.join(", "), zh.join("、"));
        let message = text!(
            "the two headers of an entry disagree: {en}",
            "条目的两个文件头不一致：{zh}"
        );
        let other = entry.other_name.as_deref().unwrap_or_default();
        let joint: &[u8] = if other.is_empty() { b"" } else { b" and " };
        let evidence = [&entry.name[..], joint, other].concat();
        let hint = text!("do not load it", "不要加载");
        series.report(severity, Some(entry.extent()), message, &evidence, hint);
    }
}

fn words(mismatch: Mismatch) -> (&'static str, &'static str) {
    match mismatch {
        Mismatch::Name => ("name", "名称"),
        Mismatch::UnicodeName => ("Unicode name", "Unicode 名称"),
        Mismatch::Method => ("compression method", "压缩方法"),
        Mismatch::CompressedBytes => ("compressed size", "压缩后大小"),
        Mismatch::UncompressedBytes => ("size", "大小"),
        Mismatch::Crc32 => ("checksum", "校验和"),
        Mismatch::Flags => ("flags", "标志"),
    }
}

#[cfg(test)]
mod tests {
    use crate::archives::tests::{Item, findings, item, zip};

    #[test]
    fn fields_are_compared() {
        let renamed = Item {
            local_name: Some("evil.pkl"),
            ..item("a.txt", b"1")
        };
        let found = findings("archive-header-mismatch", &zip(&[renamed]));
        assert_eq!(found, ["high a.txt and evil.pkl"]);
    }
}
