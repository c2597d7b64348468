//! Caffe.

mod text;

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score, Tensor, TensorList,
    bytes::{SourceError, read_range},
    notes::Notes,
    prototext,
    registry::{ParseResult, format_info},
    wire::{Content, Message, Outline, Wire},
};

format_info! {
    /// ## What it is
    /// Caffe networks: weights with their layers in protocol buffers (`.caffemodel`), and the layers alone in text
    /// (`.prototxt`).
    /// ## What is read
    /// Every layer of the current form and of the two before it: its kind, the Python module and class that it names, the
    /// files that it reads or writes, and the shapes of its weights.
    /// ## What is reported
    /// Fields that cannot be read, text that breaks off. The first bytes of weights that are a program or a pickle are a
    /// member.
    /// ## Limits
    /// 100,000 layers with Python or files are kept; text is read up to 256 MiB. A text is known by a message `layer` or
    /// `layers` within its first 64 MiB.
    /// ## References
    /// Caffe `src/caffe/proto/caffe.proto`; `include/caffe/layers/python_layer.hpp`.
    "caffe", "Caffe network", extensions: &["caffemodel"], refines: None,
    dialects: ["caffe-text": "Caffe network in text"]
}

/// LIMIT: layers kept, of those that name Python or files.
const KEPT: usize = 100_000;
/// LIMIT: bytes of text that are read.
const TEXT_BYTES: u64 = 256 << 20;
/// LIMIT: bytes of a name or a path that are kept.
const NAME_BYTES: u64 = 4_096;
/// LIMIT: dimensions of weights; Caffe has at most 32.
const RANK: usize = 64;

static BROKEN: AnomalyKind = AnomalyKind::damage(
    "caffe-broken",
    "the text breaks off or is not of the format",
    "文本中断或不符合该格式",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "caffe-limit",
    "more layers or more text than are examined",
    "层数或文本长度超过检查上限",
);

/// Names a class that a layer runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PythonLayer {
    /// Name of the layer.
    pub name: String,
    /// Module that is imported.
    pub module: String,
    /// Callable of the module.
    pub class: String,
    /// Where the layer stands.
    pub range: Range<u64>,
}

/// Names a file that a layer reads or writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideFile {
    /// Kind of the layer, or an empty text.
    pub kind: String,
    /// Field, such as `data_param.source`.
    pub field: &'static str,
    /// Path.
    pub path: String,
    /// Whether the layer writes it.
    pub is_written: bool,
    /// Where the layer or the path stands.
    pub range: Range<u64>,
}

/// Shows a network.
#[derive(Debug, Default)]
pub struct View {
    /// It is text.
    pub is_text: bool,
    /// Layers.
    pub layers: u64,
    /// Layers that run Python.
    pub python: Vec<PythonLayer>,
    /// Files that layers name.
    pub files: Vec<OutsideFile>,
    tensors: TensorList,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn tensors(&self) -> Option<&TensorList> {
        (!self.is_text).then_some(&self.tensors)
    }

    fn dialects(&self) -> Vec<&'static str> {
        if self.is_text {
            vec!["caffe-text"]
        } else {
            Vec::new()
        }
    }
}

