//! Detector `tensorflow-text-graph`.

use std::ops::Range;

use cleanbill_core::{Severity, text};
use cleanbill_formats::{bytes::size_u64, text::View};

use crate::{
    detector::detector,
    operators::{self, Effect, Known, Standing},
    paths,
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// Operators of a TensorFlow graph in text form (`saved_model.pbtxt`, `graph.pbtxt`) that reach files, other machines,
    /// Python functions or native code (high), or that TensorFlow does not have (medium).
    /// ## Why it matters
    /// A folder with `saved_model.pbtxt` is loaded like one with `saved_model.pb`.
    /// ## How it is decided
    /// Texts that begin like such a graph are searched for the operators of their nodes. Those that read count as *high*
    /// where some constant of the graph is a path out of the model's folder; they are not traced to it. Those that save and
    /// restore checkpoints are passed over unless such a path stands there too.
    /// ## What it misses
    /// Operators whose names are written with escapes or in pieces; what lies beyond the first 8 MiB.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// The text format of protocol buffers; CWE-73, CWE-94; MITRE ATLAS AML.T0011.
    id: "tensorflow-text-graph",
    title: "TensorFlow graph in text uses a dangerous operator", "文本形式的 TensorFlow 计算图使用危险算子",
    severity: High, confidence: Medium,
    tags: &["CWE-73", "CWE-94", "AML.T0011"], controls: &["MOD-01"],
    on: Text => run,
}

/// Outermost fields of a graph, a meta graph and a `SavedModel`.
const FIELDS: &[&str] = &[
    "saved_model_schema_version",
    "meta_graphs",
    "meta_info_def",
    "graph_def",
    "signature_def",
    "node",
    "library",
    "versions",
];
/// Different operators looked at.
const MOST: usize = 4_096;

fn run(_view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if !is_graph(scene.head) {
        return;
    }
    let Some(written) = scene.reading.text() else {
        return;
    };
    let outside = quoted(&written.text, &["string_val", "s"])
        .find(|(value, _)| paths::leaves_folder(value).is_some())
        .map(|(value, _)| value);
    let own: Vec<&str> = quoted(&written.text, &["name"])
        .map(|(name, _)| name)
        .take(MOST * 16)
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    for (name, range) in quoted(&written.text, &["op"]) {
        if seen.contains(&name) || seen.len() >= MOST {
            continue;
        }
        seen.push(name);
        let Some((severity, reason)) = judge(name, outside.is_some(), &own) else {
            continue;
        };
        let start = written.start.saturating_add(range.start);
        let end = written.start.saturating_add(range.end);
        let message = text!("`{name}` {reason}", "`{name}` 会访问张量之外的内容或需要本机库");
        sink.report(Some(start..end), message)
            .severity(severity)
            .evidence(outside.unwrap_or_default())
            .hint(text!("do not load it", "不要加载"));
    }
}

/// Knows a graph by its first field, after comments.
fn is_graph(head: &[u8]) -> bool {
    // Nearly every text has another first letter, and all texts come here.
    let letter = head.iter().find(|byte| !byte.is_ascii_whitespace());
    let begins = |field: &&str| field.as_bytes().first() == letter;
    if !matches!(letter, Some(b'#' | 0x80..)) && !FIELDS.iter().any(begins) {
        return false;
    }
    let head = String::from_utf8_lossy(head);
    let first = head
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim_start)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or_default();
    FIELDS.iter().any(|field| {
        let rest = first.strip_prefix(field).map(str::trim_start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['{', ':', '<', '#']))
    })
}

fn judge(name: &str, outside: bool, own: &[&str]) -> Option<(Severity, &'static str)> {
    match operators::tensorflow(name) {
        Standing::Plain => None,
        Standing::Unknown if own.contains(&name) => None,
        Standing::Unknown => Some((
            Severity::Medium,
            "is no operator of TensorFlow and needs a native library",
        )),
        Standing::Effect(Known { effect, reason, .. }) => match effect {
            Effect::Python | Effect::Network | Effect::Native | Effect::Deny => {
                Some((Severity::High, reason))
            }
            Effect::Write if name == "PrintV2" || name.starts_with("Cache") => {
                outside.then_some((Severity::High, reason))
            }
            Effect::Write => Some((Severity::High, reason)),
            Effect::Save | Effect::Restore | Effect::Library => None,
            Effect::Read | Effect::Reader if outside => Some((Severity::High, reason)),
            Effect::Read | Effect::Reader => Some((Severity::Low, reason)),
        },
    }
}

/// Lists the quoted values of the fields with these names, and where each stands.
fn quoted<'a>(text: &'a str, fields: &'a [&'a str]) -> impl Iterator<Item = (&'a str, Range<u64>)> {
    fields.iter().flat_map(move |field| {
        text.match_indices(field).filter_map(move |(at, _)| {
            let before = text.get(..at)?.chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
                return None;
            }
            let rest = text
                .get(at.checked_add(field.len())?..)?
                .trim_start()
                .strip_prefix(':')?
                .trim_start();
            let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let value = rest.get(1..)?.split(quote).next()?;
            let start = size_u64(text.len().checked_sub(rest.len())?);
            Some((value, start..start.saturating_add(size_u64(value.len()))))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn operators_of_nodes_are_judged() {
        use Severity::{High, Low, Medium};
        let constant = "node { name: \"p\" op: \"Const\" attr { key: \"value\" value { tensor { string_val: \"/etc/x\" } } } }\n";
        for (text, severities) in [
            (
                "node { name: \"r\" op: \"ReadFile\" input: \"p\" }\n".to_owned() + constant,
                &[High][..],
            ),
            (
                "node { name: \"r\" op: \"ReadFile\" input: \"p\" }\n".to_owned(),
                &[Low],
            ),
            (
                "saved_model_schema_version: 1\nmeta_graphs {\n graph_def {\n  node {\n   op : 'WriteFile'\n"
                    .to_owned(),
                &[High],
            ),
            ("node {\n  name: \"x\"\n  op: \"MatMul\"\n}\n".to_owned(), &[]),
            (
                "node {\n  name: \"x\"\n  op: \"MyKernel\"\n}\n".to_owned(),
                &[Medium],
            ),
            (
                "# words\nlibrary <\n node_def { op: \"WriteFile".to_owned(),
                &[High],
            ),
            ("node of the graph: { op: \"WriteFile\" }\n".to_owned(), &[]),
        ] {
            check(
                "tensorflow-text-graph",
                "graph.pbtxt",
                text.as_bytes(),
                severities,
            );
        }
    }
}
