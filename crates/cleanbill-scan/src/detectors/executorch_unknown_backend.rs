//! Detector `executorch-unknown-backend`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::executorch::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// An ExecuTorch program that hands data to a backend which ExecuTorch does not bring, or to one that loads a compiled
    /// library out of the program, and operators of unknown libraries.
    /// ## Why it matters
    /// What a backend does with its data is not written in the program. Backends made with AOTInductor write a shared
    /// library to disk and load it.
    /// ## How it is decided
    /// Names are compared with the backends and operator libraries of the public repository. Unknown backends are *medium*,
    /// backends that load a library are *medium*, unknown operator libraries *low*: the application must have linked them.
    /// ## What it misses
    /// What stands in the data; coverage says so. A program or library in it is reported as executable content.
    /// ## What to do
    /// Ask the supplier which backend it is.
    /// ## References
    /// ExecuTorch documents "Backends and delegates"; CWE-829.
    id: "executorch-unknown-backend",
    title: "ExecuTorch backend that is not known", "未知的 ExecuTorch 后端",
    severity: Medium, confidence: Medium,
    tags: &["CWE-829"], controls: &["MOD-01"],
    on: Executorch => run,
}

/// Backends of the public repository whose data is no library.
const BACKENDS: &[&str] = &[
    "ArmBackend",
    "CadenceBackend",
    "CoreMLBackend",
    "DemoBackend",
    "EnnBackend",
    "EthosUBackend",
    "MPSBackend",
    "MLXBackend",
    "NXPBackend",
    "NeuropilotBackend",
    "NeutronBackend",
    "OpenvinoBackend",
    "QnnBackend",
    "SamsungBackend",
    "TOSABackend",
    "VgfBackend",
    "VulkanBackend",
    "XnnpackBackend",
];
/// Backends that load a compiled library out of the program.
const LIBRARIES: &[&str] = &["AotiBackend", "CudaBackend", "MetalBackend"];
/// Libraries of operators of the public repository and of PyTorch.
const NAMESPACES: &[&str] = &[
    "aten",
    "cadence",
    "cortex_m",
    "dim_order_ops",
    "et_vk",
    "executorch_prim",
    "llama",
    "neutron",
    "prim",
    "quantized",
    "quantized_decomposed",
    "torchao",
    "torchvision",
    "tosa",
    "xnnpack",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for one in &view.backends {
        let name = one.name.as_str();
        let message = if LIBRARIES.contains(&name) {
            text!(
                "a backend that loads a library out of the program",
                "会从程序中加载库的后端"
            )
        } else if BACKENDS.contains(&name) {
            continue;
        } else {
            text!("a backend that is not known", "未知后端")
        };
        sink.report(Some(one.range.clone()), message).evidence(name);
    }
    for one in &view.operators {
        let space = one.name.split_once("::").map_or("", |(space, _)| space);
        if !NAMESPACES.contains(&space) {
            sink.report(
                Some(one.range.clone()),
                text!("an operator of a library that is not known", "未知库中的算子"),
            )
            .severity(Severity::Low)
            .evidence(&one.name);
        }
    }
}
