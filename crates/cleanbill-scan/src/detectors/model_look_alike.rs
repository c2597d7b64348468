//! Detector `model-look-alike`.

use cleanbill_core::text;

use crate::{
    detector::detector,
    names::{How, hub_names, look_alike},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// Models and datasets of the hub, `owner/name`, whose owner imitates a well-known one: letters or digits that look alike
    /// (`meta-lIama`), other separators (`metallama`), one letter more, less, other or swapped, a word added
    /// (`meta-llama-official`). In configurations, adapters, model cards, manifests, Modelfiles and programs.
    /// ## Why it matters
    /// Anybody may open an owner on the hub. A repository that reads like the real one is loaded as the real one, with its code.
    /// ## How it is decided
    /// Against lists of owners and what is theirs (`crates/cleanbill-scan/packages/models.txt`, `datasets.txt`), which
    /// `scripts/well_known_names.py` takes out of the sources of Transformers, vLLM and others. `high`: letters that look alike, and
    /// separators or one letter where the name is one of the real owner's. `medium`: the same with another name, and a word added
    /// beside one of the real owner's names. Owners that those sources name pass.
    /// ## What it misses
    /// A well-known name under an owner that imitates nobody: thousands of honest copies and conversions are called so. Owners that
    /// the lists lack; owners of fewer than six letters, of which one differs; names put together by a program.
    /// ## What to do
    /// Compare the owner with the model's own page. If it was loaded, treat the machine as compromised.
    /// ## References
    /// CWE-506, MITRE ATLAS AML.T0010.003, AML.T0010.002.
    id: "model-look-alike",
    title: "Owner of a model looks like another", "模型所有者名称与知名者相似",
    severity: High, confidence: Medium,
    tags: &["CWE-506", "AML.T0010.003", "AML.T0010.002"], controls: &["MOD-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for one in hub_names(scene) {
        let Some(found) = look_alike(one.kind, &one.name) else {
            continue;
        };
        let ((en, zh), name, real) = (one.kind.words(), &one.name, &found.real);
        let message = if found.how == How::Word {
            text!(
                "the {en} `{name}` bears a name of `{real}` and is not theirs",
                "{zh} `{name}` 使用了 `{real}` 的名称，却不属于其所有者"
            )
        } else {
            text!(
                "the owner of the {en} `{name}` looks like `{real}` and is another one",
                "{zh} `{name}` 的所有者与 `{real}` 相似，却是另一个"
            )
        };
        sink.report(one.range.clone(), message)
            .severity(found.severity)
            .evidence(name);
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity;

    use crate::testing::check;

    #[test]
    fn names_are_found_wherever_files_mention_them() {
        use Severity::{High, Medium};
        let (fake, real) = ("meta-lIama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B");
        for (path, text) in [
            (
                "config.json",
                r#"{"model_type": "llama", "_name_or_path": "NAME"}"#,
            ),
            (
                "adapter_config.json",
                r#"{"peft_type": "LORA", "base_model_name_or_path": "NAME"}"#,
            ),
            ("README.md", "---\nbase_model: NAME\n---\n# a\n"),
            ("README.md", "---\nbase_model:\n- NAME\n---\n# a\n"),
            (
                "compose.yml",
                "services:\n  a:\n    image: b\n    command: --model NAME\n",
            ),
            ("load.py", "from vllm import LLM\nmodel = LLM(model='NAME')\n"),
            (
                "load.py",
                "import huggingface_hub as h\nh.snapshot_download(repo_id='NAME')\n",
            ),
            (
                "load.py",
                "import transformers\ntransformers.AutoModel.from_pretrained('NAME')\n",
            ),
        ] {
            check(
                "model-look-alike",
                path,
                text.replace("NAME", fake).as_bytes(),
                &[High],
            );
            check(
                "model-look-alike",
                path,
                text.replace("NAME", real).as_bytes(),
                &[],
            );
        }
        let card = "---\ndatasets: [opennai/gsm8k, openai/gsm8k]\n---\n";
        check("model-look-alike", "README.md", card.as_bytes(), &[High]);
        let program = "from datasets import load_dataset\nload_dataset('stanford-nlp/mine')\n";
        check("model-look-alike", "load.py", program.as_bytes(), &[Medium]);
    }
}
