//! Detector `archive-overlap`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::zip::View;

use crate::{archives::Series, detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Two entries of a ZIP file whose headers or data overlap.
    /// ## Why it matters
    /// It is how small archives unpack to terabytes, and how one entry is hidden inside another. No common tool writes it.
    /// ## How it is decided
    /// Entries are laid side by side in the order of their offsets, headers and data descriptors included.
    /// ## What it misses
    /// Other archive formats, in which entries cannot overlap.
    /// ## What to do
    /// Do not unpack it.
    /// ## References
    /// CWE-409; D. Fifield, "A better zip bomb".
    id: "archive-overlap",
    title: "Archive entries that share bytes", "归档条目共用字节",
    severity: High, confidence: High,
    tags: &["CWE-409", "CWE-436"], controls: &["MOD-01"],
    on: Zip => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut series = Series::new(sink);
    for entry in &view.entries {
        if let Some(other) = entry.overlaps.and_then(|index| view.entries.get(index)) {
            let evidence = [&entry.name[..], b" and ", &other.name].concat();
            let message = text!("two entries share the same bytes", "两个条目共用相同的字节");
            let hint = text!("do not unpack it", "不要解包");
            series.report(Severity::High, Some(entry.extent()), message, &evidence, hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::archives::tests::{Item, findings, item, zip};

    #[test]
    fn shared_bytes_are_found() {
        let shared = Item {
            shared: true,
            ..item("b", b"1")
        };
        let found = findings("archive-overlap", &zip(&[item("a", b"1"), shared]));
        assert_eq!(found, ["high b and a"]);
    }
}
