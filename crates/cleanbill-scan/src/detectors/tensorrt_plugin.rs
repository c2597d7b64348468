//! Detector `tensorrt-plugin`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::tensorrt::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A TensorRT engine that carries a program or library for the host, or names a file of a library.
    /// ## Why it matters
    /// Deserialising the engine writes such a library to disk and loads it: its code runs before any inference.
    /// ## How it is decided
    /// All bytes are searched for headers of programs; kernels for the graphics processor are told by their machine. A library
    /// is *high*, also the runtime that version-compatible engines carry, because nothing in the file tells one from the
    /// other. The name of a file is *medium*, names of plugins are *info*.
    /// ## What it misses
    /// Libraries that are compressed or encrypted.
    /// ## What to do
    /// Do not load it. Build the engine from the model it was made of, on the machine that runs it.
    /// ## References
    /// TensorRT documents "Plugin shared libraries" and "Version compatibility"; CWE-506, CWE-829.
    id: "tensorrt-plugin",
    title: "TensorRT engine that carries native code", "携带本机代码的 TensorRT 引擎",
    severity: High, confidence: High,
    tags: &["CWE-506", "CWE-829", "AML.T0018"], controls: &["MOD-01"],
    on: Tensorrt => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for range in &view.libraries {
        sink.report(
            Some(range.clone()),
            text!("carries a library that loading it runs", "携带加载时会运行的库"),
        )
        .hint(text!(
            "build the engine yourself from its model",
            "请自行从模型构建引擎"
        ));
    }
    for name in &view.names {
        let file =
            [".so", ".dll"].iter().any(|end| name.text.contains(end)) && name.text.contains(['/', '\\']);
        let (severity, message) = if file {
            (
                Severity::Medium,
                text!("names the file of a library", "指定了库文件"),
            )
        } else {
            (Severity::Info, text!("names a plugin", "指定了插件"))
        };
        sink.report(Some(name.range.clone()), message)
            .severity(severity)
            .evidence(&name.text);
    }
}
