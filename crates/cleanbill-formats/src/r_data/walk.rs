//! Walks over the items of a serialized R object and keeps what is code.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
};

use super::{
    Binding, Call, Callee, Operand, Place, Promise,
    wire::{Stop, Wire},
};

/// LIMIT: references kept; names beyond are not known.
const REFERENCES: usize = 1_000_000;
/// LIMIT: different calls kept.
const CALLS: usize = 50_000;
/// LIMIT: promises, names and packages kept, of each.
const FACTS: usize = 10_000;
/// LIMIT: raw vectors looked into.
const RAW: usize = 64;
/// LIMIT: arguments kept of one call.
const ARGUMENTS: usize = 8;
/// LIMIT: bytes kept of one text.
const TEXT_BYTES: usize = 1_024;

const HAS_ATTRIBUTES: u32 = 1 << 9;
const HAS_TAG: u32 = 1 << 10;
/// The bit of a variable's cell that says that reading it calls a function.
const ACTIVE: u32 = 1 << 27;

/// What came out of the walk.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) version: i32,
    pub(super) calls: Vec<Call>,
    pub(super) promises: Vec<Promise>,
    pub(super) bindings: Vec<Binding>,
    pub(super) packages: Vec<(String, Range<u64>)>,
    pub(super) representations: Vec<(String, String, Range<u64>)>,
    pub(super) persistent: Vec<Range<u64>>,
    pub(super) raw: Vec<Range<u64>>,
    pub(super) cut: bool,
}

/// Says where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// It is the whole object.
    Root,
    /// It is the list of variables of an environment, or a table of such lists.
    Frame,
    /// It is the value of a variable.
    Variable { active: bool },
    /// It is code, or a part of it.
    Code(Place),
    /// It is anything else.
    Data,
}

/// What is known of an item that was passed over.
#[derive(Debug)]
enum Value {
    Other,
    Nil,
    Unbound,
    Function,
    Symbol(String),
    Text(String),
    Builtin(String),
    Call(Box<Call>),
}

#[derive(Debug)]
pub(super) struct Walk<'a> {
    wire: Wire<'a>,
    workspace: bool,
    depth: u32,
    references: Vec<Option<String>>,
    seen: HashSet<u64>,
    found: Found,
}

impl<'a> Walk<'a> {
    pub(super) fn new(wire: Wire<'a>, workspace: bool, depth: u32) -> Self {
        Self {
            wire,
            workspace,
            depth,
            references: Vec::new(),
            seen: HashSet::new(),
            found: Found::default(),
        }
    }

    pub(super) fn position(&self) -> u64 {
        self.wire.cursor.position()
    }

    pub(super) fn finish(self) -> Found {
        self.found
    }

    /// Reads the versions and the object.
    pub(super) fn stream(&mut self) -> Result<(), Stop> {
        self.found.version = self.wire.int()?;
        self.wire.int()?;
        self.wire.int()?;
        match self.found.version {
            2 => {}
            3 => {
                let length = self.wire.length()?;
                self.wire.text(length, 64)?;
            }
            _ => return Err(Stop::Broken("version")),
        }
        self.item(Around::Root, 0).map(|_| ())
    }

    fn item(&mut self, around: Around, depth: u32) -> Result<Value, Stop> {
        let flags = self.wire.int()?.to_ne_bytes();
        self.flagged(u32::from_ne_bytes(flags), around, depth)
    }

    fn flagged(&mut self, flags: u32, around: Around, depth: u32) -> Result<Value, Stop> {
        if depth >= self.depth {
            return Err(Stop::Limit("depth"));
        }
        let below = depth.saturating_add(1);
        let value = match flags & 0xff {
            0 | 254 => return Ok(Value::Nil),
            252 => return Ok(Value::Unbound),
            241 | 242 | 250 | 251 | 253 => return Ok(Value::Other),
            255 => return self.reference(flags),
            1 => {
                let name = match self.item(Around::Data, below)? {
                    Value::Text(name) => Some(name),
                    _ => None,
                };
                self.refer(name.clone());
                return Ok(name.map_or(Value::Other, Value::Symbol));
            }
            2 | 3 | 5 | 6 | 17 => return self.pairs(flags, around, below),
            4 => return self.environment(below),
            7 | 8 => {
                let length = self.wire.length()?;
                Value::Builtin(self.wire.text(length, TEXT_BYTES)?)
            }
            9 => match self.wire.int()? {
                -1 => Value::Other,
                length => {
                    let length = u64::try_from(length).map_err(|_| Stop::Broken("negative length"))?;
                    Value::Text(self.wire.text(length, TEXT_BYTES)?)
                }
            },
            10 | 13 => self.numbers(4)?,
            14 => self.numbers(8)?,
            15 => self.numbers(16)?,
            24 => self.raw()?,
            16 => self.texts(below)?,
            19 | 20 => self.list(flags, around, below)?,
            21 => {
                let repeated = self.wire.length()?;
                let _ = repeated;
                self.bytecode(around, below)?;
                Value::Other
            }
            22 => {
                self.refer(None);
                self.item(Around::Data, below)?;
                self.item(Around::Data, below)?;
                Value::Other
            }
            23 => {
                self.refer(None);
                Value::Other
            }
            25 => Value::Other,
            238 => return self.representation(around, below),
            247..=249 => return self.named(flags & 0xff, below),
            _ => return Err(Stop::Broken("unknown kind of item")),
        };
        if flags & HAS_ATTRIBUTES != 0 {
            self.item(Around::Data, below)?;
        }
        Ok(value)
    }

