//! Serialized R objects.

mod walk;
mod wire;

use std::{
    ops::Range,
    panic::resume_unwind,
    thread::{self, ScopedJoinHandle},
};

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadAt, ReadError},
    notes::Notes,
    registry::{ParseResult, format_info},
};
use walk::{Found, Walk};
pub use wire::Encoding;
use wire::{Stop, Wire};

format_info! {
    /// ## What it is
    /// What `saveRDS`, `save` and `serialize` of R write (`.rds`, `.rda`, `.RData`), once unwrapped from gzip, bzip2 or xz:
    /// a tree of vectors, lists, environments, functions, calls and promises.
    /// ## What is read
    /// Every item to the end, in all three encodings; numbers are passed over. Kept are the calls with what they are given,
    /// where they stand (in a promise, an active binding, a function, a value), promises that are not evaluated yet, names
    /// that `load` binds, namespaces that are loaded, and classes of alternative representation.
    /// ## What is reported
    /// Items that break off or that R does not have, references to nothing. Bytes after the object are a member, `[after]`; raw
    /// vectors that begin like a program, an archive or another object are members.
    /// ## Limits
    /// Items nest at most 2,500 levels. 50,000 different calls, 1,000,000 references and 64 raw vectors are kept.
    /// ## References
    /// R Internals, sections 1.1 and 1.8 ("Serialization Formats"); `src/main/serialize.c` of R 4.
    "r-data", "R data", extensions: &["rds", "rda", "rdata", "rdx"], refines: None,
    dialects: [
        "r-workspace": "Named objects that `load` binds, as `save` writes them.",
    ]
}

/// Levels that items nest before more room is made for them; honest objects nest some tens.
const DEPTH: u32 = 100;
/// LIMIT: levels that items nest; R itself gives up near 5,000 nested expressions.
const DEEP: u32 = 2_500;
/// Room for the deepest walk.
const DEEP_STACK_BYTES: usize = 64 << 20;

/// Says when code that stands in the data runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// It is a value: a formula, a recorded call; it runs where something evaluates it.
    Value,
    /// It is the body or a default of a function.
    Function,
    /// It is a function that runs whenever a variable is read.
    ActiveBinding,
    /// It is a promise, which runs as soon as its value is asked for.
    Promise,
}

/// Names what a call calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Callee {
    /// A function by name, with its package where one is given.
    Name {
        /// The package before `::` or `:::`.
        package: Option<String>,
        /// The name.
        name: String,
    },
    /// A function of the interpreter itself, written into the data in place of a name.
    Builtin(String),
    /// What another call returns; the name of that call's own callee.
    Result(String),
    /// A function that stands in the call itself, or something that is no function.
    Other,
}

/// Holds what is known of an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A text; cut where it is long.
    Text(String),
    /// A variable.
    Symbol(String),
    /// A call; the name of what it calls.
    Call(String),
    /// Anything else.
    Other,
}

/// Holds one call; calls of the same with the same arguments in the same kind of place count once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// The first arguments, with their names where they have one.
    pub arguments: Vec<(Option<String>, Operand)>,
    /// When it runs.
    pub place: Place,
    /// Where it begins and ends in the input.
    pub range: Range<u64>,
}

impl Call {
    /// Returns the name of what is called, without its package.
    pub fn name(&self) -> &str {
        match &self.callee {
            Callee::Name { name, .. } | Callee::Builtin(name) => name,
            Callee::Result(_) | Callee::Other => "",
        }
    }
}

/// Holds a promise that is not evaluated yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// It is a variable of a function's frame or one of its `...`, where R itself leaves promises.
    pub in_frame: bool,
    /// What it evaluates: a call's name, a variable, or nothing known.
    pub code: Operand,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Holds a name that `load` binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The name.
    pub name: String,
    /// Its value is a function.
    pub is_function: bool,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Shows a serialized R object.
