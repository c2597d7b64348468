//! Tells what a file is, whether it stands by itself or within another, and makes it ready to be read.

use std::{
    io::{self, Read},
    sync::Arc,
};

use cleanbill_core::{Text, text};

use crate::{
    blocks::Blocks,
    encoding::{Damage, Decoded, Encoding},
    input::{Packing, ReadAt, Stream, count},
    kinds::{self, Access, Copying, Head, Kind, Opening},
    limits::{HEAD_BYTES, HELD_BYTES, SNIFF_BYTES},
};

/// A file whose kind is not known.
pub(crate) struct Source {
    /// Its name, whose end may be all that tells what it is.
    pub(crate) name: String,
    /// Its bytes as they are stored, where they can be read in any order.
    pub(crate) bytes: Option<Arc<dyn ReadAt>>,
    /// The same from the start.
    pub(crate) stream: Box<dyn Read + Send>,
    /// Its bytes come once, and can be kept.
    pub(crate) is_once: bool,
    /// How many files it stands within.
    pub(crate) depth: u32,
    /// Is told what its encoding meets that cannot be written back.
    pub(crate) damage: Damage,
}

/// A file whose kind is known.
pub(crate) struct Known {
    pub(crate) kind: &'static Kind,
    pub(crate) packing: Option<Packing>,
    pub(crate) encoding: Option<Encoding>,
    /// It came once and was kept, so that it can be read in any order.
    pub(crate) is_kept: bool,
    pub(crate) opening: Opening,
    /// Bytes of it that are held until it is read.
    pub(crate) held: u64,
}

impl Source {
    /// Makes a source of bytes that can be read in any order, unless they say that they come once.
    pub(crate) fn of(name: String, bytes: &Arc<dyn ReadAt>, depth: u32) -> Self {
        let once = bytes.once();
        Self {
            name,
            is_once: once.is_some(),
            stream: once.unwrap_or_else(|| Box::new(Stream::new(Arc::clone(bytes)))),
            bytes: Some(Arc::clone(bytes)),
            depth,
            damage: Damage::default(),
        }
    }

    /// Tells its kind; nothing where it is empty, the reason where no kind reads it.
    pub(crate) fn recognise(self) -> Result<Option<Known>, Text> {
        let mut blocks = Blocks::new(self.stream);
        let packing = Packing::of(blocks.fill(16));
        let name = self
            .name
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let mut suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        if let Some(packing) = packing {
            if packing.suffixes().contains(&suffix) {
                let bare = name.rsplit_once('.').map_or("", |(bare, _)| bare);
                suffix = bare.rsplit_once('.').map_or("", |(_, suffix)| suffix);
            } else if matches!(suffix, "tgz" | "tbz2" | "txz" | "tzst") {
                suffix = "tar";
            }
            blocks = Blocks::new(packing.unpack(blocks.into_stream()));
        }
        let encoding = Encoding::of(blocks.fill(HEAD_BYTES));
        if let Some(encoding) = encoding {
            let decoded = Decoded::new(encoding, blocks.into_stream(), &self.damage);
            blocks = Blocks::new(Box::new(decoded));
        }
        // What is no text shows its kind early.
        let mut head = blocks.fill(SNIFF_BYTES).to_vec();
        if memchr::memchr(0, &head).is_none() {
            head = blocks.fill(HEAD_BYTES).to_vec();
        }
        let described = Head {
            bytes: &head,
            suffix,
            whole: blocks.is_ended(),
        };
        let Some(kind) = kinds::recognise(&described) else {
            return match (head.is_empty(), blocks.is_broken()) {
                (_, Some(error)) => Err(text!("cannot be read: {error}", "无法读取：{error}")),
                (true, None) => Ok(None),
                (false, None) => Err(text!(
                    "no kind of data that is read here",
                    "不是此处可读取的数据类型"
                )),
            };
        };
        let mut known = Known {
            kind,
            packing,
            encoding,
            is_kept: false,
            held: 0,
            opening: Opening {
                bytes: self.bytes.unwrap_or_else(|| Arc::new(Vec::new())),
                stream: blocks.into_stream(),
                packed: packing.is_some(),
                depth: self.depth,
            },
        };
        let is_stored = packing.is_none() && known.opening.bytes.size() > 0;
        let is_anywhere = matches!(kind.access, Access::Anywhere);
        if self.is_once && packing.is_none() && (is_anywhere || matches!(kind.copying, Copying::Whole(_))) {
            known.keep()?;
        } else if is_anywhere && !is_stored {
            known.hold()?;
        }
        Ok(Some(known))
    }
}

impl Known {
    /// Keeps what comes once, since it is not read from its start to its end.
    fn keep(&mut self) -> Result<(), Text> {
        let stream = std::mem::replace(&mut self.opening.stream, Box::new(io::empty()));
        let kept = self.opening.bytes.keep(stream);
        self.opening.bytes = kept.map_err(|error| text!("cannot be read: {error}", "无法读取：{error}"))?;
        self.opening.stream = Box::new(Stream::new(Arc::clone(&self.opening.bytes)));
        self.is_kept = true;
        Ok(())
    }

    /// Holds the whole file in memory, since it is not read from its start to its end.
    fn hold(&mut self) -> Result<(), Text> {
        let mut held = Vec::new();
        let limit = count(HELD_BYTES);
        let stream = &mut self.opening.stream;
        if let Err(error) = stream
            .by_ref()
            .take(limit.saturating_add(1))
            .read_to_end(&mut held)
        {
            return Err(text!("cannot be read: {error}", "无法读取：{error}"));
        }
        if held.len() > HELD_BYTES {
            return Err(text!(
                "is packed, is read in no order and is larger than {HELD_BYTES} bytes, so it was not read",
                "已压缩、需随机读取且超过 {HELD_BYTES} 字节，未读取"
            ));
        }
        held.shrink_to_fit();
        self.held = count(held.len());
        self.opening.bytes = Arc::new(held);
        self.opening.stream = Box::new(Stream::new(Arc::clone(&self.opening.bytes)));
        self.opening.packed = false;
        Ok(())
    }
}

/// A part of bytes.
#[derive(Debug)]
pub(crate) struct Section {
    bytes: Arc<dyn ReadAt>,
    start: u64,
    length: u64,
}

impl Section {
    /// Takes `length` bytes at `start`, or what is there of them.
    pub(crate) fn new(bytes: Arc<dyn ReadAt>, start: u64, length: u64) -> Self {
        let length = length.min(bytes.size().saturating_sub(start));
        Self { bytes, start, length }
    }
}

impl ReadAt for Section {
    fn size(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = crate::input::size(self.length.saturating_sub(offset));
        let wanted = left.min(buffer.len());
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        self.bytes.read_at(self.start.saturating_add(offset), buffer)
    }
}
