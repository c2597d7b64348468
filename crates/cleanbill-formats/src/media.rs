//! Pictures, sound, video, fonts and printed pages.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadAt, ReadError, read_range, size_u64},
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// Pictures, sound, video and fonts, which no model loader runs, and PDF.
    /// ## What is read
    /// The signature and, where the format has one, the structure up to its end: PNG, JPEG, GIF, BMP, RIFF (WebP, WAV,
    /// AVI) and the boxes of MP4. Pixels, sound and glyphs are not examined. PDF can hold scripts and is not examined.
    /// ## What is reported
    /// Structure that ends early. Bytes after the end are a member, `[after]`.
    /// ## Limits
    /// One million chunks, blocks or boxes.
    /// ## References
    /// PNG 3rd edition 5.3; ITU-T T.81 B.1; GIF89a; RIFF MCI; ISO/IEC 14496-12 4.2; OpenType file; ISO 32000-2.
    "media", "media",
    extensions: &["png", "jpg", "jpeg", "gif", "webp", "bmp", "ico", "tif", "tiff", "wav", "mp3", "mp4", "mov", "avi", "flac", "ogg", "ttf", "otf", "woff", "woff2", "pdf"],
    refines: None,
    dialects: [
        "png": "PNG picture", "jpeg": "JPEG picture", "gif": "GIF picture", "bmp": "BMP picture", "tiff": "TIFF picture",
        "icon": "Windows icon", "riff": "WebP, WAV or AVI", "mp4": "MP4 and its relatives", "audio": "MP3, FLAC or Ogg",
        "matroska": "Matroska or WebM", "font": "TrueType, OpenType or WOFF font", "pdf": "PDF",
    ]
}

static CUT: AnomalyKind = AnomalyKind::damage(
    "media-cut",
    "the file ends before its structure does",
    "文件在其结构结束之前结束",
);

/// Most chunks, blocks or boxes that are followed.
const STEPS: u32 = 1_000_000;

/// Names a kind of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the dialects say what each is")]
pub enum Kind {
    Png,
    Jpeg,
    Gif,
    Bmp,
    Tiff,
    Icon,
    Riff,
    Mp4,
    Audio,
    Matroska,
    Font,
    Pdf,
}

impl Kind {
    /// Returns the id of the dialect.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Icon => "icon",
            Self::Riff => "riff",
            Self::Mp4 => "mp4",
            Self::Audio => "audio",
            Self::Matroska => "matroska",
            Self::Font => "font",
            Self::Pdf => "pdf",
        }
    }
}

/// Shows a media file.
#[derive(Debug)]
pub struct View {
    /// What it is.
    pub kind: Option<Kind>,
    /// Where its structure stands; the rest follows it.
    pub range: Range<u64>,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn dialects(&self) -> Vec<&'static str> {
        self.kind.iter().map(|kind| kind.id()).collect()
    }

    fn not_examined(&self) -> Option<(String, String)> {
        (self.kind == Some(Kind::Pdf)).then(|| ("PDF".to_owned(), "PDF".to_owned()))
    }
}

/// Knows media by their signatures.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let kind = identify(probe.head, probe.size)?;
    Some(match kind {
        Kind::Png | Kind::Jpeg | Kind::Gif | Kind::Riff | Kind::Pdf | Kind::Matroska => Score::Certain,
        _ => Score::Likely,
    })
}

fn u32_le(head: &[u8], at: usize) -> Option<u32> {
    let four = head.get(at..at.checked_add(4)?)?;
    <[u8; 4]>::try_from(four).ok().map(u32::from_le_bytes)
}

