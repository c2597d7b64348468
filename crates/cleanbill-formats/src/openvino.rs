//! `OpenVINO`.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    Anomaly, AnomalyKind, ExternalData, ExternalFile, FormatView, Input, Probe, Score, Span,
    notes::Notes,
    registry::{ParseResult, format_info},
    xml::{self, Doctype, Event},
};

format_info! {
    /// ## What it is
    /// The graph of an OpenVINO model (IR versions 2 to 11, `.xml`), whose weights stand in a `.bin` file beside it, and
    /// descriptions of custom layers with their kernels.
    /// ## What is read
    /// The whole document, as a stream: every layer with its type and operator set, every constant's place, type and shape,
    /// runtime information, declarations of entities.
    /// ## What is reported
    /// Constants whose place overflows or is smaller than their shape says. Layers of operator sets that OpenVINO does not
    /// define, libraries and kernels that are named, are facts for detectors.
    /// ## Limits
    /// Tags up to 256 KiB, 4,096 kinds of layers, 1,000,000 constants. Their places are held against the `.bin` file of the same
    /// name (`external-data-mismatch`).
    /// ## References
    /// OpenVINO documents "Operation sets" and "OpenVINO extensibility"; `src/core/src/pass/serialize.cpp`.
    "openvino", "OpenVINO model", extensions: &[], refines: None,
    dialects: ["openvino-custom-layers": "description of OpenVINO custom layers and their kernels"]
}

/// LIMIT: kinds of layers and facts kept.
const KEPT: usize = 4_096;
/// LIMIT: places of constants kept; the largest models have some ten thousand.
const CONSTANTS: usize = 1_000_000;

static MANY: AnomalyKind = AnomalyKind::limit(
    "openvino-limit",
    "there are more kinds of layers than are examined",
    "层的种类超过检查上限",
);
static PLACE: AnomalyKind = AnomalyKind::damage(
    "openvino-constant",
    "a constant is smaller than its shape says, or its place overflows",
    "常量小于其形状所需，或位置溢出",
);

/// Holds one kind of layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Where its first use stands.
    pub range: Range<u64>,
    /// How many layers are of it.
    pub count: u64,
}

/// Shows an `OpenVINO` graph.
#[derive(Debug)]
pub struct View {
    /// Version of the IR.
    pub version: String,
    /// Describes custom layers, not a graph.
    pub custom_layers: bool,
    /// Layers by operator set and type.
    pub layers: BTreeMap<(String, String), Layer>,
    /// Values that name a library, kernel or program, with the name under which they stand.
    pub files: Vec<(String, String, Range<u64>)>,
    /// Declared entities.
    pub doctype: Option<Doctype>,
    /// Bytes that the uses of entities become when they are replaced.
    pub expansion: u64,
    /// Bytes of the `.bin` file that hold constants.
    pub weights: Vec<Span>,
    /// Places that are too small or overflow; facts for `openvino-invalid`.
    pub violations: Vec<Anomaly>,
    anomalies: Vec<Anomaly>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn external(&self) -> Vec<ExternalData> {
        let data = ExternalData {
            file: ExternalFile::Stem(".bin".to_owned()),
            spans: self.weights.clone(),
        };
        (!self.weights.is_empty()).then_some(data).into_iter().collect()
    }

    fn dialects(&self) -> Vec<&'static str> {
        if self.custom_layers {
            vec!["openvino-custom-layers"]
        } else {
            Vec::new()
        }
    }

    fn not_examined(&self) -> Option<(String, String)> {
        self.custom_layers
            .then(|| ("kernels of custom layers".to_owned(), "自定义层的内核".to_owned()))
    }
}

fn is_graph(event: &Event) -> bool {
    let Event::Start { name, .. } = event else {
        return false;
    };
    match name.as_str() {
        "net" => event.attribute("version").is_some() || event.attribute("name").is_some(),
        "CustomLayer" | "CustomLayers" => true,
        _ => false,
    }
}

/// Knows the document by its first element.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let prolog = xml::prolog(probe.source).ok()??;
    is_graph(&prolog.first?).then_some(Score::Likely)
}

/// Reads the document.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut reader = xml::Reader::new(input.source)?;
    let mut walk = Walk {
        notes: Notes::default(),
        violations: Notes::default(),
        view: View {
            version: String::new(),
            custom_layers: false,
            layers: BTreeMap::new(),
            files: Vec::new(),
            doctype: None,
            expansion: 0,
            weights: Vec::new(),
            violations: Vec::new(),
            anomalies: Vec::new(),
        },
    };
    let mut constant = false;
    // Depth of the open element in which the converter keeps how it was called, with paths of the machine it ran on.
    let mut parameters: Option<u64> = None;
    while let Some((event, range)) = reader.event()? {
        if parameters.is_some_and(|depth| reader.depth() < depth) {
            parameters = None;
        }
        let Event::Start { name, empty, .. } = &event else {
            continue;
        };
        let kept = matches!(
            name.as_str(),
            "meta_data" | "cli_parameters" | "conversion_parameters" | "unset_cli_parameters"
        );
        if kept && !empty && parameters.is_none() {
            parameters = Some(reader.depth());
        }
        match name.as_str() {
            "net" => event
                .attribute("version")
                .unwrap_or_default()
                .clone_into(&mut walk.view.version),
            "CustomLayer" | "CustomLayers" => walk.view.custom_layers = true,
            "layer" => constant = walk.layer(&event, &range),
            "data" if constant => walk.constant(&event, &range),
            // Until version 7 a layer had its numbers in elements of their own.
            "weights" | "biases" | "custom" => walk.constant(&event, &range),
            _ => {}
        }
        if parameters.is_none() {
            walk.files(&event, &range);
        }
    }
    let mut view = walk.view;
    view.doctype = reader.doctype.take();
    if let Some(doctype) = &view.doctype {
        view.expansion = doctype.largest().max(doctype.total(&reader.references));
    }
    view.violations = walk.violations.finish();
    view.anomalies = reader.finish();
    view.anomalies.extend(walk.notes.finish());
    Ok(view)
}

