//! Detector `tensorflow-unknown-operator`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::tensorflow::View;

use crate::{
    detector::detector,
    operators::{self, Effect, Standing},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// Operators that TensorFlow itself does not have and the model does not bring as functions.
    /// ## Why it matters
    /// Such a model only runs after a native library was loaded into the process. That library is code nobody looked at
    /// here.
    /// ## How it is decided
    /// Every operator is looked up among TensorFlow's own (`operators/tensorflow-plain.txt`) and the model's functions.
    /// Operators of well-known libraries are *low*.
    /// ## What it misses
    /// What the operator does; operators that newer versions of TensorFlow brought are reported too.
    /// ## What to do
    /// Find out which library it is and where it comes from.
    /// ## References
    /// `tf.load_op_library`; CWE-829.
    id: "tensorflow-unknown-operator",
    title: "TensorFlow graph needs a library of operators", "TensorFlow 计算图需要自定义算子库",
    severity: Medium, confidence: High,
    tags: &["CWE-829"], controls: &["MOD-01", "MOD-02"],
    on: Tensorflow => run,
}

/// Operators named in one report.
const MOST: usize = 32;

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let foreign = view
        .operators
        .iter()
        .filter(|operator| !view.functions.contains(&operator.name))
        .filter_map(|operator| match operators::tensorflow(&operator.name) {
            Standing::Unknown => Some((operator, Severity::Medium)),
            Standing::Effect(known) if known.effect == Effect::Library => Some((operator, Severity::Low)),
            _ => None,
        });
    for (operator, severity) in foreign.take(MOST) {
        let name = &operator.name;
        let message = text!(
            "`{name}` is no operator of TensorFlow and needs a native library",
            "`{name}` 不是 TensorFlow 的算子，需要本机库"
        );
        sink.report(Some(operator.range.clone()), message)
            .severity(severity)
            .hint(text!(
                "find out which library brings it, and whether you trust that",
                "查明由哪个库提供，并判断是否可信"
            ));
    }
}
