//! Detector `mxnet-custom-operator`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::mxnet::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// An MXNet graph with operators that call Python, native callbacks or a library that must be loaded first.
    /// ## Why it matters
    /// `Custom` runs a Python class that was registered under the name in the graph; `_Native` and `_NDArray` call a function
    /// by its address in memory, which the graph gives as a number.
    /// ## How it is decided
    /// `_Native` and `_NDArray` are *critical*: no honest file holds an address. `Custom` and `_CustomFunction` are *high*.
    /// Attributes that end like a library or leave the folder are *high*.
    /// ## What it misses
    /// Operators of a library that the application loaded and that look like MXNet's own.
    /// ## What to do
    /// Read the Python that registers the operator, or convert the model without it.
    /// ## References
    /// MXNet `python/mxnet/operator.py`, `src/operator/custom`; CWE-829, CWE-822.
    id: "mxnet-custom-operator",
    title: "MXNet operator that calls code", "调用代码的 MXNet 算子",
    severity: High, confidence: High,
    tags: &["CWE-829", "AML.T0018"], controls: &["MOD-01"],
    on: Mxnet => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let wanted = view
        .attributes
        .iter()
        .filter(|one| one.key == "op_type")
        .map(|one| one.value.as_str());
    let wanted: Vec<&str> = wanted.collect();
    for one in &view.operators {
        let (severity, message) = match one.value.as_str() {
            "_Native" | "_NDArray" => (
                Severity::Critical,
                text!("calls a function by its address in memory", "按内存地址调用函数"),
            ),
            "Custom" | "_CustomFunction" | "_Custom" => (
                Severity::High,
                text!(
                    "runs a Python class that must be registered",
                    "运行需注册的 Python 类"
                ),
            ),
            _ => continue,
        };
        sink.report(Some(one.range.clone()), message)
            .severity(severity)
            .evidence(&format!("{} {}", one.value, wanted.join(", ")));
    }
    for one in &view.attributes {
        let lower = one.value.to_ascii_lowercase();
        let library = [".so", ".dll", ".dylib", ".py"]
            .iter()
            .any(|end| lower.ends_with(end));
        if library || one.value.contains("../") || one.value.contains("://") || one.value.starts_with('/') {
            sink.report(
                Some(one.range.clone()),
                text!(
                    "names a library or a file outside of the model",
                    "指定了库或模型之外的文件"
                ),
            )
            .evidence(&format!("{}={}", one.key, one.value));
        }
    }
}
