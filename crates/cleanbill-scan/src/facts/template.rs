use std::ops::Range;

use cleanbill_formats::{Parsed, text::Fact};

use crate::scene::Scene;

/// LIMIT: templates kept of one file; real ones hold up to four.
const TEMPLATES: usize = 32;

/// Holds a chat template of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name: `default`, `tool_use`, `rag`.
    pub name: String,
    /// The template.
    pub text: String,
    /// Where it stands in the file.
    pub range: Range<u64>,
}

impl Template {
    /// Lists the chat templates of a model's files: `chat_template.jinja`, configurations of tokenizers and processors, GGUF.
    pub(super) fn list(scene: &Scene<'_>) -> Vec<Self> {
        let mut out = Vec::new();
        for parsed in scene.parsed {
            match parsed {
                Parsed::Gguf(view) => {
                    for template in view.templates() {
                        let name = template
                            .key
                            .rsplit_once("chat_template.")
                            .map_or("default", |(_, name)| name);
                        add(&mut out, name, &template.text, &template.range);
                    }
                }
                Parsed::Text(view) => {
                    from_facts(&view.facts, &mut out);
                    let named = scene.file_name == "chat_template.jinja";
                    if let Some((text, range)) = view.template.as_ref().filter(|_| named) {
                        add(&mut out, "default", text, range);
                    }
                }
                _ => {}
            }
        }
        out
    }
}

/// Reads a text, a map of names to texts, or a list of objects with `name` and `template`.
fn from_facts(facts: &[Fact], out: &mut Vec<Template>) {
    let mut name = None;
    for fact in facts.iter().filter(|fact| fact.key == "chat_template") {
        match fact.name.as_str() {
            "name" => name = Some(fact.value.as_str()),
            "" | "template" => add(out, name.take().unwrap_or("default"), &fact.value, &fact.range),
            other => add(out, other, &fact.value, &fact.range),
        }
    }
}

fn add(out: &mut Vec<Template>, name: &str, text: &str, range: &Range<u64>) {
    if out.len() < TEMPLATES && !out.iter().any(|one| one.name == name) {
        out.push(Template {
            name: name.to_owned(),
            text: text.to_owned(),
            range: range.clone(),
        });
    }
}
