//! Detector `pickle-unsafe-call`.

use cleanbill_core::{Text, text};
use cleanbill_formats::pickle;

use crate::{
    detector::detector,
    judgement::{Fault, Judge},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A pickle that calls something that nobody reviewed, uses a reviewed name for something else than it was reviewed
    /// for, calls what another call returned, or changes the attributes of an imported class or module.
    /// ## Why it matters
    /// Attackers use callables that are on nobody's list: more than a hundred such gadgets are public, and new ones come
    /// every month. What was not reviewed must not be called by a file.
    /// ## How it is decided
    /// Each call is held against the tables of reviewed reconstruction callables. Some of them carry a rule about their
    /// arguments: `_codecs.encode` only to Latin-1, `getattr` only on reviewed classes and plain names, NumPy's and
    /// SciPy's helpers only with what their own libraries write.
    /// ## What it misses
    /// Harm that a reviewed library does later, when the loaded object is used.
    /// ## What to do
    /// Do not load it unless you know the package that defines the name and trust it as you trust code.
    /// ## References
    /// CWE-502; arXiv 2508.19774.
    id: "pickle-unsafe-call",
    title: "Pickle makes a call that nobody reviewed", "pickle 进行未经审查的调用",
    severity: High, confidence: High,
    tags: &["CWE-502", "AML.T0011.000"], controls: &["MOD-01"],
    on: Pickle => run,
}

fn run(view: &pickle::View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let judge = Judge::new(view, scene.in_torchscript());
    for (call, fault) in judge.faults() {
        sink.report(Some(call.range.clone()), message(&fault))
            .evidence(&judge.show(call))
            .hint(text!(
                "do not load it unless you trust the package that defines the name as you trust code",
                "除非像信任代码一样信任定义该名称的软件包，否则不要加载"
            ));
    }
}

fn message(fault: &Fault) -> Text {
    match fault {
        Fault::UnknownCallee(name) => {
            text!("calls `{name}`, which nobody reviewed", "调用未经审查的 `{name}`")
        }
        Fault::NotReviewedFor { callee, how } => {
            let how = how.as_str();
            text!(
                "uses `{callee}` through {how} in a way that was not reviewed",
                "以未经审查的方式（{how}）使用 `{callee}`"
            )
        }
        Fault::RuleBroken { callee, rule } => text!(
            "calls `{callee}` with arguments that its rule `{rule}` refuses",
            "调用 `{callee}` 的参数不符合规则 `{rule}`"
        ),
        Fault::CalledResult(inner) => {
            text!("calls what `{inner}` returned", "调用 `{inner}` 返回的结果")
        }
        Fault::ChangedImport(name) => {
            text!(
                "changes the attributes of the imported `{name}` itself",
                "更改所导入的 `{name}` 自身的属性"
            )
        }
        Fault::UnknownTarget => text!(
            "calls something that cannot be resolved without running the pickle",
            "调用了不运行 pickle 就无法解析的对象"
        ),
    }
}
