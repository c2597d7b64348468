use std::ops::Range;

use cleanbill_code::tree::{Syntax, Tree};
use cleanbill_licences::{Declared, Findings, read_card, read_classifiers, read_declared, recognise};

use crate::scene::Scene;

/// LIMIT: first bytes of a card's text, in which its title stands.
const TITLE_BYTES: usize = 4_096;
/// LIMIT: lines of a package's metadata that are read; the description follows them.
const HEADER_LINES: usize = 2_000;

/// Holds what the front matter of a model card (`README.md`) claims.
#[derive(Debug, Default)]
pub struct Card {
    /// `license`, as it stands there.
    pub licence: Option<(String, Range<u64>)>,
    /// `license_name`, which says what `license: other` means.
    pub licence_name: Option<String>,
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
        let mut body_start = 0;
        if let Some((yaml, before)) = front_matter(text) {
            body_start = before + yaml.len();
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
                card.licence_name = root
                    .get("license_name")
                    .and_then(|node| node.as_str())
                    .map(str::to_owned);
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

/// Returns the front matter of a card, with how many bytes stand before it.
pub(crate) fn front_matter(text: &str) -> Option<(&str, usize)> {
    let rest = text
        .strip_prefix("---\n")
        .or_else(|| text.strip_prefix("---\r\n"))?;
    let end = rest.find("\n---").unwrap_or(0);
    Some((rest.get(..end).unwrap_or_default(), text.len() - rest.len()))
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

/// Recognises the licences that a file named as one holds.
pub(crate) fn licences_of_file(scene: &Scene<'_>) -> Option<Findings> {
    let name = scene.file_name.to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    if !["license", "licence", "copying", "unlicense"]
        .iter()
        .any(|start| stem.starts_with(start))
    {
        return None;
    }
    let findings = recognise(&scene.reading.text()?.text);
    (!findings.found.is_empty()).then_some(findings)
}

/// Returns the licence that a card or the metadata of a package declares, with where it stands.
pub(super) fn declared(scene: &Scene<'_>, card: Option<&Card>) -> Option<(Declared, Range<u64>)> {
    if let Some((licence, range)) = card.and_then(|card| card.licence.as_ref()) {
        let name = card.and_then(|card| card.licence_name.as_deref());
        return Some((read_card(&[licence.as_str()], name), range.clone()));
    }
    if !matches!(scene.file_name, "METADATA" | "PKG-INFO") {
        return None;
    }
    let written = scene.reading.text()?;
    let mut at = written.start;
    let mut classifiers: Vec<(&str, Range<u64>)> = Vec::new();
    for line in written.text.split_inclusive('\n').take(HEADER_LINES) {
        let range = at..at + line.trim_end().len() as u64;
        at += line.len() as u64;
        if line.trim().is_empty() {
            break;
        }
        let Some((key, value)) = line.split_once(": ") else {
            continue;
        };
        match key {
            "License-Expression" | "License" if !matches!(value.trim(), "" | "UNKNOWN") => {
                return Some((read_declared(value.trim()), range));
            }
            "Classifier" if value.starts_with("License :: ") => classifiers.push((value.trim(), range)),
            _ => {}
        }
    }
    let (_, range) = classifiers.first()?.clone();
    Some((read_classifiers(classifiers.iter().map(|(text, _)| *text)), range))
}

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
