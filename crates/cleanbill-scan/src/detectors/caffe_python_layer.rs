//! Detector `caffe-python-layer`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::caffe::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A Caffe network with a layer of kind `Python`.
    /// ## Why it matters
    /// Making the network imports the module that the layer names and calls the class in it, before any data is seen.
    /// ## How it is decided
    /// *High*; *critical* where the module is one of Python's own that runs commands or code, which no layer is written in.
    /// Modules count as the text or the protocol buffer names them.
    /// ## What it misses
    /// What the module does: it stands in a file of its own or in an installed package.
    /// ## What to do
    /// Read the module before you make the network, or remove the layer.
    /// ## References
    /// Caffe `include/caffe/layers/python_layer.hpp`, `src/caffe/layer_factory.cpp`; CWE-829, CWE-470; MITRE ATLAS AML.T0011.
    id: "caffe-python-layer",
    title: "Caffe layer that runs Python", "运行 Python 的 Caffe 层",
    severity: High, confidence: High,
    tags: &["CWE-829", "CWE-470", "AML.T0011"], controls: &["MOD-01"],
    on: Caffe => run,
}

/// Modules of Python itself that run commands or code.
const RUNNERS: &[&str] = &[
    "builtins",
    "__builtin__",
    "code",
    "commands",
    "ctypes",
    "importlib",
    "nt",
    "os",
    "pdb",
    "pickle",
    "platform",
    "popen2",
    "posix",
    "pty",
    "runpy",
    "shutil",
    "subprocess",
    "sys",
    "timeit",
    "webbrowser",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for layer in &view.python {
        let first = layer.module.split('.').next().unwrap_or_default().trim();
        let severity = if RUNNERS.contains(&first) {
            Severity::Critical
        } else {
            Severity::High
        };
        let (module, class) = (&layer.module, &layer.class);
        sink.report(
            Some(layer.range.clone()),
            text!(
                "imports the Python module that the layer names and calls `{class}` in it",
                "导入该层指定的 Python 模块并调用其中的 `{class}`"
            ),
        )
        .severity(severity)
        .evidence(&format!("{module}.{class}"))
        .hint(text!("read the module first", "请先阅读该模块"));
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{Critical, High};

    use crate::testing::check;

    #[test]
    fn layers_of_python_are_judged_by_their_module() {
        for (layer, severities) in [
            (
                "type: \"Python\" python_param { module: \"rpn.proposal_layer\" layer: \"ProposalLayer\" }",
                &[High][..],
            ),
            (
                "python_param { module: \"os\" layer: \"system\" } type: 'Py' \"thon\"",
                &[Critical],
            ),
            ("type: \"Convolution\" name: \"Python\"", &[]),
        ] {
            let text = format!("name: \"n\"\nlayer {{ {layer} }}\n");
            check("caffe-python-layer", "net.prototxt", text.as_bytes(), severities);
        }
    }
}
