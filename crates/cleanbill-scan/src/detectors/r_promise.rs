//! Detector `r-promise`.

use cleanbill_core::text;
use cleanbill_formats::r_data::{Operand, View};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A promise, code that R runs as soon as its value is asked for, in a place where R never leaves one: as the object
    /// itself, as a value that `load` binds, as an element of a list or an attribute.
    /// ## Why it matters
    /// Merely printing or touching what `readRDS` or `load` returned runs the code, with any R before 4.4.0.
    /// ## How it is decided
    /// A promise that is not evaluated yet and is no variable of a function's frame. Promises in frames are honest: arguments
    /// that a function never used; they are judged by what they call (`r-unsafe-call`).
    /// ## What it misses
    /// Nothing that is known.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2024-27322, CWE-502.
    id: "r-promise",
    title: "R object runs code when it is touched", "R 对象在被访问时运行代码",
    severity: Critical, confidence: High,
    tags: &["CVE-2024-27322", "CWE-502", "AML.T0011.000"], controls: &["MOD-01"],
    on: RData => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for promise in view.promises.iter().filter(|promise| !promise.in_frame) {
        let shown = match &promise.code {
            Operand::Call(name) => format!("{name}()"),
            Operand::Symbol(name) => name.clone(),
            Operand::Text(_) | Operand::Other => String::new(),
        };
        sink.report(
            Some(promise.range.clone()),
            text!(
                "a promise stands where R leaves none; touching the object runs its code",
                "承诺对象（promise）出现在 R 不会留下它的位置；访问该对象就会运行其代码"
            ),
        )
        .evidence(&shown)
        .hint(text!("do not load it", "不要加载"));
    }
}
