//! Detector `template-mismatch`.

use cleanbill_core::{Text, text};

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
    facts::{Facts, Template},
    templates::compare::{Kind, compare},
};

detector! {
    /// ## What it finds
    /// Chat templates of one model that do not agree: `chat_template.jinja`, those of `tokenizer_config.json`,
    /// `chat_template.json`, configurations of processors, and those in the metadata of GGUF files beside them.
    /// ## Why it matters
    /// Which of them is used depends on the program. A template that was changed in one place only is missed by whoever
    /// reviews the other, and conversions to GGUF are where templates are exchanged.
    /// ## How it is decided
    /// Templates of the same name are compared with that of the file which libraries prefer, in the order above. `high` where one steers
    /// the model (see `template-hidden-instruction`) and the other does not, `medium` where one puts out an address that the other
    /// does not have, `low` for other words or other logic, `info` for blanks. Conversions repair templates and shorten
    /// system prompts, which is why words alone are not worse than `low`. Files of several models in one folder are compared
    /// only where a tokenizer stands beside them, or where their names differ by the quantisation alone.
    /// ## What it misses
    /// Templates in other folders; a template that is wrong in all places.
    /// ## What to do
    /// Compare both with the template of the model's first supplier, and use that.
    /// ## References
    /// CWE-1427, OWASP LLM03, MITRE ATLAS AML.T0051, AML.T0018.
    id: "template-mismatch",
    title: "Chat templates of one model differ", "同一模型的对话模板不一致",
    severity: Low, confidence: High,
    tags: &["CWE-345", "AML.T0018"], controls: &["APP-07", "MOD-02"],
    on: collection => run,
}

/// Files that hold templates, in the order in which libraries prefer them.
const FILES: &[&str] = &[
    "chat_template.jinja",
    "tokenizer_config.json",
    "chat_template.json",
    "processor_config.json",
    "preprocessor_config.json",
];

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    let named: Vec<&Facts> = FILES.iter().filter_map(|name| collection.file(name)).collect();
    let ggufs: Vec<&Facts> = collection
        .files
        .iter()
        .copied()
        .filter(|file| file.is("gguf") && !file.templates.is_empty())
        .collect();
    let base = |file: &Facts| stem(file.name());
    // GGUF files of one model beside its tokenizer; of several models nobody can say whose the tokenizer is.
    let one_model = ggufs.windows(2).all(|pair| match pair {
        [left, right] => base(left) == base(right),
        _ => true,
    });
    let mut seen: Vec<(&str, &str)> = Vec::new();
    let mut known: Vec<(&Facts, &Template)> = Vec::new();
    for file in &named {
        for template in &file.templates {
            match known.iter().find(|(_, one)| one.name == template.name) {
                Some((first, one)) => report(first, one, file, template, sink),
                None => known.push((file, template)),
            }
        }
    }
    for (index, file) in ggufs.iter().enumerate() {
        for template in &file.templates {
            let beside = known
                .iter()
                .copied()
                .find(|(_, one)| one_model && one.name == template.name)
                .or_else(|| {
                    let earlier = ggufs.iter().take(index).filter(|other| base(other) == base(file));
                    let mut templates =
                        earlier.flat_map(|other| other.templates.iter().map(|one| (*other, one)));
                    templates.find(|(_, one)| one.name == template.name)
                });
            let Some((first, one)) = beside else { continue };
            // Quantisations of one model repeat the same template: once is enough.
            if !seen.contains(&(one.text.as_str(), template.text.as_str())) {
                seen.push((&one.text, &template.text));
                report(first, one, file, template, sink);
            }
        }
    }
}

fn report(first: &Facts, one: &Template, file: &Facts, other: &Template, sink: &mut CollectionSink<'_>) {
    let Some(difference) = compare(&one.text, &other.text) else {
        return;
    };
    let (name, beside) = (&other.name, first.name());
    let message: Text = match difference.kind {
        Kind::Blanks => text!(
            "the template `{name}` differs from that of `{beside}` in blanks",
            "模板 `{name}` 与 `{beside}` 中的模板仅空白不同"
        ),
        Kind::Logic => text!(
            "the template `{name}` differs from that of `{beside}` in its conditions or comments",
            "模板 `{name}` 与 `{beside}` 中的模板条件或注释不同"
        ),
        Kind::Words => text!(
            "the template `{name}` differs from that of `{beside}` in what it puts out",
            "模板 `{name}` 与 `{beside}` 中的模板输出文字不同"
        ),
        Kind::Address => text!(
            "of the template `{name}` and that of `{beside}`, one holds an address that the other does not have",
            "模板 `{name}` 与 `{beside}` 中的模板，其一含有另一个没有的网址"
        ),
        Kind::Steering => text!(
            "of the template `{name}` and that of `{beside}`, one steers the model and the other does not",
            "模板 `{name}` 与 `{beside}` 中的模板，其一操纵模型而另一个没有"
        ),
    };
    sink.at(file)
        .report(Some(other.range.clone()), message)
        .severity(difference.severity)
        .evidence(&difference.evidence)
        .hint(text!(
            "compare both with the template of the model's first supplier",
            "将两者与模型最初供应方的模板进行比较"
        ));
}

/// Returns the name of a GGUF file without its quantisation and the number of its part.
fn stem(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let bare = lower.strip_suffix(".gguf").unwrap_or(&lower);
    let parts = bare.split(['-', '.', '_']);
    let kept = parts.take_while(|part| !is_quantisation(part));
    kept.collect::<Vec<_>>().join("-")
}

/// Knows `q4`, `iq3`, `tq1`, `f16`, `bf16`, `fp8`, `mxfp4` and five digits of a part's number.
fn is_quantisation(part: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let after = |prefix: &str| part.strip_prefix(prefix).is_some_and(digits);
    ["q", "iq", "tq", "f", "bf", "fp", "mxfp", "ud"]
        .into_iter()
        .any(after)
        || part == "ud"
        || part.len() == 5 && digits(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantisations_of_one_model_have_one_stem() {
        for (name, expected) in [
            ("llama-3-8b-instruct-Q4_K_M.gguf", "llama-3-8b-instruct"),
            ("llama-3-8b-instruct.IQ3_XS.gguf", "llama-3-8b-instruct"),
            ("llama-3-8b-instruct-F16.gguf", "llama-3-8b-instruct"),
            ("big-UD-Q2_K_XL-00001-of-00003.gguf", "big"),
            ("qwen3.gguf", "qwen3"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
