//! Detector `archive-duplicate-entry`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{Format, Parsed, zip::Duplicate};

use crate::{archives::Series, detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Two entries of an archive that have the same name, or names that differ in case only.
    /// ## Why it matters
    /// One reader takes the first, another the last: a scanner that opens one of them does not see what the loader runs.
    /// ## How it is decided
    /// Names are compared byte by byte. A difference in case only is low, and medium in a PyTorch archive, whose reader looks
    /// names up without regard to case. Folders may stand twice.
    /// ## What it misses
    /// Names that only some systems take for one, such as other Unicode forms. Both entries are examined in any case.
    /// ## What to do
    /// Do not load it; ask the supplier for an archive without them.
    /// ## References
    /// CWE-436; miniz as PyTorch ships it, `mz_zip_reader_locate_file_v2`.
    id: "archive-duplicate-entry",
    title: "Two entries of one name", "同名条目",
    severity: High, confidence: High,
    tags: &["CWE-436"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let case_only = if scene.is(Format::TorchZip) {
        Severity::Medium
    } else {
        Severity::Low
    };
    let mut series = Series::new(sink);
    let hint = || text!("do not load it", "不要加载");
    let same = || text!("two entries have the same name", "两个条目名称相同");
    for parsed in scene.parsed {
        match parsed {
            Parsed::Zip(view) => {
                for entry in view.entries.iter().filter(|entry| !entry.is_directory) {
                    let (severity, message) = match entry.duplicate {
                        Duplicate::No => continue,
                        Duplicate::SameName => (Severity::High, same()),
                        Duplicate::CaseOnly => {
                            let message = text!("two names differ in case only", "两个名称仅大小写不同");
                            (case_only, message)
                        }
                    };
                    series.report(severity, Some(entry.extent()), message, &entry.name, hint());
                }
            }
            Parsed::Tar(view) => {
                for entry in view.entries.iter().filter(|entry| entry.duplicate) {
                    let range = entry.header.start..entry.data.end;
                    series.report(Severity::High, Some(range), same(), &entry.name, hint());
                }
            }
            Parsed::Sevenz(view) => {
                for entry in view
                    .entries
                    .iter()
                    .filter(|entry| entry.duplicate && !entry.is_directory)
                {
                    series.report(Severity::High, None, same(), entry.name.as_bytes(), hint());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::archives::tests::{findings, item, tar, zip};

    #[test]
    fn names_that_stand_twice_are_found() {
        let id = "archive-duplicate-entry";
        let bytes = zip(&[item("a", b"1"), item("a", b"2"), item("A", b"3")]);
        assert_eq!(findings(id, &bytes), ["high a", "low A"]);
        let torch = zip(&[
            item("m/data.pkl", b"N."),
            item("m/version", b"3"),
            item("m/DATA.pkl", b"N."),
        ]);
        assert_eq!(findings(id, &torch), ["medium m/DATA.pkl"]);
        assert_eq!(
            findings(id, &tar(&[("a", b'0', "", 0), ("a", b'0', "", 0)])),
            ["high a"]
        );
        assert!(findings(id, &zip(&[item("d/", b""), item("d/", b"")])).is_empty());
    }
}
