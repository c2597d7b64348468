//! The pieces of all artifacts, one after the other.

use std::{ops::Range, sync::Arc};

use cleanbill_core::{Text, text};

use crate::{
    encoding::{Damage, Encoding},
    input::{Count, Counted, Packing, ReadAt},
    kinds::{Copying, Next, Piece, Pieces},
    outcome::{Problem, Tools},
    run::Artifact,
    source::Source,
};

/// What comes next.
pub(crate) enum Item {
    /// An artifact begins.
    Open(Opened),
    Piece(Piece),
    Problem(Problem),
    /// The artifact is over.
    Close,
}

/// What is known of an artifact when it begins.
pub(crate) struct Opened {
    pub(crate) index: usize,
    pub(crate) size_bytes: u64,
    /// Id of its kind, with that of its packing.
    pub(crate) format: String,
    /// How it is copied, and its bytes.
    pub(crate) copying: Option<(Copying, Arc<dyn ReadAt>)>,
    /// Where reading begins.
    pub(crate) first_byte: u64,
    /// Nothing of it is read, for this reason.
    pub(crate) skipped: Option<Text>,
    /// Bytes that were read of it.
    pub(crate) read: Count,
    /// Its size is known only when it was read.
    pub(crate) is_stream: bool,
    /// What its encoding met that cannot be written back.
    pub(crate) damage: Damage,
}

/// A part of an artifact that can be searched apart from the others, on another machine if need be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Id of the kind that the artifact was taken for when it was cut.
    pub kind: String,
    /// Size that the artifact had then.
    pub size_bytes: u64,
    /// What the part holds: bytes, row groups, as the kind counts.
    pub range: Range<u64>,
}

/// Cuts an artifact into parts of about `part_bytes` bytes. There are none where it can only be read as a whole.
pub fn parts(path: &str, bytes: &Arc<dyn ReadAt>, part_bytes: u64) -> Vec<Part> {
    let size_bytes = bytes.size();
    if size_bytes <= part_bytes || bytes.once().is_some() {
        return Vec::new();
    }
    let Ok(Some(known)) = Source::of(path.to_owned(), bytes, 0).recognise() else {
        return Vec::new();
    };
    let kind = known.kind;
    let Some(parting) = kind
        .parting
        .filter(|_| known.packing.is_none() && known.encoding.is_none())
    else {
        return Vec::new();
    };
    let part = |range| Part {
        kind: kind.id.to_owned(),
        size_bytes,
        range,
    };
    (parting.plan)(bytes, part_bytes).into_iter().map(part).collect()
}

/// Goes over the artifacts.
pub(crate) struct Sequence<'a> {
    artifacts: &'a [Artifact],
    /// Only this part of the one artifact.
    part: Option<&'a Part>,
    next: usize,
    pieces: Option<Box<dyn Pieces>>,
    open: bool,
    /// The tools for the artifact that is open, where they differ.
    tools: Option<Arc<Tools>>,
}

impl<'a> Sequence<'a> {
    pub(crate) const fn new(artifacts: &'a [Artifact]) -> Self {
        Self {
            artifacts,
            part: None,
            next: 0,
            pieces: None,
            open: false,
            tools: None,
        }
    }

    /// Goes over a part of one artifact.
    pub(crate) const fn of_part(artifact: &'a Artifact, part: Option<&'a Part>) -> Self {
        let mut sequence = Self::new(std::slice::from_ref(artifact));
        sequence.part = part;
        sequence
    }

    /// Passes over the rest of an artifact.
    pub(crate) fn skip(&mut self, index: usize) {
        if self.next == index.saturating_add(1) {
            self.pieces = None;
        }
    }

    /// Gives up the artifact that is open.
    pub(crate) fn break_off(&mut self) {
        self.pieces = None;
    }

    pub(crate) fn next(&mut self, tools: &Tools) -> Option<Item> {
        if let Some(pieces) = &mut self.pieces {
            match pieces.next(self.tools.as_deref().unwrap_or(tools)) {
                Next::Piece(piece) => {
                    return Some(Item::Piece(match self.tools.clone() {
                        Some(own) => Piece {
                            cost: piece.cost,
                            work: Box::new(move |_| (piece.work)(&own)),
                        },
                        None => piece,
                    }));
                }
                Next::Problem(problem) => return Some(Item::Problem(problem)),
                Next::End => self.pieces = None,
            }
        }
        if self.open {
            self.open = false;
            return Some(Item::Close);
        }
        let index = self.next;
        let artifact = self.artifacts.get(index)?;
        self.next = index.saturating_add(1);
        self.open = true;
        self.tools = tools.of(&artifact.path);
        let tools = self.tools.as_deref().unwrap_or(tools);
        let (opened, pieces) = open(index, artifact, self.part, tools);
        self.pieces = pieces;
        Some(Item::Open(opened))
    }
}

fn open(
    index: usize,
    artifact: &Artifact,
    part: Option<&Part>,
    tools: &Tools,
) -> (Opened, Option<Box<dyn Pieces>>) {
    let mut opened = Opened {
        index,
        size_bytes: 0,
        format: String::new(),
        copying: None,
        first_byte: 0,
        skipped: None,
        read: Count::default(),
        is_stream: false,
        damage: Damage::default(),
    };
    let bytes: Arc<dyn ReadAt> = match (artifact.open)() {
        Ok(bytes) => Arc::new(Counted {
            bytes,
            count: opened.read.clone(),
        }),
        Err(reason) => {
            opened.skipped = Some(reason);
            return (opened, None);
        }
    };
    opened.size_bytes = bytes.size();
    match begin(&mut opened, &artifact.path, &bytes, part, tools) {
        Ok(pieces) => (opened, Some(pieces)),
        Err(reason) => {
            opened.skipped = Some(reason);
            (opened, None)
        }
    }
}

fn begin(
    opened: &mut Opened,
    path: &str,
    bytes: &Arc<dyn ReadAt>,
    part: Option<&Part>,
    tools: &Tools,
) -> Result<Box<dyn Pieces>, Text> {
    let mut source = Source::of(path.to_owned(), bytes, 0);
    source.damage = opened.damage.clone();
    opened.is_stream = source.is_once;
    let Some(known) = source.recognise()? else {
        // Nothing is in it: nothing leaks, and all of it was looked at.
        "empty".clone_into(&mut opened.format);
        return Ok(Box::new(Nothing));
    };
    let kind = known.kind;
    let parts = [
        Some(kind.id),
        known.encoding.map(Encoding::as_str),
        known.packing.map(Packing::as_str),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    opened.format = parts.join("+");
    let mut bytes = bytes;
    if known.is_kept {
        bytes = &known.opening.bytes;
        opened.size_bytes = bytes.size();
        opened.is_stream = false;
    }
    opened.copying = Some((
        match (kind.copying, known.packing) {
            (Copying::Whole(_), Some(_)) | (_, Some(Packing::Xz)) => Copying::None,
            (copying, _) => copying,
        },
        Arc::clone(bytes),
    ));
    let Some(part) = part else {
        return (kind.open)(known.opening, tools);
    };
    let is_plain = known.packing.is_none() && known.encoding.is_none();
    let parting = kind
        .parting
        .filter(|_| is_plain && part.kind == kind.id && part.size_bytes == opened.size_bytes)
        .ok_or_else(|| text!("changed after it was cut into parts", "切分之后文件发生了变化"))?;
    opened.first_byte = part.range.start;
    (parting.open)(known.opening, part.range.clone(), tools)
}

struct Nothing;

impl Pieces for Nothing {
    fn next(&mut self, _: &Tools) -> Next {
        Next::End
    }
}
