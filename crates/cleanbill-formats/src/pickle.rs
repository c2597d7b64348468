//! Python pickles: what loading them would import and call, found without loading them.

mod arrays;
mod calls;
mod facts;
mod kinds;
mod kinds_legacy;
mod legacy;
mod machine;
mod opcode;
mod state;
mod store;
mod text;
mod value;

use std::{ops::Range, sync::Arc};

pub use facts::{
    Call, CallId, CallKind, Ending, Import, ImportId, Named, Operand, Storage, Stream, Unresolved,
};
pub use opcode::{Argument, Opcode, OpcodeError, opcode_name, read_opcode};

use self::machine::{Machine, Nested};
use crate::{
    Anomaly, FormatView, Input, Member, Payload, Probe, Role, Score,
    bytes::{ReadAt, SourceError, read_range, size_u64},
    limits::Limits,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// Programs for the unpickler of CPython, protocols 0 to 5: raw pickles, several of them back to back, joblib dumps with
    /// raw arrays between the opcodes, and PyTorch's older format of five pickles followed by storages.
    /// ## What is read
    /// Every opcode is run over symbolic values: stack, marks, memo, frames and persistent ids as CPython's unpickler keeps
    /// them. Payloads are passed over by their length. Nothing is imported or called.
    /// ## What is reported
    /// Every import with how it was named, every call with what is known of its arguments, every state that is set, and
    /// everything that could not be resolved. Byte strings that begin like a pickle, an archive or a program are examined
    /// in turn, and so is whatever follows the last pickle.
    /// ## Limits
    /// `pickle_opcodes`, `pickle_memo`, `pickle_stack`, `pickle_imports`, `pickle_calls`, `pickle_streams`,
    /// `pickle_embedded`, `name_bytes`.
    /// ## References
    /// CPython `Lib/pickletools.py`, `Modules/_pickle.c`; PEP 3154; PEP 574; `torch/serialization.py`;
    /// `joblib/numpy_pickle.py`.
    "pickle", "Python pickle",
    extensions: &["pkl", "pickle", "joblib", "dill", "pt", "pth", "ckpt", "p", "sav"],
    refines: None,
    dialects: [
        "joblib": "joblib dump with raw arrays between the opcodes",
        "torch-legacy": "PyTorch's format before version 1.6: five pickles and storages",
    ]
}

/// How many opcodes a probe interprets, and how many of them suffice behind the signature of protocols 2 to 5.
const TRIAL_OPCODES: u64 = 1_000;
const SIGNED_TRIAL_OPCODES: u64 = 64;
/// LIMIT: how far behind the last pickle further ones are looked for.
const CARVED_BYTES: u64 = 4 * 1024 * 1024;
/// LIMIT: longest text that is decoded to look for a pickle in it.
const LATIN1_BYTES: u64 = 16 * 1024 * 1024;

/// Tells what loading the input as pickles would do.
#[derive(Debug)]
pub struct View {
    /// The pickles, in the order in which they end.
    pub streams: Vec<Stream>,
    /// Everything that is imported.
    pub imports: Vec<Import>,
    /// Everything that is called, built or extended.
    pub calls: Vec<Call>,
    /// What could not be resolved, with where.
    pub unresolved: Vec<(Unresolved, Range<u64>)>,
    /// Where the first persistent id stands, if any.
    pub persistent: Option<Range<u64>>,
    /// Storages that persistent ids name.
    pub storages: Vec<Storage>,
    /// Bytes after the last pickle and its storages.
    pub trailing: Option<Range<u64>>,
    /// Whether it is PyTorch's older format.
    pub torch_legacy: bool,
    /// Number of byte strings that begin like something of their own.
    pub nested: u64,
    /// Number of raw arrays between opcodes.
    pub raw_arrays: u64,
    /// Texts that states carry under keys whose value some classes run as code; `None` where the text is computed.
    pub watched: Vec<(String, Option<String>)>,
    /// What computed the dictionary keys that are no literals.
    pub computed_keys: Vec<Operand>,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl View {
    /// Returns an import by its id.
    pub fn import(&self, id: ImportId) -> Option<&Import> {
        self.imports.get(usize::try_from(id).ok()?)
    }

    /// Returns a call by its id.
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(usize::try_from(id).ok()?)
    }
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn dialects(&self) -> Vec<&'static str> {
        let joblib = (self.raw_arrays > 0).then_some("joblib");
        let legacy = self.torch_legacy.then_some("torch-legacy");
        joblib.into_iter().chain(legacy).collect()
    }
}

