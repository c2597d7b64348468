//! Imports and calls: what the interpreter writes down of them.

use std::ops::Range;

use super::{
    facts::{Call, CallId, CallKind, Import, ImportId, Named, Operand, Unresolved},
    kinds,
    machine::{Halt, Machine},
    opcode::{Argument, Opcode},
    value::{Packed, Value},
};
use crate::bytes::{SourceError, size_u64, size_usize};

/// LIMIT: items kept of one argument list, and depth of tuples within it.
const ARGUMENT_ITEMS: usize = 12;
const ARGUMENT_DEPTH: u32 = 4;
/// LIMIT: different texts kept for one argument place of one callable; a place with more is a place for data, not for names.
const TEXTS_PER_PLACE: usize = 64;
/// LIMIT: characters kept of a text argument.
const ARGUMENT_TEXT_BYTES: u64 = 512;
/// LIMIT: pairs of text places whose import is known without reading the texts again; a cache only.
const REMEMBERED_NAMES: usize = 100_000;
/// Identifies calls of one callable with the same kind of arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CallKey {
    callee: Packed,
    kind: CallKind,
    arguments: Vec<Operand>,
    complete: bool,
}

impl Machine<'_> {
    pub(super) fn unresolved(&mut self, what: Unresolved, op: &Opcode) {
        if size_u64(self.facts.unresolved.len()) < self.limits.anomalies {
            self.facts
                .unresolved
                .push((what, op.start..self.cursor.position()));
        }
    }

    pub(super) fn import_lines(&mut self, op: &Opcode, how: Named) -> Result<Value, Halt> {
        let Argument::Lines(module, name) = &op.argument else {
            return Ok(Value::Unresolved);
        };
        let too_long = |range: &Range<u64>| range.end.saturating_sub(range.start) > self.limits.name_bytes;
        if too_long(module) || too_long(name) {
            self.unresolved(Unresolved::LongName, op);
            return Ok(Value::Unresolved);
        }
        let module = String::from_utf8_lossy(&self.line_bytes(module)?).into_owned();
        let name = String::from_utf8_lossy(&self.line_bytes(name)?).into_owned();
        Ok(self.import(module, name, how, op))
    }

    pub(super) fn stack_global(&mut self, op: &Opcode) -> Result<(), Halt> {
        let name = self.pop(op)?;
        let module = self.pop(op)?;
        let (Value::Text(module), Value::Text(name)) = (module, name) else {
            self.unresolved(Unresolved::ComputedName, op);
            self.push(Value::Unresolved);
            return Ok(());
        };
        let value = if let Some(&id) = self.names.get(&(module, name)) {
            self.import_again(id)
        } else if let (Some(module_text), Some(name_text)) = (self.text_at(module)?, self.text_at(name)?) {
            let value = self.import(module_text, name_text, Named::StackGlobal, op);
            if let (Value::Import(id), true) = (value, self.names.len() < REMEMBERED_NAMES) {
                self.names.insert((module, name), id);
            }
            value
        } else {
            self.unresolved(Unresolved::LongName, op);
            Value::Unresolved
        };
        self.push(value);
        Ok(())
    }

    fn import_again(&mut self, id: ImportId) -> Value {
        if let Some(import) = self.facts.imports.get_mut(size_usize(u64::from(id))) {
            import.count = import.count.saturating_add(1);
        }
        Value::Import(id)
    }

    fn import(&mut self, module: String, name: String, how: Named, op: &Opcode) -> Value {
        let key = (module, name);
        if let Some(&id) = self.import_ids.get(&key) {
            return self.import_again(id);
        }
        let range = op.start..self.cursor.position();
        if size_u64(self.facts.imports.len()) >= self.limits.pickle_imports {
            self.note(&kinds::IMPORT_LIMIT, range, "");
            return Value::Unresolved;
        }
        let id = ImportId::try_from(self.facts.imports.len()).unwrap_or(ImportId::MAX);
        self.arrays.see_import(id, &key.0, &key.1);
        let (module, name) = key.clone();
        self.facts.imports.push(Import {
            module,
            name,
            how,
            range,
            count: 1,
            protocol: self.protocol,
        });
        self.import_ids.insert(key, id);
        Value::Import(id)
    }

    pub(super) fn call_with(
        &mut self,
        callee: Value,
        kind: CallKind,
        arguments: Value,
        named: Option<Value>,
        op: &Opcode,
    ) -> Result<Value, Halt> {
        let items = match arguments {
            Value::Tuple(number) => self.tuples.items(number),
            _ => None,
        };
        let mut items = items.unwrap_or_else(|| vec![Value::Unresolved]);
        items.extend(named);
        self.call(callee, kind, &items, op)
    }

    pub(super) fn call(
        &mut self,
        callee: Value,
        kind: CallKind,
        arguments: &[Value],
        op: &Opcode,
    ) -> Result<Value, Halt> {
        let place = Packed::from(callee);
        let mut operands = Vec::with_capacity(arguments.len().min(ARGUMENT_ITEMS));
        for (index, value) in arguments.iter().take(ARGUMENT_ITEMS).enumerate() {
            operands.push(self.operand(*value, Some((place, index)), 0)?);
        }
        let complete = arguments.len() <= ARGUMENT_ITEMS;
        let key = CallKey {
            callee: place,
            kind,
            arguments: operands,
            complete,
        };
        if let Some(&id) = self.call_ids.get(&key) {
            if let Some(call) = self.facts.calls.get_mut(size_usize(u64::from(id))) {
                call.count = call.count.saturating_add(1);
            }
            return Ok(Value::Result(id));
        }
        let range = op.start..self.cursor.position();
        if size_u64(self.facts.calls.len()) >= self.limits.pickle_calls {
            self.note(&kinds::CALL_LIMIT, range, "");
            return Ok(Value::Unresolved);
        }
        let id = CallId::try_from(self.facts.calls.len()).unwrap_or(CallId::MAX);
        let callee = self.operand(callee, None, 0)?;
        self.facts.calls.push(Call {
            callee,
            kind,
            arguments: key.arguments.clone(),
            complete,
            range,
            count: 1,
        });
        self.call_ids.insert(key, id);
        Ok(Value::Result(id))
    }

    fn operand(
        &mut self,
        value: Value,
        place: Option<(Packed, usize)>,
        depth: u32,
    ) -> Result<Operand, SourceError> {
        Ok(match value {
            Value::None | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float => Operand::Scalar,
            Value::Text(offset) => Operand::Text(self.argument_text(offset, place)?),
            Value::Bytes(_) => Operand::Bytes,
            Value::List | Value::Dict | Value::Set => Operand::Container,
            Value::Tuple(number) => match self.tuples.items(number) {
                Some(items) if depth < ARGUMENT_DEPTH => {
                    let complete = items.len() <= ARGUMENT_ITEMS;
                    let mut operands = Vec::new();
                    for item in items.into_iter().take(ARGUMENT_ITEMS) {
                        operands.push(self.operand(item, place, depth.saturating_add(1))?);
                    }
                    Operand::Tuple {
                        items: operands,
                        complete,
                    }
                }
                _ => Operand::Unresolved,
            },
            Value::Import(id) => Operand::Import(id),
            Value::Result(id) => Operand::Result(id),
            Value::Persistent => Operand::Persistent,
            Value::Buffer => Operand::Buffer,
            Value::Mark | Value::Unresolved => Operand::Unresolved,
        })
    }

    /// Reads a text argument unless its place has already shown too many different ones.
    fn argument_text(
        &mut self,
        offset: u64,
        place: Option<(Packed, usize)>,
    ) -> Result<Option<String>, SourceError> {
        let Some(place) = place else { return Ok(None) };
        let full = self
            .texts
            .get(&place)
            .is_some_and(|texts| texts.len() >= TEXTS_PER_PLACE);
        let Some(text) = self.text_at(offset)? else {
            let start = if full {
                None
            } else {
                self.payload_at(offset, ARGUMENT_TEXT_BYTES)?
            };
            return Ok(start.map(|bytes| format!("{}…", String::from_utf8_lossy(&bytes))));
        };
        let texts = self.texts.entry(place).or_default();
        if texts.contains(&text) || texts.len() < TEXTS_PER_PLACE {
            texts.insert(text.clone());
            return Ok(Some(text));
        }
        Ok(None)
    }
}
