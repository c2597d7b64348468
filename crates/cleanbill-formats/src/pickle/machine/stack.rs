//! The stack, its marks and the memo.

use super::{Halt, Machine, top_items};
use crate::{
    bytes::size_u64,
    pickle::{
        facts::{CallKind, Ending},
        kinds,
        opcode::{self, Argument, Opcode},
        store::EMPTY,
        value::{Packed, Value},
    },
};

impl Machine<'_> {
    pub(super) fn underflow(&mut self, op: &Opcode) -> Halt {
        let name = opcode::opcode_name(op.code).unwrap_or_default();
        self.halt(&kinds::STACK_UNDERFLOW, op.start, name, Ending::Malformed)
    }

    pub(in crate::pickle) fn push(&mut self, value: Value) {
        self.stack.push(value.into());
    }

    pub(super) fn push_checked(&mut self, value: Value, op: &Opcode) -> Result<(), Halt> {
        if size_u64(self.stack.len()) >= self.limits.pickle_stack {
            return Err(self.halt(&kinds::STACK_LIMIT, op.start, "", Ending::Limit));
        }
        self.push(value);
        Ok(())
    }

    pub(super) fn pop_any(&mut self, op: &Opcode) -> Result<Value, Halt> {
        let Some(value) = self.stack.pop() else {
            return Err(self.underflow(op));
        };
        if value == Packed::MARK {
            self.marks = self.marks.saturating_sub(1);
        }
        Ok(value.into())
    }

    pub(in crate::pickle) fn pop(&mut self, op: &Opcode) -> Result<Value, Halt> {
        match self.pop_any(op)? {
            Value::Mark => Err(self.underflow(op)),
            value => Ok(value),
        }
    }

    /// Counts the values above the highest mark.
    pub(super) fn items_above_mark(&mut self, op: &Opcode) -> Result<usize, Halt> {
        match self.stack.iter().rev().position(|value| *value == Packed::MARK) {
            Some(count) => Ok(count),
            None => Err(self.underflow(op)),
        }
    }

    pub(super) fn drop_items_and_mark(&mut self, count: usize) {
        self.stack
            .truncate(self.stack.len().saturating_sub(count).saturating_sub(1));
        self.marks = self.marks.saturating_sub(1);
    }

    pub(super) fn pop_mark(&mut self, op: &Opcode) -> Result<(), Halt> {
        let count = self.items_above_mark(op)?;
        self.drop_items_and_mark(count);
        Ok(())
    }

    pub(super) fn collect(&mut self, op: &Opcode, value: Value) -> Result<(), Halt> {
        self.pop_mark(op)?;
        self.push(value);
        Ok(())
    }

    pub(super) fn make_tuple(&mut self, count: usize, op: &Opcode) -> Result<(), Halt> {
        let items = top_items(&self.stack, count);
        if items.len() < count || items.contains(&Packed::MARK) {
            return Err(self.underflow(op));
        }
        let tuple = self.tuples.add(items);
        self.see_weight(tuple, op);
        self.stack.truncate(self.stack.len().saturating_sub(count));
        self.push_checked(Value::Tuple(tuple), op)
    }

    /// Takes items added to the object on top of the stack.
    pub(super) fn extend(&mut self, items: &[Value], op: &Opcode) -> Result<(), Halt> {
        let Some(target) = self.stack.last().copied() else {
            return Err(self.underflow(op));
        };
        match Value::from(target) {
            Value::List | Value::Dict | Value::Set => Ok(()),
            Value::Mark => Err(self.underflow(op)),
            object => self.call(object, CallKind::Extend, items, op).map(|_| ()),
        }
    }

    pub(super) fn memo_index(&mut self, op: &Opcode) -> Result<u64, Halt> {
        let index = match &op.argument {
            Argument::Number(index) => u64::try_from(*index).ok(),
            Argument::Line(range) => {
                let line = self.line_bytes(range)?;
                std::str::from_utf8(&line)
                    .ok()
                    .and_then(|text| text.trim().parse().ok())
            }
            _ => None,
        };
        index.ok_or_else(|| self.halt(&kinds::BAD_ARGUMENT, op.start, "memo index", Ending::Malformed))
    }

    pub(super) fn memo_put(&mut self, index: u64, op: &Opcode) -> Result<(), Halt> {
        let value = self.stack.last().copied().unwrap_or(EMPTY);
        if value == EMPTY {
            return Err(self.underflow(op));
        }
        if !self.memo.write(index, value, self.limits.pickle_memo) && !self.memo.overflowed {
            self.memo.overflowed = true;
            self.note(
                &kinds::MEMO_LIMIT,
                op.start..self.cursor.position(),
                index.to_string(),
            );
        }
        Ok(())
    }
}