    fn reference(&mut self, flags: u32) -> Result<Value, Stop> {
        let index = match flags >> 8 {
            0 => u32::try_from(self.wire.int()?).map_err(|_| Stop::Broken("reference to nothing"))?,
            index => index,
        };
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        match index.checked_sub(1).and_then(|index| self.references.get(index)) {
            Some(Some(name)) => Ok(Value::Symbol(name.clone())),
            Some(None) => Ok(Value::Other),
            None if self.found.cut => Ok(Value::Other),
            None => Err(Stop::Broken("reference to nothing")),
        }
    }

    fn refer(&mut self, name: Option<String>) {
        if self.references.len() < REFERENCES {
            self.references.push(name);
        } else {
            self.found.cut = true;
        }
    }

    fn numbers(&mut self, width: u64) -> Result<Value, Stop> {
        let count = self.wire.length()?;
        self.wire.skip(count, width)?;
        Ok(Value::Other)
    }

    fn raw(&mut self) -> Result<Value, Stop> {
        let count = self.wire.length()?;
        let start = self.position();
        self.wire.skip(count, 1)?;
        let binary = self.wire.encoding != super::Encoding::Ascii;
        if binary && count >= 32 {
            if self.found.raw.len() < RAW {
                self.found.raw.push(start..self.position());
            } else {
                self.found.cut = true;
            }
        }
        Ok(Value::Other)
    }

    fn texts(&mut self, depth: u32) -> Result<Value, Stop> {
        let count = self.wire.length()?;
        let mut first = Value::Other;
        for index in 0..count {
            let value = self.item(Around::Data, depth)?;
            if index == 0 {
                first = value;
            }
        }
        Ok(first)
    }

    fn list(&mut self, flags: u32, around: Around, depth: u32) -> Result<Value, Stop> {
        let count = self.wire.length()?;
        let around = match around {
            Around::Frame => Around::Frame,
            Around::Code(place) => Around::Code(place),
            // The elements of an expression are code.
            _ if flags & 0xff == 20 => Around::Code(Place::Value),
            _ => Around::Data,
        };
        for _ in 0..count {
            self.item(around, depth)?;
        }
        Ok(Value::Other)
    }

    fn environment(&mut self, depth: u32) -> Result<Value, Stop> {
        self.refer(None);
        self.wire.int()?;
        for around in [Around::Data, Around::Frame, Around::Frame, Around::Data] {
            self.item(around, depth)?;
        }
        Ok(Value::Other)
    }

    /// Reads a namespace, a package's environment, or a text for a hook.
    fn named(&mut self, kind: u32, depth: u32) -> Result<Value, Stop> {
        let start = self.position();
        if self.wire.int()? != 0 {
            return Err(Stop::Broken("names in persistent texts"));
        }
        let count = self.wire.length()?;
        let mut name = None;
        for index in 0..count {
            if let (0, Value::Text(text)) = (index, self.item(Around::Data, depth)?) {
                name = Some(text);
            }
        }
        self.refer(None);
        let range = start..self.position();
        if kind == 247 {
            if self.found.persistent.len() < FACTS {
                self.found.persistent.push(range);
            }
        } else if let Some(name) = name
            && self.found.packages.len() < FACTS
            && self.found.packages.iter().all(|(known, _)| *known != name)
        {
            self.found.packages.push((name, range));
        }
        Ok(Value::Other)
    }

    /// Reads a vector that is kept in another way: its class, its state, its attributes.
    fn representation(&mut self, around: Around, depth: u32) -> Result<Value, Stop> {
        let start = self.position();
        let mut names = Vec::new();
        // The class is a list of two names and a number.
        for _ in 0..3 {
            let flags = u32::from_ne_bytes(self.wire.int()?.to_ne_bytes());
            if flags & 0xff != 2 {
                return Err(Stop::Broken("class of a representation"));
            }
            if flags & HAS_ATTRIBUTES != 0 {
                self.item(Around::Data, depth)?;
            }
            if flags & HAS_TAG != 0 {
                self.item(Around::Data, depth)?;
            }
            if let Value::Symbol(name) = self.item(Around::Data, depth)? {
                names.push(name);
            }
        }
        self.item(Around::Data, depth)?;
        let mut names = names.into_iter();
        let (class, package) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        self.item(around, depth)?;
        self.item(Around::Data, depth)?;
        let known = &mut self.found.representations;
        if known.len() < FACTS && !known.iter().any(|(one, of, _)| *one == class && *of == package) {
            known.push((class, package, start..self.wire.cursor.position()));
        }
        Ok(Value::Other)
    }

