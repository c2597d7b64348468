use cleanbill_core::bill::{Component, Energy, Quantity, Risk, Source, Sourced};

/// LIMIT: characters taken of one section; the rest stays in the card, which the bill names.
const SECTION_CHARACTERS: usize = 1_500;
/// LIMIT: bytes of a card that are looked at.
pub(super) const CARD_BYTES: usize = 1 << 20;

/// Says what a section is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Topic {
    Description,
    UseCases,
    OutOfScope,
    Limitations,
    Risks,
    Training,
    TrainingData,
    Preprocessing,
    Environment,
}

/// Words of headings, the more special ones first: those of the hub's template and those that people write.
const HEADINGS: &[(&str, Topic)] = &[
    ("out-of-scope", Topic::OutOfScope),
    ("out of scope", Topic::OutOfScope),
    ("misuse", Topic::OutOfScope),
    ("prohibited use", Topic::OutOfScope),
    ("bias, risks", Topic::Risks),
    ("ethical", Topic::Risks),
    ("bias", Topic::Risks),
    ("risks", Topic::Risks),
    ("limitation", Topic::Limitations),
    ("preprocessing", Topic::Preprocessing),
    ("pre-processing", Topic::Preprocessing),
    ("training data", Topic::TrainingData),
    ("training procedure", Topic::Training),
    ("training details", Topic::Training),
    ("training", Topic::Training),
    ("environmental impact", Topic::Environment),
    ("carbon", Topic::Environment),
    ("intended use", Topic::UseCases),
    ("direct use", Topic::UseCases),
    ("downstream use", Topic::UseCases),
    ("uses", Topic::UseCases),
    ("model description", Topic::Description),
    ("model summary", Topic::Description),
    ("model details", Topic::Description),
];

/// Takes the sections of a card whose headings tell what they are about.
pub(super) fn take(body: &str, file: &str, model: &mut Component) {
    let end = (0..=CARD_BYTES.min(body.len()))
        .rev()
        .find(|at| body.is_char_boundary(*at))
        .unwrap_or(0);
    let body = body.get(..end).unwrap_or_default();
    let mut first = String::new();
    let parts = sections(body);
    // The first heading names the model, unless it is the name of a section.
    let title = parts
        .iter()
        .find(|(heading, _)| !heading.is_empty())
        .map(|(heading, _)| *heading);
    if let Some(title) = title.filter(|title| is_name(title)) {
        model.name = plain(title);
    }
    for (heading, text) in parts {
        let lower = heading.to_lowercase();
        let topic = HEADINGS
            .iter()
            .find(|(words, _)| lower.contains(words))
            .map(|(_, topic)| *topic);
        if topic == Some(Topic::Environment) {
            environment(text, file, heading, model);
            continue;
        }
        let Some(said) = prose(text) else { continue };
        if first.is_empty() {
            first.clone_from(&said);
        }
        let place = format!("# {heading}");
        let sourced = || Sourced::new(said.clone(), Source::file(file, &place));
        let card = model.model.get_or_insert_default();
        match topic {
            Some(Topic::Description) => {
                model.description.get_or_insert_with(sourced);
            }
            Some(Topic::UseCases) => card.use_cases.push(sourced()),
            Some(Topic::OutOfScope) => card.out_of_scope.push(sourced()),
            Some(Topic::Limitations) => card.limitations.push(sourced()),
            Some(Topic::Risks) => card.risks.push(Sourced::new(
                Risk {
                    name: said.clone(),
                    mitigation: String::new(),
                },
                Source::file(file, &place),
            )),
            Some(Topic::Training | Topic::TrainingData) => {
                card.training.get_or_insert_with(sourced);
            }
            Some(Topic::Preprocessing) => card.preprocessing.push(sourced()),
            Some(Topic::Environment) | None => {}
        }
    }
    if !first.is_empty() {
        model
            .description
            .get_or_insert_with(|| Sourced::new(first, Source::file(file, "first section")));
    }
}

/// Says whether a heading can be the name of a model: short, and no sentence.
fn is_name(title: &str) -> bool {
    let lower = title.to_lowercase();
    let section = HEADINGS.iter().any(|(words, _)| lower.contains(words)) || lower == "readme";
    !section
        && !is_placeholder(title)
        && title.len() <= 80
        && title.split_whitespace().count() <= 6
        && !title.ends_with(['.', ':', '?', '!'])
}

/// Leaves out what marks a heading up: emphasis, code, links, and the words of templates.
fn plain(title: &str) -> String {
    let text: String = title.replace(['*', '`', '#'], "");
    let text = match (text.strip_prefix('['), text.find("](")) {
        (Some(rest), Some(end)) => rest.get(..end.saturating_sub(1)).unwrap_or(rest).to_owned(),
        _ => text,
    };
    let text = text.trim();
    let rest = [
        "Model Card for ",
        "Model card for ",
        "Model Card: ",
        "Model card: ",
    ]
    .into_iter()
    .find_map(|start| text.strip_prefix(start));
    rest.unwrap_or(text).trim().to_owned()
}

/// Parts a text at its headings, code in fences left alone.
pub(super) fn sections(body: &str) -> Vec<(&str, &str)> {
    let mut out: Vec<(&str, &str)> = Vec::new();
    let (mut heading, mut start, mut at, mut fenced) = ("", 0, 0, false);
    for line in body.split_inclusive('\n') {
        let bare = line.trim();
        if bare.starts_with("```") || bare.starts_with("~~~") {
            fenced = !fenced;
        }
        if !fenced && bare.starts_with('#') && bare.trim_start_matches('#').starts_with(' ') {
            out.push((heading, body.get(start..at).unwrap_or_default()));
            heading = bare.trim_start_matches('#').trim();
            start = at + line.len();
        }
        at += line.len();
    }
    out.push((heading, body.get(start..).unwrap_or_default()));
    out
}

