//! Detector `numpy-object-array`.

use cleanbill_core::text;
use cleanbill_formats::npy::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A NumPy array whose elements are, or hold, Python objects.
    /// ## Why it matters
    /// Such elements are stored as a pickle, and loading them runs what the pickle says. NumPy asks for
    /// `allow_pickle=True`, which was the default before 1.16.3.
    /// ## How it is decided
    /// The element type in the header has an object in it, at any depth.
    /// ## What it misses
    /// Nothing of this kind. Whether the pickle does harm is for the detectors of pickles.
    /// ## What to do
    /// Ask for a plain array; never load it with `allow_pickle=True` unless you trust its supplier.
    /// ## References
    /// CVE-2019-6446, CWE-502.
    id: "numpy-object-array",
    title: "NumPy array of Python objects", "含 Python 对象的 NumPy 数组",
    severity: Low, confidence: High,
    tags: &["CWE-502", "AML.T0011.000"], controls: &["MOD-01"],
    on: Npy => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if view.has_objects {
        sink.report(
            Some(view.header.clone()),
            text!(
                "the elements are Python objects, stored as a pickle",
                "数组元素是 Python 对象，以 pickle 存储"
            ),
        )
        .evidence(&view.dtype);
    }
}
