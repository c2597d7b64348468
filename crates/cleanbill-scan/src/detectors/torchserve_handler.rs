//! Detector `torchserve-handler`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{Format, text::View};

use crate::{
    detector::detector,
    named_code::{Known, known, leads_out},
    scene::Scene,
    sink::Sink,
    yaml_lines::values,
};

detector! {
    /// ## What it finds
    /// The manifest of a TorchServe archive that names a handler in Python, packages to install, or files outside the archive.
    /// ## Why it matters
    /// TorchServe imports the handler when the model is registered, and may install the packages first.
    /// ## How it is decided
    /// Handlers that TorchServe brings are passed over; a handler within the archive is *low*, since most archives have one and it is
    /// examined as a file of its own. A module of Python itself, or a path outside the archive, is *high*.
    /// ## What it misses
    /// What the handler does.
    /// ## What to do
    /// Read the handler before serving the model.
    /// ## References
    /// `torch-model-archiver`; CVE-2023-43654, CVE-2023-48299, CWE-22, CWE-829.
    id: "torchserve-handler",
    title: "TorchServe archive brings a handler", "TorchServe 归档自带处理程序",
    severity: Low, confidence: High,
    tags: &["CWE-829", "AML.T0010"], controls: &["MOD-01"],
    on: Text => run,
}

/// Handlers that `TorchServe` brings.
const OWN: &[&str] = &[
    "image_classifier",
    "image_segmenter",
    "object_detector",
    "text_classifier",
    "base_handler",
    "vision_handler",
    "text_handler",
];

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let _ = view;
    let named = scene.within.contains(&Format::Mar) && scene.file_name == "MANIFEST.json";
    let Some(written) = scene.reading.text() else {
        return;
    };
    let has = |word: &str| memchr::memmem::find(written.text.as_bytes(), word.as_bytes()).is_some();
    let manifest = named
        || has("\"modelName\"") && has("\"model\"") && (has("\"handler\"") || has("\"serializedFile\""));
    if !manifest {
        return;
    }
    for key in [
        "handler",
        "modelFile",
        "serializedFile",
        "requirementsFile",
        "configFile",
        "extraFiles",
    ] {
        for (value, range) in values(&written.text, key) {
            let (severity, message) = if leads_out(&value) {
                (
                    Severity::High,
                    text!("`{key}` leads out of the archive", "`{key}` 指向归档之外"),
                )
            } else if key == "handler" && !OWN.contains(&value.as_str()) {
                let name = value.replace(".py", "").replace(':', ".");
                let dotted = if name.contains('.') {
                    name
                } else {
                    format!("{name}.handle")
                };
                if matches!(known(&dotted), Known::Danger(..) | Known::StandardLibrary) {
                    (
                        Severity::High,
                        text!(
                            "the handler `{value}` is a module of Python itself",
                            "处理程序 `{value}` 是 Python 自带的模块"
                        ),
                    )
                } else {
                    (
                        Severity::Low,
                        text!(
                            "the handler `{value}` is code of the archive",
                            "处理程序 `{value}` 是归档中的代码"
                        ),
                    )
                }
            } else if key == "requirementsFile" {
                (
                    Severity::Low,
                    text!(
                        "`{value}` names packages to install",
                        "`{value}` 列出需要安装的软件包"
                    ),
                )
            } else {
                continue;
            };
            sink.report(Some(range), message)
                .severity(severity)
                .evidence(&value);
        }
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Low};

    use crate::testing::check;

    #[test]
    fn handlers_are_judged() {
        for (handler, severities) in [
            ("image_classifier", &[][..]),
            ("my_handler.py", &[Low]),
            ("subprocess:call", &[High]),
            ("../../x.py", &[High]),
        ] {
            let text = format!(
                "{{\n  \"model\": {{\n    \"modelName\": \"m\",\n    \"handler\": \"{handler}\"\n  }}\n}}"
            );
            check("torchserve-handler", "MANIFEST.json", text.as_bytes(), severities);
        }
    }
}
