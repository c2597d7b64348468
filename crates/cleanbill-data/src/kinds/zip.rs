//! Kind `zip`.

mod directory;

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::Arc,
};

use cleanbill_core::{Text, text};

use super::{Copying, Head, Opening, Pieces};
use crate::{
    input::{Packing, ReadAt, Stream, count, read_range},
    limits::{UNPACKED_RATIO, ZIP_ENTRIES},
    members::{self, Content, Entries, Entry, Item, Members},
    outcome::{Problem, Tools},
    source::Section,
};
pub(crate) use directory::{Directory, Listed};

kind! {
    /// ZIP archives, read as archives of tar are: by their directory, members that follow each other and whose names are the same up to
    /// the first period as one record. Members may be stored or packed by deflate, bzip2, Zstandard or xz; others and encrypted ones are
    /// not read. Comments are searched. Members that overlap, or that unpack to more than 2,000 times their size, are bombs and not read
    /// to their end. What the directory does not list is not read, which lowers coverage. No copy is made.
    id: "zip", name: "ZIP",
    probe: probe, open: open, copying: Copying::None, access: Anywhere,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    let is_zip = head.bytes.starts_with(b"PK\x03\x04") || head.bytes.starts_with(b"PK\x05\x06");
    is_zip.then_some(60)
}

pub(crate) fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let directory = Directory::read(&opening.bytes)?;
    let mut said = VecDeque::new();
    if directory.unlisted > 0 {
        said.push_back(unlisted(directory.unlisted));
    }
    let archive = Archive {
        bytes: opening.bytes,
        comment: directory.comment,
        more: directory.more,
        listed: directory.listed.into_iter(),
        left: directory.packed_bytes,
        comment_of: None,
        said,
    };
    Members::open(Box::new(archive), opening.depth)
}

fn lost(reason: Text) -> Problem {
    Problem {
        record: None,
        offset: None,
        reason,
        lost: true,
    }
}

/// Says that there are members of which the directory does not know.
pub(crate) fn unlisted(number: u64) -> Problem {
    lost(text!(
        "{number} places hold members that the directory does not list; they were not read",
        "{number} 处含有目录未列出的成员，未读取"
    ))
}

struct Archive {
    bytes: Arc<dyn ReadAt>,
    comment: Vec<u8>,
    more: bool,
    listed: std::vec::IntoIter<Listed>,
    /// Bytes that packed members may have together without overlap.
    left: u64,
    comment_of: Option<(String, Vec<u8>)>,
    said: VecDeque<Problem>,
}

impl Archive {
    fn comment(&mut self) -> Option<Entry> {
        let (name, comment) = match self.comment_of.take() {
            Some(comment) => comment,
            None if !self.comment.is_empty() => (String::new(), std::mem::take(&mut self.comment)),
            None => return None,
        };
        let (key, prefix) = members::split(&name);
        Some(Entry {
            key,
            name,
            prefix: if prefix.is_empty() {
                "__comment__".to_owned()
            } else {
                format!("{prefix}.__comment__")
            },
            content: Content::Text(comment),
        })
    }
}

impl Entries for Archive {
    fn next(&mut self) -> Item {
        if let Some(problem) = self.said.pop_front() {
            return Item::Problem(problem);
        }
        if let Some(entry) = self.comment() {
            return Item::Entry(entry);
        }
        let Some(mut listed) = self.listed.next() else {
            if std::mem::take(&mut self.more) {
                return Item::Problem(lost(text!(
                    "more than {ZIP_ENTRIES} members; the rest was not read",
                    "成员超过 {ZIP_ENTRIES} 个；其余未读取"
                )));
            }
            return Item::End;
        };
        if !listed.comment.is_empty() {
            self.comment_of = Some((listed.name.clone(), std::mem::take(&mut listed.comment)));
        }
        let content = if let Some(left) = self.left.checked_sub(listed.packed_bytes) {
            self.left = left;
            content(&self.bytes, &listed)
        } else {
            Content::Unread(text!(
                "overlaps other members and was not read",
                "与其他成员重叠，未读取"
            ))
        };
        let (key, prefix) = members::split(&listed.name);
        Item::Entry(Entry {
            key,
            name: listed.name,
            prefix,
            content,
        })
    }
}

/// Returns the content of a member.
pub(crate) fn content(bytes: &Arc<dyn ReadAt>, listed: &Listed) -> Content {
    if listed.flags & 1 != 0 {
        return Content::Unread(text!("is encrypted and was not read", "已加密，未读取"));
    }
    let header = read_range(&**bytes, listed.offset, 30).unwrap_or_default();
    let word = |at: usize| -> u64 {
        let pair = header.get(at..).and_then(|rest| rest.first_chunk::<2>());
        pair.map_or(0, |pair| u64::from(u16::from_le_bytes(*pair)))
    };
    if !header.starts_with(b"PK\x03\x04") || header.len() < 30 {
        return Content::Unread(text!(
            "has no header where the directory says and was not read",
            "目录所指位置没有文件头，未读取"
        ));
    }
    let start = listed
        .offset
        .saturating_add(30)
        .saturating_add(word(26))
        .saturating_add(word(28));
    let section: Arc<dyn ReadAt> = Arc::new(Section::new(Arc::clone(bytes), start, listed.packed_bytes));
    let packed = || Box::new(Stream::new(Arc::clone(&section)));
    let stream: Box<dyn Read + Send> = match listed.method {
        0 => return Content::Stored(section),
        8 => Box::new(flate2::read::DeflateDecoder::new(packed())),
        12 => Packing::Bzip2.unpack(packed()),
        93 => Packing::Zstd.unpack(packed()),
        95 => Packing::Xz.unpack(packed()),
        method => {
            return Content::Unread(text!(
                "is packed by method {method} and was not read",
                "使用压缩方法 {method}，未读取"
            ));
        }
    };
    Content::Stream(Box::new(Bounded {
        stream,
        left: section.size().saturating_mul(UNPACKED_RATIO).max(64 << 20),
    }))
}

/// Ends a stream that unpacks to far more than it is.
struct Bounded {
    stream: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.stream.read(buffer)?;
        self.left = self.left.checked_sub(count(taken)).ok_or_else(|| {
            io::Error::other(format!("unpacks to more than {UNPACKED_RATIO} times its size"))
        })?;
        Ok(taken)
    }
}
