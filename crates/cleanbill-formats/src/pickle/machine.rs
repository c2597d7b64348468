//! The abstract interpreter: runs the opcodes as CPython's unpickler does, over symbolic values, and calls nothing.

mod literals;
mod stack;

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use self::literals::number;
use super::{
    arrays::ArrayState,
    calls::CallKey,
    facts::{Call, CallId, CallKind, Ending, Import, ImportId, Named, Operand, Storage, Stream, Unresolved},
    kinds,
    opcode::{self, Argument, Opcode, OpcodeError, read_opcode},
    store::{Memo, TupleRing},
    value::{Packed, Value},
};
use crate::{
    Anomaly, AnomalyKind,
    bytes::{Cursor, ReadAt, SourceError, read_range, size_u64, size_usize},
    limits::Limits,
};

/// Keys of states whose texts some reviewed classes act on when they are given the state: the argument parser of SciPy's
/// distributions (`scipy/stats/_distn_infrastructure.py`), the formula of statsmodels' data (`statsmodels/base/data.py`), the
/// companion file of joblib's older arrays (`joblib/numpy_pickle_compat.py`).
pub(super) const WATCHED_KEYS: [&str; 4] = ["_parse_arg_template", "shapes", "formula", "filename"];
/// LIMIT: different calls that computed a dictionary key.
const COMPUTED_KEYS: usize = 64;
/// Levels of nesting that CPython's picklers reach before they refuse, rounded up.
const DEEPEST_HONEST: u64 = 5_000;
/// Objects that one tuple may stand for; honest ones stay far below, a chain of shared pairs doubles with every pair.
const HEAVIEST_HONEST: u64 = 1 << 40;

/// Interprets the pickles of one input.
pub(super) struct Machine<'a> {
    pub(super) source: &'a dyn ReadAt,
    pub(super) limits: &'a Limits,
    pub(super) cursor: Cursor<'a>,
    pub(super) stack: Vec<Packed>,
    pub(super) memo: Memo,
    pub(super) protocol: u8,
    frame_end: Option<u64>,
    pub(super) tuples: TupleRing,
    pub(super) names: HashMap<(u64, u64), ImportId>,
    pub(super) import_ids: HashMap<(String, String), ImportId>,
    pub(super) call_ids: HashMap<CallKey, CallId>,
    pub(super) texts: HashMap<(Packed, usize), HashSet<String>>,
    pub(super) arrays: ArrayState,
    keeps_texts: bool,
    pub(super) watching: bool,
    marks: u64,
    heavy: bool,
    pub(super) suspended: Vec<Suspended>,
    opcodes: u64,
    pub(super) stream_start: u64,
    pub(super) stream_opcodes: u64,
    top: Option<Value>,
    /// Everything found so far.
    pub(super) facts: Facts,
}

/// Collects what the interpreter yields.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) streams: Vec<Stream>,
    pub(super) imports: Vec<Import>,
    pub(super) calls: Vec<Call>,
    pub(super) unresolved: Vec<(Unresolved, Range<u64>)>,
    pub(super) nested: Vec<Nested>,
    pub(super) storages: Vec<Storage>,
    pub(super) stream_texts: Vec<String>,
    pub(super) anomalies: Vec<Anomaly>,
    pub(super) persistent: Option<Range<u64>>,
    pub(super) raw_arrays: u64,
    pub(super) watched: Vec<(String, Option<String>)>,
    pub(super) computed_keys: Vec<Operand>,
}

impl Facts {
    /// Keeps what computed a dictionary key; past a few different ones it is simply not known.
    pub(super) fn see_key(&mut self, key: Value) {
        let computed = match key {
            Value::Result(id) if self.computed_keys.len() < COMPUTED_KEYS => Operand::Result(id),
            Value::Result(_) | Value::Unresolved => Operand::Unresolved,
            _ => return,
        };
        if !self.computed_keys.contains(&computed) {
            self.computed_keys.push(computed);
        }
    }
}

/// Names bytes inside the pickle that look like something of their own.
#[derive(Clone, Debug)]
pub(super) enum Nested {
    Bytes(Range<u64>),
    Latin1(Range<u64>),
}

