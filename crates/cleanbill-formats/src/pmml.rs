//! PMML.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Probe, Score,
    notes::Notes,
    registry::{ParseResult, format_info},
    xml::{self, Doctype, Event},
};

format_info! {
    /// ## What it is
    /// A model in the Predictive Model Markup Language: XML that scoring engines, most of them in Java, turn into a program.
    /// ## What is read
    /// The whole document, as a stream: declarations of entities, functions that are defined and called, extensions with
    /// their texts, instructions, links to other documents. UTF-16 and UTF-32 are read too.
    /// ## What is reported
    /// Documents that break off, nest too deep or declare an encoding that hides text. Entities, functions and scripts are
    /// facts for detectors.
    /// ## Limits
    /// Tags and texts up to 256 KiB, declarations up to 4 MiB, 4,096 facts of each kind.
    /// ## References
    /// PMML 4.4.1, "General structure", "Functions" and "Extension mechanism"; XML 1.0 sections 2.8 and 4; JPMML-Evaluator.
    "pmml", "PMML model", extensions: &["pmml"], refines: None, dialects: []
}

/// LIMIT: facts kept of each kind; honest documents call some ten functions.
const KEPT: usize = 4_096;

static MANY: AnomalyKind = AnomalyKind::limit(
    "pmml-limit",
    "there are more functions, extensions or links than are examined",
    "函数、扩展或链接数量超过检查上限",
);

/// Holds a text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Where from: name of the element and of what it says.
    pub place: String,
    /// The text.
    pub text: String,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Shows a PMML document.
#[derive(Debug)]
pub struct View {
    /// Version that the document declares.
    pub version: String,
    /// Declared entities.
    pub doctype: Option<Doctype>,
    /// Names of functions that are defined.
    pub defined: Vec<String>,
    /// Bytes that the uses of entities become when they are replaced.
    pub expansion: u64,
    /// Functions that are called.
    pub called: Vec<Fact>,
    /// Names, values and texts of extensions, and texts of elements that PMML does not define.
    pub extensions: Vec<Fact>,
    /// Other documents that are included or name a transformation.
    pub links: Vec<Fact>,
    anomalies: Vec<Anomaly>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }
}

/// Knows the document by its first element.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let prolog = xml::prolog(probe.source).ok()??;
    match (prolog.first, prolog.doctype) {
        (Some(Event::Start { name, .. }), _) if name == "PMML" => Some(Score::Certain),
        (_, Some(doctype)) if doctype.root == "PMML" => Some(Score::Likely),
        _ => None,
    }
}

/// Reads the document.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut reader = xml::Reader::new(input.source)?;
    let mut notes = Notes::default();
    let mut view = View {
        version: String::new(),
        doctype: None,
        expansion: 0,
        defined: Vec::new(),
        called: Vec::new(),
        extensions: Vec::new(),
        links: Vec::new(),
        anomalies: Vec::new(),
    };
    // Depth of the outermost open extension, whose texts are kept.
    let mut inside: Option<(u64, String)> = None;
    while let Some((event, range)) = reader.event()? {
        match &event {
            Event::Start {
                name,
                attributes,
                empty,
            } => {
                let fact = |what: &str, text: &str| Fact {
                    place: format!("{name}/{what}"),
                    text: text.to_owned(),
                    range: range.clone(),
                };
                let link = ["href", "src", "stylesheet"]
                    .iter()
                    .find_map(|key| event.attribute(key));
                if let Some(link) = link {
                    push(&mut view.links, fact("link", link), &mut notes);
                }
                match name.as_str() {
                    "PMML" if view.version.is_empty() => {
                        event
                            .attribute("version")
                            .unwrap_or_default()
                            .clone_into(&mut view.version);
                    }
                    "DefineFunction" if view.defined.len() < KEPT => {
                        view.defined
                            .push(event.attribute("name").unwrap_or_default().to_owned());
                    }
                    "Apply" | "Aggregate" => {
                        if let Some(function) = event.attribute("function") {
                            let known = view.called.iter().any(|one| one.text == function);
                            if !known {
                                push(&mut view.called, fact("function", function), &mut notes);
                            }
                        }
                    }
                    _ => {}
                }
                let extension = name == "Extension" || name.to_ascii_lowercase().contains("script");
                if extension || inside.is_some() {
                    for (key, value) in attributes {
                        push(&mut view.extensions, fact(key, value), &mut notes);
                    }
                }
                if extension && inside.is_none() && !empty {
                    inside = Some((reader.depth(), name.clone()));
                }
            }
            Event::End => {
                if inside.as_ref().is_some_and(|(depth, _)| reader.depth() < *depth) {
                    inside = None;
                }
            }
            Event::Text(text) => {
                if let Some((_, name)) = &inside {
                    let place = format!("{name}/text");
                    let text = text.clone();
                    push(&mut view.extensions, Fact { place, text, range }, &mut notes);
                }
            }
            Event::Instruction(text) => {
                let place = "instruction".to_owned();
                let text = text.clone();
                push(&mut view.links, Fact { place, text, range }, &mut notes);
            }
        }
    }
    view.doctype = reader.doctype.take();
    if let Some(doctype) = &view.doctype {
        view.expansion = doctype.largest().max(doctype.total(&reader.references));
    }
    view.anomalies = reader.finish();
    view.anomalies.extend(notes.finish());
    Ok(view)
}

fn push(list: &mut Vec<Fact>, fact: Fact, notes: &mut Notes) {
    if list.len() < KEPT {
        list.push(fact);
    } else {
        notes.push(&MANY, fact.range, KEPT.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{never_panics, view};

    const DOCUMENT: &[u8] = b"<?xml version=\"1.0\"?><PMML version=\"4.4\"><Header><Extension name=\"a\" value=\"b\">c</Extension></Header>\
        <TransformationDictionary><DefineFunction name=\"f\"/><Apply function=\"java.lang.Runtime\"/></TransformationDictionary></PMML>";

    #[test]
    fn functions_and_extensions_are_facts() {
        let view = view(DOCUMENT, parse);
        assert_eq!(view.version, "4.4");
        assert_eq!(view.defined, ["f"]);
        assert_eq!(view.called[0].text, "java.lang.Runtime");
        let texts: Vec<&str> = view.extensions.iter().map(|fact| fact.text.as_str()).collect();
        assert_eq!(texts, ["a", "b", "c"]);
    }

    #[test]
    fn damage_never_panics() {
        never_panics(DOCUMENT, parse);
    }
}
