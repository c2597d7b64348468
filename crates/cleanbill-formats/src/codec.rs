//! Decoders of compressed streams, behind one name each. All of them read sequentially and yield bytes; how many may come
//! out is for the caller to bound.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// Names a way in which bytes are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Raw DEFLATE (RFC 1951).
    Deflate,
    /// zlib (RFC 1950).
    Zlib,
    /// gzip (RFC 1952), all members of the stream.
    Gzip,
    /// bzip2, all streams.
    Bzip2,
    /// xz, all streams.
    Xz,
    /// The older `.lzma` container.
    LzmaAlone,
    /// LZMA as ZIP stores it (APPNOTE 5.8.8): a four-byte header and properties before the stream.
    ZipLzma,
    /// Zstandard (RFC 8878), all frames.
    Zstd,
    /// LZ4 frame format, all frames.
    Lz4,
}

impl Codec {
    /// Every codec.
    pub const ALL: [Self; 9] = [
        Self::Deflate,
        Self::Zlib,
        Self::Gzip,
        Self::Bzip2,
        Self::Xz,
        Self::LzmaAlone,
        Self::ZipLzma,
        Self::Zstd,
        Self::Lz4,
    ];

    /// Returns the name shown to people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deflate => "deflate",
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::LzmaAlone => "lzma",
            Self::ZipLzma => "zip-lzma",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }

    /// Starts decoding `input`. Damage shows as an error of the reader, after all that could be decoded before it.
    pub fn decoder<'a>(self, input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        let input = BufReader::with_capacity(64 * 1024, input);
        Ok(match self {
            Self::Deflate => Box::new(flate2::bufread::DeflateDecoder::new(input)),
            Self::Zlib => Box::new(flate2::bufread::ZlibDecoder::new(input)),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new(input, true)),
            Self::LzmaAlone => Box::new(lzma_rust2::LzmaReader::new_mem_limit(
                input,
                LZMA_MEMORY_KIB,
                None,
            )?),
            Self::ZipLzma => zip_lzma(input)?,
            Self::Zstd => Box::new(ZstdFrames::new(input)),
            Self::Lz4 => Box::new(Lz4Frames {
                frame: lz4_flex::frame::FrameDecoder::new(input),
            }),
        })
    }
}

/// LIMIT: memory that an LZMA dictionary may take; a stream that asks for more is damage, not an allocation.
const LZMA_MEMORY_KIB: u32 = 128 * 1024;

fn zip_lzma<'a>(mut input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut header = [0_u8; 9];
    input.read_exact(&mut header)?;
    let [_, _, size_low, size_high, properties, dictionary @ ..] = header;
    if u16::from_le_bytes([size_low, size_high]) != 5 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "LZMA properties are not 5 bytes long",
        ));
    }
    let dictionary = u32::from_le_bytes(dictionary);
    if dictionary.div_ceil(1024) > LZMA_MEMORY_KIB {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "LZMA dictionary is larger than allowed",
        ));
    }
    Ok(Box::new(lzma_rust2::LzmaReader::new_with_props(
        input,
        u64::MAX,
        properties,
        dictionary,
        None,
    )?))
}

/// LIMIT: memory that a Zstandard window may take, the same as the reference decoder's default.
const ZSTD_WINDOW_BYTES: u64 = 128 * 1024 * 1024;

/// Reads Zstandard frames one after the other, skippable ones included.
struct ZstdFrames<R: Read> {
    input: BufReader<R>,
    decoder: FrameDecoder,
    inside_frame: bool,
}

impl<R: Read> ZstdFrames<R> {
    fn new(input: BufReader<R>) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW_BYTES);
        Self {
            input,
            decoder,
            inside_frame: false,
        }
    }
}

impl<R: Read> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
        while !buffer.is_empty() {
            if self.inside_frame {
                if self.decoder.can_collect() < buffer.len() && !self.decoder.is_finished() {
                    let some = BlockDecodingStrategy::UptoBytes(buffer.len());
                    self.decoder
                        .decode_blocks(&mut self.input, some)
                        .map_err(|error| invalid(error.to_string()))?;
                }
                let count = self.decoder.read(buffer)?;
                if count > 0 {
                    return Ok(count);
                }
                self.inside_frame = !self.decoder.is_finished();
                continue;
            }
            if self.input.fill_buf()?.is_empty() {
                break;
            }
            match self.decoder.init(&mut self.input) {
                Ok(()) => self.inside_frame = true,
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut self.input.by_ref().take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(invalid(error.to_string())),
            }
        }
        Ok(0)
    }
}

/// Reads LZ4 frames one after the other.
struct Lz4Frames<R: Read> {
    frame: lz4_flex::frame::FrameDecoder<BufReader<R>>,
}

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.frame.read(buffer)?;
            // The decoder answers 0 at the end of each frame and starts the next one when asked again.
            if count > 0 || buffer.is_empty() || self.frame.get_mut().fill_buf()?.is_empty() {
                return Ok(count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(codec: Codec, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        codec.decoder(bytes)?.read_to_end(&mut out)?;
        Ok(out)
    }

    /// Two frames of `hi`, each one raw block, with a skippable frame between them (RFC 8878, 3.1.1 and 3.1.2).
    #[test]
    fn zstd_frames_follow_each_other() {
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, 0x11, 0, 0, b'h', b'i'];
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let bytes = [&frame[..], &skippable[..], &frame[..]].concat();
        assert_eq!(decode(Codec::Zstd, &bytes).unwrap(), b"hihi");
    }

    #[test]
    fn lz4_frames_follow_each_other() {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        io::Write::write_all(&mut encoder, b"hi").unwrap();
        let frame = encoder.finish().unwrap();
        assert_eq!(
            decode(Codec::Lz4, &[frame.clone(), frame].concat()).unwrap(),
            b"hihi"
        );
    }

    #[test]
    fn damage_is_an_error_for_every_codec() {
        for codec in Codec::ALL {
            assert!(
                decode(codec, b"\x01\x02 not this codec at all, whatever it is").is_err(),
                "{}",
                codec.as_str()
            );
        }
    }
}
