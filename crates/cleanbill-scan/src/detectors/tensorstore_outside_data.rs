//! Detector `tensorstore-outside-data`.

use std::ops::Range;

use cleanbill_core::{Language, Severity, text};
use cleanbill_formats::Parsed;

use crate::{detector::detector, paths, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A specification of TensorStore that opens an address or a place outside of its folder, and an OCDBT database whose data
    /// files lie outside of it.
    /// ## Why it matters
    /// Opening the array reads those files with the rights of the reader, and hands their bytes out as values; `http` and stores of
    /// the cloud are asked over the network.
    /// ## How it is decided
    /// A place that climbs out of the folder is *high*, one that is absolute or an address *medium*, since programs write their own
    /// places down. Data files of a database lie below it in all that TensorStore writes: any other place is *high*.
    /// ## What it misses
    /// Buckets and names that say nothing of their place; specifications within MessagePack.
    /// ## What to do
    /// Give the place yourself when you open the array.
    /// ## References
    /// TensorStore "Key-value store layer", "OCDBT storage format"; CWE-73, CWE-918.
    id: "tensorstore-outside-data",
    title: "TensorStore data lies outside", "TensorStore 数据位于外部",
    severity: High, confidence: High,
    tags: &["CWE-73", "CWE-918"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for parsed in scene.parsed {
        match parsed {
            Parsed::Zarr(view) => {
                for place in &view.places {
                    let climbs = place.value.split(['/', '\\']).any(|part| part == "..");
                    let severity = if climbs { Severity::High } else { Severity::Medium };
                    report(&place.value, &place.range, &place.driver, severity, sink);
                }
            }
            Parsed::Ocdbt(view) => {
                for file in &view.files {
                    report(&file.path, &file.range, "ocdbt", Severity::High, sink);
                }
            }
            _ => {}
        }
    }
}

fn report(path: &str, range: &Range<u64>, driver: &str, severity: Severity, sink: &mut Sink<'_>) {
    let Some(reason) = paths::leaves_folder(path) else {
        return;
    };
    let (en, zh) = (reason.en(), reason.get(Language::Chinese));
    sink.report(
        Some(range.clone()),
        text!("the place of the data {en}", "数据的位置{zh}"),
    )
    .severity(severity)
    .evidence(&format!("{driver} {path}"));
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Medium};

    use crate::testing::check;

    #[test]
    fn places_outside_are_reported() {
        for (store, severities) in [
            ("{\"driver\": \"file\", \"path\": \"target.kernel\"}", &[][..]),
            ("{\"driver\": \"file\", \"path\": \"../../etc\"}", &[High]),
            ("{\"driver\": \"file\", \"path\": \"/etc/x\"}", &[Medium]),
            ("\"http://a.invalid/x/\"", &[Medium]),
        ] {
            let text = format!("{{\"driver\": \"zarr\", \"kvstore\": {store}}}");
            check(
                "tensorstore-outside-data",
                "spec.json",
                text.as_bytes(),
                severities,
            );
        }
    }
}
