//! Detector `triton-foreign-code`.

use std::sync::LazyLock;

use cleanbill_code::words::Words;
use cleanbill_core::{Severity, text};
use cleanbill_formats::text::View;

use crate::{detector::detector, named_code::leads_out, scene::Scene, sink::Sink, yaml_lines::values};

detector! {
    /// ## What it finds
    /// The configuration of a model for Triton that runs Python, loads a native library or an agent, or takes files from outside its
    /// folder.
    /// ## Why it matters
    /// Triton runs `model.py`, unpacks and activates the environment, and loads the libraries named, with its own rights.
    /// ## How it is decided
    /// `backend: "python"` is *low*, since the code beside it is examined as a file of its own; libraries of operators
    /// and paths that lead out are *high*, agents *medium*.
    /// ## What it misses
    /// What the code or the library does.
    /// ## What to do
    /// Read the code before serving the model; build libraries yourself.
    /// ## References
    /// `model_config.proto` of Triton; CVE-2024-0087, CVE-2025-23319, CWE-829, CWE-22.
    id: "triton-foreign-code",
    title: "Triton model runs foreign code", "Triton 模型运行外来代码",
    severity: High, confidence: High,
    tags: &["CWE-829", "AML.T0010"], controls: &["MOD-01"],
    on: Text => run,
}

static ENGINE: LazyLock<Words> = LazyLock::new(|| {
    Words::new(&[
        "backend",
        "platform",
        "default_model_filename",
        "model_operations",
    ])
});
static SHAPE: LazyLock<Words> = LazyLock::new(|| {
    Words::new(&[
        "max_batch_size",
        "input [",
        "input[",
        "output [",
        "instance_group",
    ])
});

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let _ = view;
    let shaped = scene.extension == "pbtxt" || SHAPE.any_in(scene.head);
    if !shaped || !ENGINE.any_in(scene.head) || memchr::memmem::find(scene.head, b"import ").is_some() {
        return;
    }
    let Some(written) = scene.reading.text() else {
        return;
    };
    for key in [
        "backend",
        "default_model_filename",
        "op_library_filename",
        "string_value",
        "name",
    ] {
        for (value, range) in values(&written.text, key) {
            let out = leads_out(&value) && !value.starts_with("$$TRITON_MODEL_DIRECTORY");
            let escapes = value.split('/').any(|part| part == "..");
            let (severity, message) = match key {
                "backend" | "default_model_filename" | "op_library_filename" if out || escapes => (
                    Severity::High,
                    text!(
                        "`{key}` leads out of the model's folder",
                        "`{key}` 指向模型目录之外"
                    ),
                ),
                "op_library_filename" => (
                    Severity::High,
                    text!("loads a native library of operators", "加载本机算子库"),
                ),
                "backend" if value == "python" => (
                    Severity::Low,
                    text!("the model is Python code", "该模型是 Python 代码"),
                ),
                "string_value" if (out || escapes) && written.text.contains("EXECUTION_ENV_PATH") => (
                    Severity::High,
                    text!(
                        "the environment comes from outside the model's folder",
                        "运行环境来自模型目录之外"
                    ),
                ),
                _ => continue,
            };
            sink.report(Some(range), message)
                .severity(severity)
                .evidence(&value);
        }
    }
    // The list form: `op_library_filename: ["a.so"]`.
    if let Some(at) = written.text.find("model_repository_agents") {
        sink.report(
            Some(at as u64..at as u64 + 23),
            text!("loads an agent, which is a native library", "加载代理（本机库）"),
        )
        .severity(Severity::Medium);
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Low};

    use crate::testing::check;

    #[test]
    fn configurations_are_judged() {
        for (text, severities) in [
            (
                "name: \"m\"\nplatform: \"onnxruntime_onnx\"\nmax_batch_size: 8\n",
                &[][..],
            ),
            ("name: \"m\"\nbackend: \"python\"\nmax_batch_size: 8\n", &[Low]),
            (
                "name: \"m\"\nbackend: \"../../tmp/x\"\nmax_batch_size: 8\n",
                &[High],
            ),
            (
                "name: \"m\"\nplatform: \"tf\"\nmax_batch_size: 8\nmodel_operations { op_library_filename: \"x.so\" }\n",
                &[High],
            ),
        ] {
            check("triton-foreign-code", "config.pbtxt", text.as_bytes(), severities);
        }
    }
}
