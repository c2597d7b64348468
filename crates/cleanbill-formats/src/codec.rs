//! Decoders of compressed streams, behind one name each. All of them read sequentially and yield bytes; how many may come
//! out is for the caller to bound.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use crate::bytes::size_u64;

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
            Self::Zlib => Box::new(Streams::new(input, One::zlib)),
            Self::Gzip => Box::new(Streams::new(input, One::gzip)),
            Self::Bzip2 => Box::new(Streams::new(input, One::bzip2)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(input, true, LZMA_MEMORY_KIB)),
            Self::LzmaAlone => Box::new(lzma_rust2::LzmaReader::new_mem_limit(
                input,
                LZMA_MEMORY_KIB,
                None,
            )?),
            Self::ZipLzma => zip_lzma(input)?,
            Self::Zstd => Box::new(ZstdFrames::new(input)),
            Self::Lz4 => Box::new(Lz4Frames::new(input)),
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
pub(crate) const ZSTD_WINDOW_BYTES: u64 = 128 * 1024 * 1024;

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

/// Reads LZ4 frames one after the other, skippable ones included.
struct Lz4Frames<R: Read> {
    frame: lz4_flex::frame::FrameDecoder<PushBack<R>>,
    inside_frame: bool,
}

impl<R: Read> Lz4Frames<R> {
    fn new(input: R) -> Self {
        Self {
            frame: lz4_flex::frame::FrameDecoder::new(PushBack {
                pushed: Vec::new(),
                input,
            }),
            inside_frame: false,
        }
    }
}

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            if self.inside_frame {
                let count = self.frame.read(buffer)?;
                // The decoder answers 0 at the end of each frame and starts the next one when asked again.
                if count > 0 {
                    return Ok(count);
                }
                self.inside_frame = false;
            }
            let input = self.frame.get_mut();
            let mut magic = Vec::new();
            input.take(4).read_to_end(&mut magic)?;
            if magic.is_empty() {
                break;
            }
            if is_skippable(&magic) {
                let mut length = [0; 4];
                input.read_exact(&mut length)?;
                let length = u64::from(u32::from_le_bytes(length));
                if io::copy(&mut input.take(length), &mut io::sink())? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            if magic.len() < 4 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            input.pushed = magic;
            self.inside_frame = true;
        }
        Ok(0)
    }
}

/// Says whether the bytes are the signature of a frame without content (RFC 8878, 3.1.2; the same in LZ4).
pub(crate) fn is_skippable(magic: &[u8]) -> bool {
    matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// Gives bytes back to a reader.
struct PushBack<R> {
    pushed: Vec<u8>,
    input: R,
}

impl<R: Read> Read for PushBack<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.pushed.is_empty() {
            return self.input.read(buffer);
        }
        let count = self.pushed.as_slice().read(buffer)?;
        self.pushed.drain(..count);
        Ok(count)
    }
}

/// Counts the bytes that were consumed.
struct Counting<R> {
    input: R,
    consumed: u64,
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.consumed = self.consumed.saturating_add(size_u64(count));
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.consumed = self.consumed.saturating_add(size_u64(count));
        self.input.consume(count);
    }
}

/// Decodes one stream of a format whose streams may follow each other.
enum One<R> {
    Gzip(flate2::bufread::GzDecoder<R>),
    Zlib(flate2::bufread::ZlibDecoder<R>),
    Bzip2(bzip2::bufread::BzDecoder<R>),
}

impl<R: BufRead> One<R> {
    fn gzip(input: R) -> Self {
        Self::Gzip(flate2::bufread::GzDecoder::new(input))
    }

    fn zlib(input: R) -> Self {
        Self::Zlib(flate2::bufread::ZlibDecoder::new(input))
    }

    fn bzip2(input: R) -> Self {
        Self::Bzip2(bzip2::bufread::BzDecoder::new(input))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zlib(decoder) => decoder.read(buffer),
            Self::Bzip2(decoder) => decoder.read(buffer),
        }
    }

    fn into_inner(self) -> R {
        match self {
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zlib(decoder) => decoder.into_inner(),
            Self::Bzip2(decoder) => decoder.into_inner(),
        }
    }
}