/// Returns the words of a section for people: no code, tables, comments or placeholders. `None` where nothing remains.
fn prose(text: &str) -> Option<String> {
    let mut out = String::new();
    let (mut fenced, mut comment) = (false, false);
    for line in text.lines() {
        let bare = line.trim();
        if bare.starts_with("```") || bare.starts_with("~~~") {
            fenced = !fenced;
            continue;
        }
        comment |= bare.starts_with("<!--");
        let skip =
            fenced || comment || bare.starts_with('|') || bare.starts_with('<') || bare.starts_with("![");
        comment &= !bare.contains("-->");
        if skip || is_placeholder(bare) {
            continue;
        }
        if bare.is_empty() {
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            continue;
        }
        if !out.is_empty() && !out.ends_with('\n') {
            out.push(' ');
        }
        out.push_str(bare);
        if out.len() >= SECTION_CHARACTERS {
            break;
        }
    }
    let said: String = out.trim().chars().take(SECTION_CHARACTERS).collect();
    (said.chars().filter(|c| c.is_alphabetic()).count() >= 12).then_some(said)
}

/// Knows what templates leave for people to fill in; it must never count as an answer.
fn is_placeholder(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    [
        "more information needed",
        "[optional]",
        "todo",
        "tbd",
        "lorem ipsum",
        "needs more information",
    ]
    .iter()
    .any(|mark| lower.contains(mark))
}

/// Reads the bullets of the hub's template: hardware, hours, carbon.
fn environment(text: &str, file: &str, heading: &str, model: &mut Component) {
    let bullet = |name: &str| -> Option<String> {
        text.lines().find_map(|line| {
            let bare = line.trim().trim_start_matches(['-', '*', ' ']).replace("**", "");
            let (key, value) = bare.split_once(':')?;
            let value = value.trim();
            (key.trim().eq_ignore_ascii_case(name) && !value.is_empty() && !is_placeholder(value))
                .then(|| value.chars().take(200).collect())
        })
    };
    let hardware = bullet("Hardware Type");
    let emissions = bullet("Carbon Emitted").and_then(|text| tonnes(&text));
    if hardware.is_none() && emissions.is_none() {
        return;
    }
    model.model.get_or_insert_default().energy.push(Sourced::new(
        Energy {
            activity: "training".to_owned(),
            energy: None,
            emissions,
            hardware,
        },
        Source::file(file, &format!("# {heading}")),
    ));
}

/// Reads `11,390 tons CO2eq` or `2.5 kg`.
fn tonnes(text: &str) -> Option<Quantity> {
    let digits: String = text
        .chars()
        .take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | ' '))
        .filter(|c| !matches!(c, ',' | ' '))
        .collect();
    let value: f64 = digits.parse().ok()?;
    let unit = text.to_ascii_lowercase();
    let value = if unit.contains("kg") {
        value / 1e3
    } else if unit.contains("ton") || unit.contains("tco2") {
        value
    } else {
        return None;
    };
    Some(Quantity {
        value: value.to_string(),
        unit: "tCO2eq".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use cleanbill_core::bill::ComponentKind;

    use super::*;

    fn read(body: &str) -> Component {
        let mut model = Component::new(ComponentKind::Model, "", "");
        take(body, "README.md", &mut model);
        model
    }

    #[test]
    fn sections_are_told_by_their_headings() {
        let model = read(
            "# Tiny\n\nA small model for tests of parsers.\n\n## Uses\n\n### Direct Use\nSentence similarity in English.\n\n\
             ### Out-of-Scope Use\nMedical advice of any kind.\n\n## Bias, Risks, and Limitations\nIt repeats stereotypes of its data.\n\n\
             ## Environmental Impact\n- **Hardware Type:** 7 TPU v3-8\n- **Carbon Emitted:** 11,390 tons CO2eq\n",
        );
        let card = model.model.expect("there is a card");
        let first = |list: &[Sourced<String>]| list.first().map(|one| one.value.clone());
        assert_eq!(
            first(&card.use_cases).as_deref(),
            Some("Sentence similarity in English.")
        );
        assert_eq!(
            first(&card.out_of_scope).as_deref(),
            Some("Medical advice of any kind.")
        );
        assert_eq!(card.risks.len(), 1);
        assert_eq!(
            model.description.map(|one| one.value).as_deref(),
            Some("A small model for tests of parsers.")
        );
        let energy = &card.energy.first().expect("it is stated").value;
        assert_eq!(energy.hardware.as_deref(), Some("7 TPU v3-8"));
        assert_eq!(
            energy.emissions.as_ref().map(|one| one.value.as_str()),
            Some("11390")
        );
    }

    #[test]
    fn titles_lose_their_marks() {
        for (title, name) in [
            ("Model Card for **Tiny**", "Tiny"),
            ("[tiny-lm](https://x.example)", "tiny-lm"),
            ("`tiny` 7B", "tiny 7B"),
        ] {
            assert_eq!(plain(title), name);
        }
        for title in ["Uses", "This model is a very small one for tests", "What is it?"] {
            assert!(!is_name(title), "{title}");
        }
    }

    #[test]
    fn what_templates_leave_open_is_no_answer() {
        let model = read(
            "## Uses\n\n### Direct Use\n\n<!-- This section is for the model use. -->\n[More Information Needed]\n\n\
             ## Environmental Impact\n- **Hardware Type:** [More Information Needed]\n",
        );
        assert_eq!(model.model, None);
        assert_eq!(model.description, None);
    }
}
