//! Core ML.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score,
    bytes::{ReadAt, SourceError},
    limits::Limits,
    raw::disguised,
    registry::{ParseResult, format_info},
    wire::{Content, Message, Outline, Wire},
};

format_info! {
    /// ## What it is
    /// Apple's model: a protocol buffer, alone as `.mlmodel` or with its weights beside it in a `.mlpackage`.
    /// ## What is read
    /// The kind of model, pipelines and the models in them, the layers of networks with branches and loops, every operation
    /// of an ML program with its inner blocks: custom layers, custom and linked models, references to files of weights,
    /// metadata. Weights are passed over; of models in a serialised form of their own the first bytes are looked at.
    /// ## What is reported
    /// Messages that break off or cannot be read. Bytes of an inner model that begin like a program, an archive or a pickle
    /// are a member, `[data]`.
    /// ## Limits
    /// 65,536 classes, files and operators each; 100 levels of messages.
    /// ## References
    /// `Model.proto`, `NeuralNetwork.proto`, `MIL.proto`, `CustomModel.proto`, `LinkedModel.proto` of Core ML's format.
    "coreml", "Core ML model", extensions: &["mlmodel"], refines: None, dialects: []
}

/// LIMIT: classes, files and operators kept, each; models have some tens.
const KEPT: usize = 65_536;

static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "coreml-limit",
    "more custom classes, files or operators than are kept",
    "自定义类、文件或算子的数量超过保留上限",
);
static EMPTY: AnomalyKind = AnomalyKind::damage(
    "coreml-empty",
    "the model says of no kind what it is",
    "模型未说明其类型",
);

/// Names a class of the app's own that the model needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    /// Name of the class.
    pub class: String,
    /// Whether it stands for a whole model, or for one layer.
    pub is_model: bool,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Names a file that the model reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Name or path of the file.
    pub file: String,
    /// Whether it is another model, or weights.
    pub is_model: bool,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Shows a Core ML model.
#[derive(Debug, Default)]
pub struct View {
    /// Version of the specification.
    pub version: u64,
    /// Numbers of the kinds of model, of inner ones too.
    pub kinds: BTreeMap<u64, u64>,
    /// Classes of the app's own.
    pub custom: Vec<Custom>,
    /// Files; each name once.
    pub references: Vec<Reference>,
    /// Operations of ML programs, counted.
    pub operations: BTreeMap<String, u64>,
    /// Entries of the metadata that the author added.
    pub metadata: Vec<(String, String)>,
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
}

/// Knows a model by its version, description and kind.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let outline = Outline::new(probe.head, probe.source)?;
    let described = Outline::ranges(&outline.fields, 2).next().is_some();
    let kind = outline
        .fields
        .iter()
        .any(|field| is_kind(field.number) && field.bytes().is_some());
    (matches!(outline.number(1), Some(1..=64)) && described && kind).then_some(Score::Likely)
}

fn is_kind(number: u64) -> bool {
    (200..=4_000).contains(&number)
}

/// Walks over the model.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        wire: Wire::new(input.source),
        source: input.source,
        limits: input.limits,
        view: View::default(),
    };
    let top = walk.wire.outermost();
    walk.model(top)?;
    if walk.view.kinds.is_empty() {
        walk.wire.notes.push(&EMPTY, 0..input.source.size(), "");
    }
    let mut view = walk.view;
    view.anomalies = walk.wire.notes.finish();
    Ok(view)
}

type Step = Result<(), SourceError>;

/// Messages of the walk, by what their fields hold.
#[derive(Clone, Copy, Debug)]
enum Part {
    Model,
    Description,
    Metadata,
    Pipeline,
    PipelineModel,
    Network,
    Layer,
    Branch,
    Loop,
    CustomLayer,
    CustomModel,
    LinkedModel,
    LinkedFile,
    LinkedName,
    Serialized,
    Program,
    /// An entry of a map, whose value is of this part.
    FunctionEntry,
    Function,
    BlockEntry,
    Block,
    Operation,
    ArgumentEntry,
    Argument,
    Binding,
    ValueEntry,
    Value,
    Blob,
}

/// Returns what stands in field `number` of `part`, where it is a message that is entered.
fn inside(part: Part, number: u64) -> Option<Part> {
    Some(match (part, number) {
        (Part::Model, 2) => Part::Description,
        (Part::Model, 200 | 201) => Part::PipelineModel,
        (Part::Model, 202) | (Part::PipelineModel, 1) => Part::Pipeline,
        (Part::Model, 303 | 403 | 500) | (Part::Branch, 1 | 2) | (Part::Loop, 3 | 4) => Part::Network,
        (Part::Model, 502) => Part::Program,
        (Part::Model, 555) => Part::CustomModel,
        (Part::Model, 556) => Part::LinkedModel,
        (Part::Model, 3000) => Part::Serialized,
        (Part::Description, 100) => Part::Metadata,
        (Part::Pipeline, 1) => Part::Model,
        (Part::Network, 1) => Part::Layer,
        (Part::Layer, 500) => Part::CustomLayer,
        (Part::Layer, 605) => Part::Branch,
        (Part::Layer, 615) => Part::Loop,
        (Part::LinkedModel, 1) => Part::LinkedFile,
        (Part::LinkedFile, 1 | 2) => Part::LinkedName,
        (Part::Program, 2) => Part::FunctionEntry,
        (Part::FunctionEntry, 2) => Part::Function,
        (Part::Function, 3) => Part::BlockEntry,
        (Part::BlockEntry, 2) | (Part::Operation, 4) => Part::Block,
        (Part::Block, 3) => Part::Operation,
        (Part::Operation, 2) => Part::ArgumentEntry,
        (Part::ArgumentEntry, 2) => Part::Argument,
        (Part::Argument, 1) => Part::Binding,
        (Part::Operation, 5) | (Part::Program | Part::Function | Part::Block, 4) => Part::ValueEntry,
        (Part::Binding | Part::ValueEntry, 2) => Part::Value,
        (Part::Value, 5) => Part::Blob,
        _ => return None,
    })
}