/// A stream that waits while a pickle inside it is read (joblib object arrays).
#[derive(Debug)]
pub(super) struct Suspended {
    pub(super) stack: Vec<Packed>,
    pub(super) memo: Memo,
    pub(super) protocol: u8,
    pub(super) stream_start: u64,
    pub(super) stream_opcodes: u64,
}

/// Says why interpretation of a stream ends.
pub(super) enum Halt {
    End(Ending),
    Source(SourceError),
}

impl From<SourceError> for Halt {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl std::fmt::Debug for Machine<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Machine")
            .field("position", &self.cursor.position())
            .finish_non_exhaustive()
    }
}

impl<'a> Machine<'a> {
    pub(super) fn new(source: &'a dyn ReadAt, limits: &'a Limits, start: u64) -> Self {
        Self {
            source,
            limits,
            cursor: Cursor::new(source, start..source.size()),
            stack: Vec::new(),
            memo: Memo::default(),
            protocol: 0,
            frame_end: None,
            tuples: TupleRing::default(),
            names: HashMap::new(),
            import_ids: HashMap::new(),
            call_ids: HashMap::new(),
            texts: HashMap::new(),
            arrays: ArrayState::default(),
            keeps_texts: false,
            watching: false,
            marks: 0,
            heavy: false,
            suspended: Vec::new(),
            opcodes: 0,
            stream_start: start,
            stream_opcodes: 0,
            top: None,
            facts: Facts::default(),
        }
    }

    /// Interprets the pickle at the cursor to its end, and says how it ended.
    pub(super) fn run_stream(&mut self) -> Result<Ending, SourceError> {
        self.begin(self.cursor.position());
        self.facts.stream_texts.clear();
        let ending = loop {
            match self.step() {
                Ok(()) => {}
                Err(Halt::Source(error)) => return Err(error),
                Err(Halt::End(Ending::Stop)) => {
                    self.finish_stream(Ending::Stop);
                    let Some(outer) = self.suspended.pop() else {
                        break Ending::Stop;
                    };
                    self.resume(outer);
                }
                Err(Halt::End(ending)) => {
                    self.finish_stream(ending);
                    break ending;
                }
            }
        };
        self.suspended.clear();
        Ok(ending)
    }

    /// Returns the value that the last stream stopped with.
    pub(super) fn result(&self) -> Option<Value> {
        self.top
    }

    /// Reads the payload of the opcode at `offset`, at most `most` bytes.
    pub(super) fn payload_at(&self, offset: u64, most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let mut cursor = Cursor::new(self.source, offset..self.source.size());
        match read_opcode(&mut cursor) {
            Ok(Opcode {
                argument: Argument::Payload(range) | Argument::Line(range),
                ..
            }) => read_range(self.source, range, most).map(Some),
            Err(OpcodeError::Source(error)) => Err(error),
            _ => Ok(None),
        }
    }

    pub(super) fn begin(&mut self, start: u64) {
        self.stack.clear();
        self.marks = 0;
        self.memo = Memo::default();
        self.protocol = 0;
        self.frame_end = None;
        self.stream_start = start;
        self.stream_opcodes = 0;
        self.top = None;
    }

    fn finish_stream(&mut self, ending: Ending) {
        if size_u64(self.facts.streams.len()) < self.limits.pickle_streams {
            self.facts.streams.push(Stream {
                range: self.stream_start..self.cursor.position(),
                protocol: self.protocol,
                opcodes: self.stream_opcodes,
                ending,
            });
        }
    }

    fn resume(&mut self, outer: Suspended) {
        self.stack = outer.stack;
        self.memo = outer.memo;
        self.protocol = outer.protocol;
        self.stream_start = outer.stream_start;
        self.stream_opcodes = outer.stream_opcodes;
        self.frame_end = None;
        self.push(Value::Unresolved);
    }

    /// Notes an anomaly, as many as the limit allows.
    pub(super) fn note(&mut self, kind: &'static AnomalyKind, range: Range<u64>, detail: impl Into<String>) {
        if size_u64(self.facts.anomalies.len()) < self.limits.anomalies {
            self.facts.anomalies.push(Anomaly::new(kind, range, detail));
        }
    }

