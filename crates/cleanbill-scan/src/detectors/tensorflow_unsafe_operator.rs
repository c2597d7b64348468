//! Detector `tensorflow-unsafe-operator`.

use std::ops::Range;

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::tensorflow::{Operator, View};

use crate::{
    dataflow::{Flow, Origin},
    detector::detector,
    operators::{self, Effect, Known, Place, Standing},
    paths,
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// Operators of a TensorFlow graph that reach files, other machines, Python functions or native code, in a place and
    /// with a path where honest models do not have them.
    /// ## Why it matters
    /// A graph is a program: `WriteFile` with a path of the model's choosing, run by the signature that serves the model,
    /// makes it a dropper; `ReadFile` and the debug operators send what they find elsewhere.
    /// ## How it is decided
    /// Every operator is looked up in `operators/tensorflow-effects.txt`. For each node with a path, the texts that can reach
    /// it are followed backwards through the graph and through calls of functions. Operators that write are *high* wherever
    /// they stand; those that read are *high* with a path that the model fixes, unless it is an asset of the model or a plain
    /// relative name given by a default; those that save and restore checkpoints stand in every SavedModel and count only
    /// with a fixed path. Paths that the caller gives are *low*.
    /// ## What it misses
    /// Whether the node is ever run. A path that a native operator computes from numbers is taken for a fixed one.
    /// ## What to do
    /// Do not load it; look at the node with a viewer of graphs.
    /// ## References
    /// TensorFlow's own advice in `SECURITY.md` on untrusted models; CWE-73, CWE-94; MITRE ATLAS AML.T0011.
    id: "tensorflow-unsafe-operator",
    title: "TensorFlow graph uses a dangerous operator", "TensorFlow 计算图使用危险算子",
    severity: High, confidence: High,
    tags: &["CWE-73", "CWE-94", "AML.T0011"], controls: &["MOD-01"],
    on: Tensorflow => run,
}

/// Texts that savers of TensorFlow itself put together with the path of the caller.
const SAVER_TEXTS: &[&str] = &["", "model", "_temp/part", "_temp", "part", ".part", "/part"];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let known: Vec<(usize, Known)> = view
        .operators
        .iter()
        .enumerate()
        .filter_map(|(place, operator)| match operators::tensorflow(&operator.name) {
            Standing::Effect(known) if known.effect != Effect::Library => Some((place, known)),
            _ => None,
        })
        .collect();
    if known.is_empty() {
        return;
    }
    let flow = Flow::new(view);
    for (place, known) in known {
        let Some(operator) = view.operators.get(place) else {
            continue;
        };
        match known.place {
            Place::Nowhere => nowhere(view, operator, known, sink),
            Place::Attribute(name) => attribute(view, place, operator, known, name, sink),
            Place::Input(number) => {
                if let Some((severity, path, range)) = worst_input(view, &flow, place, known, number) {
                    let found = Operator {
                        range,
                        ..operator.clone()
                    };
                    report(&found, known, severity, &path, sink);
                }
            }
        }
    }
}

fn nowhere(view: &View, operator: &Operator, known: Known, sink: &mut Sink<'_>) {
    if known.effect == Effect::Reader {
        // The names come out of a queue: any path of the graph may have gone in.
        let path = view
            .texts
            .iter()
            .find(|(text, _)| paths::leaves_folder(text).is_some());
        let severity = if path.is_some() {
            Severity::High
        } else {
            Severity::Low
        };
        report(operator, known, severity, path.map_or("", |(text, _)| text), sink);
    } else {
        report(operator, known, Severity::High, "", sink);
    }
}

fn attribute(view: &View, place: usize, operator: &Operator, known: Known, name: &str, sink: &mut Sink<'_>) {
    let mut said = false;
    let of_operator = view
        .attributes
        .iter()
        .filter(|attribute| attribute.operator == place && attribute.name == name);
    for attribute in of_operator {
        said = true;
        let text = attribute.text.as_str();
        let harmless = match operator.name.as_str() {
            "PrintV2" => !text.contains("://"),
            "DecodeProtoV2" | "EncodeProto" => text == "local://" || text.starts_with("bytes://"),
            "ImmutableConst" => text.is_empty() || text.starts_with("memmapped_package://"),
            _ => text.is_empty(),
        };
        if harmless {
            continue;
        }
        let severity = match known.effect {
            Effect::Read if paths::leaves_folder(text).is_none() => Severity::Medium,
            _ => Severity::High,
        };
        report(operator, known, severity, text, sink);
    }
    if !said && matches!(known.effect, Effect::Native) {
        report(operator, known, Severity::High, "", sink);
    }
}

