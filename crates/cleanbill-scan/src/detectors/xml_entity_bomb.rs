//! Detector `xml-entity-bomb`.

use cleanbill_core::text;
use cleanbill_formats::Parsed;

use super::xml_external_entity::doctype;
use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// An XML document whose entities grow to a great size when they are replaced, or never end.
    /// ## Why it matters
    /// A few hundred bytes fill the memory of a parser that replaces them.
    /// ## How it is decided
    /// Sizes of all declared entities are added up without replacing them; in PMML and OpenVINO documents also how often they
    /// are used. Beyond 1 MiB, or where one contains itself, the finding is *high*.
    /// ## What it misses
    /// Growth through declarations that are fetched; how often one large entity is used in other documents.
    /// ## What to do
    /// Do not parse it. Models need no entities.
    /// ## References
    /// CWE-776.
    id: "xml-entity-bomb",
    title: "XML entities that grow without bound", "XML 实体无限膨胀",
    severity: High, confidence: High,
    tags: &["CWE-776"], controls: &["MOD-01"],
    on: artifact => run,
}

/// Bytes that entities of honest documents never become.
const MOST: u64 = 1 << 20;

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(doctype) = doctype(scene) else { return };
    let used = scene.parsed.iter().map(|parsed| match parsed {
        Parsed::Pmml(view) => view.expansion,
        Parsed::Openvino(view) => view.expansion,
        _ => 0,
    });
    let size = used.max().unwrap_or(0).max(doctype.largest());
    if size == u64::MAX {
        sink.report(
            Some(doctype.range.clone()),
            text!("an entity contains itself", "实体包含自身"),
        );
    } else if size > MOST {
        sink.report(
            Some(doctype.range.clone()),
            text!("its entities become {size} bytes", "其实体展开为 {size} 字节"),
        );
    }
}
