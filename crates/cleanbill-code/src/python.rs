//! Reads programs in Python: what they import and call, followed through names, attributes, constants and functions of their
//! own, and when it runs. Nothing is run, imported or judged here.

mod callables;
mod calls;
mod constants;
mod evaluate;
mod expressions;
mod facts;
mod flow;
mod fold;
mod functions;
mod lexer;
mod literals;
mod names;
mod parser;
mod places;
mod scopes;
mod sources;
mod statements;
mod text;
mod tree;
mod values;

use std::{collections::HashMap, ops::Range, sync::LazyLock};

pub use facts::{Argument, Call, Class, Import, Place, Program, Shown, Traits, Trouble, TroubleKind};
pub use sources::is_credential_path;
use values::Value;

use crate::words::Words;

/// LIMIT: sources packed into each other; each is read in turn, and honest code packs none.
const LEVELS: u32 = 5;
/// LIMIT: sources out of constants of one program, at all levels.
const SOURCES: usize = 128;

/// Reads a program; calls are kept where `wanted` says so of the dotted name.
pub fn read(text: &str, wanted: fn(&str) -> bool) -> Program {
    if reaches_nothing(text) {
        return Program::default();
    }
    follow(text, wanted)
}

/// Reads a program that may reach something.
fn follow(text: &str, wanted: fn(&str) -> bool) -> Program {
    let mut program = Program::default();
    let mut open = one(text, wanted, HashMap::new(), None, 0, &mut program);
    let mut level = 1;
    while !open.is_empty() && level <= LEVELS {
        let mut next = Vec::new();
        for nested in open {
            if program.nested >= SOURCES {
                note(&mut program, nested.range.start, TroubleKind::TooMuch);
                break;
            }
            program.nested = program.nested.saturating_add(1);
            let (calls, imports) = (program.calls.len(), program.imports.len());
            let range = nested.range.clone();
            next.extend(one(
                &nested.text,
                wanted,
                nested.seeds,
                Some(&range),
                level,
                &mut program,
            ));
            let least = match nested.place {
                3 => Place::Import,
                2 => Place::Load,
                1 => Place::Main,
                _ => Place::Function,
            };
            // What it does at import happens when the call that runs it does.
            for call in program.calls.iter_mut().skip(calls) {
                call.place = call.place.min(least);
            }
            for import in program.imports.iter_mut().skip(imports) {
                import.place = import.place.min(least);
            }
        }
        open = next;
        level = level.saturating_add(1);
    }
    if let Some(nested) = open.first() {
        note(&mut program, nested.range.start, TroubleKind::TooDeep);
    }
    program
}

/// Says whether a program cannot reach anything outside of itself, without reading it: it is plain ASCII, under no declared
/// encoding, imports nothing, and holds none of the words through which Python reaches further, nor the parts of a method's
/// name that is judged wherever it stands.
///
/// INVARIANT: whatever this passes over, a judgement of the whole program would find harmless. Words within other words and
/// within texts count, so that nothing put together from texts slips through: putting together needs one of the words too.
fn reaches_nothing(text: &str) -> bool {
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::new(REACHING));
    text.is_ascii() && !WORDS.any_in(text.as_bytes()) && text.len() < FAR_BYTES && !text.contains(FAR)
}

/// Blanks behind which a statement is out of sight, which is a finding of its own.
const FAR: &str = "                                                                                ";
/// Texts beyond this are read in any case; they are rare.
const FAR_BYTES: usize = 1 << 20;

/// Parts of the words with which a Python program reaches anything.
const REACHING: &[&str] = &[
    "__",
    "allow",
    "argv",
    "async",
    "attr",
    "await",
    "breakpoint",
    "chr",
    "class",
    "cmd",
    "coding",
    "compile",
    "connect",
    "copy",
    "ctypes",
    "decode",
    "delete",
    "dir(",
    "dump",
    "environ",
    "eval",
    "exec",
    "exit",
    "extend",
    "fetch",
    "file",
    "format",
    "from",
    "get",
    "globals",
    "help",
    "hex",
    "host",
    "http",
    "import",
    "input",
    "install",
    "ipython",
    "join",
    "kill",
    "lambda",
    "launch",
    "library",
    "load",
    "locals",
    "loop",
    "memoryview",
    "mode",
    "model",
    "move",
    "open",
    "os.",
    "path",
    "pickle",
    "popen",
    "post",
    "print",
    "proc",
    "push",
    "read",
    "register",
    "remove",
    "request",
    "run",
    "save",
    "send",
    "setup",
    "shell",
    "socket",
    "spawn",
    "start",
    "sub",
    "super",
    "sys",
    "template",
    "thread",
    "timeit",
    "trust",
    "type",
    "unlink",
    "unpack",
    "unsafe",
    "url",
    "vars",
    "weights",
    "write",
    "yaml",
    "{",
    "@",
    "`",
    "!",
    "%",
];

fn note(program: &mut Program, at: usize, kind: TroubleKind) {
    if !program.troubles.iter().any(|known| known.kind == kind) {
        program.troubles.push(Trouble { at, kind });
    }
}

/// Reads one source and adds what it yields; returns the sources that it runs.
fn one(
    text: &str,
    wanted: fn(&str) -> bool,
    seeds: HashMap<String, Value>,
    fixed: Option<&Range<usize>>,
    level: u32,
    program: &mut Program,
) -> Vec<flow::Nested> {
    let parsed = parser::parse(text);
    let mut flow = flow::Flow::new(&parsed.tree, wanted, seeds, fixed.cloned(), level);
    flow.run();
    let nested = std::mem::take(&mut flow.nested);
    let found = std::mem::take(&mut flow.program);
    program.calls.extend(found.calls);
    program.imports.extend(found.imports);
    program.classes.extend(found.classes);
    program.disguised.extend(found.disguised);
    program.python2 |= parsed.python2 && level == 0;
    program.statements = program.statements.max(parsed.tree.body.len());
    for trouble in found.troubles.iter().chain(&parsed.troubles) {
        // A constant that is evaluated need not be a program: what is no Python there does nothing.
        if level > 0 && trouble.kind == TroubleKind::Syntax {
            continue;
        }
        note(
            program,
            fixed.map_or(trouble.at, |range| range.start),
            trouble.kind,
        );
    }
    nested
}

#[cfg(test)]
mod tests;