    pub(super) fn halt(
        &mut self,
        kind: &'static AnomalyKind,
        start: u64,
        detail: impl Into<String>,
        ending: Ending,
    ) -> Halt {
        let end = self
            .cursor
            .position()
            .max(start.saturating_add(1))
            .min(self.cursor.end());
        self.note(kind, start..end.max(start), detail);
        Halt::End(ending)
    }

    fn step(&mut self) -> Result<(), Halt> {
        let start = self.cursor.position();
        if self.opcodes >= self.limits.pickle_opcodes {
            return Err(self.halt(&kinds::OPCODE_LIMIT, start, "", Ending::Limit));
        }
        let opcode = match read_opcode(&mut self.cursor) {
            Ok(opcode) => opcode,
            Err(OpcodeError::Source(error)) => return Err(error.into()),
            Err(OpcodeError::Truncated) => {
                return Err(self.halt(&kinds::TRUNCATED, start, "", Ending::Truncated));
            }
            Err(OpcodeError::Unknown { code }) => {
                return Err(self.halt(
                    &kinds::UNKNOWN_OPCODE,
                    start,
                    format!("0x{code:02x}"),
                    Ending::Malformed,
                ));
            }
            Err(OpcodeError::NegativeLength) => {
                return Err(self.halt(&kinds::BAD_ARGUMENT, start, "length < 0", Ending::Malformed));
            }
        };
        self.opcodes = self.opcodes.saturating_add(1);
        self.stream_opcodes = self.stream_opcodes.saturating_add(1);
        self.check_frame(&opcode);
        self.execute(&opcode)
    }

    /// The C unpickler that reads a file takes a frame as one block and drops what is left of it when an opcode wants more,
    /// while one that reads a byte string goes straight on: an opcode across a frame's end is two different programs
    /// (CPython issue 154848). No pickler writes one.
    fn check_frame(&mut self, opcode: &Opcode) {
        let Some(end) = self.frame_end else { return };
        if opcode.start >= end {
            self.frame_end = None;
        } else if self.cursor.position() > end {
            self.note(
                &kinds::FRAME_CROSSED,
                opcode.start..self.cursor.position(),
                format!("frame ends at {end}"),
            );
            self.frame_end = None;
        }
    }

