//! Cuts a stream into blocks of whole records, so that each can be searched by itself.

use std::io::{self, Read};

use crate::{
    input::count,
    limits::{BLOCK_BYTES, RECORD_BYTES},
};

/// What comes next of a stream.
#[derive(Debug)]
pub(crate) enum Cut {
    /// Whole records, and where they begin.
    Block {
        offset: u64,
        bytes: Vec<u8>,
    },
    /// A record that is longer than allowed, which was passed over; the next one begins behind it.
    TooLong {
        offset: u64,
        length: u64,
    },
    /// The stream failed here, after all that could be read.
    Failed {
        offset: u64,
        error: io::Error,
    },
    End,
}

/// Reads a stream block by block.
pub(crate) struct Blocks {
    stream: Box<dyn Read + Send>,
    held: Vec<u8>,
    offset: u64,
    ended: bool,
    error: Option<io::Error>,
}

impl Blocks {
    pub(crate) fn new(stream: Box<dyn Read + Send>) -> Self {
        Self::at(stream, 0)
    }

    /// Reads a stream whose first byte stands at `offset`.
    pub(crate) fn at(stream: Box<dyn Read + Send>, offset: u64) -> Self {
        Self {
            stream,
            held: Vec::new(),
            offset,
            ended: false,
            error: None,
        }
    }

    /// Holds `wanted` bytes where the stream has as many; says what is held.
    pub(crate) fn fill(&mut self, wanted: usize) -> &[u8] {
        while self.held.len() < wanted && !self.ended {
            let had = self.held.len();
            // Many files are small.
            let step = had.clamp(16 << 10, 1 << 20);
            self.held.resize(wanted.min(had.saturating_add(step)), 0);
            match self.stream.read(self.held.get_mut(had..).unwrap_or_default()) {
                Ok(0) => {
                    self.held.truncate(had);
                    self.ended = true;
                }
                Ok(taken) => self.held.truncate(had.saturating_add(taken)),
                Err(error) => {
                    self.held.truncate(had);
                    if error.kind() != io::ErrorKind::Interrupted {
                        self.ended = true;
                        self.error = Some(error);
                    }
                }
            }
        }
        &self.held
    }

    /// Says whether the stream has no more than what is held.
    pub(crate) const fn is_ended(&self) -> bool {
        self.ended
    }

    /// Returns the error that the stream ended with.
    pub(crate) const fn is_broken(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Takes the first bytes of what is held.
    pub(crate) fn take(&mut self, length: usize) -> Cut {
        let length = length.min(self.held.len());
        let rest = self.held.split_off(length);
        let bytes = std::mem::replace(&mut self.held, rest);
        let offset = self.offset;
        self.offset = offset.saturating_add(count(length));
        Cut::Block { offset, bytes }
    }

    /// Returns the next whole records. `end` says how many of the bytes are whole records, given whether more will come.
    pub(crate) fn next(&mut self, mut end: impl FnMut(&[u8], bool) -> Option<usize>) -> Cut {
        let mut wanted = BLOCK_BYTES;
        loop {
            self.fill(wanted);
            if self.held.is_empty() {
                return match self.error.take() {
                    Some(error) => Cut::Failed {
                        offset: self.offset,
                        error,
                    },
                    None => Cut::End,
                };
            }
            let seen = self.held.get(..wanted).unwrap_or(&self.held);
            let last = self.ended && seen.len() == self.held.len();
            let seen_bytes = seen.len();
            if let Some(length) = end(seen, last).filter(|length| *length > 0) {
                return self.take(length);
            }
            if last {
                return self.take(seen_bytes);
            }
            if seen_bytes >= RECORD_BYTES {
                return self.pass_over();
            }
            wanted = wanted.saturating_mul(2).min(RECORD_BYTES);
        }
    }

    /// Passes over everything up to the end of the line.
    pub(crate) fn pass_over(&mut self) -> Cut {
        let offset = self.offset;
        let mut length = 0_u64;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.held) {
                self.held.drain(..=end);
                length = length.saturating_add(count(end)).saturating_add(1);
                break;
            }
            length = length.saturating_add(count(self.held.len()));
            self.held.clear();
            self.fill(1 << 20);
            if self.held.is_empty() {
                break;
            }
        }
        self.offset = offset.saturating_add(length);
        Cut::TooLong { offset, length }
    }

    /// Gives what is left as a stream again.
    pub(crate) fn into_stream(self) -> Box<dyn Read + Send> {
        Box::new(io::Cursor::new(self.held).chain(Rest {
            stream: self.stream,
            error: self.error,
        }))
    }
}

/// What is left of a stream, with the error that was met already.
struct Rest {
    stream: Box<dyn Read + Send>,
    error: Option<io::Error>,
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.stream.read(buffer),
        }
    }
}
