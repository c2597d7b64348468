//! Detector `onnxruntime-custom-operator`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::ort::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Operators of an ONNX Runtime model (`.ort`) that call Python, load a compiled engine from a file, or come from a
    /// domain that the runtime does not bring.
    /// ## Why it matters
    /// Operators that call Python name module and function in the model. A compiled engine is code for an accelerator, and
    /// its file is named by the model. Other domains need a library with code beside the model.
    /// ## How it is decided
    /// Operators are compared with the domains that ONNX Runtime defines. Python operators are *critical*. Context operators
    /// of accelerators are *low*, *high* where they name a path outside of the model's folder. Operators of the public
    /// extensions library are *info*, of unknown domains *medium*.
    /// ## What it misses
    /// What an operator of an unknown domain does.
    /// ## What to do
    /// Do not load a model that calls Python. Ask the supplier for the library of an unknown domain, and why.
    /// ## References
    /// ONNX Runtime documents "EP context design" and "custom operators"; CWE-829, CWE-22.
    id: "onnxruntime-custom-operator",
    title: "Operator that ONNX Runtime does not define", "非 ONNX Runtime 定义的算子",
    severity: Medium, confidence: High,
    tags: &["CWE-829", "AML.T0018"], controls: &["MOD-01"],
    on: Ort => run,
}

/// Domains that ONNX and ONNX Runtime define.
const DOMAINS: &[&str] = &[
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.preview",
    "ai.onnx.preview.training",
    "ai.onnx.training",
    "com.microsoft",
    "com.microsoft.dml",
    "com.microsoft.experimental",
    "com.microsoft.nchwc",
    "com.ms.internal.nhwc",
    "org.pytorch.aten",
];
/// Domains of the public extensions library.
const EXTENSIONS: &[&str] = &["ai.onnx.contrib", "com.microsoft.extensions"];
/// Operators that call Python by name.
const PYTHON: &[&str] = &[
    "PyOp",
    "PyCustomOp",
    "PythonOp",
    "PythonOpGrad",
    "InversePythonOp",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for ((domain, name), one) in &view.operators {
        let evidence = format!("{domain}::{name} {}", one.attributes.join(" "));
        let range = Some(one.range.clone());
        if PYTHON.contains(&name.as_str()) || domain == "pyop" {
            sink.report(
                range,
                text!("calls Python by a name in the model", "按模型中的名称调用 Python"),
            )
            .severity(Severity::Critical)
            .evidence(&evidence)
            .hint(text!("do not load it", "不要加载"));
        } else if name == "EPContext" {
            let outside = one
                .attributes
                .iter()
                .filter_map(|one| one.strip_prefix("ep_cache_context="))
                .any(is_outside);
            let severity = if outside { Severity::High } else { Severity::Low };
            let message = if outside {
                text!(
                    "loads a compiled engine from outside of its folder",
                    "从所在目录之外加载已编译引擎"
                )
            } else {
                text!(
                    "loads a compiled engine of an accelerator",
                    "加载加速器的已编译引擎"
                )
            };
            sink.report(range, message).severity(severity).evidence(&evidence);
        } else if EXTENSIONS.contains(&domain.as_str()) {
            sink.report(
                range,
                text!(
                    "an operator of the public extensions library",
                    "公开扩展库中的算子"
                ),
            )
            .severity(Severity::Info)
            .evidence(&evidence);
        } else if !DOMAINS.contains(&domain.as_str()) {
            sink.report(range, text!("an operator of an unknown domain", "未知域中的算子"))
                .evidence(&evidence)
                .hint(text!(
                    "ask the supplier which library brings it",
                    "询问供应方由哪个库提供"
                ));
        }
    }
}

/// Says whether a path leaves the folder of the model.
fn is_outside(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    path.starts_with(['/', '\\', '~'])
        || drive
        || path.contains("://")
        || path.split(['/', '\\']).any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_folder_are_told() {
        assert!(
            ["/etc/x", "../x", "a/../../x", "C:\\x", "\\\\host\\x"]
                .into_iter()
                .all(is_outside)
        );
        assert!(!["engine.bin", "a/b.bin", "..a"].into_iter().any(is_outside));
    }
}