/// Judges every node of an operator by what reaches its path; returns the worst, the path and the node's place.
fn worst_input(
    view: &View,
    flow: &Flow<'_>,
    place: usize,
    known: Known,
    number: usize,
) -> Option<(Severity, String, Range<u64>)> {
    let name = view.operators.get(place)?.name.as_str();
    let mut worst: Option<(Severity, String, Range<u64>)> = None;
    for (graph_place, graph) in view.graphs.iter().enumerate() {
        for index in graph.nodes.clone() {
            let Some(node) = view.nodes.get(index).filter(|node| node.operator == place) else {
                continue;
            };
            let origin = flow.origin(graph_place, index, number);
            let Some(severity) = judge(name, known.effect, &origin) else {
                continue;
            };
            if worst.as_ref().is_none_or(|(found, ..)| severity > *found) {
                let telling = origin
                    .texts
                    .iter()
                    .find(|text| paths::leaves_folder(text).is_some());
                let shown = telling
                    .or_else(|| origin.texts.first())
                    .copied()
                    .unwrap_or_default();
                worst = Some((severity, shown.to_owned(), node.range.clone()));
            }
        }
    }
    worst
}

/// Judges one node by where its path comes from; `None` where honest models do the same.
fn judge(operator: &str, effect: Effect, origin: &Origin<'_>) -> Option<Severity> {
    let outside = origin
        .texts
        .iter()
        .any(|text| paths::leaves_folder(text).is_some());
    let fixed = origin.texts.iter().any(|text| !text.is_empty());
    let only_given = origin.given && !fixed && !origin.too_far;
    match effect {
        // An empty name keeps the cache in memory.
        Effect::Write if operator.starts_with("Cache") => fixed.then_some(Severity::High),
        Effect::Write if operator == "WriteFile" && outside => Some(Severity::Critical),
        Effect::Write | Effect::Network => Some(Severity::High),
        Effect::Save => {
            let own = |text: &&str| SAVER_TEXTS.contains(text);
            if outside && !origin.texts.iter().all(own) {
                Some(Severity::High)
            } else if !origin.given && !origin.texts.iter().all(own) {
                Some(Severity::Medium)
            } else {
                None
            }
        }
        Effect::Restore => match origin
            .texts
            .iter()
            .find(|text| paths::leaves_folder(text).is_some())
        {
            Some(text) if paths::is_address(text) => Some(Severity::Medium),
            Some(_) => Some(Severity::Low),
            None => None,
        },
        _ if origin.asset && !outside => None,
        _ if only_given => Some(Severity::Low),
        _ if origin.given && !outside => Some(Severity::Low),
        _ => Some(Severity::High),
    }
}

fn report(operator: &Operator, known: Known, severity: Severity, path: &str, sink: &mut Sink<'_>) {
    let name = &operator.name;
    let reason = known.reason;
    let message: Text = match known.effect {
        Effect::Python => text!("`{name}` {reason}", "`{name}` 会调用进程中的 Python 函数"),
        Effect::Network => text!("`{name}` {reason}", "`{name}` 会与其他机器通信"),
        Effect::Native => text!("`{name}` {reason}", "`{name}` 会按名称调用本机代码"),
        Effect::Deny => text!("`{name}` {reason}", "`{name}` 会终止进程"),
        Effect::Write | Effect::Save => text!("`{name}` {reason}", "`{name}` 会写入文件"),
        _ => text!("`{name}` {reason}", "`{name}` 会读取文件"),
    };
    sink.report(Some(operator.range.clone()), message)
        .severity(severity)
        .evidence(path)
        .hint(text!(
            "do not load it unless this is what the model is for",
            "除非模型确需如此，否则不要加载"
        ));
}
