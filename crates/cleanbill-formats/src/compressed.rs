//! What all compressed streams share: one member with the content, and one with what follows the stream.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload,
    bytes::{Cursor, ReadError, SequentialReader, SourceError, size_usize},
    codec::{Codec, ZSTD_WINDOW_BYTES, is_skippable, stream_end},
    notes::Notes,
};

/// LIMIT: encoded and decoded bytes up to which a stream is decoded once more to learn where it ends, where only decoding
/// tells. Beyond, bytes that follow the stream show as an error at the end of its decoding.
const SEARCH_ENCODED_BYTES: u64 = 8 << 20;
const SEARCH_DECODED_BYTES: u64 = 64 << 20;

/// Name of the content where the stream gives none.
pub(crate) const CONTENT: &str = "[content]";

/// Shows a compressed stream.
#[derive(Debug)]
pub struct View {
    /// The encoded bytes.
    pub content: Range<u64>,
    /// Bytes that follow the stream; empty where there are none, or where only decoding would tell.
    pub after: Range<u64>,
    members: Vec<Member>,
    notes: Notes,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
    }

    fn members(&self) -> &[Member] {
        &self.members
    }
}

static AFTER: AnomalyKind = AnomalyKind::note(
    "compressed-trailing-bytes",
    "has bytes behind the end of its compressed stream",
    "压缩流结束之后还有字节",
);
static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "compressed-truncated",
    "ends inside its compressed stream",
    "在压缩流内部结束",
);

static WINDOW: AnomalyKind = AnomalyKind::limit(
    "compressed-window",
    "asks for more memory than is given to decode it",
    "解码所需的内存超过允许的上限",
);
static WINDOW_BOMB: AnomalyKind = AnomalyKind::evasion(
    "compressed-window-bomb",
    "asks for memory out of all proportion to its size; some readers grant it and run out, others refuse",
    "要求的内存与其大小完全不成比例；部分读取器会分配并耗尽内存，其他读取器会拒绝",
);

/// Makes the view of a stream that starts with the input.
pub(crate) fn parse(input: &Input<'_>, codec: Codec, name: &str) -> Result<View, SourceError> {
    let size = input.source.size();
    let mut notes = Notes::default();
    let end = match codec {
        Codec::Zstd | Codec::Lz4 => {
            let walked = if codec == Codec::Zstd {
                frames(input, zstd_frame)?
            } else {
                frames(input, lz4_frame)?
            };
            if walked.window > ZSTD_WINDOW_BYTES {
                // The same measure as for what comes out of a stream.
                let bomb = walked.window >= size.saturating_mul(input.limits.bomb_ratio);
                let kind = if bomb { &WINDOW_BOMB } else { &WINDOW };
                notes.push(kind, 0..size, format!("{} bytes", walked.window));
            }
            if walked.truncated {
                notes.push(&TRUNCATED, walked.end..size, "");
                None
            } else {
                Some(walked.end).filter(|end| *end > 0)
            }
        }
        _ if size <= SEARCH_ENCODED_BYTES => {
            let reader = SequentialReader::new(input.source, 0..size);
            stream_end(codec, reader, SEARCH_DECODED_BYTES)
        }
        _ => None,
    };
    Ok(view(notes, codec, name, end.unwrap_or(size)..size))
}

/// Makes the view of a stream that ends where `after` starts.
pub(crate) fn view(mut notes: Notes, codec: Codec, name: &str, after: Range<u64>) -> View {
    let content = 0..after.start;
    let payload = Payload::Encoded {
        range: content.clone(),
        codec,
        declared: None,
    };
    let mut members = vec![Member::content(name, payload)];
    if !after.is_empty() {
        notes.push(&AFTER, after.clone(), "");
        members.push(Member::content("[after]", Payload::Section(after.clone())));
    }
    View {
        content,
        after,
        members,
        notes,
    }
}

/// Where a walk over frames ended.
#[derive(Debug, Default)]
struct Walked {
    end: u64,
    truncated: bool,
    /// Largest window that a frame asks for.
    window: u64,
}

