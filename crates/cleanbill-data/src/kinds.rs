//! The registry of kinds of sources: one file and one line each. A kind knows its files by their content, cuts them into pieces
//! of bounded size, and says how a piece is searched.

use std::{
    fmt,
    io::{Read, Write},
    ops::Range,
    sync::Arc,
};

use cleanbill_core::Text;

use crate::{
    input::ReadAt,
    outcome::{Outcome, Problem, Tools},
};

/// What is known of a file before it is read.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    /// Its first bytes, unpacked.
    pub(crate) bytes: &'a [u8],
    /// The end of its name, in small letters, without that of the packing.
    pub(crate) suffix: &'a str,
    /// The first bytes are all.
    pub(crate) whole: bool,
}

impl Head<'_> {
    /// Says whether the bytes may be text: there is no NUL in them.
    pub(crate) fn is_text(&self) -> bool {
        memchr::memchr(0, self.bytes).is_none()
    }
}

/// A file that is to be read.
pub(crate) struct Opening {
    /// Its bytes as they are stored.
    pub(crate) bytes: Arc<dyn ReadAt>,
    /// Its bytes from the start, unpacked.
    pub(crate) stream: Box<dyn Read + Send>,
    /// They are packed.
    pub(crate) packed: bool,
    /// How many files the file stands within.
    pub(crate) depth: u32,
}

/// A bounded piece of work.
pub(crate) struct Piece {
    /// Bytes that it holds while it waits.
    pub(crate) cost: u64,
    pub(crate) work: Work,
}

/// Searches a piece.
pub(crate) type Work = Box<dyn FnOnce(&Tools) -> Outcome + Send>;

/// What comes next of a file.
pub(crate) enum Next {
    Piece(Piece),
    /// Something between the pieces that cannot be read; its number of a record counts from the pieces before it.
    Problem(Problem),
    End,
}

/// Cuts a file into pieces, from its start to its end.
pub(crate) trait Pieces: Send {
    fn next(&mut self, tools: &Tools) -> Next;

    /// Says whether the file has records, so that their numbers are a part of the path where it stands within another.
    fn has_many(&self) -> bool {
        true
    }
}

/// Says how the bytes of a file are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// From the start to the end.
    Stream,
    /// In any order.
    Anywhere,
}

/// Opens a file; the reason where nothing of it can be read.
pub(crate) type Open = fn(Opening, &Tools) -> Result<Box<dyn Pieces>, Text>;
/// Writes a copy in which what is found is replaced; returns how many values that were.
pub(crate) type Rewrite = fn(&Arc<dyn ReadAt>, &Tools, &mut (dyn Write + Send)) -> Result<u64, Text>;

/// Opens a part of a file that is not packed.
pub(crate) type OpenPart = fn(Opening, Range<u64>, &Tools) -> Result<Box<dyn Pieces>, Text>;

/// Says how a file is cut into parts that can be searched apart, on different machines.
#[derive(Clone, Copy)]
pub(crate) struct Parting {
    /// Returns where the parts stand, given how many bytes one should have; what the numbers count is the kind's own business.
    pub(crate) plan: fn(&Arc<dyn ReadAt>, u64) -> Vec<Range<u64>>,
    pub(crate) open: OpenPart,
}

/// Says how a copy of a file is made.
#[derive(Clone, Copy)]
pub(crate) enum Copying {
    /// Pieces carry their bytes.
    Pieces,
    /// The whole file is written anew.
    Whole(Rewrite),
    /// This build writes none.
    None,
}

/// Describes one kind of source.
pub struct Kind {
    /// Permanent id.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// What a record of it is, and what is read; Markdown.
    pub page: &'static str,
    /// Says how surely a file is of this kind, from 1 to 100.
    pub(crate) probe: fn(&Head<'_>) -> Option<u8>,
    pub(crate) open: Open,
    pub(crate) copying: Copying,
    /// Nothing where a file can only be read from its start to its end.
    pub(crate) parting: Option<Parting>,
    pub(crate) access: Access,
}

impl fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Kind")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Returns the kind that is surest of a file.
pub(crate) fn recognise(head: &Head<'_>) -> Option<&'static Kind> {
    KINDS
        .iter()
        .copied()
        .filter_map(|kind| (kind.probe)(head).map(|score| (score, kind)))
        .max_by(|(left, one), (right, other)| left.cmp(right).then(other.id.cmp(one.id)))
        .map(|(_, kind)| kind)
}

/// Declares each kind's module and collects its description.
macro_rules! register {
    ($($module:ident,)*) => {
        $(pub(crate) mod $module;)*

        /// Lists every kind of source of this build.
        pub static KINDS: &[&Kind] = &[$(&$module::KIND,)*];
    };
}

/// Declares a kind of source: doc comments become its page.
macro_rules! kind {
    (
        $(#[doc = $page:literal])*
        id: $id:literal, name: $name:literal,
        probe: $probe:expr, open: $open:expr, copying: $copying:expr, access: $access:ident $(,)?
    ) => {
        kind! {
            $(#[doc = $page])*
            id: $id, name: $name,
            probe: $probe, open: $open, copying: $copying, access: $access, parting: None,
        }
    };
    (
        $(#[doc = $page:literal])*
        id: $id:literal, name: $name:literal,
        probe: $probe:expr, open: $open:expr, copying: $copying:expr, access: $access:ident,
        parting: $parting:expr $(,)?
    ) => {
        /// Describes this kind of source.
        pub(crate) static KIND: $crate::kinds::Kind = $crate::kinds::Kind {
            id: $id,
            name: $name,
            page: concat!($($page, "\n"),*),
            probe: $probe,
            open: $open,
            copying: $copying,
            parting: $parting,
            access: $crate::kinds::Access::$access,
        };
    };
}

register! {
    text,
    jsonl,
    json,
    csv,
    parquet,
    arrow,
    tar,
    zip,
    xml,
    html,
    avro,
    sqlite,
    office,
}
