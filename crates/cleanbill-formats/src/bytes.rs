//! The one bounded reader. Parsers read through [`Cursor`] and never allocate by a length that they have not compared with
//! what remains.

use std::{borrow::Cow, fmt, io, ops::Range, sync::Arc};

use thiserror::Error;

/// Gives random access to bytes of a known size.
pub trait ReadAt: Send + Sync + fmt::Debug {
    /// Returns the size in bytes.
    fn size(&self) -> u64;

    /// Reads at `offset` into the start of `buffer`; returns how many bytes were read, 0 only at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Returns all bytes where they lie in memory, so that nobody copies them to look at them.
    fn in_memory(&self) -> Option<&[u8]> {
        None
    }
}

/// The source of the bytes failed; the content has no part in it.
#[derive(Debug, Error)]
#[error("cannot read {wanted} bytes at offset {offset}")]
#[non_exhaustive]
pub struct SourceError {
    /// Where the read began.
    pub offset: u64,
    /// How many bytes were asked for.
    pub wanted: u64,
    /// What the source said.
    #[source]
    pub source: io::Error,
}

/// A read by a [`Cursor`] that could not be served.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input ends before the bytes that its own structure promises.
    #[error("{wanted} bytes wanted at offset {offset}, {available} remain")]
    Truncated {
        /// Where the read began.
        offset: u64,
        /// How many bytes were asked for.
        wanted: u64,
        /// How many remain.
        available: u64,
    },
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Converts a length to `u64`, which holds every `usize` of the systems we build for.
pub fn size_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Converts a length to `usize`, or the largest one where it does not fit.
pub fn size_usize(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Bytes that lie in memory, however they are held.
impl<T: AsRef<[u8]> + Send + Sync + fmt::Debug + ?Sized> ReadAt for T {
    fn size(&self) -> u64 {
        size_u64(self.as_ref().len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.as_ref().get(size_usize(offset)..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(target), Some(bytes)) = (buffer.get_mut(..count), rest.get(..count)) {
            target.copy_from_slice(bytes);
        }
        Ok(count)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(self.as_ref())
    }
}

/// Shows a range of another source as a source of its own.
#[derive(Clone, Debug)]
pub struct Section {
    source: Arc<dyn ReadAt>,
    start: u64,
    size: u64,
}

impl Section {
    /// Shows `range` of `source`, cut to what is there.
    pub fn new(source: Arc<dyn ReadAt>, range: Range<u64>) -> Self {
        let start = range.start.min(source.size());
        let size = range.end.min(source.size()).saturating_sub(start);
        Self { source, start, size }
    }
}

impl ReadAt for Section {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let remaining = size_usize(self.size.saturating_sub(offset)).min(buffer.len());
        match buffer.get_mut(..remaining) {
            Some(target) if remaining > 0 => self.source.read_at(self.start.saturating_add(offset), target),
            _ => Ok(0),
        }
    }

    fn in_memory(&self) -> Option<&[u8]> {
        let end = self.start.saturating_add(self.size);
        self.source
            .in_memory()?
            .get(size_usize(self.start)..size_usize(end))
    }
}

/// Reads until `buffer` is full or the source ends; returns how many bytes were read.
pub fn read_full(source: &dyn ReadAt, offset: u64, buffer: &mut [u8]) -> Result<usize, SourceError> {
    let mut filled = 0_usize;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let at = offset.saturating_add(size_u64(filled));
        let wanted = size_u64(rest.len());
        match source.read_at(at, rest) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(SourceError {
                    offset: at,
                    wanted,
                    source: error,
                });
            }
        }
    }
    Ok(filled)
}

/// Reads the bytes of `range`, cut to what is there and to `most` bytes.
pub fn read_range(source: &dyn ReadAt, range: Range<u64>, most: u64) -> Result<Vec<u8>, SourceError> {
    view_range(source, range, most).map(Cow::into_owned)
}

/// Like [`read_range`], without a copy of what lies in memory.
pub fn view_range(source: &dyn ReadAt, range: Range<u64>, most: u64) -> Result<Cow<'_, [u8]>, SourceError> {
    let end = range.end.min(source.size());
    let length = end.saturating_sub(range.start).min(most);
    if let Some(bytes) = source.in_memory() {
        let stop = range.start.saturating_add(length);
        let part = bytes.get(size_usize(range.start)..size_usize(stop));
        return Ok(Cow::Borrowed(part.unwrap_or_default()));
    }
    let mut buffer = vec![0; size_usize(length)];
    let filled = read_full(source, range.start, &mut buffer)?;
    buffer.truncate(filled);
    Ok(Cow::Owned(buffer))
}

/// Turns a range of a source into a sequential reader, for decoders.
#[derive(Debug)]
pub struct SequentialReader<'a> {
    source: &'a dyn ReadAt,
    position: u64,
    end: u64,
}

impl<'a> SequentialReader<'a> {
    /// Reads `range` of `source` from its start to its end.
    pub fn new(source: &'a dyn ReadAt, range: Range<u64>) -> Self {
        Self {
            source,
            position: range.start,
            end: range.end.min(source.size()),
        }
    }

