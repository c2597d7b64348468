//! Detector `torchscript-operator`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{
    bytes::{ReadAt, read_range},
    text as text_format,
};
use memchr::memmem;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Operators in the code of a TorchScript archive that reach files or other machines (high), and operators or classes
    /// of namespaces that are not PyTorch's own (medium).
    /// ## Why it matters
    /// TorchScript code runs when the model runs, and with some loaders when it is loaded, even where `weights_only` was
    /// asked for (CVE-2025-32434). `aten::from_file` and `aten::save` read and write any file.
    /// ## How it is decided
    /// Serialised TorchScript spells every operator out in full. The text of `code/` is searched for the operators that
    /// touch files or the network, and for `ops.` and `torch.classes.` with a namespace that PyTorch does not bring.
    /// ## What it misses
    /// What a custom operator does: it lives in a native library outside the file. The code itself is not interpreted yet,
    /// which makes the coverage partial.
    /// ## What to do
    /// Do not load it; export the model again as weights.
    /// ## References
    /// CVE-2025-32434; `torch/csrc/jit/serialization/python_print.cpp`.
    id: "torchscript-operator",
    title: "TorchScript uses a dangerous operator", "TorchScript 使用危险算子",
    severity: High, confidence: High,
    tags: &["CWE-73", "CVE-2025-32434"], controls: &["MOD-01"],
    on: Text => run,
}

/// LIMIT: code that is searched of one source file; generated ones reach some MiB.
const CODE_BYTES: u64 = 32 * 1024 * 1024;

/// Operators that reach files, other machines or further archives.
const OPERATORS: &[&str] = &["from_file", "save", "load", "rpc_sync", "rpc_async", "rpc_remote"];

/// Namespaces that PyTorch and its own companion libraries bring.
const NAMESPACES: &[&str] = &[
    "aten",
    "prim",
    "prims",
    "quantized",
    "_quantized",
    "quantized_decomposed",
    "prepacked",
    "sparse",
    "mkldnn",
    "mkldnn_prepacked",
    "mkl",
    "onednn",
    "xnnpack",
    "vulkan_prepack",
    "metal_prepack",
    "static_runtime",
    "inductor",
    "profiler",
    "cuda",
    "torchvision",
    "torchaudio",
    "torchtext",
    "torch",
    "image",
    "fb",
];

fn run(view: &text_format::View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let _ = view;
    let member = scene.member.unwrap_or_default();
    if !scene.in_torchscript() || !(member.contains("/code/") || member.starts_with("code/")) {
        return;
    }
    let source: &dyn ReadAt = scene.source;
    let Ok(code) = read_range(source, 0..source.size(), CODE_BYTES) else {
        return;
    };
    for (prefix, is_class) in [("ops.", false), ("torch.", false), ("torch.classes.", true)] {
        for at in memmem::find_iter(&code, prefix) {
            let before = at.checked_sub(1).and_then(|index| code.get(index));
            let joined = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            if joined || (before == Some(&b'.') && !is_class) {
                continue;
            }
            let rest = code.get(at + prefix.len()..).unwrap_or_default();
            let names = dotted(rest);
            let range = at as u64..(at + prefix.len() + names.len()) as u64;
            let mut parts = names.split('.');
            let first = parts.next().unwrap_or_default();
            let operator = if prefix == "ops." {
                parts.next().unwrap_or_default()
            } else {
                first
            };
            let shown = format!("{prefix}{names}");
            let own = NAMESPACES.contains(&first);
            if !is_class && OPERATORS.contains(&operator) && (prefix == "torch." || own) {
                sink.report(
                    Some(range),
                    text!(
                        "uses `{shown}`, which reaches files or other machines",
                        "使用 `{shown}`，它会访问文件或其他机器"
                    ),
                );
            } else if (is_class || prefix == "ops.") && !own {
                sink.report(
                    Some(range),
                    text!(
                        "uses `{shown}` of a library outside PyTorch",
                        "使用 PyTorch 之外的库中的 `{shown}`"
                    ),
                )
                .severity(Severity::Medium);
            }
        }
    }
}

/// Returns the dotted name at the start of `code`.
fn dotted(code: &[u8]) -> &str {
    let end = code
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')))
        .unwrap_or(code.len());
    std::str::from_utf8(code.get(..end).unwrap_or_default()).unwrap_or_default()
}
