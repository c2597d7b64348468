//! Detector `name-not-known`.

use std::collections::BTreeSet;

use cleanbill_core::text;

use crate::{
    collection::CollectionSink,
    detector::{Naming, detector},
};

detector! {
    /// ## What it finds
    /// Packages, models and datasets that the index of names given with `--known-names FILE` does not hold.
    /// ## Why it matters
    /// Assistants invent names of packages and models, the same ones again and again, and attackers register them. A name that
    /// nothing in the index bears is invented, mistyped, or of a private source that the index should know of.
    /// ## How it is decided
    /// It runs only where an index was given: that a name does not exist cannot be known otherwise, and is never guessed. The
    /// index has one name a line, a package URL without its version: `pkg:pypi/torch`, `pkg:npm/%40scope/name`,
    /// `pkg:huggingface/owner/name`; datasets are `dataset/owner/name`; `pkg:` may be left out. Kinds of which the index holds no
    /// name are passed over. `medium`, since private packages are the usual reason.
    /// ## What it misses
    /// Names that somebody has registered in the meantime and that the index holds; names inside archives; what an advisory index
    /// knows, which lists packages with advisories only and so says nothing of the others.
    /// ## What to do
    /// Look for the name in the documentation that it is said to come from; if it is private, add it to the index.
    /// ## References
    /// CWE-1357, MITRE ATLAS AML.T0060, AML.T0010.
    id: "name-not-known",
    title: "Name that the given index does not hold", "所给索引中没有的名称",
    severity: Medium, confidence: Medium,
    tags: &["CWE-1357", "AML.T0060", "AML.T0010"], controls: &["APP-02", "MOD-02"],
    on: names => run,
}

fn run(naming: &Naming<'_>, sink: &mut CollectionSink<'_>) {
    let Some(known) = naming.known else { return };
    for file in naming.facts {
        let mut said = BTreeSet::new();
        for one in &file.mentions {
            let canonical = one.kind.canonical(&one.name);
            if !known.speaks_of(one.kind)
                || known.holds(one.kind, &one.name)
                || !said.insert((one.kind, canonical))
            {
                continue;
            }
            let ((en, zh), name) = (one.kind.words(), &one.name);
            sink.at(file)
                .report(
                    one.range.clone(),
                    text!(
                        "the index of names holds no {en} `{name}`",
                        "名称索引中没有{zh} `{name}`"
                    ),
                )
                .evidence(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cleanbill_core::Severity;

    use crate::{KnownNames, Options, testing::check_with};

    #[test]
    fn only_what_the_index_speaks_of_is_judged() {
        use Severity::Medium;
        let list = b"torch==2.0\nhugging-face-cli-tools==1.0\n";
        for (index, severities) in [
            ("pypi/torch\n", &[Medium][..]),
            ("pypi/torch\npypi/Hugging_Face.cli-tools\n", &[]),
            ("npm/express\n", &[]),
        ] {
            let options = Options {
                known_names: Some(Arc::new(KnownNames::read(index.as_bytes()).unwrap())),
                ..Options::default()
            };
            check_with(options, "name-not-known", "requirements.txt", list, severities);
        }
        check_with(
            Options::default(),
            "name-not-known",
            "requirements.txt",
            list,
            &[],
        );
    }

    #[test]
    fn models_are_held_against_it_too() {
        let options = || Options {
            known_names: Some(Arc::new(
                KnownNames::read(&b"huggingface/acme/tiny\n"[..]).unwrap(),
            )),
            ..Options::default()
        };
        for (name, severities) in [("acme/tiny", &[][..]), ("acme/tinier", &[Severity::Medium])] {
            let text = format!(r#"{{"peft_type": "LORA", "base_model_name_or_path": "{name}"}}"#);
            check_with(
                options(),
                "name-not-known",
                "adapter_config.json",
                text.as_bytes(),
                severities,
            );
        }
    }
}