fn identify(head: &[u8], size: u64) -> Option<Kind> {
    let at = |start: usize, word: &[u8]| head.get(start..).is_some_and(|rest| rest.starts_with(word));
    Some(match head {
        _ if at(0, b"\x89PNG\r\n\x1a\n") => Kind::Png,
        [0xff, 0xd8, 0xff, 0xc0..=0xfe, ..] => Kind::Jpeg,
        _ if at(0, b"GIF87a") || at(0, b"GIF89a") => Kind::Gif,
        _ if at(0, b"RIFF") && (at(8, b"WEBP") || at(8, b"WAVE") || at(8, b"AVI ")) => Kind::Riff,
        _ if at(0, b"%PDF-") => Kind::Pdf,
        _ if at(0, b"BM")
            && at(6, &[0; 4])
            && matches!(u32_le(head, 14), Some(12 | 40 | 52 | 56 | 64 | 108 | 124)) =>
        {
            Kind::Bmp
        }
        _ if at(0, b"II*\0") || at(0, b"MM\0*") || at(0, b"II+\0\x08\0\0\0") => Kind::Tiff,
        [0, 0, 1 | 2, 0, count @ 1..=64, 0, ..] => {
            let first = u32::from(*count).saturating_mul(16).saturating_add(6);
            let length = u32_le(head, 14)?;
            let offset = u32_le(head, 18)?;
            let fits = u64::from(offset).saturating_add(u64::from(length)) <= size;
            (offset == first && length > 0 && fits && head.get(9) == Some(&0)).then_some(Kind::Icon)?
        }
        [0, 0, _, _, b'f', b't', b'y', b'p', rest @ ..] if rest.iter().take(4).all(u8::is_ascii) => Kind::Mp4,
        [b'I', b'D', b'3', 2..=4, 0, ..] => Kind::Audio,
        _ if at(0, b"fLaC") || at(0, b"OggS\0") => Kind::Audio,
        _ if at(0, b"\x1a\x45\xdf\xa3") => Kind::Matroska,
        _ if at(0, b"wOFF") || at(0, b"wOF2") || at(0, b"OTTO") || at(0, b"ttcf\0") => Kind::Font,
        [0, 1, 0, 0, 0, 1..=64, ..]
            if head
                .get(12..16)?
                .iter()
                .all(|byte| byte.is_ascii_graphic() || *byte == b' ') =>
        {
            Kind::Font
        }
        _ => return None,
    })
}

/// Follows the structure to its end.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = read_range(input.source, 0..64, 64)?;
    let size = input.source.size();
    let mut view = View {
        kind: identify(&head, size),
        range: 0..size,
        anomalies: Vec::new(),
        members: Vec::new(),
    };
    let mut cursor = Cursor::whole(input.source);
    let end = match view.kind {
        Some(Kind::Png) => png(&mut cursor),
        Some(Kind::Jpeg) => jpeg(&mut cursor, input.source),
        Some(Kind::Gif) => gif(&mut cursor),
        Some(Kind::Bmp) => Ok(u32_le(&head, 2).map(u64::from).filter(|end| *end >= 26)),
        Some(Kind::Riff) => Ok(u32_le(&head, 4).map(|length| {
            let length = u64::from(length);
            length.saturating_add(length & 1).saturating_add(8)
        })),
        Some(Kind::Mp4) => boxes(&mut cursor),
        _ => Ok(None),
    };
    match end {
        Ok(Some(end)) if end < size => {
            view.range.end = end;
            view.members
                .push(Member::content("[after]", Payload::Section(end..size)));
        }
        // An odd last byte of RIFF is often left out.
        Ok(Some(end)) if end > size.saturating_add(1) => {
            view.anomalies.push(Anomaly::new(
                &CUT,
                size..size,
                format!("{end} bytes promised, {size} there"),
            ));
        }
        Ok(_) => {}
        Err(ReadError::Source(error)) => return Err(error),
        Err(error @ ReadError::Truncated { .. }) => {
            view.anomalies
                .push(Anomaly::new(&CUT, size..size, error.to_string()));
        }
    }
    Ok(view)
}

fn png(cursor: &mut Cursor<'_>) -> Result<Option<u64>, ReadError> {
    cursor.skip(8)?;
    for _ in 0..STEPS {
        let length = u64::from(u32::from_be_bytes(cursor.array()?));
        let name: [u8; 4] = cursor.array()?;
        cursor.skip(length.saturating_add(4))?;
        if &name == b"IEND" {
            return Ok(Some(cursor.position()));
        }
    }
    Ok(None)
}

fn jpeg(cursor: &mut Cursor<'_>, source: &dyn ReadAt) -> Result<Option<u64>, ReadError> {
    cursor.skip(2)?;
    for _ in 0..STEPS {
        if cursor.u8()? != 0xff {
            return Ok(None);
        }
        let mut marker = cursor.u8()?;
        while marker == 0xff {
            marker = cursor.u8()?;
        }
        match marker {
            0xd9 => return Ok(Some(cursor.position())),
            0x01 | 0xd0..=0xd7 => {}
            _ => {
                let length = u64::from(u16::from_be_bytes(cursor.array()?));
                cursor.skip(length.saturating_sub(2))?;
                if marker == 0xda {
                    let next = after_scan(source, cursor.position(), cursor.end())?;
                    cursor.seek(next);
                }
            }
        }
    }
    Ok(None)
}

