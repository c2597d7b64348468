//! Detector `cntk-user-function`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::cntk::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A CNTK model with functions that a user defined.
    /// ## Why it matters
    /// Loading the model runs `from MODULE import CLASS` with both names as the file gives them, so that any Python may stand there;
    /// for native functions it loads the library that the file names and calls a function of it.
    /// ## How it is decided
    /// *High*. *Critical* where the names are not plain names of Python, or where a library is named by a path.
    /// ## What it misses
    /// What the module or library does. Models of version 1.
    /// ## What to do
    /// Do not load it unless you have the module from whom you trust; register the function yourself before loading.
    /// ## References
    /// CNTK `bindings/python/cntk/internal/__init__.py`, `Source/CNTKv2LibraryDll/UserDefinedFunction.cpp`; CWE-94, CWE-114;
    /// MITRE ATLAS AML.T0011.
    id: "cntk-user-function",
    title: "CNTK function that loads code", "加载代码的 CNTK 函数",
    severity: High, confidence: High,
    tags: &["CWE-94", "CWE-114", "AML.T0011"], controls: &["MOD-01"],
    on: Cntk => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for function in &view.user_functions {
        let (module, class) = (&function.module, &function.class);
        let (severity, message) = if function.is_native {
            let path = module.contains(['/', '\\', ':']);
            let severity = if path { Severity::Critical } else { Severity::High };
            (
                severity,
                text!(
                    "loading it loads a native library and calls a function of it",
                    "加载时载入本机库并调用其中的函数"
                ),
            )
        } else if is_plain(module) && is_plain(class) {
            (
                Severity::High,
                text!("loading it imports a Python module", "加载时导入 Python 模块"),
            )
        } else {
            (
                Severity::Critical,
                text!(
                    "loading it runs Python that stands in the place of a name",
                    "加载时执行写在名称位置的 Python 代码"
                ),
            )
        };
        sink.report(Some(function.range.clone()), message)
            .severity(severity)
            .evidence(&format!("{module} {class}"))
            .hint(text!("do not load it", "不要加载"));
    }
}

/// Says whether `name` is made of names of Python with dots between.
fn is_plain(name: &str) -> bool {
    name.split('.').all(|part| {
        let first = part
            .chars()
            .next()
            .is_some_and(|letter| letter.is_alphabetic() || letter == '_');
        first
            && part
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_python_are_plain() {
        for (name, plain) in [
            ("a.b_c", true),
            ("os", true),
            ("", false),
            ("os\nprint(1)", false),
            ("a import b;", false),
        ] {
            assert_eq!(is_plain(name), plain, "{name}");
        }
    }
}