struct Walk<'a> {
    wire: Wire<'a>,
    source: &'a dyn ReadAt,
    limits: &'a Limits,
    view: View,
}

impl Walk<'_> {
    fn model(&mut self, message: Message) -> Step {
        self.part(Part::Model, message)
    }

    /// Walks over one message; the wire ends what nests too deep.
    fn part(&mut self, part: Part, mut message: Message) -> Step {
        while let Some(field) = self.wire.next(&mut message)? {
            if let (Part::Model, 1, Content::Number(version)) = (part, field.number, &field.content) {
                self.view.version = (*version).max(self.view.version);
            }
            let Some((number, range)) = field.bytes() else {
                continue;
            };
            if matches!(part, Part::Model) && is_kind(number) {
                let count = self.view.kinds.entry(number).or_insert(0);
                *count = count.saturating_add(1);
            }
            if let Some(inner) = inside(part, number) {
                let inner_message = self.wire.enter(&message, range);
                self.part(inner, inner_message)?;
                continue;
            }
            match (part, number) {
                (Part::CustomLayer | Part::CustomModel, 10) => {
                    self.custom(matches!(part, Part::CustomModel), range)?;
                }
                // A file name, or a path to look for it.
                (Part::LinkedName, 1) => self.reference(true, range)?,
                (Part::Blob, 1) => self.reference(false, range)?,
                (Part::Serialized, 2) => self.view.members.extend(disguised(self.source, &range)?),
                (Part::Operation, 1) => {
                    let name = self.wire.text(&range, self.limits.name_bytes)?;
                    if self.view.operations.len() < KEPT {
                        let count = self.view.operations.entry(name).or_insert(0);
                        *count = count.saturating_add(1);
                    }
                }
                (Part::Metadata, 100) => self.metadata(&message, range)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn custom(&mut self, is_model: bool, range: Range<u64>) -> Step {
        let class = self.wire.text(&range, self.limits.name_bytes)?;
        if self.view.custom.len() < KEPT {
            self.view.custom.push(Custom {
                class,
                is_model,
                range,
            });
        } else {
            self.wire.notes.push(&TOO_MANY, range, "");
        }
        Ok(())
    }

    fn reference(&mut self, is_model: bool, range: Range<u64>) -> Step {
        let file = self.wire.text(&range, self.limits.name_bytes)?;
        // Every tensor of a program names the same file.
        let last = self.view.references.iter().rev().take(16);
        if last.into_iter().any(|one| one.file == file) {
            return Ok(());
        }
        if self.view.references.len() < KEPT {
            self.view.references.push(Reference {
                file,
                is_model,
                range,
            });
        } else {
            self.wire.notes.push(&TOO_MANY, range, "");
        }
        Ok(())
    }

    fn metadata(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range);
        let (mut key, mut value) = (String::new(), String::new());
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => key = self.wire.text(&range, self.limits.name_bytes)?,
                Some((2, range)) => value = self.wire.text(&range, self.limits.name_bytes)?,
                _ => {}
            }
        }
        if self.view.metadata.len() < 4_096 {
            self.view.metadata.push((key, value));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    fn message(number: u32, content: &[u8]) -> Vec<u8> {
        let tag = number << 3 | 2;
        let length = u8::try_from(content.len()).unwrap();
        let tag = if tag < 128 {
            vec![u8::try_from(tag).unwrap()]
        } else {
            vec![
                u8::try_from(tag & 0x7f).unwrap() | 0x80,
                u8::try_from(tag >> 7).unwrap(),
            ]
        };
        [tag, vec![length], content.to_vec()].concat()
    }

    fn model() -> Vec<u8> {
        let layer = [message(1, b"l"), message(500, &message(10, b"MyLayer"))].concat();
        let network = message(500, &message(1, &layer));
        [&b"\x08\x04"[..], &message(2, b""), &network].concat()
    }

    #[test]
    fn custom_layers_and_files_are_found() {
        let found = view(&model(), parse);
        assert_eq!((found.version, found.custom[0].class.as_str()), (4, "MyLayer"));
        assert_eq!(ids(found.anomalies()), Vec::<&str>::new());
        let value = message(2, &message(5, &message(1, b"../w")));
        let operation = [message(1, b"const"), message(5, &value)].concat();
        let block = message(2, &message(3, &operation));
        let program = message(502, &message(2, &message(2, &message(3, &block))));
        let bytes = [&b"\x08\x07"[..], &message(2, b""), &program].concat();
        let found = view(&bytes, parse);
        assert_eq!(found.references[0].file, "../w");
        assert_eq!(found.operations["const"], 1);
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&model(), parse);
    }
}
