//! Detector `tflite-custom-operator`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::tflite::{Custom, View};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Operators of a TensorFlow Lite model that its own runtime does not define: operators of TensorFlow run through the
    /// Flex delegate, and operators that an application must bring.
    /// ## Why it matters
    /// Through Flex, a model can use every operator of TensorFlow, also those that read and write files, open connections or
    /// call Python. What an application's operator does is not written in the model.
    /// ## How it is decided
    /// A Flex operator whose name, or whose options' node, says that it touches files, the network, Python or a summary
    /// writer is *high*; any other is *info*. A name that differs from the operator in its options is *high*, because the
    /// delegate runs the latter. Operators that public libraries register (MediaPipe, TensorFlow Text, the task library,
    /// TensorFlow Lite Micro, accelerators' compilers) are passed over; unknown ones are *medium*.
    /// ## What it misses
    /// What an unknown operator does.
    /// ## What to do
    /// Do not load a model with Flex operators that touch files. Ask the supplier which library registers an unknown one.
    /// ## References
    /// TensorFlow Lite guides "Select TensorFlow operators" and "Custom operators"; CWE-829; MITRE ATLAS AML.T0018.
    id: "tflite-custom-operator",
    title: "Custom operator in a TensorFlow Lite model", "TensorFlow Lite 模型中的自定义算子",
    severity: Medium, confidence: High,
    tags: &["CWE-829", "AML.T0018"], controls: &["MOD-01"],
    on: Tflite => run,
}

/// Words in names of TensorFlow operators that reach beyond the graph.
const REACHING: &[&str] = &[
    "file",
    "pyfunc",
    "pyclient",
    "save",
    "restore",
    "checkpoint",
    "reader",
    "dataset",
    "iterator",
    "summary",
    "rpc",
    "remotecall",
    "remotefused",
    "grpc",
    "debug",
    "bigquery",
    "bigtable",
    "pubsub",
    "kafka",
    "lmdb",
    "sql",
    "gcs",
    "s3",
    "loadandremap",
    "vocabremapping",
    "importevent",
    "hostsend",
    "hostrecv",
    "dataservice",
    "library",
    "socket",
    "http",
    "distributedtpu",
    "collective",
];
/// Names that hold such a word and touch nothing.
const HARMLESS: &[&str] = &[
    "DebugGradientIdentity",
    "DebugGradientRefIdentity",
    "TensorDataset",
    "RangeDataset",
];

/// Custom operators that public libraries register, by exact name.
const KNOWN: &[&str] = &[
    "AudioSpectrogram",
    "BroadcastGradientArgs",
    "CIRCULAR_BUFFER",
    "Convolution2DTransposeBias",
    "DISPATCH_OP",
    "EthosU",
    "FlexDelegate",
    "HashTableFindV2",
    "HashTableImportV2",
    "HashTableSizeV2",
    "HashTableV2",
    "Irfft2d",
    "KmeansEmbeddingLookup",
    "LSTMQuantized",
    "Landmarks2TransformMatrix",
    "LayerNorm",
    "MaxPoolingWithArgmax2D",
    "MaxUnpooling2D",
    "Mfcc",
    "Multinomial",
    "NumericVerify",
    "RandomStandardNormal",
    "RandomUniform",
    "RoPE",
    "Roll",
    "SequenceStringProjection",
    "SequenceStringProjectionV2",
    "TFLite_Detection_PostProcess",
    "TFSentencepieceTokenizeOp",
    "TfLite_BertTokenizer",
    "TransformLandmarks",
    "TransformTensorBilinear",
    "VisualOp",
    "XC_OPAQUE",
    "edgetpu-custom-op",
    "ethos-u",
    "hexagon-custom-op",
    "sdpa",
];
/// Beginnings of such names.
const KNOWN_FAMILIES: &[&str] = &[
    "TFText>",
    "TFSentencepiece",
    "odml.",
    "aten.",
    "Signal",
    "XC_",
    "stablehlo.",
    "tfl.",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for one in &view.custom {
        look(one, sink);
    }
}

fn look(one: &Custom, sink: &mut Sink<'_>) {
    let range = Some(one.range.clone());
    let Some(flex) = one.name.strip_prefix("Flex").filter(|rest| !rest.is_empty()) else {
        let known = KNOWN.contains(&one.name.as_str())
            || KNOWN_FAMILIES.iter().any(|family| one.name.starts_with(family));
        if !known {
            sink.report(
                range,
                text!(
                    "an operator that an application must bring",
                    "需由应用程序提供的算子"
                ),
            )
            .evidence(&one.name)
            .hint(text!(
                "ask the supplier which library registers it",
                "询问供应方由哪个库注册该算子"
            ));
        }
        return;
    };
    let inner = one.inner.iter().map(String::as_str);
    let reaching: Vec<&str> = inner.clone().chain([flex]).filter(|name| reaches(name)).collect();
    let printed = one.names_file
        && (flex.starts_with("Print") || one.inner.iter().any(|name| name.starts_with("Print")));
    if let Some(first) = reaching.first() {
        sink.report(
            range,
            text!(
                "runs a TensorFlow operator that reaches files, the network or Python",
                "运行可访问文件、网络或 Python 的 TensorFlow 算子"
            ),
        )
        .severity(Severity::High)
        .evidence(&format!("{} -> {first}", one.name))
        .hint(text!("do not load it", "不要加载"));
    } else if printed {
        sink.report(
            range,
            text!("prints to a file that the model names", "输出到模型指定的文件"),
        )
        .severity(Severity::High)
        .evidence(&one.name);
    } else if !one.inner.is_empty() && !inner.clone().any(|name| name == flex) {
        sink.report(
            range,
            text!(
                "its name and the TensorFlow operator that runs differ",
                "名称与实际运行的 TensorFlow 算子不一致"
            ),
        )
        .severity(Severity::High)
        .evidence(&format!("{} -> {}", one.name, one.inner.join(", ")));
    } else {
        sink.report(
            range,
            text!("runs an operator of TensorFlow", "运行 TensorFlow 算子"),
        )
        .severity(Severity::Info)
        .evidence(&one.name);
    }
}

/// Says whether a TensorFlow operator touches anything but tensors, by the words of its name.
fn reaches(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    !HARMLESS.contains(&name) && REACHING.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_told_by_what_they_touch() {
        for name in [
            "ReadFile",
            "WriteFile",
            "EagerPyFunc",
            "SaveV2",
            "TFRecordReaderV2",
            "DebugIdentityV2",
        ] {
            assert!(reaches(name), "{name}");
        }
        for name in [
            "Erf",
            "TensorListReserve",
            "StringSplit",
            "RaggedTensorToTensor",
            "MatMul",
            "Einsum",
        ] {
            assert!(!reaches(name), "{name}");
        }
    }
}
