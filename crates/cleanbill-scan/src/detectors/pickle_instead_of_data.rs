//! Detector `pickle-instead-of-data`.

use cleanbill_core::text;

use crate::{detector::detector, promise, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A pickle, or a file that PyTorch loads through pickle, under the name of a format that cannot run code.
    /// ## Why it matters
    /// Such names are trusted and often not scanned, and several loaders look at the content and unpickle it anyway.
    /// ## How it is decided
    /// The content is likely or certain to be a pickle or a PyTorch file, and the extension is that of a data format:
    /// `.safetensors`, `.gguf`, `.onnx`, `.npy`, `.json`, `.txt` and others.
    /// ## What it misses
    /// Pickles under names that promise nothing, such as `.bin`: those are judged by what they import.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CWE-502, CWE-646, MITRE ATLAS AML.T0011.000.
    id: "pickle-instead-of-data",
    title: "Pickle under a data format's name", "以数据格式命名的 pickle",
    severity: High, confidence: High,
    tags: &["CWE-502", "CWE-646", "AML.T0011.000"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let extension = scene.extension;
    if !promise::has_no_pickle(extension) || !scene.parsed.iter().any(|one| promise::is_pickle(one.format()))
    {
        return;
    }
    let likely = promise::likely(scene);
    // Where the promised format is certain as well, the detector of polyglots speaks.
    let kept = likely
        .iter()
        .any(|format| format.info().extensions.contains(&extension));
    if let Some(format) = likely.into_iter().find(|format| promise::is_pickle(*format))
        && !kept
    {
        let name = format.info().name;
        sink.report(
            None,
            text!(
                "named `.{extension}`, but the content is {name}",
                "扩展名为 `.{extension}`，但内容是 {name}"
            ),
        )
        .hint(text!("do not load it", "不要加载"));
    }
}