    fn execute(&mut self, op: &Opcode) -> Result<(), Halt> {
        match op.code {
            opcode::MARK => {
                self.push_checked(Value::Mark, op)?;
                self.see_depth(op);
            }
            opcode::STOP => {
                self.top = self.stack.last().map(|value| Value::from(*value));
                if self.top.is_none() {
                    return Err(self.halt(&kinds::STACK_UNDERFLOW, op.start, "STOP", Ending::Malformed));
                }
                return Err(Halt::End(Ending::Stop));
            }
            opcode::POP => {
                self.pop_any(op)?;
            }
            opcode::POP_MARK => {
                self.pop_mark(op)?;
            }
            opcode::DUP => {
                let value = self.stack.last().copied().map_or(Value::Mark, Value::from);
                if value == Value::Mark {
                    return Err(self.underflow(op));
                }
                self.push_checked(value, op)?;
            }
            opcode::NONE => self.push_checked(Value::None, op)?,
            opcode::NEWTRUE => self.push_checked(Value::Bool(true), op)?,
            opcode::NEWFALSE => self.push_checked(Value::Bool(false), op)?,
            opcode::FLOAT | opcode::BINFLOAT => self.push_checked(Value::Float, op)?,
            opcode::INT | opcode::LONG | opcode::LONG1 | opcode::LONG4 => {
                let value = self.integer(op)?;
                self.push_checked(value, op)?;
            }
            opcode::BININT | opcode::BININT1 | opcode::BININT2 => {
                let value = Value::Int(number(op).unwrap_or_default());
                self.push_checked(value, op)?;
            }
            opcode::STRING
            | opcode::BINSTRING
            | opcode::SHORT_BINSTRING
            | opcode::UNICODE
            | opcode::BINUNICODE
            | opcode::SHORT_BINUNICODE
            | opcode::BINUNICODE8 => {
                self.embedded(op)?;
                self.push_checked(Value::Text(op.start), op)?;
            }
            opcode::BINBYTES | opcode::SHORT_BINBYTES | opcode::BINBYTES8 | opcode::BYTEARRAY8 => {
                self.embedded(op)?;
                self.push_checked(Value::Bytes(op.start), op)?;
            }
            opcode::EMPTY_LIST => self.push_checked(Value::List, op)?,
            opcode::EMPTY_DICT => self.push_checked(Value::Dict, op)?,
            opcode::EMPTY_SET => self.push_checked(Value::Set, op)?,
            opcode::LIST => self.collect(op, Value::List)?,
            opcode::DICT => {
                let count = self.items_above_mark(op)?;
                self.see_top_pairs(count)?;
                self.collect(op, Value::Dict)?;
            }
            opcode::FROZENSET => self.collect(op, Value::Set)?,
            opcode::EMPTY_TUPLE => self.make_tuple(0, op)?,
            opcode::TUPLE1 => self.make_tuple(1, op)?,
            opcode::TUPLE2 => self.make_tuple(2, op)?,
            opcode::TUPLE3 => self.make_tuple(3, op)?,
            opcode::TUPLE => {
                let count = self.items_above_mark(op)?;
                let tuple = self.tuples.add(top_items(&self.stack, count));
                self.drop_items_and_mark(count);
                self.push(Value::Tuple(tuple));
            }
            opcode::APPEND => {
                let item = self.pop(op)?;
                self.extend(&[item], op)?;
            }
            opcode::SETITEM => {
                let value = self.pop(op)?;
                let key = self.pop(op)?;
                self.see_pairs(&[key, value])?;
                self.extend(&[key, value], op)?;
            }
            opcode::APPENDS | opcode::SETITEMS | opcode::ADDITEMS => {
                let count = self.items_above_mark(op)?;
                if op.code == opcode::SETITEMS {
                    self.see_top_pairs(count)?;
                }
                self.drop_items_and_mark(count);
                self.extend(&[], op)?;
            }
            opcode::PROTO => {
                let protocol = number(op).unwrap_or_default();
                self.protocol = self.protocol.max(u8::try_from(protocol).unwrap_or(u8::MAX));
                if protocol > 5 {
                    return Err(self.halt(
                        &kinds::UNKNOWN_PROTOCOL,
                        op.start,
                        protocol.to_string(),
                        Ending::Malformed,
                    ));
                }
                if self.stream_opcodes > 1 {
                    self.note(&kinds::LATE_PROTOCOL, op.start..self.cursor.position(), "");
                }
            }
            opcode::FRAME => self.begin_frame(op),
            opcode::PUT | opcode::BINPUT | opcode::LONG_BINPUT => {
                let index = self.memo_index(op)?;
                self.memo_put(index, op)?;
            }
            opcode::MEMOIZE => {
                self.memo_put(self.memo.count, op)?;
            }
            opcode::GET | opcode::BINGET | opcode::LONG_BINGET => {
                let index = self.memo_index(op)?;
                let value = match self.memo.read(index) {
                    Some(value) => Value::from(value),
                    None if self.memo.overflowed => Value::Unresolved,
                    None => {
                        return Err(self.halt(
                            &kinds::MEMO_MISSING,
                            op.start,
                            index.to_string(),
                            Ending::Malformed,
                        ));
                    }
                };
                self.push_checked(value, op)?;
            }
            opcode::GLOBAL => {
                let import = self.import_lines(op, Named::Global)?;
                self.push_checked(import, op)?;
            }
            opcode::STACK_GLOBAL => self.stack_global(op)?,
            opcode::INST => {
                let count = self.items_above_mark(op)?;
                let arguments: Vec<Value> = top_items(&self.stack, count)
                    .iter()
                    .copied()
                    .map(Value::from)
                    .collect();
                self.drop_items_and_mark(count);
                let class = self.import_lines(op, Named::Instance)?;
                let result = self.call(class, CallKind::Instantiate, &arguments, op)?;
                self.push(result);
            }
            opcode::OBJ => {
                let count = self.items_above_mark(op)?;
                let items: Vec<Value> = top_items(&self.stack, count)
                    .iter()
                    .copied()
                    .map(Value::from)
                    .collect();
                let Some((class, arguments)) = items.split_first() else {
                    return Err(self.underflow(op));
                };
                self.drop_items_and_mark(count);
                let result = self.call(*class, CallKind::Instantiate, arguments, op)?;
                self.push(result);
            }
            opcode::REDUCE | opcode::NEWOBJ => {
                let arguments = self.pop(op)?;
                let callee = self.pop(op)?;
                let kind = if op.code == opcode::REDUCE {
                    CallKind::Reduce
                } else {
                    CallKind::New
                };
                let result = self.call_with(callee, kind, arguments, None, op)?;
                self.push(result);
            }
            opcode::NEWOBJ_EX => {
                let named = self.pop(op)?;
                let arguments = self.pop(op)?;
                let callee = self.pop(op)?;
                let result = self.call_with(callee, CallKind::New, arguments, Some(named), op)?;
                self.push(result);
            }
            opcode::BUILD => {
                let state = self.pop(op)?;
                let object = self.pop(op)?;
                self.call(object, CallKind::Build, &[state], op)?;
                self.push(object);
                self.pass_array(object, op)?;
            }
            opcode::PERSID => {
                self.facts
                    .persistent
                    .get_or_insert(op.start..self.cursor.position());
                self.push_checked(Value::Persistent, op)?;
            }
            opcode::BINPERSID => {
                let id = self.pop(op)?;
                self.facts
                    .persistent
                    .get_or_insert(op.start..self.cursor.position());
                let value = self.persistent(id)?;
                self.push(value);
            }
            opcode::EXT1 | opcode::EXT2 | opcode::EXT4 => {
                self.unresolved(Unresolved::ExtensionCode, op);
                self.push_checked(Value::Unresolved, op)?;
            }
            opcode::NEXT_BUFFER => self.push_checked(Value::Buffer, op)?,
            opcode::READONLY_BUFFER => {}
            _ => return Err(self.halt(&kinds::UNKNOWN_OPCODE, op.start, "", Ending::Malformed)),
        }
        Ok(())
    }

