//! Detector `remote-code-reference`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::text::{Fact, View};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A configuration that names Python code for a library to fetch and run: `auto_map`, `custom_pipelines`,
    /// `custom_generate`, and `_target_` values that name a module able to run commands.
    /// ## Why it matters
    /// With `trust_remote_code=True` the named file runs on the machine that loads the model, and it can change with every
    /// revision. `_target_` is called by Hydra and by NeMo without a question.
    /// ## How it is decided
    /// The keys are looked up at any depth of a JSON file. One finding for each key and file.
    /// ## What it misses
    /// What the named code does; the same keys in YAML.
    /// ## What to do
    /// Read the named code, pin its revision, and prefer a model that needs none.
    /// ## References
    /// CVE-2025-23304, CWE-829, MITRE ATLAS AML.T0010.
    id: "remote-code-reference",
    title: "Configuration that names code to run", "配置指向需运行的代码",
    severity: Medium, confidence: High,
    tags: &["CWE-829", "AML.T0010"], controls: &["MOD-01"],
    on: Text => run,
}

/// Modules that a configuration has no reason to call.
const DANGEROUS: &[&str] = &[
    "builtins",
    "commands",
    "ctypes",
    "eval",
    "exec",
    "importlib",
    "nt",
    "os",
    "pickle",
    "posix",
    "pty",
    "runpy",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "urllib",
    "webbrowser",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for key in ["auto_map", "custom_pipelines", "custom_generate"] {
        let facts: Vec<&Fact> = view.facts.iter().filter(|fact| fact.key == key).collect();
        let Some(first) = facts.first() else { continue };
        let values: Vec<&str> = facts.iter().map(|fact| fact.value.as_str()).collect();
        // `owner/repository--file.Class` takes the code from another repository.
        let message = if values.iter().any(|value| value.contains("--")) {
            text!(
                "`{key}` names code in another repository",
                "`{key}` 指向另一个仓库中的代码"
            )
        } else {
            text!(
                "`{key}` names code that runs when the model is loaded",
                "`{key}` 指向加载模型时运行的代码"
            )
        };
        sink.report(Some(first.range.clone()), message)
            .evidence(&values.join(", "))
            .hint(text!(
                "read the named code and pin its revision",
                "阅读所指代码并固定其版本"
            ));
    }
    for fact in view.facts.iter().filter(|fact| fact.key == "_target_") {
        let root = fact.value.split('.').next().unwrap_or_default();
        if DANGEROUS.contains(&root) {
            sink.report(
                Some(fact.range.clone()),
                text!(
                    "`_target_` names a callable that can run commands",
                    "`_target_` 指向可运行命令的可调用对象"
                ),
            )
            .severity(Severity::High)
            .evidence(&fact.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn one_finding_for_each_key() {
        use Severity::{High, Medium};
        for (text, severities) in [
            (
                r#"{"auto_map": {"AutoConfig": "c.C", "AutoModel": "m.M"}}"#,
                &[Medium][..],
            ),
            (r#"{"a": {"_target_": "os.system"}}"#, &[High]),
            (r#"{"a": {"_target_": "torch.nn.Linear"}}"#, &[]),
            (r#"{"auto_map": null, "text": "auto_map"}"#, &[]),
        ] {
            check(
                "remote-code-reference",
                "config.json",
                text.as_bytes(),
                severities,
            );
        }
    }
}
