//! Detector `remote-code-reference`.

use std::ops::Range;

use cleanbill_code::jsonc::Value;
use cleanbill_core::{Severity, text};
use cleanbill_formats::text::{Fact, View};

use crate::{agents, detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A configuration that names Python code for a library to fetch and run: `auto_map`, `custom_pipelines`,
    /// `custom_generate`, `_target_` values that name a module able to run commands, `auto_mapping` of adapters, parts of
    /// `model_index.json` and `modules.json` that belong to no known library; `trust_remote_code` and addresses as origin.
    /// ## Why it matters
    /// With `trust_remote_code=True` the named file runs on the machine that loads the model, and it can change with every
    /// revision. `_target_` is called by Hydra and by NeMo without a question; sentence encoders, pipelines and adapters import
    /// what their files name.
    /// ## How it is decided
    /// The keys are looked up at any depth of a JSON file, one finding for each key and file: `medium`, and `high` where the code
    /// lies in another repository or the name is of a module able to run commands.
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

/// Packages whose classes the files of pipelines and of sentence encoders name.
const KNOWN: &[&str] = &[
    "diffusers",
    "flax",
    "k_diffusion",
    "onnxruntime",
    "optimum",
    "peft",
    "sentence_transformers",
    "sklearn",
    "timm",
    "tokenizers",
    "torch",
    "torchvision",
    "transformers",
];
/// LIMIT: parts of a pipeline or encoder that are looked at; real ones have about ten.
const PARTS: usize = 200;

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for key in ["auto_map", "custom_pipelines", "custom_generate"] {
        let facts: Vec<&Fact> = view.facts.iter().filter(|fact| fact.key == key).collect();
        let Some(first) = facts.first() else { continue };
        let values: Vec<&str> = facts.iter().map(|fact| fact.value.as_str()).collect();
        // `owner/repository--file.Class` takes the code from another repository.
        let elsewhere = values
            .iter()
            .any(|value| value.contains("--") || value.contains("://") || value.contains(".."));
        let (message, severity) = if elsewhere {
            (
                text!(
                    "`{key}` names code in another repository",
                    "`{key}` 指向另一个仓库中的代码"
                ),
                Severity::High,
            )
        } else {
            (
                text!(
                    "`{key}` names code that runs when the model is loaded",
                    "`{key}` 指向加载模型时运行的代码"
                ),
                Severity::Medium,
            )
        };
        sink.report(Some(first.range.clone()), message)
            .severity(severity)
            .evidence(&values.join(", "))
            .hint(text!(
                "read the named code and pin its revision",
                "阅读所指代码并固定其版本"
            ));
    }
    for fact in &view.facts {
        match fact.key {
            "_target_" if is_dangerous(&fact.value) => {
                import(&fact.value, fact.range.clone(), "_target_", sink);
            }
            "auto_mapping"
                if fact.name == "parent_library" && root(&fact.value) != "transformers_modules" =>
            {
                import(&fact.value, fact.range.clone(), "auto_mapping", sink);
            }
            "trust_remote_code" if fact.value == "true" => {
                sink.report(
                    Some(fact.range.clone()),
                    text!(
                        "the configuration switches on code from repositories",
                        "配置开启了来自仓库的代码"
                    ),
                )
                .severity(Severity::Low);
            }
            "_name_or_path" | "base_model_name_or_path" if fact.value.contains("://") => {
                sink.report(
                    Some(fact.range.clone()),
                    text!("the model names an address as its origin", "模型以网址作为其来源"),
                )
                .severity(Severity::Low)
                .evidence(&fact.value);
            }
            _ => {}
        }
    }
    parts(view, scene, sink);
}

/// Looks at `model_index.json` of pipelines and `modules.json` of sentence encoders, by what they hold.
fn parts(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some((tree, start)) = agents::tree(view, scene, &["_class_name", "_diffusers_version", "idx"]) else {
        return;
    };
    let mut report =
        |value: &Value, path: &str, what: &str| import(path, agents::place(&value.range, start), what, sink);
    for (key, value) in tree.entries().iter().take(PARTS) {
        if let [library, class] = value.items()
            && let (Some(library), Some(class)) = (library.text(), class.text())
            && tree.at("_class_name").is_some()
        {
            // Names of pipelines of the library itself are its modules, such as `stable_diffusion`.
            let own = matches!(
                library,
                "stable_diffusion" | "latent_diffusion" | "paint_by_example" | "deepfloyd_if"
            );
            if !own {
                report(value, &format!("{library}.{class}"), key);
            }
        }
    }
    for value in tree.items().iter().take(PARTS) {
        let named = value.at("idx").is_some() && value.at("path").is_some();
        if let (true, Some(path)) = (named, value.at("type").and_then(Value::text)) {
            report(value, path, "type");
        }
    }
}

fn root(path: &str) -> &str {
    path.split('.').next().unwrap_or_default()
}

fn is_dangerous(path: &str) -> bool {
    DANGEROUS.contains(&root(path))
}

/// Reports a name that a library imports, unless it is one of the libraries' own.
fn import(path: &str, range: Range<u64>, key: &str, sink: &mut Sink<'_>) {
    if is_dangerous(path) || path.contains("--") || path.contains(['/', ':']) {
        sink.report(
            Some(range),
            text!(
                "`{key}` names a callable that can run commands, or code from elsewhere",
                "`{key}` 指向可运行命令的可调用对象，或来自别处的代码"
            ),
        )
        .severity(Severity::High)
        .evidence(path);
    } else if !KNOWN.contains(&root(path)) {
        sink.report(
            Some(range),
            text!(
                "`{key}` names code that is part of no known library",
                "`{key}` 指向不属于任何已知库的代码"
            ),
        )
        .evidence(path);
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
            (r#"{"auto_map": {"AutoModel": "a/b--m.M"}}"#, &[High]),
            (
                r#"[{"idx": 0, "name": "0", "path": "", "type": "os.system"}]"#,
                &[High],
            ),
            (
                r#"[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Pooling"}]"#,
                &[],
            ),
            (
                r#"{"_class_name": "P", "unet": ["diffusers", "U"], "x": ["my_module", "X"], "y": [null, null]}"#,
                &[Medium],
            ),
            (
                r#"{"auto_mapping": {"base_model_class": "A", "parent_library": "subprocess"}}"#,
                &[High],
            ),
            (r#"{"trust_remote_code": true}"#, &[Severity::Low]),
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
