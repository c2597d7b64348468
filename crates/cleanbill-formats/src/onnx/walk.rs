//! The walk over an ONNX model: graphs, nodes, attributes and tensors, however deep.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Attribute, EXTERNALS, External, LOOKED_AT, MEMBERS, MOST_DIMENSIONS, OPERATORS, Operator, Stored,
    TENSORS_KEPT, TEXTS, Tensor, View, element_bits,
    rules::{DIMENSIONS, OVERFLOW, REPEATED, SIZE, TOO_MANY, UNKNOWN},
};
use crate::{
    AnomalyKind,
    bytes::{ReadAt, SourceError, size_usize},
    limits::Limits,
    notes::Notes,
    raw::disguised,
    wire::{Content, Field, Message, Wire},
};

type Step<T = ()> = Result<T, SourceError>;

pub(super) struct Walk<'a> {
    pub(super) wire: Wire<'a>,
    pub(super) source: &'a dyn ReadAt,
    pub(super) limits: &'a Limits,
    pub(super) violations: Notes,
    /// Place of each operator in the view.
    pub(super) index: BTreeMap<(String, String), usize>,
    pub(super) view: View,
    pub(super) graphs: u64,
    pub(super) full: bool,
}

impl Walk<'_> {
    fn name(&mut self, range: &Range<u64>) -> Step<String> {
        self.wire.text(range, self.limits.name_bytes)
    }

    fn limit(&mut self, range: Range<u64>) {
        if !self.full {
            self.full = true;
            self.wire.notes.push(&TOO_MANY, range, "");
        }
    }

    /// Takes a field that the message does not have: its bytes may be anything.
    fn unknown(&mut self, field: &Field) -> Step {
        if let Some((number, range)) = field.bytes() {
            self.wire
                .notes
                .push(&UNKNOWN, field.range(), format!("field {number}"));
            self.look_at(&range)?;
        }
        Ok(())
    }

    /// Makes bytes that nobody interprets a member where they begin like something else.
    fn look_at(&mut self, range: &Range<u64>) -> Step {
        if range.end.saturating_sub(range.start) >= LOOKED_AT && self.view.members.len() < MEMBERS {
            self.view.members.extend(disguised(self.source, range)?);
        }
        Ok(())
    }

    pub(super) fn model(&mut self) -> Step {
        let mut model = self.wire.outermost();
        let mut producer = [String::new(), String::new()];
        while let Some(field) = self.wire.next(&mut model)? {
            match (field.number, &field.content) {
                (1, Content::Number(version)) => self.view.ir_version = *version,
                (2, Content::Bytes(range)) => producer[0] = self.name(range)?,
                (3, Content::Bytes(range)) => producer[1] = self.name(range)?,
                (7, Content::Bytes(range)) => {
                    self.graphs = self.graphs.saturating_add(1);
                    self.graph(&model, range.clone())?;
                }
                (8, Content::Bytes(range)) => self.opset(&model, range.clone())?,
                (14, Content::Bytes(range)) => self.metadata(&model, range.clone())?,
                (20, Content::Bytes(range)) => {
                    let mut training = self.wire.enter(&model, range.clone());
                    while let Some(field) = self.wire.next(&mut training)? {
                        if let Some((1 | 2, range)) = field.bytes() {
                            self.graph(&training, range)?;
                        }
                    }
                }
                (25, Content::Bytes(range)) => self.function(&model, range.clone())?,
                (4..=6 | 26, _) => {}
                _ => self.unknown(&field)?,
            }
        }
        producer.join(" ").trim().clone_into(&mut self.view.producer);
        Ok(())
    }

    fn opset(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range);
        let (mut domain, mut version) = (String::new(), 0);
        while let Some(field) = self.wire.next(&mut message)? {
            match (field.number, &field.content) {
                (1, Content::Bytes(range)) => domain = self.name(range)?,
                (2, Content::Number(number)) => version = *number,
                _ => {}
            }
        }
        if self.view.opsets.len() < TEXTS {
            self.view.opsets.insert(domain, version);
        }
        Ok(())
    }

    /// Reads a pair of texts.
    fn pair(&mut self, around: &Message, range: Range<u64>) -> Step<(String, String)> {
        let mut message = self.wire.enter(around, range);
        let (mut key, mut value) = (String::new(), String::new());
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => key = self.name(&range)?,
                Some((2, range)) => value = self.wire.text(&range, self.limits.name_bytes)?,
                _ => {}
            }
        }
        Ok((key, value))
    }

    fn metadata(&mut self, around: &Message, range: Range<u64>) -> Step {
        let (key, value) = self.pair(around, range.clone())?;
        if self.view.metadata.len() < TEXTS {
            self.view.metadata.push((key, value, range));
        }
        Ok(())
    }

    fn function(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range);
        let (mut name, mut domain) = (String::new(), String::new());
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => name = self.name(&range)?,
                Some((10, range)) => domain = self.name(&range)?,
                Some((7, range)) => self.node(&message, range)?,
                Some((11, range)) => self.attribute(&message, range, None)?,
                Some((2 | 3 | 4..=6 | 8 | 9 | 12..=14, _)) | None => {}
                Some(_) => self.unknown(&field)?,
            }
        }
        if self.view.functions.len() < OPERATORS {
            self.view.functions.insert((domain, name));
        }
        Ok(())
    }

    fn graph(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range);
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => self.node(&message, range)?,
                Some((5, range)) => self.tensor(&message, range)?,
                Some((15, range)) => self.sparse(&message, range)?,
                Some((2 | 10..=14 | 16, _)) | None => {}
                Some(_) => self.unknown(&field)?,
            }
        }
        Ok(())
    }

    fn node(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range.clone());
        let mut names: Vec<String> = Vec::new();
        let mut domains: Vec<String> = Vec::new();
        let mut attributes = Vec::new();
        while let Some(field) = self.wire.next(&mut message)? {
            let Some((number, inner)) = field.bytes() else {
                continue;
            };
            match number {
                4 if names.len() < 4 => names.push(self.name(&inner)?),
                7 if domains.len() < 4 => domains.push(self.name(&inner)?),
                5 if attributes.len() < TEXTS => attributes.push(inner),
                5 => {
                    self.limit(inner.clone());
                    self.attribute(&message, inner, None)?;
                }
                1..=3 | 6..=10 => {}
                _ => self.unknown(&field)?,
            }
        }
        if names.len() > 1 || domains.len() > 1 {
            let detail = format!("{} {}", names.join(", "), domains.join(", "));
            self.wire.notes.push(&REPEATED, range.clone(), detail);
        }
        if names.is_empty() {
            names.push(String::new());
        }
        if domains.is_empty() {
            domains.push(String::new());
        }
        for domain in &domains {
            for name in &names {
                self.operator(domain, name, &range);
            }
        }
        let foreign = domains
            .iter()
            .zip(&names)
            .find(|(domain, name)| !is_standard(domain) || name.starts_with("Py"));
        for inner in attributes {
            self.attribute(&message, inner, foreign)?;
        }
        Ok(())
    }

    fn operator(&mut self, domain: &str, name: &str, range: &Range<u64>) {
        let key = (domain.to_owned(), name.to_owned());
        if let Some(operator) = self
            .index
            .get(&key)
            .and_then(|place| self.view.operators.get_mut(*place))
        {
            operator.count = operator.count.saturating_add(1);
        } else if self.view.operators.len() >= OPERATORS {
            self.limit(range.clone());
        } else {
            self.index.insert(key, self.view.operators.len());
            self.view.operators.push(Operator {
                domain: domain.to_owned(),
                name: name.to_owned(),
                count: 1,
                range: range.clone(),
            });
        }
    }

    fn attribute(
        &mut self,
        around: &Message,
        range: Range<u64>,
        foreign: Option<(&String, &String)>,
    ) -> Step {
        let mut message = self.wire.enter(around, range);
        let mut name = String::new();
        let mut texts = Vec::new();
        while let Some(field) = self.wire.next(&mut message)? {
            let Some((number, inner)) = field.bytes() else {
                continue;
            };
            match number {
                1 => name = self.name(&inner)?,
                4 | 9 if foreign.is_some() && texts.len() < 64 => texts.push(inner),
                5 | 10 => self.tensor(&message, inner)?,
                6 | 11 => self.graph(&message, inner)?,
                22 | 23 => self.sparse(&message, inner)?,
                2..=4 | 7..=9 | 13..=15 | 20 | 21 => {}
                _ => self.unknown(&field)?,
            }
        }
        let Some((domain, operator)) = foreign else {
            return Ok(());
        };
        for range in texts {
            if self.view.attributes.len() >= TEXTS {
                self.limit(range);
                break;
            }
            self.look_at(&range)?;
            let text = self.wire.text(&range, self.limits.name_bytes)?;
            self.view.attributes.push(Attribute {
                domain: domain.clone(),
                operator: operator.clone(),
                name: name.clone(),
                text,
                range,
            });
        }
        Ok(())
    }

    fn sparse(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range);
        while let Some(field) = self.wire.next(&mut message)? {
            if let Some((1 | 2, range)) = field.bytes() {
                self.tensor(&message, range)?;
            }
        }
        Ok(())
    }

    pub(super) fn tensor(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range.clone());
        let mut tensor = Tensor {
            name: String::new(),
            data_type: 0,
            dimensions: Vec::new(),
            stored: Stored::Nowhere,
        };
        let mut pieces = 0_u32;
        let mut entries = Vec::new();
        let mut held: Option<u64> = None;
        let (mut typed, mut outside, mut complete) = (false, false, true);
        while let Some(field) = self.wire.next(&mut message)? {
            match (field.number, &field.content) {
                (1, content) => {
                    let room = MOST_DIMENSIONS.saturating_sub(tensor.dimensions.len());
                    let (numbers, all) = self.wire.numbers(content, room)?;
                    complete &= all;
                    tensor.dimensions.extend(numbers);
                }
                (2, Content::Number(number)) => tensor.data_type = *number,
                (8, Content::Bytes(range)) => tensor.name = self.name(range)?,
                (9, Content::Bytes(range)) => {
                    if held.is_some() {
                        self.wire.notes.push(&REPEATED, field.range(), "raw_data");
                    }
                    held = Some(range.end.saturating_sub(range.start));
                    tensor.stored = Stored::Raw(range.clone());
                    self.look_at(range)?;
                }
                (4..=7 | 10 | 11, content) => {
                    typed |= !matches!(content, Content::Bytes(range) if range.is_empty());
                    pieces = pieces.saturating_add(1);
                    // Raw bytes win over typed ones; a list in several pieces, which no library writes, is not put together.
                    tensor.stored = match (content, &tensor.stored) {
                        (_, Stored::Raw(range)) => Stored::Raw(range.clone()),
                        (Content::Bytes(range), _) if pieces == 1 => Stored::Packed {
                            field: field.number,
                            range: range.clone(),
                        },
                        _ => Stored::Nowhere,
                    };
                }
                (13, Content::Bytes(range)) => {
                    if entries.len() < 64 {
                        entries.push(self.pair(&message, range.clone())?);
                    } else {
                        self.limit(range.clone());
                    }
                }
                (14, Content::Number(place)) => outside = *place == 1,
                (3 | 12 | 16, _) => {}
                _ => self.unknown(&field)?,
            }
        }
        self.view.tensor_count = self.view.tensor_count.saturating_add(1);
        let wanted = self.size(&tensor, complete, &range);
        let external = outside || !entries.is_empty();
        let shown = || format!("{}: {} bytes wanted", tensor.name, wanted.unwrap_or(0));
        match (held, wanted) {
            (Some(held), Some(wanted)) if held != wanted && !external => {
                let detail = format!("{}: {wanted} bytes wanted, {held} held", tensor.name);
                self.violations.push(&SIZE, range.clone(), detail);
            }
            (None, Some(1..)) if !external && !typed => {
                self.violations.push(&SIZE, range.clone(), shown());
            }
            _ => {}
        }
        if external {
            if self.view.externals.len() < EXTERNALS {
                tensor.stored = Stored::External(self.view.externals.len());
                self.view.externals.push(External {
                    tensor: tensor.name.clone(),
                    entries,
                    wanted,
                    range: range.clone(),
                });
            } else {
                self.limit(range.clone());
            }
        }
        if self.view.tensors.len() < TENSORS_KEPT.min(size_usize(self.limits.tensors)) {
            self.view.tensors.push(tensor);
        }
        Ok(())
    }

    /// Returns how many bytes type and shape ask for; `None` where the type has no fixed size or the shape makes none.
    fn size(&mut self, tensor: &Tensor, complete: bool, range: &Range<u64>) -> Option<u64> {
        let broken = |kind: &'static AnomalyKind, walk: &mut Self| {
            let detail = format!(
                "{}: {:?}",
                tensor.name,
                tensor.dimensions.iter().take(8).collect::<Vec<_>>()
            );
            walk.violations.push(kind, range.clone(), detail);
        };
        if !complete || tensor.dimensions.len() > 64 {
            broken(&DIMENSIONS, self);
            return None;
        }
        if tensor
            .dimensions
            .iter()
            .any(|dimension| *dimension > i64::MAX.unsigned_abs())
        {
            broken(&OVERFLOW, self);
            return None;
        }
        let mut elements = 1_u64;
        for dimension in &tensor.dimensions {
            if let Some(product) = elements.checked_mul(*dimension) {
                elements = product;
            } else {
                if !tensor.dimensions.contains(&0) {
                    broken(&OVERFLOW, self);
                    return None;
                }
                elements = 0;
            }
        }
        let bits = element_bits(tensor.data_type)?;
        let bytes = elements.checked_mul(bits).map(|bits| bits.div_ceil(8));
        if bytes.is_none() {
            broken(&OVERFLOW, self);
        }
        bytes
    }
}

/// Says whether the domain is one of the standard's own.
fn is_standard(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx" | "ai.onnx.ml")
}
