//! Where each value came from: `citations` in 1.7, properties elsewhere.

use std::collections::BTreeMap;

use cleanbill_core::bill::{Bill, Origin, Source};

use super::{Version, named, tool_ref};
use crate::boms::{
    names::{is_time, property, source_line},
    tree::{Node, Value, pointer_step},
};

/// Adds to a document where its values came from.
pub(super) fn tell(tree: &mut Node, bill: &Bill, version: Version) {
    match (bill.timestamp.as_ref().filter(|time| is_time(time)), &bill.tool) {
        (Some(timestamp), Some(_)) if version >= Version::V1_7 => {
            let citations = citations(tree, timestamp, &tool_ref(bill));
            tree.set_list("citations", citations);
        }
        _ => annotate(tree, 0),
    }
}

/// One citation for each source. What was measured from each file's own bytes in the same way is one source.
fn citations(tree: &Node, timestamp: &str, tool: &str) -> Vec<Node> {
    let mut found = Vec::new();
    collect(tree, "", &|_| true, &mut found);
    let mut groups: BTreeMap<Source, Vec<String>> = BTreeMap::new();
    for (pointer, source) in found {
        let mut source = source.clone();
        if source.origin == Origin::Measured {
            "the bytes".clone_into(&mut source.file);
        }
        groups.entry(source).or_default().push(pointer);
    }
    groups
        .into_iter()
        .map(|(source, pointers)| {
            Node::map()
                .with(
                    "pointers",
                    Node::list(pointers.into_iter().map(Node::text).collect()),
                )
                .say("timestamp", timestamp)
                .say("attributedTo", tool)
                .say("note", &source_line(&source))
        })
        .collect()
}

/// Lists sourced values with their JSON pointers; `enters` says by key where to go on.
fn collect<'a>(
    node: &'a Node,
    pointer: &str,
    enters: &dyn Fn(&str) -> bool,
    out: &mut Vec<(String, &'a Source)>,
) {
    if let Some(source) = node.source() {
        out.push((pointer.to_owned(), source));
    }
    for (index, item) in node.items().iter().enumerate() {
        collect(item, &format!("{pointer}/{index}"), enters, out);
    }
    for (key, value) in node.members() {
        if enters(key) {
            collect(value, &format!("{pointer}/{}", pointer_step(key)), enters, out);
        }
    }
}

/// Keys below which other things begin, with properties of their own.
const OTHERS: [&str; 5] = [
    "component",
    "components",
    "services",
    "ancestors",
    "vulnerabilities",
];

/// Gives every component, service and weakness properties that say where its values came from.
fn annotate(node: &mut Node, depth: usize) {
    let is_thing = depth > 0 && node.get("bom-ref").is_some();
    if is_thing {
        let mut found = Vec::new();
        collect(node, "", &|key| !OTHERS.contains(&key), &mut found);
        let mut told: Vec<Node> = found
            .into_iter()
            .filter(|(pointer, _)| !pointer.is_empty())
            .map(|(pointer, source)| named(&format!("{}{pointer}", property::SOURCE), &source_line(source)))
            .collect();
        if !told.is_empty() {
            let mut properties = node.all("properties").to_vec();
            properties.append(&mut told);
            node.set("properties", Node::list(properties));
        }
    }
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| annotate(item, depth + 1)),
        Value::Map(members) => {
            for (key, value) in members {
                if OTHERS.contains(&key.as_str()) || matches!(key.as_str(), "metadata" | "pedigree") {
                    annotate(value, depth + 1);
                }
            }
        }
        _ => {}
    }
}