struct Walk {
    notes: Notes,
    violations: Notes,
    view: View,
}

impl Walk {
    fn layer(&mut self, event: &Event, range: &Range<u64>) -> bool {
        let kind = event.attribute("type").unwrap_or_default();
        let set = event.attribute("version").unwrap_or_default();
        let key = (set.to_owned(), kind.to_owned());
        if self.view.layers.len() < KEPT || self.view.layers.contains_key(&key) {
            let layer = self.view.layers.entry(key).or_insert_with(|| Layer {
                range: range.clone(),
                count: 0,
            });
            layer.count = layer.count.saturating_add(1);
        } else {
            self.notes.push(&MANY, range.clone(), KEPT.to_string());
        }
        kind == "Const"
    }

    fn constant(&mut self, event: &Event, range: &Range<u64>) {
        let (Some(offset), Some(size)) = (event.attribute("offset"), event.attribute("size")) else {
            return;
        };
        let place = offset
            .trim()
            .parse::<u64>()
            .ok()
            .zip(size.trim().parse::<u64>().ok());
        let end = place.and_then(|(offset, size)| Some((offset.checked_add(size)?, size)));
        let Some((end, size)) = end.filter(|(end, _)| i64::try_from(*end).is_ok()) else {
            self.broken(range, format!("offset {offset}, size {size}"));
            return;
        };
        if self.view.weights.len() >= CONSTANTS {
            self.notes.push(&MANY, range.clone(), CONSTANTS.to_string());
        } else if size > 0 {
            self.view
                .weights
                .extend(Span::sized(end.saturating_sub(size), size));
        }
        let bits = element_bits(event.attribute("element_type").unwrap_or_default());
        let shape = event.attribute("shape").unwrap_or_default();
        let mut elements = Some(1_u64);
        for extent in shape
            .split(',')
            .map(str::trim)
            .filter(|extent| !extent.is_empty())
        {
            elements = elements.and_then(|all| all.checked_mul(extent.parse().ok()?));
        }
        let Some(bits) = bits else { return };
        let wanted = elements
            .and_then(|all| all.checked_mul(bits))
            .map(|bits| bits.div_ceil(8));
        if wanted.is_none_or(|wanted| wanted > size) {
            self.broken(range, format!("shape {shape}, {size} bytes"));
        }
    }

    fn broken(&mut self, range: &Range<u64>, detail: String) {
        if self.violations.list().is_empty() {
            self.notes.push(&PLACE, range.clone(), detail.clone());
        }
        self.violations.push(&PLACE, range.clone(), detail);
    }

    /// Keeps what names a library, kernel or program.
    fn files(&mut self, event: &Event, range: &Range<u64>) {
        let Event::Start { name, attributes, .. } = event else {
            return;
        };
        for (key, value) in attributes {
            let lower = value.to_ascii_lowercase();
            let file = [".so", ".dll", ".dylib", ".cl", ".py", ".exe", ".sh"]
                .iter()
                .any(|end| lower.ends_with(end));
            let shown = matches!(
                key.as_str(),
                "name" | "friendly_name" | "fused_names_0" | "originalLayersNames"
            );
            if file && !shown && self.view.files.len() < KEPT {
                self.view
                    .files
                    .push((format!("{name}/{key}"), value.clone(), range.clone()));
            }
        }
    }
}

/// Returns the bits of an element; `None` where the size is not known.
fn element_bits(kind: &str) -> Option<u64> {
    Some(match kind.to_ascii_lowercase().as_str() {
        "f64" | "i64" | "u64" => 64,
        "f32" | "i32" | "u32" => 32,
        "f16" | "bf16" | "i16" | "u16" => 16,
        "i8" | "u8" | "boolean" | "f8e4m3" | "f8e5m2" | "f8e8m0" => 8,
        "i4" | "u4" | "nf4" | "f4e2m1" => 4,
        "u2" => 2,
        "u1" => 1,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    const GRAPH: &[u8] = b"<?xml version=\"1.0\"?><net name=\"a\" version=\"11\"><layers><layer id=\"0\" name=\"c\" type=\"Const\" version=\"opset1\">\
        <data element_type=\"f32\" shape=\"2, 3\" offset=\"0\" size=\"24\"/></layer>\
        <layer id=\"1\" name=\"x\" type=\"Own\" version=\"extension\"/></layers></net>";

    #[test]
    fn constants_are_checked_and_layers_counted() {
        let graph = view(GRAPH, parse);
        assert_eq!(graph.layers.len(), 2);
        assert_eq!(graph.weights, [Span::sized(0, 24).unwrap()]);
        assert!(graph.violations.is_empty());
        let small = String::from_utf8_lossy(GRAPH).replace("size=\"24\"", "size=\"20\"");
        assert_eq!(
            ids(&view(small.as_bytes(), parse).violations),
            ["openvino-constant"]
        );
    }

    #[test]
    fn damage_never_panics() {
        never_panics(GRAPH, parse);
    }
}
