//! Detector `pickle-unknown-import`.

use cleanbill_core::text;
use cleanbill_formats::pickle::{self, CallKind};

use crate::{
    callables::Standing,
    detector::detector,
    judgement::{Judge, import_name},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A pickle that names a class or function that nobody reviewed, without calling it.
    /// ## Why it matters
    /// Naming it imports its module, which runs that module's code; creating an object of it and giving it a state may run
    /// its `__setstate__`. Whether that is harmless depends on code that is not in the file.
    /// ## How it is decided
    /// The name is in none of the tables of reviewed callables. A name that is called is reported by `pickle-unsafe-call`.
    /// ## What it misses
    /// Nothing within what is interpreted.
    /// ## What to do
    /// Find out which package the name comes from, whether it is the supplier's own, and whether you trust it as code.
    /// ## References
    /// CWE-502.
    id: "pickle-unknown-import",
    title: "Pickle imports something that nobody reviewed", "pickle 导入未经审查的对象",
    severity: Medium, confidence: Medium,
    tags: &["CWE-502", "AML.T0011.000"], controls: &["MOD-01"],
    on: Pickle => run,
}

fn run(view: &pickle::View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let judge = Judge::new(view, scene.in_torchscript());
    for (id, import, standing) in judge.imports() {
        let Standing::Unknown { standard_library } = standing else {
            continue;
        };
        if judge
            .calls_of(id)
            .any(|call| matches!(call.kind, CallKind::Reduce | CallKind::Instantiate))
        {
            continue;
        }
        let name = import_name(import);
        let message = if standard_library {
            text!(
                "names `{name}` of Python's standard library, which no pickle needs",
                "引用 Python 标准库的 `{name}`，正常的 pickle 不需要它"
            )
        } else {
            text!(
                "imports `{name}`, which nobody reviewed",
                "导入未经审查的 `{name}`"
            )
        };
        sink.report(Some(import.range.clone()), message)
            .evidence(&name)
            .hint(text!(
                "load it only if you trust the package that defines the name as you trust code",
                "只有像信任代码一样信任定义该名称的软件包时才可加载"
            ));
    }
}
