use std::ops::Range;

use cleanbill_code::tree::{Syntax, Tree};

use crate::scene::Scene;

/// LIMIT: first bytes of a licence file, in which its title stands.
const TITLE_BYTES: usize = 4_096;

/// Holds what the front matter of a model card (`README.md`) claims.
#[derive(Debug, Default)]
pub struct Card {
    /// `license`, as it stands there.
    pub licence: Option<(String, Range<u64>)>,
    /// `base_model`, one or several.
    pub bases: Vec<String>,
    /// Parameters that a title or name in the first heading claims, such as `7B`.
    pub parameters: Option<(u64, Range<u64>)>,
}

impl Card {
    pub(super) fn read(scene: &Scene<'_>) -> Option<Self> {
        let written = scene.reading.text()?;
        let text = written.text.as_str();
        let mut card = Self::default();
        let matter = text
            .strip_prefix("---\n")
            .or_else(|| text.strip_prefix("---\r\n"));
        let mut body_start = 0;
        if let Some(rest) = matter {
            let before = text.len() - rest.len();
            let end = rest.find("\n---").unwrap_or(0);
            let yaml = rest.get(..end).unwrap_or_default();
            body_start = before + end;
            let tree = Tree::parse(yaml, Syntax::Yaml);
            if let Some(root) = tree.root() {
                if let Some(node) = root.get("license").filter(|node| node.as_str().is_some()) {
                    let at = written.start + before as u64;
                    card.licence = node.as_str().map(|licence| {
                        (
                            licence.to_owned(),
                            at + node.span.start as u64..at + node.span.end as u64,
                        )
                    });
                }
                if let Some(bases) = root.get("base_model") {
                    card.bases = bases
                        .one_or_many()
                        .iter()
                        .filter_map(|base| base.as_str().map(str::to_owned))
                        .collect();
                }
            }
        }
        let body = text.get(body_start..).unwrap_or_default();
        if let Some(at) = body.find("\n# ").filter(|at| *at < TITLE_BYTES) {
            let line = body
                .get(at + 3..)
                .unwrap_or_default()
                .lines()
                .next()
                .unwrap_or_default();
            let start = written.start + (body_start + at + 3) as u64;
            card.parameters = parameters(line).map(|count| (count, start..start + line.len() as u64));
        }
        Some(card)
    }
}

/// Reads a size such as `7B`, `1.5B` or `350M` out of a title.
pub(crate) fn parameters(title: &str) -> Option<u64> {
    let mut sizes = title
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .filter_map(|word| {
            let number = word.strip_suffix(['B', 'b', 'M'])?;
            let unit = if word.ends_with('M') { 1e6 } else { 1e9 };
            let value: f64 = number.parse().ok()?;
            (number.starts_with(|c: char| c.is_ascii_digit()) && value > 0.0 && value < 10_000.0)
                .then_some((value * unit).round())
        });
    let first = sizes.next()?;
    // Two sizes are a comparison or a mixture of experts; neither is a claim about these files.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 10,000 and 10^13, as checked above"
    )]
    sizes.next().is_none().then_some(first as u64)
}

/// Names the licence that a licence file holds, by words of its title.
pub(crate) fn licence_of_file(scene: &Scene<'_>) -> Option<&'static str> {
    let name = scene.file_name().to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    if !matches!(stem, "license" | "licence" | "copying") {
        return None;
    }
    let text = &scene.reading.text()?.text;
    let end = (0..=TITLE_BYTES.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))?;
    let words: Vec<&str> = text.get(..end)?.split_whitespace().collect();
    let start = words.join(" ").to_lowercase();
    LICENCES
        .iter()
        .find(|(_, marks)| marks.iter().all(|mark| start.contains(mark)))
        .map(|(id, _)| *id)
}

/// Licences with words that stand near the start of their text, the more special ones first.
const LICENCES: &[(&str, &[&str])] = &[
    ("apache-2.0", &["apache license", "version 2.0"]),
    ("agpl-3.0", &["gnu affero general public license", "version 3"]),
    ("lgpl-3.0", &["gnu lesser general public license", "version 3"]),
    ("gpl-3.0", &["gnu general public license", "version 3"]),
    ("gpl-2.0", &["gnu general public license", "version 2"]),
    ("mpl-2.0", &["mozilla public license", "2.0"]),
    ("llama4", &["llama 4 community license"]),
    ("llama3.3", &["llama 3.3 community license"]),
    ("llama3.2", &["llama 3.2 community license"]),
    ("llama3.1", &["llama 3.1 community license"]),
    ("llama3", &["meta llama 3 community license"]),
    ("llama2", &["llama 2 community license"]),
    ("gemma", &["gemma terms of use"]),
    ("openrail", &["openrail"]),
    ("cc-by-nc-4.0", &["attribution-noncommercial 4.0"]),
    ("cc-by-sa-4.0", &["attribution-sharealike 4.0"]),
    ("cc-by-4.0", &["attribution 4.0 international"]),
    ("cc0-1.0", &["cc0 1.0 universal"]),
    (
        "bsd-3-clause",
        &[
            "redistribution and use in source and binary forms",
            "neither the name",
        ],
    ),
    (
        "bsd-2-clause",
        &["redistribution and use in source and binary forms"],
    ),
    ("unlicense", &["this is free and unencumbered software"]),
    ("mit", &["permission is hereby granted, free of charge"]),
];

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn sizes_are_read_from_titles() {
        for (title, count) in [
            ("Llama-3.1-8B-Instruct", Some(8_000_000_000)),
            ("Qwen2.5 0.5B", Some(500_000_000)),
            ("opt-350M", Some(350_000_000)),
            ("Mixtral-8x7B", None),
            ("7B against 13B", None),
            ("BERT base", None),
            ("A model of 2024", None),
        ] {
            assert_eq!(parameters(title), count, "{title}");
        }
    }
}
