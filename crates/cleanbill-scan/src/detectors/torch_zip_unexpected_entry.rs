//! Detector `torch-zip-unexpected-entry`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::Parsed;

use crate::{archives::Series, detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// An entry of a PyTorch archive that no part of PyTorch reads.
    /// ## Why it matters
    /// By itself nothing; it is where extra content travels along, and context for other findings.
    /// ## How it is decided
    /// By name, inside the folder of the archive: the pickle, storages, records; for programs also code and constants. Packages
    /// may hold anything.
    /// ## What it misses
    /// Content in entries whose names are expected; it is examined in any case.
    /// ## What to do
    /// Ask the supplier what it is for.
    /// ## References
    /// `caffe2/serialize/inline_container.cc` of PyTorch.
    id: "torch-zip-unexpected-entry",
    title: "Entry that PyTorch does not ask for", "PyTorch 不会读取的条目",
    severity: Info, confidence: High,
    tags: &[], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut series = Series::new(sink);
    let message = || text!("PyTorch does not read this entry", "PyTorch 不会读取此条目");
    let hint = || text!("ask its supplier what it is for", "询问供应方其用途");
    for parsed in scene.parsed {
        match parsed {
            Parsed::TorchZip(view) => {
                for entry in view
                    .unexpected
                    .iter()
                    .filter_map(|index| view.zip.entries.get(*index))
                {
                    series.report(
                        Severity::Info,
                        Some(entry.extent()),
                        message(),
                        &entry.name,
                        hint(),
                    );
                }
            }
            Parsed::TorchTar(view) => {
                for entry in view
                    .unexpected
                    .iter()
                    .filter_map(|index| view.tar.entries.get(*index))
                {
                    let range = entry.header.start..entry.data.end;
                    series.report(Severity::Info, Some(range), message(), &entry.name, hint());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::archives::tests::{findings, item, zip};

    #[test]
    fn strangers_are_named() {
        let bytes = zip(&[
            item("m/data.pkl", b"N."),
            item("m/version", b"3"),
            item("m/data/0", b"\0\0"),
            item("m/readme.txt", b"hello"),
        ]);
        assert_eq!(
            findings("torch-zip-unexpected-entry", &bytes),
            ["info m/readme.txt"]
        );
    }
}
