//! Detector `zarr-pickle-codec`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::zarr::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A Zarr array whose chunks are pickles, or that has Python objects without saying how they are written.
    /// ## Why it matters
    /// Reading an element of such an array unpickles its chunk, which runs what the pickle says.
    /// ## How it is decided
    /// Codecs and filters named `pickle` are *high*, in arrays of both formats and in consolidated metadata. A type of objects
    /// without any filter is *medium*: readers refuse it or take bytes for addresses. `json2`, `msgpack2` and `vlen-utf8` pass.
    /// ## What it misses
    /// What the pickles do: chunks that are stored plain are examined as files of their own, compressed ones are not. Codecs of
    /// plug-ins.
    /// ## What to do
    /// Do not read it. Ask for the array with another codec.
    /// ## References
    /// numcodecs `Pickle`; Zarr storage specification version 2, "Filters"; CWE-502; MITRE ATLAS AML.T0011.
    id: "zarr-pickle-codec",
    title: "Zarr array of pickles", "由 pickle 组成的 Zarr 数组",
    severity: High, confidence: High,
    tags: &["CWE-502", "AML.T0011"], controls: &["MOD-01"],
    on: Zarr => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for codec in view
        .codecs
        .iter()
        .filter(|codec| codec.name.eq_ignore_ascii_case("pickle"))
    {
        sink.report(
            Some(codec.range.clone()),
            text!(
                "reading the array unpickles its chunks",
                "读取该数组会反序列化 pickle 数据块"
            ),
        )
        .evidence(&codec.path)
        .hint(text!("do not read it", "不要读取"));
    }
    for array in view.objects.iter().filter(|array| !array.has_filter) {
        sink.report(
            Some(array.range.clone()),
            text!("Python objects without a codec", "Python 对象数组未指定编解码器"),
        )
        .severity(Severity::Medium)
        .evidence(&array.path);
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Medium};

    use crate::testing::check;

    #[test]
    fn only_pickles_and_bare_objects_are_reported() {
        for (filters, severities) in [
            ("[{\"id\": \"pickle\", \"protocol\": 5}]", &[High][..]),
            ("[{\"id\": \"json2\"}]", &[]),
            ("[{\"id\": \"vlen-utf8\"}]", &[]),
            ("null", &[Medium]),
        ] {
            let text = format!(
                "{{\"zarr_format\": 2, \"dtype\": \"|O\", \"shape\": [1], \"chunks\": [1], \"filters\": {filters}}}"
            );
            check("zarr-pickle-codec", ".zarray", text.as_bytes(), severities);
        }
    }
}