/// Collects what is known of the layer that is open.
#[derive(Debug, Default)]
struct Layer {
    name: String,
    kind: String,
    module: String,
    class: String,
    files: Vec<(&'static str, String, Range<u64>)>,
}

impl View {
    /// Takes a layer that ended.
    fn take(&mut self, layer: Layer, range: &Range<u64>, notes: &mut Notes) {
        self.layers = self.layers.saturating_add(1);
        if self.python.len().max(self.files.len()) >= KEPT {
            notes.push(&LIMIT, range.clone(), KEPT.to_string());
            return;
        }
        for (field, path, range) in layer.files {
            if path.is_empty() {
                continue;
            }
            let is_written = field == "hdf5_output_param.file_name";
            let kind = layer.kind.clone();
            self.files.push(OutsideFile {
                kind,
                field,
                path,
                is_written,
                range,
            });
        }
        if layer.kind == "Python" {
            self.python.push(PythonLayer {
                name: layer.name,
                module: layer.module,
                class: layer.class,
                range: range.clone(),
            });
        }
    }
}

/// Knows text by its outermost messages and protocol buffers by their layers.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    if is_text(probe) {
        return Some(Score::Likely);
    }
    let mut outline = Outline::new(probe.head, probe.source)?;
    let fields = outline.fields.clone();
    if !fields.iter().all(|field| matches!(field.number, 1..=8 | 100)) {
        return None;
    }
    let layer = Outline::ranges(&fields, 100).next();
    if let Some(range) = layer {
        let inside = outline.inside(&range, 64);
        let kind = Outline::ranges(&inside, 2).next();
        return kind
            .is_some_and(|kind| outline.is_name(&kind))
            .then_some(Score::Likely);
    }
    let range = Outline::ranges(&fields, 2).next()?;
    let inside = outline.inside(&range, 64);
    let kind = inside
        .iter()
        .any(|field| field.number == 5 && matches!(field.content, Content::Number(0..=39)));
    let name = Outline::ranges(&inside, 4).next();
    let newer = kind && name.is_some_and(|name| outline.is_name(&name));
    let older = Outline::ranges(&inside, 1).next().is_some_and(|range| {
        let inside = outline.inside(&range, 64);
        let mut names = Outline::ranges(&inside, 1).chain(Outline::ranges(&inside, 2));
        inside
            .iter()
            .all(|field| field.number < 64 || field.number == 1001)
            && names.next().is_some_and(|name| outline.is_name(&name))
    });
    // Other formats are made of fields 1 and 2 as well, graphs of TensorFlow with their description among them: here the first is a name.
    let named = Outline::ranges(&fields, 1)
        .next()
        .is_some_and(|name| outline.is_name(&name));
    ((newer || older) && named).then_some(Score::Likely)
}

fn is_text(probe: &Probe<'_>) -> bool {
    let names = prototext::outline(probe);
    names
        .iter()
        .any(|name| matches!(name.as_str(), "layer" | "layers"))
}

/// Reads every layer.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = read_range(input.source, 0..crate::HEAD_BYTES, crate::HEAD_BYTES)?;
    let probed = Probe {
        head: &head,
        tail: &[],
        size: input.source.size(),
        source: input.source,
    };
    let mut view = View::default();
    if is_text(&probed) {
        view.is_text = true;
        let mut notes = Notes::default();
        text::read(input, &mut view, &mut notes)?;
        view.anomalies = notes.finish();
        return Ok(view);
    }
    let mut walk = Walk {
        input,
        wire: Wire::new(input.source),
        view,
    };
    let mut net = walk.wire.outermost();
    while let Some(field) = walk.wire.next(&mut net)? {
        let generation = match field.number {
            100 => Generation::Current,
            2 => Generation::First,
            _ => continue,
        };
        if let Some((_, range)) = field.bytes() {
            let message = walk.wire.enter(&net, range.clone());
            walk.layer(message, generation, &range)?;
        }
    }
    let mut view = walk.view;
    view.anomalies = walk.wire.notes.finish();
    Ok(view)
}

/// Which description of layers a message follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Generation {
    /// `LayerParameter`.
    Current,
    /// `V1LayerParameter`, which may hold `V0LayerParameter`.
    First,
}

struct Walk<'a, 'b> {
    input: &'b Input<'a>,
    wire: Wire<'a>,
    view: View,
}