    /// Notes nesting deeper than any pickler can write, which crashes readers that walk it.
    fn see_depth(&mut self, op: &Opcode) {
        self.marks = self.marks.saturating_add(1);
        if self.marks == DEEPEST_HONEST {
            self.note(
                &kinds::TOO_DEEP,
                op.start..self.cursor.position(),
                DEEPEST_HONEST.to_string(),
            );
        }
    }

    /// Notes a tuple that stands for more objects than any memory holds.
    fn see_weight(&mut self, tuple: u64, op: &Opcode) {
        let weight = self.tuples.weight(Value::Tuple(tuple));
        if weight >= HEAVIEST_HONEST && !self.heavy {
            self.heavy = true;
            self.note(
                &kinds::TOO_HEAVY,
                op.start..self.cursor.position(),
                weight.to_string(),
            );
        }
    }

    fn begin_frame(&mut self, op: &Opcode) {
        let length = u64::from_ne_bytes(number(op).unwrap_or_default().to_ne_bytes());
        let end = self.cursor.position().saturating_add(length);
        if self.frame_end.is_some_and(|outer| self.cursor.position() < outer) {
            self.note(&kinds::FRAME_IN_FRAME, op.start..self.cursor.position(), "");
        }
        if end > self.cursor.end() {
            self.note(
                &kinds::FRAME_BEYOND_END,
                op.start..self.cursor.position(),
                format!("{length}"),
            );
        }
        self.frame_end = Some(end);
    }

    pub(super) fn line_bytes(&self, range: &Range<u64>) -> Result<Vec<u8>, SourceError> {
        match self.cursor.held(range) {
            Some(bytes) => Ok(bytes
                .get(..bytes.len().min(size_usize(self.limits.name_bytes)))
                .unwrap_or_default()
                .to_vec()),
            None => read_range(self.source, range.clone(), self.limits.name_bytes),
        }
    }

    /// Makes the next stream's texts be kept, in their order: the storage keys of the older PyTorch format.
    pub(super) fn keep_texts(&mut self, keep: bool) {
        self.keeps_texts = keep;
    }
}

pub(super) fn top_items(stack: &[Packed], count: usize) -> &[Packed] {
    stack.get(stack.len().saturating_sub(count)..).unwrap_or_default()
}