    /// Reads a chain of cells: a list, a call, a function, a promise, the `...` of a function.
    fn pairs(&mut self, flags: u32, around: Around, depth: u32) -> Result<Value, Stop> {
        match flags & 0xff {
            2 | 17 => self.chain(flags, around, depth),
            6 => self.call(flags, around, depth),
            3 => self.closure(flags, around, depth),
            _ => self.promise(flags, around, depth),
        }
    }

    fn tag(&mut self, flags: u32, depth: u32) -> Result<Option<String>, Stop> {
        if flags & HAS_ATTRIBUTES != 0 {
            self.item(Around::Data, depth)?;
        }
        if flags & HAS_TAG == 0 {
            return Ok(None);
        }
        Ok(match self.item(Around::Data, depth)? {
            Value::Symbol(name) => Some(name),
            _ => None,
        })
    }

    fn chain(&mut self, mut flags: u32, around: Around, depth: u32) -> Result<Value, Stop> {
        loop {
            let start = self.position();
            let tag = self.tag(flags, depth)?;
            let inside = match around {
                Around::Frame => Around::Variable {
                    active: flags & ACTIVE != 0,
                },
                Around::Code(place) => Around::Code(place),
                _ if flags & 0xff == 17 => Around::Variable { active: false },
                _ => Around::Data,
            };
            let top = around == Around::Root && self.workspace;
            let value = self.item(if top { Around::Root } else { inside }, depth)?;
            if let (true, Some(name)) = (top, tag)
                && self.found.bindings.len() < FACTS
            {
                self.found.bindings.push(Binding {
                    name,
                    is_function: matches!(value, Value::Function | Value::Builtin(_)),
                    range: start..self.position(),
                });
            }
            flags = u32::from_ne_bytes(self.wire.int()?.to_ne_bytes());
            if !matches!(flags & 0xff, 2 | 17) {
                self.flagged(flags, inside, depth)?;
                return Ok(Value::Other);
            }
        }
    }

    fn call(&mut self, flags: u32, around: Around, depth: u32) -> Result<Value, Stop> {
        let start = self.position();
        let place = match around {
            Around::Code(place) => place,
            _ => Place::Value,
        };
        self.tag(flags, depth)?;
        let callee = self.item(Around::Code(place), depth)?;
        let mut arguments = Vec::new();
        let mut flags = u32::from_ne_bytes(self.wire.int()?.to_ne_bytes());
        while matches!(flags & 0xff, 2 | 6 | 17) {
            let tag = self.tag(flags, depth)?;
            let value = self.item(Around::Code(place), depth)?;
            if arguments.len() < ARGUMENTS {
                arguments.push((tag, operand(value)));
            }
            flags = u32::from_ne_bytes(self.wire.int()?.to_ne_bytes());
        }
        self.flagged(flags, Around::Code(place), depth)?;
        Ok(self.keep(callee, arguments, place, start))
    }

    fn keep(
        &mut self,
        callee: Value,
        arguments: Vec<(Option<String>, Operand)>,
        place: Place,
        start: u64,
    ) -> Value {
        let callee = match callee {
            Value::Symbol(name) => Callee::Name { package: None, name },
            Value::Builtin(name) => Callee::Builtin(name),
            Value::Call(inner) if matches!(inner.name(), "::" | ":::") => qualified(&inner),
            Value::Call(inner) => Callee::Result(inner.name().to_owned()),
            _ => Callee::Other,
        };
        let mut hasher = DefaultHasher::new();
        (&callee, &arguments, place).hash(&mut hasher);
        let call = Call {
            callee,
            arguments,
            place,
            range: start.saturating_sub(4)..self.position(),
        };
        if self.seen.len() < CALLS {
            if self.seen.insert(hasher.finish()) {
                self.found.calls.push(call.clone());
            }
        } else if !self.seen.contains(&hasher.finish()) {
            self.found.cut = true;
        }
        Value::Call(Box::new(call))
    }

    fn closure(&mut self, flags: u32, around: Around, depth: u32) -> Result<Value, Stop> {
        let place = match around {
            Around::Variable { active: true } => Place::ActiveBinding,
            Around::Code(place) if place > Place::Function => place,
            _ => Place::Function,
        };
        self.tag(flags, depth)?;
        self.item(Around::Code(place), depth)?;
        self.item(Around::Code(place), depth)?;
        Ok(Value::Function)
    }