/// Where files are named, by the number of the message in a layer of the current form, of the first, and of the field in it.
const FILES: &[(u64, u64, u64, &str)] = &[
    (100, 36, 4, "transform_param.mean_file"),
    (107, 11, 1, "data_param.source"),
    (107, 11, 5, "data_param.mean_file"),
    (112, 13, 1, "hdf5_data_param.source"),
    (113, 14, 1, "hdf5_output_param.file_name"),
    (115, 15, 1, "image_data_param.source"),
    (115, 15, 9, "image_data_param.mean_file"),
    (115, 15, 12, "image_data_param.root_folder"),
    (116, 16, 1, "infogain_loss_param.source"),
    (129, 20, 1, "window_data_param.source"),
    (129, 20, 6, "window_data_param.mean_file"),
    (129, 20, 13, "window_data_param.root_folder"),
];

impl Walk<'_, '_> {
    fn layer(
        &mut self,
        mut message: Message,
        generation: Generation,
        range: &Range<u64>,
    ) -> Result<(), SourceError> {
        let mut layer = Layer::default();
        let mut blobs = Vec::new();
        let current = generation == Generation::Current;
        while let Some(field) = self.wire.next(&mut message)? {
            let Some((number, inner)) = field.bytes() else {
                continue;
            };
            match (current, number) {
                (true, 1) | (false, 4) => layer.name = self.wire.text(&inner, NAME_BYTES)?,
                (true, 2) => layer.kind = self.wire.text(&inner, NAME_BYTES)?,
                (true, 7) | (false, 6) => blobs.push((inner, message.clone())),
                (true, 130) => self.python(&message, &inner, &mut layer)?,
                (false, 1) => self.oldest(&message, &inner, &mut layer, &mut blobs)?,
                _ => self.files(current, number, &message, &inner, &mut layer)?,
            }
        }
        for (index, (inner, around)) in blobs.into_iter().enumerate() {
            self.blob(&around, inner, format!("{}.{index}", layer.name))?;
        }
        self.view.take(layer, range, &mut self.wire.notes);
        Ok(())
    }