#[derive(Debug)]
pub struct View {
    /// How numbers are written.
    pub encoding: Encoding,
    /// Version of the format.
    pub version: i32,
    /// It has names that `load` binds.
    pub is_workspace: bool,
    /// Calls.
    pub calls: Vec<Call>,
    /// Promises that are not evaluated yet.
    pub promises: Vec<Promise>,
    /// Names that `load` binds.
    pub bindings: Vec<Binding>,
    /// Namespaces and packages that reading the object loads.
    pub packages: Vec<(String, Range<u64>)>,
    /// Classes of alternative representation: class and package.
    pub representations: Vec<(String, String, Range<u64>)>,
    /// Texts handed to a hook that the reader of the object must bring.
    pub persistent: Vec<Range<u64>>,
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

    fn dialects(&self) -> Vec<&'static str> {
        if self.is_workspace {
            vec!["r-workspace"]
        } else {
            Vec::new()
        }
    }
}

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "r-truncated",
    "the object breaks off before its end",
    "对象在结束之前中断",
);
static BROKEN: AnomalyKind = AnomalyKind::damage(
    "r-broken",
    "an item that R does not have, or a rule of the format is broken",
    "存在 R 中没有的项，或违反格式规则",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "r-limit",
    "items nest too deep or are too many to be examined",
    "嵌套过深或项目过多，无法检查",
);
static OLD: AnomalyKind = AnomalyKind::damage(
    "r-version",
    "a version of the format that is not read",
    "无法读取的格式版本",
);
static TRAILING: AnomalyKind = AnomalyKind::note(
    "r-trailing",
    "bytes follow the object; R does not read them",
    "对象之后还有字节，R 不读取",
);

/// Knows an object by the marks of `save` and of `serialize`, with a version that follows.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let (_, encoding, rest) = header(probe.head)?;
    let known = match encoding {
        Encoding::Xdr => matches!(rest, [0, 0, 0, 1..=4, 0, 0..=9, _, _, ..]),
        Encoding::Native => matches!(rest, [1..=4, 0, 0, 0, _, _, 0..=9, 0, ..]),
        Encoding::Ascii => matches!(rest, [b'1'..=b'4', b'\n' | b'\r', b'0'..=b'9', b'0'..=b'9', ..]),
    };
    known.then_some(Score::Certain)
}

/// Returns the length of the marks, the encoding and what follows.
fn header(head: &[u8]) -> Option<(u64, Encoding, &[u8])> {
    let (before, rest) = match head {
        [b'R', b'D', b'X' | b'A' | b'B', b'1'..=b'4', b'\n', rest @ ..] => (5, rest),
        _ => (0, head),
    };
    match rest {
        [b'X', b'\n', rest @ ..] => Some((before, Encoding::Xdr, rest)),
        [b'B', b'\n', rest @ ..] => Some((before, Encoding::Native, rest)),
        [b'A', b'\n', rest @ ..] => Some((before, Encoding::Ascii, rest)),
        _ => None,
    }
}

/// Walks over every item.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = crate::bytes::read_range(input.source, 0..16, 16)?;
    let (before, encoding, _) = header(&head).unwrap_or((0, Encoding::Xdr, &[]));
    let start = before.saturating_add(2);
    let mut walked = walk(input.source, encoding, start, DEPTH);
    if matches!(walked.0, Err(Stop::Limit("depth"))) {
        // Rare: such an object is walked again where there is room for as many levels as R's own reader takes.
        let deep = || walk(input.source, encoding, start, DEEP);
        let room = thread::Builder::new().stack_size(DEEP_STACK_BYTES);
        let again = thread::scope(|scope| room.spawn_scoped(scope, deep).ok().map(ScopedJoinHandle::join));
        match again {
            Some(Ok(again)) => walked = again,
            Some(Err(bug)) => resume_unwind(bug),
            None => {}
        }
    }
    let (outcome, at, found) = walked;
    let mut notes = Notes::default();
    let size = input.source.size();
    let at = at.min(size);
    let complete = outcome.is_ok();
    match outcome {
        Ok(()) => {}
        Err(Stop::Read(ReadError::Source(error))) => return Err(error),
        Err(Stop::Read(ReadError::Truncated { .. })) => notes.push(&TRUNCATED, at..size, ""),
        Err(Stop::Broken("version")) => notes.push(&OLD, 0..at, ""),
        Err(Stop::Broken(rule)) => notes.push(&BROKEN, at..size, rule),
        Err(Stop::Limit(what)) => notes.push(&LIMIT, at..size, what),
    }
    if found.cut && complete {
        notes.push(&LIMIT, 0..size, "calls");
    }
    let mut members = Vec::new();
    for range in &found.raw {
        let starts = crate::bytes::read_range(input.source, range.clone(), 16)?;
        let object = header(&starts).is_some_and(|(_, _, rest)| matches!(rest, [0, 0, 0, 2 | 3, ..]));
        let member = if object {
            Some(Member::content("[raw]", Payload::Section(range.clone())))
        } else {
            crate::raw::disguised(input.source, range)?
        };
        members.extend(member.map(|mut member| {
            member.name = format!("[raw at {}]", range.start);
            member
        }));
    }
    if complete && at < size {
        notes.push(&TRAILING, at..size, format!("{} bytes", size.saturating_sub(at)));
        members.push(Member::content("[after]", Payload::Section(at..size)));
    }
    Ok(View {
        encoding,
        version: found.version,
        is_workspace: before > 0,
        calls: found.calls,
        promises: found.promises,
        bindings: found.bindings,
        packages: found.packages,
        representations: found.representations,
        persistent: found.persistent,
        anomalies: notes.finish(),
        members,
    })
}