/// Finds the marker that ends a scan: `ff` that is neither stuffed with 0 nor a restart.
fn after_scan(source: &dyn ReadAt, start: u64, end: u64) -> Result<u64, ReadError> {
    let mut at = start;
    while at.saturating_add(1) < end {
        let piece = read_range(source, at..end, 64 * 1024)?;
        for found in memchr::memchr_iter(0xff, &piece) {
            match piece.get(found.saturating_add(1)) {
                Some(0 | 0xff | 0xd0..=0xd7) | None => {}
                Some(_) => return Ok(at.saturating_add(size_u64(found))),
            }
        }
        // The last byte is looked at again with the one after it.
        at = at.saturating_add(size_u64(piece.len()).saturating_sub(1).max(1));
    }
    Ok(end)
}

fn gif(cursor: &mut Cursor<'_>) -> Result<Option<u64>, ReadError> {
    cursor.skip(10)?;
    let flags = cursor.u8()?;
    cursor.skip(2)?;
    colours(cursor, flags)?;
    for _ in 0..STEPS {
        match cursor.u8()? {
            0x3b => return Ok(Some(cursor.position())),
            0x21 => cursor.skip(1)?,
            0x2c => {
                cursor.skip(8)?;
                let flags = cursor.u8()?;
                colours(cursor, flags)?;
                cursor.skip(1)?;
            }
            _ => return Ok(None),
        }
        loop {
            let length = cursor.u8()?;
            if length == 0 {
                break;
            }
            cursor.skip(u64::from(length))?;
        }
    }
    Ok(None)
}

fn colours(cursor: &mut Cursor<'_>, flags: u8) -> Result<(), ReadError> {
    if flags & 0x80 != 0 {
        cursor.skip(3_u64 << ((flags & 7).saturating_add(1)))?;
    }
    Ok(())
}

fn boxes(cursor: &mut Cursor<'_>) -> Result<Option<u64>, ReadError> {
    for _ in 0..STEPS {
        let start = cursor.position();
        if cursor.remaining() < 8 {
            return Ok((cursor.remaining() > 0).then_some(start));
        }
        let length = u64::from(u32::from_be_bytes(cursor.array()?));
        let name: [u8; 4] = cursor.array()?;
        let name_fits = name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | 0xa9));
        if !name_fits {
            return Ok(Some(start));
        }
        match length {
            0 => return Ok(None),
            1 => {
                let length = u64::from_be_bytes(cursor.array()?);
                cursor.skip(length.saturating_sub(16))?;
            }
            _ => cursor.skip(length.saturating_sub(8))?,
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{never_panics, view};

    fn png_bytes() -> Vec<u8> {
        b"\x89PNG\r\n\x1a\n\0\0\0\x02IHDRab\0\0\0\0\0\0\0\0IEND\0\0\0\0".to_vec()
    }

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x04ab\xff\xda\0\x02data\xff\0more\xff\xd0again\xff\xd9";
    const GIF: &[u8] =
        b"GIF89a\x01\0\x01\0\x80\0\0abcdef\x21\xf9\x01a\0\x2c\0\0\0\0\0\0\0\0\0\x02\x01a\0\x3b";

    #[test]
    fn bytes_after_the_end_are_a_member() {
        for (bytes, kind) in [
            (png_bytes(), Kind::Png),
            (JPEG.to_vec(), Kind::Jpeg),
            (GIF.to_vec(), Kind::Gif),
        ] {
            let honest = view(&bytes, parse);
            assert_eq!(honest.kind, Some(kind));
            assert!(honest.members().is_empty(), "{kind:?}");
            assert!(honest.anomalies().is_empty(), "{kind:?}");
            let longer = view(&[&bytes[..], b"cos\nsystem\n"].concat(), parse);
            assert_eq!(longer.range.end, bytes.len() as u64, "{kind:?}");
            assert_eq!(longer.members()[0].name, "[after]");
        }
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&png_bytes(), parse);
        never_panics(JPEG, parse);
        never_panics(GIF, parse);
    }
}
