//! Detector `r-foreign-state`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::r_data::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Vectors that keep their content elsewhere: in a file that is mapped by its path, or in a representation whose
    /// code is in a package; texts that a hook of the reading program must resolve.
    /// ## Why it matters
    /// Reading such an object opens files that the object names, or calls native code of packages with what it holds.
    /// ## How it is decided
    /// Classes of alternative representation are compared with those that R itself writes; mapped files are *high*, others *medium*.
    /// ## What it misses
    /// What a package does when its namespace is loaded.
    /// ## What to do
    /// Ask for the object with its values in it.
    /// ## References
    /// R Internals, section 1.14 (ALTREP); CWE-73.
    id: "r-foreign-state",
    title: "R object takes its content from elsewhere", "R 对象的内容来自别处",
    severity: Medium, confidence: Medium,
    tags: &["CWE-73"], controls: &["MOD-01"],
    on: RData => run,
}

/// Classes that R itself writes and that hold nothing but values.
const PLAIN: &[&str] = &[
    "compact_intseq",
    "compact_realseq",
    "deferred_string",
    "wrap_complex",
    "wrap_integer",
    "wrap_list",
    "wrap_logical",
    "wrap_raw",
    "wrap_real",
    "wrap_string",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for (class, package, range) in &view.representations {
        if package == "base" && PLAIN.contains(&class.as_str()) {
            continue;
        }
        let severity = if class.starts_with("mmap_") {
            Severity::High
        } else {
            Severity::Medium
        };
        sink.report(
            Some(range.clone()),
            text!(
                "a vector of class `{class}` of `{package}` keeps its content elsewhere",
                "`{package}` 的 `{class}` 类向量将内容存放在别处"
            ),
        )
        .severity(severity);
    }
    for range in &view.persistent {
        sink.report(
            Some(range.clone()),
            text!(
                "a text is handed to a hook of the reading program",
                "文本被交给读取程序的钩子处理"
            ),
        );
    }
}