    /// Returns the offset in the source of the next byte.
    pub fn position(&self) -> u64 {
        self.position
    }
}

impl io::Read for SequentialReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let remaining = size_usize(self.end.saturating_sub(self.position)).min(buffer.len());
        let Some(target) = buffer.get_mut(..remaining).filter(|target| !target.is_empty()) else {
            return Ok(0);
        };
        let count = self.source.read_at(self.position, target)?;
        self.position = self.position.saturating_add(size_u64(count));
        Ok(count)
    }
}

/// Smallest and largest piece that a [`Cursor`] reads ahead. It starts small, so that jumping over payloads stays cheap,
/// and grows while it is read in order.
const WINDOW_MIN: usize = 4 * 1024;
const WINDOW_MAX: usize = 128 * 1024;
/// Longest line that [`Cursor::line`] keeps in the window.
pub const HELD_LINE_BYTES: usize = 64 * 1024;

/// Walks over a source with a small window of bytes read ahead.
#[derive(Debug)]
pub struct Cursor<'a> {
    source: &'a dyn ReadAt,
    end: u64,
    /// What lies in memory is not copied: then this is all of it.
    window: Cow<'a, [u8]>,
    window_start: u64,
    index: usize,
    ahead: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at `range.start` and ends at `range.end` or the end of the source.
    pub fn new(source: &'a dyn ReadAt, range: Range<u64>) -> Self {
        let end = range.end.min(source.size());
        let all = source.in_memory().and_then(|bytes| bytes.get(..size_usize(end)));
        let mut cursor = Self {
            source,
            end,
            window: Cow::Borrowed(all.unwrap_or_default()),
            window_start: 0,
            index: 0,
            ahead: WINDOW_MIN,
        };
        cursor.seek(range.start);
        cursor
    }

    /// Starts at the first byte of `source`.
    pub fn whole(source: &'a dyn ReadAt) -> Self {
        Self::new(source, 0..source.size())
    }

    /// Returns the offset of the next byte, counted from the start of the source.
    pub fn position(&self) -> u64 {
        self.window_start.saturating_add(size_u64(self.index))
    }

    /// Returns the offset at which the walk ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Returns how many bytes remain.
    pub fn remaining(&self) -> u64 {
        self.end.saturating_sub(self.position())
    }

    /// Moves to `offset`, which may lie anywhere; bytes in the window are kept where they can be.
    pub fn seek(&mut self, offset: u64) {
        let inside = offset.checked_sub(self.window_start).map(size_usize);
        match inside {
            Some(index) if index <= self.window.len() => self.index = index,
            _ => {
                match &mut self.window {
                    Cow::Owned(window) => window.clear(),
                    all @ Cow::Borrowed(_) => *all = Cow::default(),
                }
                self.window_start = offset;
                self.index = 0;
                self.ahead = WINDOW_MIN;
            }
        }
    }

    /// Passes over `count` bytes without reading them.
    pub fn skip(&mut self, count: u64) -> Result<(), ReadError> {
        if count > self.remaining() {
            return Err(self.truncated(count));
        }
        self.seek(self.position().saturating_add(count));
        Ok(())
    }

    /// Reads one byte.
    pub fn u8(&mut self) -> Result<u8, ReadError> {
        if self.index >= self.window.len() {
            self.fill(1)?;
        }
        match self.window.get(self.index) {
            Some(byte) => {
                self.index = self.index.saturating_add(1);
                Ok(*byte)
            }
            None => Err(self.truncated(1)),
        }
    }

    /// Reads `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let bytes = self.peek(N)?;
        let array = <[u8; N]>::try_from(bytes).unwrap_or([0; N]);
        self.index = self.index.saturating_add(N);
        Ok(array)
    }

    /// Reads a little-endian unsigned 16-bit number.
    pub fn u16_le(&mut self) -> Result<u16, ReadError> {
        self.array().map(u16::from_le_bytes)
    }

    /// Reads a little-endian unsigned 32-bit number.
    pub fn u32_le(&mut self) -> Result<u32, ReadError> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads a little-endian unsigned 64-bit number.
    pub fn u64_le(&mut self) -> Result<u64, ReadError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Shows the next `count` bytes without passing over them; `count` must be small, it is held in memory.
    pub fn peek(&mut self, count: usize) -> Result<&[u8], ReadError> {
        let end = self.index.saturating_add(count);
        if end > self.window.len() {
            self.fill(count)?;
        }
        let end = self.index.saturating_add(count);
        let error = self.truncated(size_u64(count));
        self.window.get(self.index..end).ok_or(error)
    }

    /// Copies the next `count` bytes; the caller has compared `count` with a limit.
    pub fn take(&mut self, count: usize) -> Result<Vec<u8>, ReadError> {
        if size_u64(count) > self.remaining() {
            return Err(self.truncated(size_u64(count)));
        }
        if count <= WINDOW_MAX {
            let bytes = self.peek(count)?.to_vec();
            self.index = self.index.saturating_add(count);
            return Ok(bytes);
        }
        let start = self.position();
        let bytes = read_range(
            self.source,
            start..start.saturating_add(size_u64(count)),
            size_u64(count),
        )?;
        if bytes.len() < count {
            return Err(self.truncated(size_u64(count)));
        }
        self.seek(start.saturating_add(size_u64(count)));
        Ok(bytes)
    }

    /// Passes over the bytes up to and with the next `\n` and returns their range without it, or `None` where the input ends first.
    ///
    /// A line of up to [`HELD_LINE_BYTES`] can be seen with [`Cursor::held`] until the next read.
    pub fn line(&mut self) -> Result<Option<Range<u64>>, ReadError> {
        let start = self.position();
        let mut searched = 0_usize;
        loop {
            let from = self.index.saturating_add(searched);
            let rest = self.window.get(from..).unwrap_or_default();
            if let Some(found) = memchr::memchr(b'\n', rest) {
                self.index = from.saturating_add(found).saturating_add(1);
                return Ok(Some(start..self.position().saturating_sub(1)));
            }
            searched = searched.saturating_add(rest.len());
            if self.position().saturating_add(size_u64(searched)) >= self.end {
                self.seek(start);
                return Ok(None);
            }
            if searched >= HELD_LINE_BYTES {
                self.index = self.index.saturating_add(searched);
                searched = 0;
            }
            self.fill(searched.saturating_add(1))?;
        }
    }

    /// Shows bytes just passed over, where they still stand in the window.
    pub fn held(&self, range: &Range<u64>) -> Option<&[u8]> {
        let start = size_usize(range.start.checked_sub(self.window_start)?);
        let end = size_usize(range.end.checked_sub(self.window_start)?);
        self.window.get(start..end)
    }

    fn truncated(&self, wanted: u64) -> ReadError {
        ReadError::Truncated {
            offset: self.position(),
            wanted,
            available: self.remaining(),
        }
    }

    /// Reads on, so that at least `count` bytes stand after the index, or as many as there are.
    fn fill(&mut self, count: usize) -> Result<(), ReadError> {
        let start = self.position();
        if size_u64(count) > self.remaining() {
            return Err(self.truncated(size_u64(count)));
        }
        let ahead = size_u64(self.ahead.max(count)).min(self.remaining());
        self.ahead = self.ahead.saturating_mul(2).min(WINDOW_MAX);
        let window = self.window.to_mut();
        let kept = window.len().saturating_sub(self.index);
        window.drain(..self.index.min(window.len()));
        self.window_start = start;
        self.index = 0;
        window.resize(size_usize(ahead).max(kept), 0);
        let from = start.saturating_add(size_u64(kept));
        let target = window.get_mut(kept..).unwrap_or_default();
        let filled = read_full(self.source, from, target)?;
        window.truncate(kept.saturating_add(filled));
        if window.len() < count {
            let shrunk = io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the source is shorter than when it was opened",
            );
            return Err(SourceError {
                offset: from,
                wanted: size_u64(count),
                source: shrunk,
            }
            .into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_never_pass_the_end() {
        let bytes = vec![1_u8, 2, 3];
        let mut cursor = Cursor::whole(&bytes);
        assert_eq!(cursor.u16_le().unwrap(), 0x0201);
        assert!(matches!(
            cursor.u16_le(),
            Err(ReadError::Truncated {
                offset: 2,
                wanted: 2,
                available: 1
            })
        ));
        assert_eq!(cursor.u8().unwrap(), 3);
        assert!(cursor.skip(1).is_err());
    }

    #[test]
    fn lines_cross_windows() {
        let mut bytes = vec![b'a'; WINDOW_MAX * 3];
        bytes.push(b'\n');
        bytes.push(b'b');
        let mut cursor = Cursor::whole(&bytes);
        assert_eq!(cursor.line().unwrap(), Some(0..(WINDOW_MAX * 3) as u64));
        assert_eq!(cursor.u8().unwrap(), b'b');
        assert_eq!(cursor.line().unwrap(), None);
    }

    #[test]
    fn a_section_hides_what_lies_outside() {
        let source: Arc<dyn ReadAt> = Arc::new(vec![0_u8, 1, 2, 3, 4]);
        let section = Section::new(source, 1..3);
        assert_eq!(read_range(&section, 0..99, 99).unwrap(), [1, 2]);
        assert_eq!(section.size(), 2);
    }

    #[test]
    fn seeking_keeps_or_drops_the_window() {
        let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let mut cursor = Cursor::whole(&bytes);
        assert_eq!(cursor.u8().unwrap(), 0);
        cursor.seek(299_999);
        assert_eq!(u64::from(cursor.u8().unwrap()), 299_999 % 256);
        cursor.seek(1);
        assert_eq!(cursor.take(200_000).unwrap().len(), 200_000);
        assert_eq!(cursor.position(), 200_001);
    }
}
