//! CycloneDX in XML, turned into the shape of its JSON form.

use std::collections::BTreeMap;

use roxmltree::{Document, Node as Element, ParsingOptions};

use super::{
    json::{MAX_DEPTH, MAX_VALUES},
    tree::{Node, Value},
};

/// Begins the namespace of CycloneDX; the version ends it.
const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";

/// Says where XML is wrong.
#[derive(Debug)]
pub(super) struct XmlError {
    pub(super) path: String,
    pub(super) at: usize,
    pub(super) reason: String,
}

/// Reads a document into its version, `None` for another vocabulary, and its tree. Document type declarations, and with them
/// entities, are refused.
pub(super) fn read(text: &str) -> Result<(Option<String>, Node), XmlError> {
    check_depth(text)?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: u32::try_from(MAX_VALUES).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let at = offset(text, error.pos());
        XmlError {
            path: around(text, at),
            at,
            reason: error.to_string(),
        }
    })?;
    let root = document.root_element();
    let version = root
        .tag_name()
        .namespace()
        .and_then(|namespace| namespace.strip_prefix(NAMESPACE))
        .map(str::to_owned);
    let mut tree = element(root);
    if let Some(version) = &version {
        tree.set("bomFormat", Node::text("CycloneDX"));
        tree.set("specVersion", Node::text(version));
    }
    Ok((version, tree))
}

/// Refuses what nests too deep before any parser sees it. Comments and texts may hold what looks like tags; they can only make
/// the count larger by what no real document has.
fn check_depth(text: &str) -> Result<(), XmlError> {
    let mut depth = 0_usize;
    let mut rest = text;
    let mut at = 0;
    while let Some(index) = rest.find('<') {
        at += index;
        let tag = rest.get(index + 1..).unwrap_or_default();
        if let Some(skipped) = skip(tag) {
            at += 1 + skipped;
            rest = tag.get(skipped..).unwrap_or_default();
            continue;
        }
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if tag
            .find('>')
            .is_some_and(|end| !tag.get(..end).unwrap_or_default().ends_with('/'))
        {
            depth += 1;
        }
        if depth > MAX_DEPTH {
            return Err(XmlError {
                path: String::new(),
                at,
                reason: format!("nested deeper than {MAX_DEPTH} levels"),
            });
        }
        at += 1;
        rest = tag;
    }
    Ok(())
}

/// Returns the length of a comment, a text of data or an instruction that begins here.
fn skip(tag: &str) -> Option<usize> {
    let (start, end) = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")]
        .into_iter()
        .find(|(start, _)| tag.starts_with(start))?;
    let inner = tag.get(start.len()..)?;
    Some(start.len() + inner.find(end).map_or(inner.len(), |index| index + end.len()))
}

/// Turns a row and a column of characters into a byte offset.
fn offset(text: &str, place: roxmltree::TextPos) -> usize {
    let row = usize::try_from(place.row).unwrap_or(1);
    let column = usize::try_from(place.col).unwrap_or(1);
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(row.saturating_sub(1)).map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    let within: usize = line
        .chars()
        .take(column.saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    before + within
}

/// Names the elements that are open at an offset.
fn around(text: &str, at: usize) -> String {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.get(..at).unwrap_or(text);
    while let Some(index) = rest.find('<') {
        let tag = rest.get(index + 1..).unwrap_or_default();
        if let Some(skipped) = skip(tag) {
            rest = tag.get(skipped..).unwrap_or_default();
            continue;
        }
        if tag.starts_with('/') {
            open.pop();
        } else if let Some(end) = tag.find('>') {
            let inner = tag.get(..end).unwrap_or_default();
            if !inner.ends_with('/') {
                open.push(inner.split_whitespace().next().unwrap_or_default());
            }
        }
        rest = tag;
    }
    open.iter().fold(String::new(), |path, name| path + "/" + name)
}

/// Lists that stand as an element of their own around their items.
const LISTS: &[&str] = &[
    "components",
    "services",
    "hashes",
    "licenses",
    "externalReferences",
    "dependencies",
    "properties",
    "ancestors",
    "descendants",
    "variants",
    "commits",
    "patches",
    "vulnerabilities",
    "references",
    "ratings",
    "advisories",
    "affects",
    "versions",
    "authors",
    "lifecycles",
    "datasets",
    "inputs",
    "outputs",
    "performanceMetrics",
    "users",
    "useCases",
    "technicalLimitations",
    "performanceTradeoffs",
    "ethicalConsiderations",
    "fairnessAssessments",
    "energyConsumptions",
    "occurrences",
    "endpoints",
    "tags",
    "responses",
    "citations",
    "pointers",
    "expressions",
    "owners",
    "custodians",
    "stewards",
    "cwes",
    "compositions",
    "annotations",
    "formulation",
    "workflows",
    "organizations",
    "individuals",
];

/// Turns an element into a value. Recursion ends: depth was checked before.
fn element(node: Element<'_, '_>) -> Node {
    let at = node.range().start;
    let name = node.tag_name().name();
    let children: Vec<_> = node.children().filter(Element::is_element).collect();
    if LISTS.contains(&name) && node.attributes().len() == 0 {
        return Node::at(at, Value::List(children.into_iter().map(item).collect()));
    }
    let mut out = Node::at(at, Value::Map(Vec::new()));
    for attribute in node.attributes() {
        let value = Node::at(attribute.range().start, Value::Text(attribute.value().to_owned()));
        out.add(attribute.name(), value);
    }
    let text: String = node
        .children()
        .filter(Element::is_text)
        .filter_map(|child| child.text())
        .collect();
    if children.is_empty() {
        let text = Node::at(at, Value::Text(text.trim().to_owned()));
        if out.members().is_empty() {
            return text;
        }
        let key = match name {
            "property" => "value",
            "expression" => "expression",
            _ => "content",
        };
        // `<dependency ref="a"/>` has no text of its own.
        if text.said("").is_some() || text.as_text().is_some_and(|text| !text.is_empty()) {
            out.set(key, text);
        }
        return out;
    }
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for child in &children {
        *groups.entry(child.tag_name().name()).or_default() += 1;
    }
    if name == "dependency" {
        for (tag, key) in [("dependency", "dependsOn"), ("provides", "provides")] {
            let refs: Vec<Node> = children
                .iter()
                .filter(|child| child.tag_name().name() == tag)
                .filter_map(|child| {
                    let target = child.attribute("ref")?;
                    Some(Node::at(child.range().start, Value::Text(target.to_owned())))
                })
                .collect();
            out.set_list(key, refs);
        }
        return out;
    }
    let mut lists: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
    for child in children {
        let tag = child.tag_name().name();
        let value = element(child);
        if groups.get(tag).is_some_and(|count| *count > 1) {
            lists.entry(tag).or_default().push(value);
        } else {
            let key = if tag == "responses" { "response" } else { tag };
            out.add(key, value);
        }
    }
    for (tag, items) in lists {
        out.add(tag, Node::list(items));
    }
    out.first_of_each();
    out
}

/// Turns an item of a list into a value.
fn item(node: Element<'_, '_>) -> Node {
    let value = element(node);
    match node.tag_name().name() {
        "license" => Node::at(value.at, Value::Map(vec![("license".to_owned(), value)])),
        "expression" if value.as_text().is_some() => {
            Node::at(value.at, Value::Map(vec![("expression".to_owned(), value)]))
        }
        _ => value,
    }
}
