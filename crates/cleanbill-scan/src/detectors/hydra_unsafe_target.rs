//! Detector `hydra-unsafe-target`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::text::{Kind, View};

use crate::{
    detector::detector,
    named_code::{Known, known},
    scene::Scene,
    sink::Sink,
    yaml_lines::values,
};

detector! {
    /// ## What it finds
    /// A configuration in YAML or JSON that names a callable able to run commands under a key that a library calls:
    /// `_target_` (Hydra, NeMo), `target`, `class_path`, `_component_`, `__target__`.
    /// ## Why it matters
    /// `hydra.utils.instantiate` and what is built on it import the name and call it with the keys beside it, when the
    /// model is restored. A `.nemo` file carries such a configuration.
    /// ## How it is decided
    /// The name is held against the tables of dangerous callables, split at every dot. Below `_target_` a name of Python's standard
    /// library is *high*, a name that is put together by interpolation *medium*.
    /// ## What it misses
    /// What classes of other packages do; keys that are written with escapes.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2025-23304, CVE-2026-24747, CWE-94, CWE-502.
    id: "hydra-unsafe-target",
    title: "Configuration calls a dangerous function", "配置调用危险函数",
    severity: Critical, confidence: High,
    tags: &["CVE-2025-23304", "CWE-94", "AML.T0011.000"], controls: &["MOD-01"],
    on: Text => run,
}

/// Keys whose value is imported and called. Of all but the first only dangerous names count, since the words are common.
const KEYS: &[&str] = &[
    "_target_",
    "target",
    "class_path",
    "_component_",
    "__target__",
    "_cls_",
];

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if matches!(
        view.kind,
        Kind::PythonSource | Kind::Markdown | Kind::Notebook | Kind::Html | Kind::Csv | Kind::JsonLines
    ) {
        return;
    }
    let Some(written) = scene.reading.text() else {
        return;
    };
    let has = |word: &str| memchr::memmem::find(written.text.as_bytes(), word.as_bytes()).is_some();
    if !has("target") && !has("class_path") && !has("_c") {
        return;
    }
    let by_path = has("hydra.utils.get_");
    for key in KEYS.iter().copied().chain(by_path.then_some("path")) {
        for (value, range) in values(&written.text, key) {
            let hydra = key == "_target_";
            let range = range.start + written.start..range.end + written.start;
            let (severity, message) = match known(&value) {
                Known::Danger(attack, reason) if hydra || value.contains('.') => (
                    if attack.is_critical() {
                        Severity::Critical
                    } else {
                        Severity::High
                    },
                    text!(
                        "`{key}` calls `{value}`, which {reason}",
                        "`{key}` 调用 `{value}`（{reason}）"
                    ),
                ),
                Known::StandardLibrary if hydra => (
                    Severity::High,
                    text!(
                        "`{key}` calls `{value}` of Python's standard library, which nobody reviewed",
                        "`{key}` 调用未经审查的 Python 标准库函数 `{value}`"
                    ),
                ),
                _ if hydra && value.contains("${") => (
                    Severity::Medium,
                    text!(
                        "the name below `{key}` is put together when it is loaded",
                        "`{key}` 下的名称在加载时拼接而成"
                    ),
                ),
                _ => continue,
            };
            sink.report(Some(range), message)
                .severity(severity)
                .evidence(&value)
                .hint(text!("do not load it", "不要加载"));
        }
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{Critical, High, Medium};

    use crate::testing::check;

    #[test]
    fn targets_are_judged() {
        for (text, severities) in [
            ("model:\n  _target_: torch.nn.Linear\n  in_features: 2\n", &[][..]),
            ("model:\n  _target_: os.system\n  command: id\n", &[Critical]),
            ("target: builtins.exec\nx: 1\n", &[Critical]),
            ("target: production\nx: 1\n", &[]),
            ("a:\n  _target_: shlex.shlex\n", &[High]),
            ("a:\n  _target_: mine.${b}\n", &[Medium]),
        ] {
            check(
                "hydra-unsafe-target",
                "model_config.yaml",
                text.as_bytes(),
                severities,
            );
        }
    }
}