/// Reads streams one after the other. Zero bytes behind a gzip stream are padding, as Python's `gzip` takes them.
struct Streams<R> {
    one: Option<One<Counting<R>>>,
    start: fn(Counting<R>) -> One<Counting<R>>,
    /// Behind the last stream that ended as it should.
    complete: Option<u64>,
}

impl<R: BufRead> Streams<R> {
    fn new(input: R, start: fn(Counting<R>) -> One<Counting<R>>) -> Self {
        Self {
            one: Some(start(Counting { input, consumed: 0 })),
            start,
            complete: None,
        }
    }
}

impl<R: BufRead> Read for Streams<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(one) = self.one.as_mut().filter(|_| !buffer.is_empty()) {
            let count = one.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            let padded = matches!(one, One::Gzip(_));
            let Some(mut input) = self.one.take().map(One::into_inner) else {
                break;
            };
            self.complete = Some(input.consumed);
            loop {
                let rest = input.fill_buf()?;
                let zeros = rest.iter().take_while(|byte| **byte == 0).count();
                if zeros == 0 || !padded {
                    break;
                }
                input.consume(zeros);
            }
            if input.fill_buf()?.is_empty() {
                self.complete = Some(input.consumed);
                break;
            }
            self.one = Some((self.start)(input));
        }
        Ok(0)
    }
}

/// Finds where the last whole stream at the start of `input` ends, by decoding it; `None` where none ends within
/// `most_decoded` bytes of output, or where the codec does not tell.
pub(crate) fn stream_end(codec: Codec, input: impl Read, most_decoded: u64) -> Option<u64> {
    let input = BufReader::with_capacity(64 * 1024, input);
    let mut streams = match codec {
        Codec::Gzip => Streams::new(input, One::gzip),
        Codec::Zlib => Streams::new(input, One::zlib),
        Codec::Bzip2 => Streams::new(input, One::bzip2),
        _ => return None,
    };
    // An error behind a whole stream is what follows the stream, and said elsewhere.
    let decoded = io::copy(&mut (&mut streams).take(most_decoded), &mut io::sink());
    match decoded {
        Ok(decoded) if decoded >= most_decoded => None,
        _ => streams.complete,
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
    fn lz4_skippable_frames_are_passed_over() {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        io::Write::write_all(&mut encoder, b"hi").unwrap();
        let frame = encoder.finish().unwrap();
        let skippable = [0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let bytes = [&skippable[..], &frame, &skippable, &frame].concat();
        assert_eq!(decode(Codec::Lz4, &bytes).unwrap(), b"hihi");
    }

    #[test]
    fn streams_follow_each_other_and_garbage_is_told() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut gzip, b"hi").unwrap();
        let gzip = gzip.finish().unwrap();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut zlib, b"hi").unwrap();
        let zlib = zlib.finish().unwrap();
        let mut bzip = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        io::Write::write_all(&mut bzip, b"hi").unwrap();
        let bzip = bzip.finish().unwrap();
        for (codec, one) in [(Codec::Gzip, gzip), (Codec::Zlib, zlib), (Codec::Bzip2, bzip)] {
            let two = [one.clone(), one.clone()].concat();
            assert_eq!(decode(codec, &two).unwrap(), b"hihi");
            assert_eq!(stream_end(codec, &two[..], 99), Some(two.len() as u64));
            let more = [two.clone(), b"cos".to_vec()].concat();
            assert!(decode(codec, &more).is_err(), "{}", codec.as_str());
            assert_eq!(stream_end(codec, &more[..], 99), Some(two.len() as u64));
            assert_eq!(stream_end(codec, &one[..one.len() - 1], 99), None);
            assert_eq!(stream_end(codec, &one[..], 1), None);
        }
        let padded = [decode_input(), vec![0; 9]].concat();
        assert_eq!(decode(Codec::Gzip, &padded).unwrap(), b"hi");
    }

    fn decode_input() -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut gzip, b"hi").unwrap();
        gzip.finish().unwrap()
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
