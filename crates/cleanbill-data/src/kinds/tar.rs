//! Kind `tar`.

mod header;

use std::{
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use cleanbill_core::{Text, text};

use super::{Copying, Head, Opening, Pieces};
use crate::{
    input::{ReadAt, Stream, count, size},
    limits::NAMES_BYTES,
    members::{self, Content, Entries, Entry, Item, Members},
    outcome::{Problem, Tools},
    source::Section,
};
use header::{BLOCK, Header, Names};

kind! {
    /// Archives of tar, WebDataset among them. As its readers do, members that follow each other and whose names are the same up to the
    /// first period are one record; the name up to there is its id and the value `__key__`, the rest is the path: `json.caption`, `txt`.
    /// A member is read as the kind that its content says, archives and packed members too, up to four files deep; of one with records,
    /// the number belongs to the path: `jsonl[7].text`. Members of no kind, such as images and sound, are not searched, which lowers
    /// coverage; they are counted by the ends of their names. Names of pax and GNU are read; a sparse member is searched without its
    /// holes. Entries behind the end mark are read as well. No copy is made.
    id: "tar", name: "tar and WebDataset",
    probe: probe, open: open, copying: Copying::None, access: Stream,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    let header = head.bytes.first_chunk::<BLOCK>().and_then(Header::read)?;
    Some(if header.is_ustar || head.suffix == "tar" {
        95
    } else {
        70
    })
}

fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let depth = opening.depth;
    let stored = (!opening.packed && opening.bytes.size() > 0).then_some(opening.bytes);
    let stream: Box<dyn Read + Send> = match &stored {
        Some(bytes) => Box::new(Stream::new(Arc::clone(bytes))),
        None => opening.stream,
    };
    let archive = Archive {
        stored,
        shared: Arc::new(Mutex::new(Shared {
            stream,
            at: 0,
            end: 0,
            error: None,
        })),
        at: 0,
        next: 0,
        global: Names::default(),
        is_broken: false,
        over: false,
        said: None,
    };
    Members::open(Box::new(archive), depth)
}

/// The stream that the archive and its members read.
struct Shared {
    stream: Box<dyn Read + Send>,
    at: u64,
    /// Where the member ends that is being read.
    end: u64,
    error: Option<io::Error>,
}

/// A member of an archive that cannot be read in any order.
struct Share(Arc<Mutex<Shared>>, u64);

impl Read for Share {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The archive has gone on.
        if shared.end != self.1 {
            return Ok(0);
        }
        let left = size(shared.end.saturating_sub(shared.at)).min(buffer.len());
        let buffer = buffer.get_mut(..left).unwrap_or_default();
        if buffer.is_empty() {
            return Ok(0);
        }
        match shared.stream.read(buffer) {
            Ok(taken) => {
                shared.at = shared.at.saturating_add(count(taken));
                Ok(taken)
            }
            Err(error) => {
                shared.error = Some(io::Error::new(error.kind(), error.to_string()));
                Err(error)
            }
        }
    }
}

struct Archive {
    stored: Option<Arc<dyn ReadAt>>,
    shared: Arc<Mutex<Shared>>,
    /// Where the header was that was read last.
    at: u64,
    /// Where the next header stands.
    next: u64,
    global: Names,
    is_broken: bool,
    over: bool,
    said: Option<Problem>,
}

