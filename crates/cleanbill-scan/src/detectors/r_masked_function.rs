//! Detector `r-masked-function`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::r_data::View;

use crate::{
    detector::detector,
    r_functions::{HOOKS, LANGUAGE},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A saved workspace that binds a function under a name that R calls by itself (`.First`, `.Last`, `.onLoad`), or under that of
    /// a function of the language (`print`, `library`, `<-`).
    /// ## Why it matters
    /// `load` puts the names before those of R. The next command, or the end of the session, then runs the file's code.
    /// ## How it is decided
    /// The names that `load` binds are compared with a short list; hooks are *high*, functions of the language *medium*.
    /// ## What it misses
    /// Methods for classes, which honest workspaces define too, and functions of packages.
    /// ## What to do
    /// Load it into an environment of its own, and only after reading the function.
    /// ## References
    /// `help(Startup)` and `help(load)` of R; CWE-506.
    id: "r-masked-function",
    title: "R workspace takes the place of R's own functions", "R 工作区取代了 R 自身的函数",
    severity: High, confidence: Medium,
    tags: &["CWE-506"], controls: &["MOD-01"],
    on: RData => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for binding in view.bindings.iter().filter(|binding| binding.is_function) {
        let name = binding.name.as_str();
        let severity = if HOOKS.contains(&name) {
            Severity::High
        } else if LANGUAGE.contains(&name) {
            Severity::Medium
        } else {
            continue;
        };
        sink.report(
            Some(binding.range.clone()),
            text!(
                "binds the function `{name}`, which R or its user calls unasked",
                "绑定了函数 `{name}`，R 或用户会不经意地调用它"
            ),
        )
        .severity(severity)
        .hint(text!(
            "load it into an environment of its own",
            "加载到独立的环境中"
        ));
    }
}
