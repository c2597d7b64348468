//! Detector `xml-external-entity`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{
    Parsed,
    xml::{self, Doctype},
};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// An XML document, a PMML model or an OpenVINO graph among them, that declares an entity or a set of declarations to be
    /// fetched from an address.
    /// ## Why it matters
    /// A parser that follows the address reads files of the machine into the document, or opens a connection from inside the
    /// network. Models need no entities.
    /// ## How it is decided
    /// The document type declaration is read in whatever encoding the document has. An entity with an address is *high*. A
    /// declaration set with an address is *high* where the address is a file or a host other than those that publish the
    /// declarations of PMML, SVG and property lists, else *low*.
    /// ## What it misses
    /// Schemas and style sheets that a processor of its own fetches.
    /// ## What to do
    /// Do not give it to a parser that resolves entities. Ask for a model without a document type declaration.
    /// ## References
    /// CWE-611; XML 1.0 section 4.2.2; OWASP "XML External Entity Prevention".
    id: "xml-external-entity",
    title: "XML that fetches an entity", "XML 引用外部实体",
    severity: High, confidence: High,
    tags: &["CWE-611"], controls: &["MOD-01"],
    on: artifact => run,
}

/// Hosts that publish the declarations of known kinds of document.
const PUBLISHERS: &[&str] = &[
    "www.dmg.org",
    "dmg.org",
    "www.w3.org",
    "www.apple.com",
    "xml.apache.org",
    "java.sun.com",
];

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(doctype) = doctype(scene) else { return };
    for entity in &doctype.entities {
        if let Some(address) = &entity.external {
            sink.report(
                Some(doctype.range.clone()),
                text!(
                    "declares an entity that is fetched from an address",
                    "声明了从某地址获取的实体"
                ),
            )
            .evidence(&format!("{} -> {address}", entity.name))
            .hint(text!("do not let a parser resolve it", "不要让解析器解析它"));
        }
    }
    if let Some(address) = &doctype.external {
        let severity = if is_known(address) {
            Severity::Low
        } else {
            Severity::High
        };
        if severity == Severity::High || !address.contains("://") {
            sink.report(
                Some(doctype.range.clone()),
                text!("fetches declarations from an address", "从某地址获取声明"),
            )
            .severity(severity)
            .evidence(address);
        }
    }
}

/// Says whether an address is a name beside the document or one of a publisher.
fn is_known(address: &str) -> bool {
    match address.split_once("://") {
        Some((_, rest)) => PUBLISHERS.contains(&rest.split(['/', ':']).next().unwrap_or_default()),
        None => !address.starts_with(['/', '\\']) && !address.contains("..") && !address.contains(':'),
    }
}

/// Returns the document type declaration of whatever XML the scene is.
pub(super) fn doctype(scene: &Scene<'_>) -> Option<Doctype> {
    scene.parsed.iter().find_map(|parsed| match parsed {
        Parsed::Pmml(view) => view.doctype.clone(),
        Parsed::Openvino(view) => view.doctype.clone(),
        Parsed::Text(_) if scene.head.iter().take(64).any(|byte| *byte == b'<') => {
            xml::prolog(scene.source).ok()??.doctype
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Low};

    use crate::testing::check;

    #[test]
    fn addresses_are_weighed() {
        for (text, severities) in [
            (
                "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
                &[High][..],
            ),
            (
                "<!DOCTYPE a [<!ENTITY % x PUBLIC 'y' 'http://h.example.invalid/'> %x;]><a/>",
                &[High],
            ),
            (
                "<!DOCTYPE a SYSTEM 'http://h.example.invalid/a.dtd'><a/>",
                &[High],
            ),
            ("<!DOCTYPE PMML SYSTEM 'pmml.dtd'><PMML/>", &[Low]),
            (
                "<!DOCTYPE svg PUBLIC '-//W3C' 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'><svg/>",
                &[],
            ),
            ("<!DOCTYPE html><html></html>", &[]),
            ("<!DOCTYPE a [<!ENTITY x 'text'>]><a>&x;</a>", &[]),
        ] {
            check("xml-external-entity", "a.xml", text.as_bytes(), severities);
        }
    }
}