    fn python(&mut self, around: &Message, inner: &Range<u64>, layer: &mut Layer) -> Result<(), SourceError> {
        let mut message = self.wire.enter(around, inner.clone());
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, text)) => layer.module = self.wire.text(&text, NAME_BYTES)?,
                Some((2, text)) => layer.class = self.wire.text(&text, NAME_BYTES)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn files(
        &mut self,
        current: bool,
        number: u64,
        around: &Message,
        inner: &Range<u64>,
        layer: &mut Layer,
    ) -> Result<(), SourceError> {
        let of = |one: &(u64, u64, u64, &str)| number == if current { one.0 } else { one.1 };
        if !FILES.iter().any(of) {
            return Ok(());
        }
        let mut message = self.wire.enter(around, inner.clone());
        while let Some(field) = self.wire.next(&mut message)? {
            let Some((inside, text)) = field.bytes() else {
                continue;
            };
            if let Some((.., name)) = FILES.iter().find(|one| of(one) && one.2 == inside) {
                layer.files.push((name, self.wire.text(&text, NAME_BYTES)?, text));
            }
        }
        Ok(())
    }

    /// Reads a layer of the oldest form, which stands in one of the first.
    fn oldest(
        &mut self,
        around: &Message,
        inner: &Range<u64>,
        layer: &mut Layer,
        blobs: &mut Vec<(Range<u64>, Message)>,
    ) -> Result<(), SourceError> {
        let mut message = self.wire.enter(around, inner.clone());
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, text)) => layer.name = self.wire.text(&text, NAME_BYTES)?,
                Some((2, text)) => layer.kind = self.wire.text(&text, NAME_BYTES)?,
                Some((16, text)) => layer
                    .files
                    .push(("source", self.wire.text(&text, NAME_BYTES)?, text)),
                Some((18, text)) => layer
                    .files
                    .push(("meanfile", self.wire.text(&text, NAME_BYTES)?, text)),
                Some((50, blob)) => blobs.push((blob, message.clone())),
                Some((1001, output)) => self.files(true, 113, &message, &output, layer)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn blob(&mut self, around: &Message, inner: Range<u64>, name: String) -> Result<(), SourceError> {
        let mut message = self.wire.enter(around, inner);
        let (mut shape, mut old) = (Vec::new(), Vec::new());
        let mut dtype = "float32";
        while let Some(field) = self.wire.next(&mut message)? {
            match (field.number, &field.content) {
                (1..=4, Content::Number(extent)) => old.push(*extent),
                (7, Content::Bytes(range)) => {
                    let mut dims = self.wire.enter(&message, range.clone());
                    while let Some(field) = self.wire.next(&mut dims)? {
                        if field.number == 1 && shape.len() < RANK {
                            shape.extend(self.wire.numbers(&field.content, RANK)?.0);
                        }
                    }
                }
                (5 | 8, Content::Bytes(range)) => {
                    if field.number == 8 {
                        dtype = "float64";
                    }
                    self.view
                        .members
                        .extend(crate::raw::disguised(self.input.source, range)?);
                }
                _ => {}
            }
        }
        if shape.is_empty() {
            shape = old;
        }
        self.view.tensors.push(Tensor {
            name,
            dtype: dtype.into(),
            shape,
            place: None,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    const TEXT: &[u8] = b"name: \"net\"\nlayer {\n  name: \"p\" type: 'Python' top: \"x\"\n  python_param { module: \"o\" \"s\" layer: \"system\" param_str: \"{}\" }\n}\n\
        layer { name: \"d\" type: \"Data\" include { phase: TRAIN } data_param { source: \"../db\" backend: LMDB } }\n\
        layer { name: \"o\" type: \"HDF5Output\" hdf5_output_param < file_name: \"/etc/x\" > }\n";

    fn bytes(number: u64, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for mut value in [number << 3 | 2, u64::try_from(content.len()).unwrap()] {
            while value > 0x7f {
                out.push(u8::try_from(value & 0x7f | 0x80).unwrap());
                value >>= 7;
            }
            out.push(u8::try_from(value).unwrap());
        }
        out.extend(content);
        out
    }

    fn model() -> Vec<u8> {
        let python = [bytes(1, b"os"), bytes(2, b"system")].concat();
        let blob = [bytes(7, &bytes(1, &[2, 1])), bytes(5, &[0; 8])].concat();
        let layer = [
            bytes(1, b"p"),
            bytes(2, b"Python"),
            bytes(130, &python),
            bytes(7, &blob),
        ]
        .concat();
        [bytes(1, b"net"), bytes(100, &layer)].concat()
    }

    #[test]
    fn text_and_protocol_buffers_say_the_same() {
        let text = view(TEXT, parse);
        assert!(text.anomalies().is_empty(), "{text:?}");
        assert_eq!((text.layers, text.files.len(), text.is_text), (3, 2, true));
        let model = view(&model(), parse);
        assert!(model.anomalies().is_empty(), "{model:?}");
        assert_eq!(model.tensors.tensors()[0].shape, [2, 1]);
        for one in [&text, &model] {
            assert_eq!(
                (one.python[0].module.as_str(), one.python[0].class.as_str()),
                ("os", "system")
            );
        }
    }

    #[test]
    fn probes_know_both() {
        for (bytes, score) in [
            (TEXT, Some(Score::Likely)),
            (&model(), Some(Score::Likely)),
            (b"layers:\n  - conv\n", None),
            (b"node { name: \"layer\" }\n", None),
            (&[0x0a, 3, b'a', b'b', b'c'], None),
        ] {
            let source = bytes.to_vec();
            let probed = Probe {
                head: bytes,
                tail: bytes,
                size: u64::try_from(bytes.len()).unwrap(),
                source: &source,
            };
            assert_eq!(probe(&probed), score, "{bytes:?}");
        }
    }

    #[test]
    fn damage_is_said() {
        assert_eq!(
            ids(view(&TEXT[..TEXT.len() - 4], parse).anomalies()),
            ["caffe-broken"]
        );
        never_panics(TEXT, parse);
        never_panics(&model(), parse);
    }
}