/// Says whether a loader would take the input for a pickle: by a short trial run, because older protocols have no signature.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let (&first, rest) = probe.head.split_first()?;
    let binary = first == opcode::PROTO && rest.first().is_some_and(|protocol| *protocol <= 5);
    // A persistent id at the very start is refused by every loader that has none; ZIP archives begin with its letter.
    if !binary && (opcode::layout(first).is_none() || first == opcode::PERSID) {
        return None;
    }
    let trial = if binary {
        SIGNED_TRIAL_OPCODES
    } else {
        TRIAL_OPCODES
    };
    let limits = Limits {
        pickle_opcodes: trial,
        ..Limits::default()
    };
    let mut machine = Machine::new(probe.source, &limits, 0);
    let first = machine.run_stream().ok()?;
    let mut last = first;
    // Small pickles may stand before the one that acts; each costs a few opcodes of the trial.
    while last == Ending::Stop && machine.facts.imports.is_empty() && machine.cursor.remaining() > 0 {
        last = machine.run_stream().ok()?;
    }
    let facts = &machine.facts;
    let opcodes: u64 = facts
        .streams
        .iter()
        .map(|stream| stream.opcodes)
        .fold(0, u64::saturating_add);
    let plausible = facts.imports.iter().any(|import| {
        text::plausible_name(import.module.as_bytes()) && text::plausible_name(import.name.as_bytes())
    });
    let acts = plausible && (!facts.calls.is_empty() || last == Ending::Stop);
    let whole = machine.cursor.position() >= probe.size;
    match first {
        Ending::Stop | Ending::Limit if binary => Some(Score::Certain),
        Ending::Limit => Some(Score::Likely),
        _ if acts => Some(Score::Likely),
        Ending::Stop if opcodes >= 24 || (whole && last == Ending::Stop && opcodes >= 2) => {
            Some(Score::Possible)
        }
        Ending::Truncated if binary && opcodes >= 2 => Some(Score::Likely),
        Ending::Malformed if binary && (plausible || opcodes >= 24) => Some(Score::Likely),
        _ => None,
    }
}

/// Interprets every pickle of the input.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut machine = Machine::new(input.source, input.limits, 0);
    let mut torch_legacy = false;
    let mut count = 0_u64;
    let mut next = 0;
    loop {
        machine.keep_texts(torch_legacy && count == 4);
        let ending = machine.run_stream()?;
        if ending != Ending::Stop {
            break;
        }
        next = machine.cursor.position();
        if count == 0 {
            torch_legacy = legacy::is_magic(&machine)?;
        }
        count = count.saturating_add(1);
        if torch_legacy && count == 5 {
            legacy::pass_storages(&mut machine);
            next = machine.cursor.position();
        }
        if count >= input.limits.pickle_streams {
            machine.note(&kinds::STREAM_LIMIT, next..input.source.size(), "");
            break;
        }
        if !another_follows(&mut machine, input, next)? {
            break;
        }
    }
    let stopped = machine
        .facts
        .streams
        .last()
        .is_some_and(|stream| stream.ending == Ending::Stop);
    let trailing = (stopped && next < input.source.size()).then(|| next..input.source.size());
    let mut members = members(&machine, input, trailing.as_ref())?;
    if let Some(range) = &trailing {
        members.extend(carve(input, range)?);
    }
    let facts = machine.facts;
    Ok(View {
        nested: size_u64(facts.nested.len()),
        streams: facts.streams,
        imports: facts.imports,
        calls: facts.calls,
        unresolved: facts.unresolved,
        persistent: facts.persistent,
        storages: facts.storages,
        trailing,
        torch_legacy,
        raw_arrays: facts.raw_arrays,
        watched: facts.watched,
        computed_keys: facts.computed_keys,
        anomalies: facts.anomalies,
        members,
    })
}

