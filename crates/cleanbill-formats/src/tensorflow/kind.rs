//! Tells the kinds of TensorFlow files apart.

use std::ops::Range;

use crate::wire::{Content, Field, Outline};

/// Names a kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SavedModel,
    MetaGraph,
    Graph,
    KerasMetadata,
    Fingerprint,
}

impl Kind {
    pub(super) const fn dialect(self) -> &'static str {
        match self {
            Self::SavedModel => "tensorflow-saved-model",
            Self::MetaGraph => "tensorflow-meta-graph",
            Self::Graph => "tensorflow-graph",
            Self::KerasMetadata => "keras-metadata",
            Self::Fingerprint => "tensorflow-fingerprint",
        }
    }

    /// Returns the kind of a file with these outermost fields.
    pub(super) fn of(outline: &mut Outline<'_>) -> Option<Self> {
        let fields = outline.fields.clone();
        let only = |most: u64| fields.iter().all(|field| field.number <= most);
        let number = |wanted: u64| outline.number(wanted);
        if only(7) && (2..=4).all(|wanted| number(wanted) > Some(1 << 32)) && number(1).is_some() {
            return Some(Self::Fingerprint);
        }
        let version = fields
            .iter()
            .all(|field| field.number != 1 || matches!(field.content, Content::Number(_)));
        if version {
            let metas: Vec<Range<u64>> = Outline::ranges(&fields, 2).take(16).collect();
            for meta in metas {
                let inner = outline.inside(&meta, 256);
                if is_meta_graph(outline, &inner) {
                    return Some(Self::SavedModel);
                }
            }
            if is_meta_graph(outline, &fields) {
                return Some(Self::MetaGraph);
            }
            // A graph that has nothing but functions.
            let functions = fields.iter().any(|field| field.number == 2) && is_graph(outline, &fields);
            return (only(5) && functions).then_some(Self::Graph);
        }
        if only(5) && is_graph(outline, &fields) {
            return Some(Self::Graph);
        }
        if is_meta_graph(outline, &fields) {
            return Some(Self::MetaGraph);
        }
        let layers: Vec<Range<u64>> = Outline::ranges(&fields, 1).take(4).collect();
        for layer in layers {
            let inner = outline.inside(&layer, 16);
            let identifier = Outline::ranges(&inner, 4).next();
            if identifier.is_some_and(|identifier| outline.begins(&identifier, b"_tf_keras")) {
                return Some(Self::KerasMetadata);
            }
        }
        None
    }
}

fn is_meta_graph(outline: &mut Outline<'_>, fields: &[Field]) -> bool {
    for graph in Outline::ranges(fields, 2).take(4).collect::<Vec<_>>() {
        let inner = outline.inside(&graph, 256);
        if is_graph(outline, &inner) {
            return true;
        }
    }
    for info in Outline::ranges(fields, 1).take(4).collect::<Vec<_>>() {
        let inner = outline.inside(&info, 256);
        for version in Outline::ranges(&inner, 5).take(2).collect::<Vec<_>>() {
            let digit = (b'0'..=b'9').any(|digit| outline.begins(&version, &[digit]));
            if digit && outline.is_name(&version) {
                return true;
            }
        }
    }
    false
}

fn is_graph(outline: &mut Outline<'_>, fields: &[Field]) -> bool {
    for node in Outline::ranges(fields, 1).take(4).collect::<Vec<_>>() {
        if is_node(outline, &node) {
            return true;
        }
    }
    for library in Outline::ranges(fields, 2).take(4).collect::<Vec<_>>() {
        let inner = outline.inside(&library, 4);
        for function in Outline::ranges(&inner, 1).take(4).collect::<Vec<_>>() {
            let body = outline.inside(&function, 64);
            for node in Outline::ranges(&body, 3).take(4).collect::<Vec<_>>() {
                if is_node(outline, &node) {
                    return true;
                }
            }
        }
    }
    false
}

fn is_node(outline: &mut Outline<'_>, range: &Range<u64>) -> bool {
    let fields = outline.inside(range, 64);
    let known = fields
        .iter()
        .all(|field| field.number <= 7 && matches!(field.content, Content::Bytes(_)));
    let name = Outline::ranges(&fields, 1).next().is_some();
    let operator = Outline::ranges(&fields, 2).next();
    known && name && operator.is_some_and(|operator| outline.is_name(&operator))
}
