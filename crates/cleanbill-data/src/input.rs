//! Where bytes come from: positional reads, and streams made of them, unpacked where the bytes say so.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use crate::limits::{XZ_KIB, ZSTD_WINDOW_BYTES};

/// Gives random access to bytes of a known size.
pub trait ReadAt: Send + Sync + fmt::Debug {
    /// Returns the size in bytes.
    fn size(&self) -> u64;

    /// Reads at `offset` into the start of `buffer`; returns how many bytes were read, 0 only at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Returns the bytes as a stream where they come only once, as those of a pipe do; then they have no size and no other reading.
    fn once(&self) -> Option<Box<dyn Read + Send>> {
        None
    }

    /// Keeps the rest of a stream that came once, for a kind that must read its end first.
    fn keep(&self, rest: Box<dyn Read + Send>) -> io::Result<Arc<dyn ReadAt>> {
        drop(rest);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Counts the bytes that are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count(Arc<AtomicU64>);

impl Count {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(count(bytes), Ordering::Relaxed);
    }
}

/// Bytes whose reading is counted.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) bytes: Arc<dyn ReadAt>,
    pub(crate) count: Count,
}

impl ReadAt for Counted {
    fn size(&self) -> u64 {
        self.bytes.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.bytes.read_at(offset, buffer)?;
        self.count.add(taken);
        Ok(taken)
    }

    fn once(&self) -> Option<Box<dyn Read + Send>> {
        let stream = self.bytes.once()?;
        Some(Box::new(CountedStream {
            stream,
            count: self.count.clone(),
        }))
    }

    fn keep(&self, rest: Box<dyn Read + Send>) -> io::Result<Arc<dyn ReadAt>> {
        self.bytes.keep(rest)
    }
}

struct CountedStream {
    stream: Box<dyn Read + Send>,
    count: Count,
}

impl Read for CountedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.stream.read(buffer)?;
        self.count.add(taken);
        Ok(taken)
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        count(self.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.get(size(offset)..).unwrap_or_default();
        let taken = rest.len().min(buffer.len());
        if let (Some(target), Some(bytes)) = (buffer.get_mut(..taken), rest.get(..taken)) {
            target.copy_from_slice(bytes);
        }
        Ok(taken)
    }
}

/// Reads `length` bytes at `offset`, or what is there of them.
pub(crate) fn read_range(bytes: &dyn ReadAt, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let length = size(length.min(bytes.size().saturating_sub(offset)));
    let mut read = Vec::new();
    while read.len() < length {
        let had = read.len();
        // Grows with what is really there.
        read.resize(length.min(had.saturating_add(1 << 20)), 0);
        let at = offset.saturating_add(count(had));
        match bytes.read_at(at, read.get_mut(had..).unwrap_or_default()) {
            Ok(0) => {
                read.truncate(had);
                break;
            }
            Ok(taken) => read.truncate(had.saturating_add(taken)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => read.truncate(had),
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Reads bytes from their start to their end, or a range of them.
#[derive(Debug)]
pub(crate) struct Stream {
    bytes: Arc<dyn ReadAt>,
    at: u64,
    end: u64,
}

impl Stream {
    pub(crate) fn new(bytes: Arc<dyn ReadAt>) -> Self {
        Self::of(bytes, 0..u64::MAX)
    }

    pub(crate) fn of(bytes: Arc<dyn ReadAt>, range: std::ops::Range<u64>) -> Self {
        Self {
            bytes,
            at: range.start,
            end: range.end,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = size(self.end.saturating_sub(self.at)).min(buffer.len());
        let taken = self
            .bytes
            .read_at(self.at, buffer.get_mut(..most).unwrap_or_default())?;
        self.at = self.at.saturating_add(count(taken));
        Ok(taken)
    }
}

/// Names how a whole file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

impl Packing {
    /// Reads it from the first bytes.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }

    /// Returns the ends of names that go with it.
    pub(crate) const fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Gzip => &["gz", "gzip"],
            Self::Zstd => &["zst", "zstd"],
            Self::Xz => &["xz"],
            Self::Bzip2 => &["bz2"],
        }
    }

    pub(crate) fn unpack(self, packed: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        let packed = BufReader::with_capacity(64 << 10, packed);
        match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, XZ_KIB)),
            Self::Zstd => Box::new(Frames::new(packed)),
        }
    }
}

/// Reads Zstandard frames one after the other, skippable ones included.
struct Frames<R: Read> {
    input: BufReader<R>,
    decoder: FrameDecoder,
    inside: bool,
}

impl<R: Read> Frames<R> {
    fn new(input: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW_BYTES);
        Self {
            input: BufReader::new(input),
            decoder,
            inside: false,
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
        while !buffer.is_empty() {
            if !self.inside {
                if self.input.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                match self.decoder.reset(&mut self.input) {
                    Ok(()) => self.inside = true,
                    Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                        length,
                        ..
                    })) => {
                        let skipped =
                            io::copy(&mut (&mut self.input).take(u64::from(length)), &mut io::sink())?;
                        if skipped < u64::from(length) {
                            return Err(io::ErrorKind::UnexpectedEof.into());
                        }
                        continue;
                    }
                    Err(error) => return Err(invalid(error.to_string())),
                }
            }
            let taken = self.decoder.read(buffer)?;
            if taken > 0 {
                return Ok(taken);
            }
            if self.decoder.is_finished() {
                self.inside = false;
                continue;
            }
            self.decoder
                .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBytes(buffer.len()))
                .map_err(|error| invalid(error.to_string()))?;
        }
        Ok(0)
    }
}

/// Converts a length to `u64`.
pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Converts a length to `usize`, or the largest one where it does not fit.
pub(crate) fn size(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
