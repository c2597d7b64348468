//! Detector `pickle-unresolved`.

use cleanbill_core::text;
use cleanbill_formats::pickle::{self, Unresolved};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A pickle whose imports cannot be told without running it: names that are computed while loading, extension codes
    /// that stand for callables in the loader's own registry, and names longer than any real one.
    /// ## Why it matters
    /// Pickle libraries write names as literal texts. A computed name serves to keep it from being read.
    /// ## How it is decided
    /// `STACK_GLOBAL` takes something that is no literal text, an `EXT` opcode occurs, or a name passes `name_bytes`.
    /// ## What it misses
    /// Nothing within what is interpreted.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CWE-502; CWE-506.
    id: "pickle-unresolved",
    title: "Pickle hides what it imports", "pickle 隐藏其导入的内容",
    severity: High, confidence: High,
    tags: &["CWE-502", "CWE-506"], controls: &["MOD-01"],
    on: Pickle => run,
}

fn run(view: &pickle::View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for (what, range) in &view.unresolved {
        let message = match what {
            Unresolved::ComputedName => text!(
                "computes a name to import while loading",
                "在加载时计算要导入的名称"
            ),
            Unresolved::ExtensionCode => text!(
                "imports through an extension code of the loader's registry",
                "通过加载器注册表的扩展码导入"
            ),
            Unresolved::LongName => text!(
                "imports a name longer than any real one",
                "导入的名称长度超出任何真实名称"
            ),
        };
        sink.report(Some(range.clone()), message)
            .hint(text!("do not load it", "不要加载"));
    }
}