/// Passes over the frame behind a signature; `false` where the signature is not of the format. The last argument takes the
/// largest window.
type PassFrame = fn(&mut Cursor<'_>, [u8; 4], &mut u64) -> Result<bool, ReadError>;

/// Passes over frames without decoding them; both formats give the size of each block.
fn frames(input: &Input<'_>, frame: PassFrame) -> Result<Walked, SourceError> {
    let mut cursor = Cursor::whole(input.source);
    let mut walked = Walked::default();
    while cursor.remaining() > 0 {
        let known = match cursor.array() {
            Ok(magic) if is_skippable(&magic) => cursor.u32_le().and_then(|length| {
                cursor.skip(u64::from(length))?;
                Ok(true)
            }),
            Ok(magic) => frame(&mut cursor, magic, &mut walked.window),
            Err(ReadError::Source(error)) => return Err(error),
            Err(ReadError::Truncated { .. }) => Ok(false),
        };
        match known {
            Ok(true) => walked.end = cursor.position(),
            Ok(false) => break,
            Err(ReadError::Source(error)) => return Err(error),
            Err(ReadError::Truncated { .. }) => {
                walked.truncated = true;
                break;
            }
        }
    }
    Ok(walked)
}

/// Passes over a Zstandard frame (RFC 8878, 3.1.1); `false` where there is none.
fn zstd_frame(cursor: &mut Cursor<'_>, magic: [u8; 4], largest: &mut u64) -> Result<bool, ReadError> {
    if magic != [0x28, 0xb5, 0x2f, 0xfd] {
        return Ok(false);
    }
    let descriptor = cursor.u8()?;
    let single_segment = descriptor & 0x20 != 0;
    let dictionary: u64 = match descriptor & 3 {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 4,
    };
    let content: u64 = match descriptor >> 6 {
        0 => u64::from(single_segment),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    if !single_segment {
        // 3.1.1.1.2: a power of two and eighths of it.
        let window = cursor.u8()?;
        let base = 1_u64 << (window >> 3) << 10;
        let eighths = (base >> 3).saturating_mul(u64::from(window & 7));
        *largest = base.saturating_add(eighths).max(*largest);
    }
    cursor.skip(dictionary)?;
    let mut size = [0_u8; 8];
    for byte in size.iter_mut().take(size_usize(content)) {
        *byte = cursor.u8()?;
    }
    if single_segment {
        *largest = u64::from_le_bytes(size).max(*largest);
    }
    loop {
        let [low, middle, high] = cursor.array()?;
        let block = u32::from_le_bytes([low, middle, high, 0]);
        let size = if (block >> 1) & 3 == 1 { 1 } else { block >> 3 };
        cursor.skip(u64::from(size))?;
        if block & 1 != 0 {
            break;
        }
    }
    if descriptor & 4 != 0 {
        cursor.skip(4)?;
    }
    Ok(true)
}

/// Passes over an LZ4 frame, or a legacy one; `false` where there is none.
fn lz4_frame(cursor: &mut Cursor<'_>, magic: [u8; 4], _largest: &mut u64) -> Result<bool, ReadError> {
    if magic == [0x02, 0x21, 0x4c, 0x18] {
        // Legacy blocks run until another signature or the end of the input.
        while cursor.remaining() >= 4 {
            let size = u32::from_le_bytes(<[u8; 4]>::try_from(cursor.peek(4)?).unwrap_or_default());
            if size > 0x0100_0000 {
                break;
            }
            cursor.skip(u64::from(size).saturating_add(4))?;
        }
        return Ok(true);
    }
    if magic != [0x04, 0x22, 0x4d, 0x18] {
        return Ok(false);
    }
    let flags = cursor.u8()?;
    let has = |bit: u8| u64::from(flags & bit != 0);
    // Block descriptor and header checksum; content size and dictionary where the flags say so.
    let header = 2_u64
        .saturating_add(has(8).saturating_mul(8))
        .saturating_add(has(1).saturating_mul(4));
    cursor.skip(header)?;
    loop {
        let size = cursor.u32_le()?;
        if size == 0 {
            break;
        }
        let checksum = has(16).saturating_mul(4);
        cursor.skip(u64::from(size & 0x7fff_ffff).saturating_add(checksum))?;
    }
    cursor.skip(has(4).saturating_mul(4))?;
    Ok(true)
}

/// Returns the signature of the first frame that is not skippable.
pub(crate) fn first_frame(probe: &crate::Probe<'_>) -> Option<[u8; 4]> {
    let mut cursor = Cursor::whole(probe.source);
    // LIMIT: frames passed over; honest files start with one or two.
    for _ in 0..64 {
        let magic: [u8; 4] = cursor.array().ok()?;
        if !is_skippable(&magic) {
            return Some(magic);
        }
        let length = cursor.u32_le().ok()?;
        cursor.skip(u64::from(length)).ok()?;
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Format, Probe, bytes::read_range, limits::Limits};
    use std::{
        fmt::Write as _,
        io::{Read, Write},
    };

    /// Parses `bytes` as `format` and shows score, members and anomalies on one line.
    pub(crate) fn show(format: Format, bytes: &[u8]) -> String {
        let bytes = bytes.to_vec();
        let score = format.probe(&Probe {
            head: &bytes[..bytes.len().min(4096)],
            tail: &bytes[bytes.len().saturating_sub(66 << 10)..],
            size: bytes.len() as u64,
            source: &bytes,
        });
        let limits = Limits::default();
        let parsed = format
            .parse(&Input {
                source: &bytes,
                limits: &limits,
            })
            .unwrap();
        let mut out = format!("{score:?}");
        for member in parsed.view().members() {
            let mut content = Vec::new();
            let ok = match &member.payload {
                Payload::Section(range) => {
                    content = read_range(&bytes, range.clone(), u64::MAX).unwrap();
                    true
                }
                Payload::Encoded { range, codec, .. } => {
                    let reader = SequentialReader::new(&bytes, range.clone());
                    codec
                        .decoder(reader)
                        .is_ok_and(|decoder| decoder.take(1 << 20).read_to_end(&mut content).is_ok())
                }
                _ => false,
            };
            let failed = if ok { "" } else { "!" };
            write!(
                out,
                " {}={}{failed}",
                member.name,
                String::from_utf8_lossy(&content)
            )
            .unwrap();
        }
        for anomaly in parsed.view().anomalies() {
            write!(out, " <{}>", anomaly.kind.id).unwrap();
        }
        out
    }

    #[test]
    fn frames_are_passed_over_and_what_follows_is_kept() {
        let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, 0x11, 0, 0, b'h', b'i'];
        assert_eq!(show(Format::Zstd, &zstd), "Some(Certain) [content]=hi");
        let more = [&zstd[..], &zstd, b"tail"].concat();
        assert_eq!(
            show(Format::Zstd, &more),
            "Some(Certain) [content]=hihi [after]=tail <compressed-trailing-bytes>"
        );
        assert!(show(Format::Zstd, &zstd[..9]).ends_with("<compressed-truncated>"));
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(b"hi").unwrap();
        let lz4 = encoder.finish().unwrap();
        assert_eq!(show(Format::Lz4, &lz4), "Some(Certain) [content]=hi");
        assert_eq!(
            show(Format::Lz4, &[&lz4[..], b"tail"].concat()),
            "Some(Certain) [content]=hi [after]=tail <compressed-trailing-bytes>"
        );
        assert!(show(Format::Lz4, &lz4[..lz4.len() - 1]).ends_with("<compressed-truncated>"));
    }

    #[test]
    fn every_cut_and_changed_byte_is_survived() {
        let gzip = {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(b"hello hello").unwrap();
            encoder.finish().unwrap()
        };
        let zstd = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, 0x11, 0, 0, b'h', b'i'];
        for seed in [gzip, zstd] {
            for at in 0..seed.len() {
                for format in [
                    Format::Gzip,
                    Format::Zlib,
                    Format::Bzip2,
                    Format::Xz,
                    Format::LzmaAlone,
                    Format::Zstd,
                    Format::Lz4,
                ] {
                    show(format, &seed[..at]);
                    for bit in 0..8 {
                        let mut changed = seed.clone();
                        changed[at] ^= 1 << bit;
                        show(format, &changed);
                    }
                }
            }
        }
    }

    #[test]
    fn a_zstd_probe_looks_behind_skippable_frames() {
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9];
        let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, 0x11, 0, 0, b'h', b'i'];
        let bytes = [&skippable[..], &zstd].concat();
        assert_eq!(show(Format::Zstd, &bytes), "Some(Likely) [content]=hi");
        assert!(show(Format::Lz4, &bytes).starts_with("None"));
    }
}