impl Archive {
    /// Reads up to `length` bytes at `self.next` and goes on behind them.
    fn take(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(stored) = &self.stored {
            bytes = crate::input::read_range(&**stored, self.next, length)?;
        } else {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(error) = shared.error.take() {
                return Err(error);
            }
            let skipped = self.next.saturating_sub(shared.at);
            let passed = io::copy(&mut shared.stream.by_ref().take(skipped), &mut io::sink())?;
            shared.at = shared.at.saturating_add(passed);
            let end = std::mem::take(&mut shared.end);
            if shared.at < end {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            shared.stream.by_ref().take(length).read_to_end(&mut bytes)?;
            shared.at = shared.at.saturating_add(count(bytes.len()));
        }
        self.next = self.next.saturating_add(count(bytes.len()));
        Ok(bytes)
    }

    fn problem(&self, reason: Text) -> Problem {
        Problem {
            record: None,
            offset: Some(self.at),
            reason,
            lost: true,
        }
    }

    /// Returns the content of the member that begins here, and what is wrong with it.
    fn content(&mut self, length: u64) -> (Content, Option<Problem>) {
        let start = self.next;
        self.next = start.saturating_add(padded(length));
        if let Some(stored) = &self.stored {
            let there = stored.size().saturating_sub(start);
            let cut = (there < length).then(|| {
                let missing = length.saturating_sub(there);
                self.problem(text!(
                    "the archive ends within a member; {missing} bytes are missing",
                    "归档在某成员中途结束，缺少 {missing} 字节"
                ))
            });
            let section = Section::new(Arc::clone(stored), start, length);
            return (Content::Stored(Arc::new(section)), cut);
        }
        let end = start.saturating_add(length);
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.end = end;
        drop(shared);
        (
            Content::Stream(Box::new(Share(Arc::clone(&self.shared), end))),
            None,
        )
    }

    fn entry(&mut self) -> io::Result<Item> {
        let mut names = Names::default();
        loop {
            self.at = self.next;
            let block = self.take(count(BLOCK))?;
            if block.is_empty() {
                self.over = true;
                return Ok(Item::End);
            }
            let Some(block) = block.first_chunk::<BLOCK>() else {
                self.over = true;
                if block.iter().all(|byte| *byte == 0) {
                    return Ok(Item::End);
                }
                let reason = text!("the archive ends within a header", "归档在文件头中途结束");
                return Ok(Item::Problem(self.problem(reason)));
            };
            if block.iter().all(|byte| *byte == 0) {
                self.is_broken = false;
                continue;
            }
            let Some(header) = Header::read(block) else {
                if !std::mem::replace(&mut self.is_broken, true) {
                    let reason = text!(
                        "no header here; bytes up to the next one were not searched",
                        "此处不是文件头；到下一个文件头之前的字节未搜索"
                    );
                    return Ok(Item::Problem(self.problem(reason)));
                }
                continue;
            };
            self.is_broken = false;
            let length = names.size.or(self.global.size).unwrap_or(header.size);
            match header.kind {
                b'x' | b'X' | b'g' | b'L' | b'K' => {
                    let length = header.size;
                    let body = self.next;
                    let records = self.take(length.min(count(NAMES_BYTES)))?;
                    self.next = body.saturating_add(padded(length));
                    match header.kind {
                        b'L' => names.name = Some(header::text(&records)),
                        b'K' => {}
                        b'g' => self.global.add(&records),
                        _ => names.add(&records),
                    }
                    if length > count(NAMES_BYTES) {
                        let reason = text!(
                            "names of {length} bytes are too long to be read in full",
                            "长度为 {length} 字节的名称记录过长，未完整读取"
                        );
                        return Ok(Item::Problem(self.problem(reason)));
                    }
                }
                // Links, devices, folders, FIFOs hold nothing, whatever size they state.
                b'1'..=b'6' => names = Names::default(),
                _ => {
                    let mut more = header.is_extended;
                    while more {
                        let block = self.take(count(BLOCK))?;
                        more = block.get(504).is_some_and(|flag| *flag != 0);
                    }
                    let name = names
                        .name
                        .take()
                        .or_else(|| self.global.name.clone())
                        .unwrap_or(header.name);
                    if header.kind == 0 && name.ends_with('/') {
                        names = Names::default();
                        continue;
                    }
                    let (content, mut wrong) = self.content(length);
                    if (header.kind == b'S' || names.is_sparse) && wrong.is_none() {
                        let mut problem = self.problem(text!(
                            "`{name}` is sparse; it was searched without its holes",
                            "`{name}` 为稀疏文件；已在去除空洞后搜索"
                        ));
                        problem.lost = false;
                        wrong = Some(problem);
                    }
                    self.said = wrong;
                    let (key, prefix) = members::split(&name);
                    return Ok(Item::Entry(Entry {
                        key,
                        name,
                        prefix,
                        content,
                    }));
                }
            }
        }
    }
}

impl Entries for Archive {
    fn next(&mut self) -> Item {
        if let Some(problem) = self.said.take() {
            return Item::Problem(problem);
        }
        if self.over {
            return Item::End;
        }
        match self.entry() {
            Ok(item) => item,
            Err(error) => {
                self.over = true;
                Item::Problem(super::text::broken(self.next, &error))
            }
        }
    }
}

/// Rounds up to whole blocks.
fn padded(length: u64) -> u64 {
    length.div_ceil(count(BLOCK)).saturating_mul(count(BLOCK))
}
