//! Detector `torch7-function`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::torch7::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A Torch7 file that holds a function.
    /// ## Why it matters
    /// A function is LuaJIT bytecode. `torch.load` turns it into a function of the process, networks call those they find in
    /// their fields, and LuaJIT does not verify bytecode: it can reach memory of the process as well.
    /// ## How it is decided
    /// Every function is *high*. A file whose objects cannot be followed to the end is reported as damage.
    /// ## What it misses
    /// What the bytecode does.
    /// ## What to do
    /// Do not load it. Ask for a file that was saved after `clearState()` and holds tensors only.
    /// ## References
    /// Torch7 `File.lua`; CWE-502, CWE-94.
    id: "torch7-function",
    title: "Function in a Torch7 file", "Torch7 文件中的函数",
    severity: High, confidence: High,
    tags: &["CWE-502", "CWE-94", "AML.T0018"], controls: &["MOD-01"],
    on: Torch7 => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for one in &view.functions {
        let message = if one.bytecode {
            text!("holds a function as Lua bytecode", "含有 Lua 字节码形式的函数")
        } else {
            text!(
                "holds a function as Lua source or of unknown form",
                "含有 Lua 源代码或未知形式的函数"
            )
        };
        sink.report(Some(one.range.clone()), message)
            .severity(Severity::High);
    }
}
