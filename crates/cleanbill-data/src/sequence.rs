//! The pieces of all artifacts, one after the other.

use std::{io::Read, sync::Arc};

use cleanbill_core::{Text, text};

use crate::{
    blocks::Blocks,
    input::{Packing, ReadAt, Stream},
    kinds::{self, Copying, Head, Next, Opening, Piece, Pieces},
    limits::HEAD_BYTES,
    outcome::{Problem, Tools},
    run::Artifact,
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
    /// Nothing of it is read, for this reason.
    pub(crate) skipped: Option<Text>,
}

/// Goes over the artifacts.
pub(crate) struct Sequence<'a> {
    artifacts: &'a [Artifact],
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
            next: 0,
            pieces: None,
            open: false,
            tools: None,
        }
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
        let (opened, pieces) = open(index, artifact, self.tools.as_deref().unwrap_or(tools));
        self.pieces = pieces;
        Some(Item::Open(opened))
    }
}

fn open(index: usize, artifact: &Artifact, tools: &Tools) -> (Opened, Option<Box<dyn Pieces>>) {
    let mut opened = Opened {
        index,
        size_bytes: 0,
        format: String::new(),
        copying: None,
        skipped: None,
    };
    let bytes = match (artifact.open)() {
        Ok(bytes) => bytes,
        Err(reason) => {
            opened.skipped = Some(reason);
            return (opened, None);
        }
    };
    opened.size_bytes = bytes.size();
    match begin(&mut opened, &artifact.path, &bytes, tools) {
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
    tools: &Tools,
) -> Result<Box<dyn Pieces>, Text> {
    let mut blocks = Blocks::new(Box::new(Stream::new(Arc::clone(bytes))));
    let packing = Packing::of(blocks.fill(16));
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let mut suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    if let Some(packing) = packing {
        if packing.suffixes().contains(&suffix) {
            let bare = name.rsplit_once('.').map_or("", |(bare, _)| bare);
            suffix = bare.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        }
        blocks = Blocks::new(packing.unpack(blocks.into_stream()));
    }
    let head = blocks.fill(HEAD_BYTES).to_vec();
    let whole = blocks.is_ended();
    let described = Head {
        bytes: &head,
        suffix,
        whole,
    };
    let broken = blocks.is_broken();
    let Some(kind) = kinds::recognise(&described) else {
        return Err(match (head.is_empty(), broken) {
            (_, Some(error)) => text!("cannot be read: {error}", "无法读取：{error}"),
            (true, None) => {
                // Nothing is in it: nothing leaks, and all of it was looked at.
                "empty".clone_into(&mut opened.format);
                return Ok(Box::new(Nothing));
            }
            (false, None) => text!("no kind of data that is read here", "不是此处可读取的数据类型"),
        });
    };
    opened.format = match packing {
        Some(packing) => format!("{}+{}", kind.id, packing.as_str()),
        None => kind.id.to_owned(),
    };
    opened.copying = Some((
        match (kind.copying, packing) {
            (Copying::Whole(_), Some(_)) | (_, Some(Packing::Xz)) => Copying::None,
            (copying, _) => copying,
        },
        Arc::clone(bytes),
    ));
    let stream: Box<dyn Read + Send> = blocks.into_stream();
    let opening = Opening {
        bytes: Arc::clone(bytes),
        stream,
        packed: packing.is_some(),
    };
    (kind.open)(opening, tools)
}

struct Nothing;

impl Pieces for Nothing {
    fn next(&mut self, _: &Tools) -> Next {
        Next::End
    }
}
