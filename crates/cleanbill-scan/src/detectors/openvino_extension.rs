//! Detector `openvino-extension`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::openvino::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// An OpenVINO graph with layers of an operator set that OpenVINO does not define, with the name of a library, kernel or
    /// program among its attributes, or a description of custom layers.
    /// ## Why it matters
    /// Such layers run only with an extension, a library of native code that the application loads, often one that comes
    /// with the model. Kernels of custom layers are compiled and run on the accelerator.
    /// ## How it is decided
    /// Operator sets are compared with those that releases of OpenVINO write. Operators of its tokenizers library are passed
    /// over. Unknown ones are *medium*. A name that ends like a library or program is *high*, a kernel *medium*, *high* where
    /// its path leaves the folder.
    /// ## What it misses
    /// What the extension does.
    /// ## What to do
    /// Ask the supplier which extension is needed and get it from its publisher, not from the model's folder.
    /// ## References
    /// OpenVINO documents "OpenVINO extensibility"; CWE-829, CWE-114.
    id: "openvino-extension",
    title: "OpenVINO graph that needs an extension", "需要扩展的 OpenVINO 计算图",
    severity: Medium, confidence: High,
    tags: &["CWE-829", "AML.T0018"], controls: &["MOD-01"],
    on: Openvino => run,
}

/// Operator sets besides `opset1`, `opset2`, ... that releases write.
const SETS: &[&str] = &[
    "",
    "opset",
    "experimental",
    "ie_internal_opset",
    "gpu_opset",
    "SnippetsOpset",
    "CPUPluginOpset",
    "cpu_plugin_opset",
    "type_relaxed_opset",
    "legacy",
    "util",
    "ov_internal",
];
/// Operators of the tokenizers library, which write `extension` as their set.
const TOKENIZERS: &[&str] = &[
    "BPETokenizer",
    "ByteFallback",
    "BytesToChars",
    "CaseFold",
    "CharsMapNormalization",
    "CharsToBytes",
    "CombineSegments",
    "EqualStr",
    "FuzeRagged",
    "NormalizeUnicode",
    "NumericToString",
    "RaggedTensorPack",
    "RaggedToDense",
    "RaggedToRagged",
    "RaggedToSparse",
    "RegexNormalization",
    "RegexSplit",
    "SentencepieceDetokenizer",
    "SentencepieceStreamDetokenizer",
    "SentencepieceTokenizer",
    "SpecialTokensSplit",
    "StringTensorPack",
    "StringTensorUnpack",
    "StringToHashBucket",
    "TrieTokenizer",
    "Truncate",
    "UTF8Validate",
    "UnigramTokenizer",
    "VocabDecoder",
    "VocabEncoder",
    "WordpieceTokenizer",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for ((set, kind), layer) in &view.layers {
        let numbered = set
            .strip_prefix("opset")
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        let tokenizer = set == "extension" && TOKENIZERS.contains(&kind.as_str());
        if numbered || SETS.contains(&set.as_str()) || tokenizer {
            continue;
        }
        sink.report(
            Some(layer.range.clone()),
            text!("a layer that needs an extension", "需要扩展的层"),
        )
        .evidence(&format!("{set}::{kind}"))
        .hint(text!(
            "ask the supplier which extension is needed",
            "询问供应方需要哪个扩展"
        ));
    }
    for (place, value, range) in &view.files {
        let kernel = value.to_ascii_lowercase().ends_with(".cl");
        let outside = value.starts_with(['/', '\\']) || value.contains("..") || value.contains(':');
        let severity = if kernel && !outside {
            Severity::Medium
        } else {
            Severity::High
        };
        sink.report(
            Some(range.clone()),
            text!("names a library, kernel or program", "指定了库、内核或程序"),
        )
        .severity(severity)
        .evidence(&format!("{place}={value}"));
    }
    if view.custom_layers {
        sink.report(
            None,
            text!(
                "describes custom layers and their kernels",
                "描述自定义层及其内核"
            ),
        );
    }
}