/// Says whether the bytes at `offset` begin another pickle, and leaves the cursor there.
fn another_follows(machine: &mut Machine<'_>, input: &Input<'_>, offset: u64) -> Result<bool, SourceError> {
    machine.cursor.seek(offset);
    if offset >= input.source.size() {
        return Ok(false);
    }
    let head = read_range(input.source, offset..input.source.size(), crate::HEAD_BYTES)?;
    let tail = Tail {
        source: input.source,
        start: offset,
    };
    let inside = Probe {
        head: &head,
        tail: &[],
        size: tail.size(),
        source: &tail,
    };
    Ok(probe(&inside).is_some())
}

/// Shows the end of a source, from an offset on, as a source of its own.
#[derive(Debug)]
struct Tail<'a> {
    source: &'a dyn ReadAt,
    start: u64,
}

impl ReadAt for Tail<'_> {
    fn size(&self) -> u64 {
        self.source.size().saturating_sub(self.start)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.source.read_at(self.start.saturating_add(offset), buffer)
    }
}

/// Looks for a pickle further on, behind padding or raw numbers: a program that reads a file piece by piece comes to it.
fn carve(input: &Input<'_>, trailing: &Range<u64>) -> Result<Option<Member>, SourceError> {
    let bytes = read_range(input.source, trailing.clone(), CARVED_BYTES)?;
    // At the very start it would have been read on as the next pickle.
    for at in memchr::memchr_iter(opcode::PROTO, &bytes).filter(|at| *at > 0) {
        let head = bytes.get(at..).unwrap_or_default();
        if !matches!(head, [_, 2..=5, next, ..] if opcode::layout(*next).is_some()) {
            continue;
        }
        let start = trailing.start.saturating_add(size_u64(at));
        let limits = Limits {
            pickle_opcodes: TRIAL_OPCODES,
            ..Limits::default()
        };
        let mut machine = Machine::new(input.source, &limits, start);
        machine.run_stream()?;
        let names = machine
            .facts
            .imports
            .iter()
            .any(|import| text::plausible_name(import.module.as_bytes()));
        if names && !machine.facts.calls.is_empty() {
            let payload = Payload::Section(start..input.source.size());
            return Ok(Some(Member::content(format!("[pickle at {start}]"), payload)));
        }
    }
    Ok(None)
}

fn members(
    machine: &Machine<'_>,
    input: &Input<'_>,
    trailing: Option<&Range<u64>>,
) -> Result<Vec<Member>, SourceError> {
    let mut members = Vec::new();
    for nested in &machine.facts.nested {
        let (range, payload) = match nested {
            Nested::Bytes(range) => (range, Payload::Section(range.clone())),
            Nested::Latin1(range) => {
                let bytes = read_range(input.source, range.clone(), LATIN1_BYTES)?;
                let text = String::from_utf8_lossy(&bytes);
                // A character above 255 ends what Latin-1 can encode.
                let encoded: Vec<u8> = text
                    .chars()
                    .map_while(|character| u8::try_from(u32::from(character)).ok())
                    .collect();
                (range, Payload::Owned(Arc::from(encoded)))
            }
        };
        // What looks nested but is not understood is data: the role says so.
        let name = format!(
            "[{} bytes at {}]",
            range.end.saturating_sub(range.start),
            range.start
        );
        members.push(Member {
            name,
            payload,
            role: Role::RawData,
        });
    }
    members.extend(trailing.map(|range| Member::content("[after]", Payload::Section(range.clone()))));
    debug_assert!(size_u64(members.len()) <= input.limits.pickle_embedded.saturating_add(1));
    Ok(members)
}

#[cfg(test)]
mod tests;
