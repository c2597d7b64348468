//! Brings a member's bytes within reach: a section of its container, decoded into memory, or decoded into an unnamed
//! temporary file when it is large.

use std::{
    fs::File,
    io::{self, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use cleanbill_core::{Text, text};
use cleanbill_formats::{
    Member, Parsed, Payload,
    bytes::{ReadAt, Section, SequentialReader},
    limits::Limits,
};

/// Counts what was decoded for one artifact, over all its members and threads.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    decoded: AtomicU64,
}

impl Budget {
    /// Returns how many bytes were decoded so far.
    pub(crate) fn decoded(&self) -> u64 {
        self.decoded.load(Ordering::Relaxed)
    }
}

/// A member's bytes, and why they are not all of it where that is so.
#[derive(Debug)]
pub(crate) struct OpenedMember {
    pub(crate) bytes: Arc<dyn ReadAt>,
    pub(crate) loss: Option<Text>,
    pub(crate) bomb: Option<Bomb>,
}

/// Tells how far a member swelled before its decoding was stopped.
#[derive(Clone, Copy, Debug)]
pub struct Bomb {
    /// Bytes that went in.
    pub encoded_bytes: u64,
    /// Bytes that came out.
    pub decoded_bytes: u64,
}

/// Opens `member` of `container`.
pub(crate) fn open(
    container: &Arc<dyn ReadAt>,
    parsed: &Parsed,
    member: &Member,
    limits: &Limits,
    budget: &Budget,
) -> Result<OpenedMember, Text> {
    match &member.payload {
        Payload::Section(range) => {
            let bytes = Arc::new(Section::new(Arc::clone(container), range.clone()));
            Ok(OpenedMember {
                bytes,
                loss: None,
                bomb: None,
            })
        }
        Payload::Owned(bytes) => Ok(OpenedMember {
            bytes: Arc::new(Arc::clone(bytes)),
            loss: None,
            bomb: None,
        }),
        Payload::Unreadable { en, zh } => Err(Text::new(en.clone(), zh.clone())),
        Payload::Encoded { range, codec, .. } => {
            let encoded_bytes = range.end.saturating_sub(range.start);
            let reader = SequentialReader::new(container.as_ref(), range.clone());
            let mut spool = Spool::new(limits, budget, encoded_bytes);
            let result = codec
                .decoder(reader)
                .and_then(|mut decoder| spool.fill(decoder.as_mut()));
            Ok(spool.finish(result))
        }
        Payload::Extract(index) => {
            let mut spool = Spool::new(limits, budget, container.size());
            let result = parsed.view().extract(container, *index, &mut spool);
            Ok(spool.finish(result))
        }
    }
}

/// Takes decoded bytes up to the limits, first in memory, then in an unnamed file.
#[derive(Debug)]
struct Spool<'a> {
    memory: Vec<u8>,
    file: Option<File>,
    size: u64,
    encoded_bytes: u64,
    limits: &'a Limits,
    budget: &'a Budget,
    stopped: Option<Stop>,
}

#[derive(Clone, Copy, Debug)]
enum Stop {
    Limit,
    Bomb,
}

impl<'a> Spool<'a> {
    fn new(limits: &'a Limits, budget: &'a Budget, encoded_bytes: u64) -> Self {
        Self {
            memory: Vec::new(),
            file: None,
            size: 0,
            encoded_bytes,
            limits,
            budget,
            stopped: None,
        }
    }

    fn fill(&mut self, decoder: &mut dyn Read) -> io::Result<()> {
        let mut piece = vec![0; 64 * 1024];
        loop {
            match decoder.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(count) => self.write_all(piece.get(..count).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives what came out; a decoder's error after some bytes is a loss, not a failure, because a loader may have used them.
    fn finish(self, result: io::Result<()>) -> OpenedMember {
        let size = self.size;
        let bomb = matches!(self.stopped, Some(Stop::Bomb)).then_some(Bomb {
            encoded_bytes: self.encoded_bytes,
            decoded_bytes: size,
        });
        let loss = match (result, self.stopped) {
            (_, Some(_)) => Some(text!(
                "decoding stopped after {size} bytes: limit reached",
                "解码到 {size} 字节时停止：达到上限"
            )),
            (Err(error), None) => Some(text!(
                "decoding failed after {size} bytes: {error}",
                "解码到 {size} 字节时失败：{error}"
            )),
            (Ok(()), None) => None,
        };
        let bytes: Arc<dyn ReadAt> = match self.file {
            Some(file) => Arc::new(crate::source::FileBytes::new(file, size)),
            None => Arc::new(self.memory),
        };
        OpenedMember { bytes, loss, bomb }
    }
}

impl Write for Spool<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let added = piece.len() as u64;
        let decoded = self.budget.decoded.fetch_add(added, Ordering::Relaxed) + added;
        self.size += added;
        let ratio = self.size / self.encoded_bytes.max(1);
        if self.size > self.limits.bomb_floor_bytes && ratio >= self.limits.bomb_ratio {
            self.stopped = Some(Stop::Bomb);
        } else if self.size > self.limits.member_bytes || decoded > self.limits.artifact_decoded_bytes {
            self.stopped = Some(Stop::Limit);
        }
        if self.stopped.is_some() {
            self.size -= added;
            return Err(io::Error::other("limit reached"));
        }
        if let Some(file) = &mut self.file {
            file.write_all(piece)?;
        } else {
            self.memory.extend_from_slice(piece);
            if self.memory.len() as u64 > self.limits.memory_member_bytes {
                let mut file = tempfile::tempfile()?;
                file.write_all(&self.memory)?;
                self.memory = Vec::new();
                self.file = Some(file);
            }
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