    fn promise(&mut self, flags: u32, around: Around, depth: u32) -> Result<Value, Stop> {
        let start = self.position();
        self.tag(flags, depth)?;
        let pending = matches!(self.item(Around::Data, depth)?, Value::Unbound);
        let place = if pending { Place::Promise } else { Place::Value };
        let code = self.item(Around::Code(place), depth)?;
        if pending {
            if self.found.promises.len() < FACTS {
                self.found.promises.push(Promise {
                    in_frame: matches!(around, Around::Variable { .. }),
                    code: operand(code),
                    range: start.saturating_sub(4)..self.position(),
                });
            } else {
                self.found.cut = true;
            }
        }
        Ok(Value::Other)
    }

    /// Reads compiled code: its instructions, then its constants, the first of which is the code it was compiled from.
    fn bytecode(&mut self, around: Around, depth: u32) -> Result<(), Stop> {
        if depth >= self.depth {
            return Err(Stop::Limit("depth"));
        }
        let place = match around {
            Around::Code(place) => place,
            _ => Place::Function,
        };
        let below = depth.saturating_add(1);
        self.item(Around::Data, below)?;
        let count = self.wire.length()?;
        for _ in 0..count {
            let start = self.position();
            let kind = u32::from_ne_bytes(self.wire.int()?.to_ne_bytes());
            match kind {
                21 => self.bytecode(around, below)?,
                2 | 6 | 239 | 240 | 243 | 244 => {
                    self.compiled(kind, place, below)?;
                }
                _ => {
                    // A name among the constants is what the instructions look up, whatever the first constant shows.
                    let value = self.item(Around::Code(place), below)?;
                    if matches!(value, Value::Symbol(_) | Value::Builtin(_)) {
                        self.keep(value, Vec::new(), place, start);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads a call or list among the constants of compiled code.
    fn compiled(&mut self, mut kind: u32, place: Place, depth: u32) -> Result<Value, Stop> {
        if depth >= self.depth {
            return Err(Stop::Limit("depth"));
        }
        let below = depth.saturating_add(1);
        let start = self.position();
        if kind == 243 {
            self.wire.int()?;
            return Ok(Value::Other);
        }
        let mut head = None;
        let mut arguments = Vec::new();
        let mut is_call = false;
        // Along the chain of cells; what is inside a cell is one level deeper.
        loop {
            if kind == 244 {
                self.wire.int()?;
                kind = u32::from_ne_bytes(self.wire.int()?.to_ne_bytes());
            }
            if !matches!(kind, 2 | 6 | 239 | 240) {
                break;
            }
            if matches!(kind, 239 | 240) {
                self.item(Around::Data, below)?;
            }
            let tag = match self.item(Around::Data, below)? {
                Value::Symbol(name) => Some(name),
                _ => None,
            };
            let inner = u32::from_ne_bytes(self.wire.int()?.to_ne_bytes());
            let value = self.compiled_value(inner, place, below)?;
            if head.is_none() {
                is_call = matches!(kind, 6 | 240);
                head = Some(value);
            } else if arguments.len() < ARGUMENTS {
                arguments.push((tag, operand(value)));
            }
            kind = u32::from_ne_bytes(self.wire.int()?.to_ne_bytes());
        }
        self.compiled_value(kind, place, below)?;
        Ok(match head {
            Some(callee) if is_call => self.keep(callee, arguments, place, start),
            _ => Value::Other,
        })
    }

    fn compiled_value(&mut self, kind: u32, place: Place, depth: u32) -> Result<Value, Stop> {
        match kind {
            2 | 6 | 239 | 240 | 243 | 244 => self.compiled(kind, place, depth),
            _ => self.item(Around::Code(place), depth),
        }
    }
}

/// Reads `package::name`.
fn qualified(call: &Call) -> Callee {
    let word = |index: usize| match call.arguments.get(index) {
        Some((_, Operand::Symbol(name) | Operand::Text(name))) => Some(name.clone()),
        _ => None,
    };
    match word(1) {
        Some(name) => Callee::Name {
            package: word(0),
            name,
        },
        None => Callee::Result(call.name().to_owned()),
    }
}

fn operand(value: Value) -> Operand {
    match value {
        Value::Text(text) => Operand::Text(text),
        Value::Symbol(name) => Operand::Symbol(name),
        Value::Builtin(name) => Operand::Call(name),
        Value::Call(call) => match call.callee {
            Callee::Name { name, .. } | Callee::Builtin(name) => Operand::Call(name),
            Callee::Result(_) | Callee::Other => Operand::Call(String::new()),
        },
        Value::Other | Value::Nil | Value::Unbound | Value::Function => Operand::Other,
    }
}
