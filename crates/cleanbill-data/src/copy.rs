//! Writes copies of what comes in pieces.

use std::io::{self, Write};

use crate::{
    encoding::{Encoder, Encoding},
    limits::BLOCK_BYTES,
    outcome::Copied,
};

/// Writes pieces one after the other, with what takes the place of what; a range may reach into the next piece.
pub(crate) struct Splice {
    out: Packer,
    encoder: Option<Encoder>,
    /// Bytes of the next pieces that were replaced already.
    passed: usize,
}

impl Splice {
    pub(crate) fn new(format: &str, out: Box<dyn Write + Send>) -> Self {
        Self {
            out: packed(format, out),
            encoder: Encoding::of_format(format).map(Encoder::new),
            passed: 0,
        }
    }

    pub(crate) fn push(&mut self, copied: Copied) -> io::Result<()> {
        let bytes = copied.bytes;
        let mut at = self.passed.min(bytes.len());
        self.passed = self.passed.saturating_sub(bytes.len());
        for edit in copied.edits {
            if edit.range.start < at {
                continue;
            }
            self.write(bytes.get(at..edit.range.start).unwrap_or_default())?;
            self.write(&edit.text)?;
            at = edit.range.end;
        }
        if at > bytes.len() {
            self.passed = at.saturating_sub(bytes.len());
        }
        self.write(bytes.get(at..).unwrap_or_default())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.encoder {
            Some(encoder) => encoder.write(bytes, &mut |bytes| self.out.write_all(bytes)),
            None => self.out.write_all(bytes),
        }
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        self.out.finish()
    }
}

/// Packs a copy as the artifact was packed.
enum Packer {
    Plain(Box<dyn Write + Send>),
    Gzip(flate2::write::GzEncoder<Box<dyn Write + Send>>),
    Bzip2(bzip2::write::BzEncoder<Box<dyn Write + Send>>),
    /// Frame by frame, and what the next frame will hold.
    Zstd(Box<dyn Write + Send>, Vec<u8>),
}

fn packed(format: &str, out: Box<dyn Write + Send>) -> Packer {
    match format.rsplit_once('+') {
        Some((_, "gzip")) => Packer::Gzip(flate2::write::GzEncoder::new(out, flate2::Compression::default())),
        Some((_, "bzip2")) => Packer::Bzip2(bzip2::write::BzEncoder::new(out, bzip2::Compression::default())),
        Some((_, "zstd")) => Packer::Zstd(out, Vec::new()),
        _ => Packer::Plain(out),
    }
}

fn frame(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    let packed = ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest);
    out.write_all(&packed)
}

impl Packer {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.write_all(bytes),
            Self::Gzip(out) => out.write_all(bytes),
            Self::Bzip2(out) => out.write_all(bytes),
            Self::Zstd(out, held) => {
                held.extend_from_slice(bytes);
                if held.len() >= BLOCK_BYTES {
                    frame(out, held)?;
                    held.clear();
                }
                Ok(())
            }
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut out) => out.flush(),
            Self::Gzip(out) => out.finish()?.flush(),
            Self::Bzip2(out) => out.finish()?.flush(),
            Self::Zstd(mut out, held) => {
                frame(&mut out, &held)?;
                out.flush()
            }
        }
    }
}
