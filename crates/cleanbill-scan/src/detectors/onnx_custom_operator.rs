//! Detector `onnx-custom-operator`.

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::onnx::{Operator, View};

use crate::{detector::detector, operators, paths, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Operators that neither ONNX nor the model itself defines. Those that run Python, PyTorch or a compiled blob, send data
    /// to another machine or open files are *high*; those of a library that nobody here knows are *medium*.
    /// ## Why it matters
    /// An operator of another domain runs native or Python code that the model asks its user to install.
    /// ## How it is decided
    /// Domain and name of every node, also in inner graphs and functions, are looked up: in `operators/onnx.txt`, among the
    /// functions of the model, among the domains of ONNX Runtime and other known runtimes, among the operators known to do
    /// more than compute.
    /// ## What it misses
    /// What a native operator does.
    /// ## What to do
    /// Find out which library brings the operator, or have the model exported without it.
    /// ## References
    /// ONNX Runtime's pages on custom operators, language interoperation and EPContext; CWE-829.
    id: "onnx-custom-operator",
    title: "ONNX model needs code from elsewhere", "ONNX 模型需要外部代码",
    severity: Medium, confidence: High,
    tags: &["CWE-829", "AML.T0011"], controls: &["MOD-01", "MOD-02"],
    on: Onnx => run,
}

/// Operators named in one report.
const MOST: usize = 32;

/// Operators that run Python, whatever their domain.
const PYTHON: &[&str] = &[
    "PyOp",
    "PythonOp",
    "PythonOpGrad",
    "PyCustomOp",
    "PyFunc",
    "PythonFunction",
    "PyFunction",
    "PyTorchOp",
    "ATen",
    "ATenOp",
    "TorchScriptOp",
    "PyCall",
];
/// Operators that send what they are given to another machine.
const NETWORK: &[&str] = &[
    "AzureAudioToText",
    "AzureTextToText",
    "AzureTextToImages",
    "AzureTritonInvoker",
    "AzureChatCompletions",
    "OpenAIAudioToText",
    "OpenAIAudioToTextInvoker",
    "OpenAITextToText",
    "HttpRequest",
    "RemoteCall",
];
/// Operators that open a file whose name they are given.
const FILES: &[&str] = &[
    "ImageReader",
    "ReadFile",
    "WriteFile",
    "LoadFile",
    "SaveFile",
    "FileReader",
    "FileWriter",
];
/// Operators that hold a program compiled for some device, or name a file with one.
const COMPILED: &[&str] = &[
    "EPContext",
    "TRT_EngineOp",
    "TRTEngineOp",
    "NativeCode",
    "SnpeNode",
    "CustomCall",
    "LoadLibrary",
];

/// Domains of ONNX itself, of ONNX Runtime, and of exporters whose functions runtimes know.
const KNOWN: &[&str] = &[
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.preview",
    "ai.onnx.preview.training",
    "ai.onnx.training",
    "com.microsoft",
    "com.microsoft.nchwc",
    "com.microsoft.experimental",
    "com.microsoft.dml",
    "com.microsoft.mlfeaturizers",
    "com.ms.internal.nhwc",
];
/// Domains of libraries that are well known and must be installed.
const LIBRARIES: &[&str] = &[
    "ai.onnx.contrib",
    "com.microsoft.extensions",
    "com.github.microsoft.onnxruntime-extensions",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let foreign = view.operators.iter().filter(|operator| {
        !view
            .functions
            .contains(&(operator.domain.clone(), operator.name.clone()))
            && !operators::is_onnx(&operator.domain, &operator.name)
    });
    for operator in foreign.take(MOST) {
        let Some((severity, message)) = judge(view, operator) else {
            continue;
        };
        let texts: Vec<String> = view
            .attributes
            .iter()
            .filter(|one| one.operator == operator.name && one.domain == operator.domain)
            .take(4)
            .map(|one| format!("{}={}", one.name, one.text))
            .collect();
        sink.report(Some(operator.range.clone()), message)
            .severity(severity)
            .evidence(&texts.join(" "))
            .hint(text!(
                "find out which library brings it, and whether you trust that",
                "查明由哪个库提供，并判断是否可信"
            ));
    }
}

fn judge(view: &View, operator: &Operator) -> Option<(Severity, Text)> {
    let name = match operator.domain.as_str() {
        "" => operator.name.clone(),
        domain => format!("{domain}.{}", operator.name),
    };
    let is = |names: &[&str]| names.contains(&operator.name.as_str());
    let lower = operator.name.to_ascii_lowercase();
    if is(PYTHON)
        || lower.starts_with("pyop")
        || lower.starts_with("python")
        || operator.domain == "org.pytorch.aten"
    {
        return Some((
            Severity::High,
            text!(
                "`{name}` runs Python or PyTorch code by name",
                "`{name}` 按名称运行 Python 或 PyTorch 代码"
            ),
        ));
    }
    if is(NETWORK) {
        return Some((
            Severity::High,
            text!("`{name}` talks to another machine", "`{name}` 与其他机器通信"),
        ));
    }
    if is(FILES) {
        return Some((
            Severity::High,
            text!("`{name}` opens files by name", "`{name}` 按名称打开文件"),
        ));
    }
    if is(COMPILED) {
        let outside = view.attributes.iter().any(|one| {
            one.operator == operator.name
                && one.name.contains("cache")
                && paths::leaves_folder(&one.text).is_some()
        });
        let severity = if outside { Severity::High } else { Severity::Medium };
        return Some((
            severity,
            text!(
                "`{name}` holds or names a compiled program",
                "`{name}` 携带或指向已编译程序"
            ),
        ));
    }
    if LIBRARIES.contains(&operator.domain.as_str()) {
        return Some((
            Severity::Low,
            text!("`{name}` needs a library of operators", "`{name}` 需要算子库"),
        ));
    }
    // Runtimes bring operators of their own under these domains; under the standard one nobody should.
    if KNOWN.contains(&operator.domain.as_str())
        && !matches!(operator.domain.as_str(), "" | "ai.onnx" | "ai.onnx.ml")
    {
        return None;
    }
    Some((
        Severity::Medium,
        text!(
            "`{name}` is no operator of ONNX and needs a native library",
            "`{name}` 不是 ONNX 的算子，需要本机库"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_judged() {
        use Severity::{High, Low, Medium};
        for (domain, name, severity) in [
            ("", "PyOp", Some(High)),
            ("com.microsoft", "PythonOp", Some(High)),
            ("com.microsoft", "FusedConv", None),
            ("my.domain", "Inverse", Some(Medium)),
            ("ai.onnx.contrib", "BertTokenizer", Some(Low)),
            ("ai.onnx.contrib", "AzureTextToText", Some(High)),
            ("", "Nonsense", Some(Medium)),
        ] {
            let operator = Operator {
                domain: domain.to_owned(),
                name: name.to_owned(),
                count: 1,
                range: 0..1,
            };
            let found = judge(&View::default(), &operator).map(|(severity, _)| severity);
            assert_eq!(found, severity, "{domain} {name}");
        }
    }
}
