//! How things were made (profile Build): one build for each process, with what went in and came out as relations.

use cleanbill_core::bill::{Process, ProcessKind, Sourced};

use super::Writer;
use crate::boms::{
    names::{source_line, source_of},
    spot::Spot,
    tree::Node,
};

/// Begins the type of a build: SPDX wants an address for it.
const TYPE: &str = "urn:cleanbill:process:";

impl Writer<'_> {
    pub(super) fn builds(&mut self) {
        let bill = self.bill;
        for process in &bill.processes {
            let id = self.id("build", &process.id);
            let mut element = Self::element("build_Build", &id)
                .say("name", process.kind.as_str())
                .say("build_buildType", &format!("{TYPE}{}", process.kind.as_str()))
                .say("build_buildId", &process.id);
            if !process.source.file.is_empty() {
                element.set("comment", Node::text(source_line(&process.source)));
            }
            let settings = process.settings.iter();
            element.set_list(
                "build_parameter",
                settings
                    .map(|(name, value)| {
                        Node::map()
                            .say("type", "DictionaryEntry")
                            .say("key", name)
                            .say("value", &value.value)
                    })
                    .collect(),
            );
            self.elements.push(element);
            for (kind, list) in [("hasInput", &process.inputs), ("hasOutput", &process.outputs)] {
                let to: Vec<String> = list
                    .iter()
                    .filter(|one| bill.component(&one.value).is_some())
                    .map(|one| self.id("component", &one.value))
                    .collect();
                if !to.is_empty() {
                    self.relation(kind, &id, &to, "");
                }
            }
        }
    }
}

/// Reads a build; what went in and came out follows from relations.
pub(super) fn read(spot: &Spot<'_>) -> Process {
    let word = spot.said("build_buildType").unwrap_or_default();
    let word = word.strip_prefix(TYPE).unwrap_or_default();
    let kind = ProcessKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    let mut settings: Vec<(String, Sourced<String>)> = Vec::new();
    for one in spot.list("build_parameter") {
        if let (Some(key), Some(value)) = (one.said("key"), one.sourced("value")) {
            settings.push((key.to_owned(), value));
        }
    }
    Process {
        id: spot
            .said("build_buildId")
            .or(spot.said("spdxId"))
            .unwrap_or(&spot.path)
            .to_owned(),
        kind: kind.unwrap_or(ProcessKind::Other),
        inputs: Vec::new(),
        outputs: Vec::new(),
        settings,
        source: spot
            .said("comment")
            .and_then(source_of)
            .unwrap_or_else(|| spot.source()),
    }
}
