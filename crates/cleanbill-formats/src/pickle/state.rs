//! States and persistent ids: what the interpreter reads out of them for the loaders that act on it.

use super::{
    facts::{CallId, Ending, Operand, Storage},
    kinds, legacy,
    machine::{Halt, Machine, Suspended, WATCHED_KEYS, top_items},
    opcode::Opcode,
    value::Value,
};
use crate::bytes::{size_u64, size_usize};

impl Machine<'_> {
    pub(super) fn see_top_pairs(&mut self, count: usize) -> Result<(), Halt> {
        let keys = top_items(&self.stack, count)
            .iter()
            .step_by(2)
            .copied()
            .map(Value::from);
        for key in keys {
            self.facts.see_key(key);
        }
        if self.watching || (self.arrays.armed() && count <= 32) {
            let items: Vec<Value> = top_items(&self.stack, count)
                .iter()
                .copied()
                .map(Value::from)
                .collect();
            self.see_pairs(&items)?;
        }
        Ok(())
    }

    pub(super) fn see_pairs(&mut self, items: &[Value]) -> Result<(), Halt> {
        for pair in items.chunks_exact(2) {
            let [key, value] = *pair else { continue };
            self.facts.see_key(key);
            let (true, Value::Text(key)) = (self.watching, key) else {
                continue;
            };
            let Some(key) = self
                .text_at(key)?
                .filter(|key| WATCHED_KEYS.contains(&key.as_str()))
            else {
                continue;
            };
            let value = match value {
                Value::Text(offset) => self.text_at(offset)?,
                Value::None => Some(String::new()),
                _ => None,
            };
            if size_u64(self.facts.watched.len()) < self.limits.anomalies {
                self.facts.watched.push((key, value));
            }
        }
        self.remember_state(items)
    }

    /// Keeps what a joblib array wrapper's state says about the raw bytes that follow it.
    fn remember_state(&mut self, items: &[Value]) -> Result<(), Halt> {
        if !self.arrays.armed() {
            return Ok(());
        }
        for pair in items.chunks_exact(2) {
            let [Value::Text(key), value] = *pair else {
                continue;
            };
            let Some(key) = self.text_at(key)? else { continue };
            match key.as_str() {
                "shape" => {
                    self.arrays.elements = match value {
                        Value::Tuple(number) => self.tuples.items(number).and_then(|items| product(&items)),
                        _ => None,
                    };
                }
                "dtype" => {
                    let text = match value {
                        Value::Result(id) => self.first_text_argument(id),
                        _ => None,
                    };
                    self.arrays.set_dtype(text.as_deref());
                }
                "numpy_array_alignment_bytes" => self.arrays.aligned = value != Value::None,
                _ => {}
            }
        }
        Ok(())
    }

    fn first_text_argument(&self, id: CallId) -> Option<String> {
        let call = self.facts.calls.get(size_usize(u64::from(id)))?;
        match call.arguments.first() {
            Some(Operand::Text(text)) => text.clone(),
            _ => None,
        }
    }

    /// Passes over the raw array bytes that joblib writes right after a wrapper's state (`joblib/numpy_pickle.py`).
    pub(super) fn pass_array(&mut self, object: Value, op: &Opcode) -> Result<(), Halt> {
        let Value::Result(id) = object else { return Ok(()) };
        let Some(call) = self.facts.calls.get(size_usize(u64::from(id))) else {
            return Ok(());
        };
        if !self.arrays.is_wrapper(call) {
            return Ok(());
        }
        self.facts.raw_arrays = self.facts.raw_arrays.saturating_add(1);
        if self.arrays.holds_objects {
            if size_u64(self.suspended.len()) >= self.limits.nesting_depth {
                return Err(self.halt(&kinds::NESTED_LIMIT, op.start, "", Ending::Limit));
            }
            self.stack.pop();
            let next = self.cursor.position();
            self.suspended.push(Suspended {
                stack: std::mem::take(&mut self.stack),
                memo: std::mem::take(&mut self.memo),
                protocol: self.protocol,
                stream_start: self.stream_start,
                stream_opcodes: self.stream_opcodes,
            });
            self.begin(next);
            return Ok(());
        }
        let Some(length) = self.arrays.payload_bytes() else {
            return Err(self.halt(&kinds::ARRAY_UNKNOWN, op.start, "", Ending::Malformed));
        };
        let padding = if self.arrays.aligned {
            self.cursor.u8().map(u64::from).unwrap_or_default()
        } else {
            0
        };
        if self
            .cursor
            .skip(padding)
            .and_then(|()| self.cursor.skip(length))
            .is_err()
        {
            return Err(self.halt(
                &kinds::TRUNCATED,
                op.start,
                format!("array of {length} bytes"),
                Ending::Truncated,
            ));
        }
        Ok(())
    }

    /// Resolves a persistent id as PyTorch does: storages, and classes that older versions save with their source.
    pub(super) fn persistent(&mut self, id: Value) -> Result<Value, Halt> {
        let Value::Tuple(number) = id else {
            return Ok(Value::Persistent);
        };
        if let Some([Value::Text(kind), class @ Value::Import(_), ..]) = self.tuples.items(number).as_deref()
            && self.text_at(*kind)?.as_deref() == Some("module")
        {
            return Ok(*class);
        }
        self.remember_storage(id)?;
        Ok(Value::Persistent)
    }

    /// Keeps what PyTorch's persistent id says of a storage: `("storage", class, key, location, elements)`.
    fn remember_storage(&mut self, id: Value) -> Result<(), Halt> {
        if size_u64(self.facts.storages.len()) >= self.limits.tensors {
            return Ok(());
        }
        let Value::Tuple(number) = id else { return Ok(()) };
        let Some(items) = self.tuples.items(number) else {
            return Ok(());
        };
        let [
            Value::Text(_),
            Value::Import(class),
            Value::Text(key),
            _,
            Value::Int(elements),
            ..,
        ] = *items
        else {
            return Ok(());
        };
        let element_bytes = self
            .facts
            .imports
            .get(size_usize(u64::from(class)))
            .and_then(|import| legacy::element_bytes(&import.name));
        let key = self.text_at(key)?.unwrap_or_default();
        let elements = u64::try_from(elements).unwrap_or_default();
        self.facts.storages.push(Storage {
            key,
            element_bytes,
            elements,
        });
        Ok(())
    }
}

fn product(items: &[Value]) -> Option<u64> {
    items.iter().try_fold(1_u64, |product, item| match item {
        Value::Int(number) => product.checked_mul(u64::try_from(*number).ok()?),
        _ => None,
    })
}