/// Walks from `start` to the end of the object or to what stops it; returns where, and what was found.
fn walk(source: &dyn ReadAt, encoding: Encoding, start: u64, depth: u32) -> (Result<(), Stop>, u64, Found) {
    let mut cursor = Cursor::whole(source);
    cursor.seek(start);
    let mut walk = Walk::new(Wire { cursor, encoding }, start > 2, depth);
    let outcome = walk.stream();
    (outcome, walk.position(), walk.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    /// `quote(system("id"))` as `saveRDS` writes it.
    const CALL: &[u8] =
        b"X\n\0\0\0\x02\0\x04\x02\x02\0\x02\x03\0\0\0\0\x06\0\0\0\x01\0\x04\0\x09\0\0\0\x06system\
        \0\0\0\x02\0\0\0\x10\0\0\0\x01\0\x04\0\x09\0\0\0\x02id\0\0\0\xfe";

    #[test]
    fn a_call_is_seen_with_its_arguments() {
        let view = view(CALL, parse);
        assert!(
            view.anomalies().is_empty() && view.members().is_empty(),
            "{view:?}"
        );
        let [call] = view.calls.as_slice() else {
            panic!("{view:?}")
        };
        assert_eq!((call.name(), call.place), ("system", Place::Value));
        assert_eq!(call.arguments, [(None, Operand::Text("id".to_owned()))]);
    }

    #[test]
    fn the_text_encoding_says_the_same() {
        let text = b"A\n2\n262658\n131840\n6\n1\n262153\n6\nsystem\n2\n16\n1\n262153\n2\ni\\144\n254\n";
        let view = view(text, parse);
        assert!(view.anomalies().is_empty(), "{view:?}");
        assert_eq!(view.calls[0].arguments, [(None, Operand::Text("id".to_owned()))]);
    }

    #[test]
    fn damage_and_depth_are_said() {
        let deep = [
            &CALL[..14],
            &b"\0\0\0\x13\0\0\0\x01".repeat(2_600)[..],
            b"\0\0\0\xfe",
        ]
        .concat();
        let more = [CALL, b"more"].concat();
        for (bytes, id) in [
            (&CALL[..CALL.len() - 3], "r-truncated"),
            (&deep, "r-limit"),
            (&more, "r-trailing"),
            (b"X\n\0\0\0\x02\0\x04\x02\x02\0\x02\x03\0\0\0\0\xf6", "r-broken"),
            (b"X\n\0\0\0\x01\0\x04\x02\x02\0\x02\x03\0\0\0\0\xf6", "r-version"),
        ] {
            assert_eq!(ids(view(bytes, parse).anomalies()), [id]);
        }
    }

    #[test]
    fn damage_never_panics() {
        never_panics(CALL, parse);
    }
}
