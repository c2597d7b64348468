//! xz streams.

use memchr::memmem;

use crate::{
    Input, Probe, Score,
    bytes::{read_range, size_u64},
    codec::Codec,
    compressed::{self, CONTENT},
    notes::{Notes, u32_at},
    registry::{ParseResult, format_info},
};

pub use crate::compressed::View;

format_info! {
    /// ## What it is
    /// A compressed stream, one or many of them in a row.
    /// ## What is read
    /// The footer of the last stream. The content is the member `[content]`, what follows the footer is the member `[after]`.
    /// ## What is reported
    /// Bytes behind the stream; damage shows when the content is decoded.
    /// ## Limits
    /// Dictionaries of more than 128 MiB are not decoded. A footer is looked for in the last MiB.
    /// ## References
    /// The .xz File Format 1.2.1, sections 2.1 and 2.2.
    "xz", "xz stream", extensions: &["xz", "txz"], refines: None, dialects: []
}

/// Scores the signature (2.1.1.1).
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    probe.head.starts_with(b"\xfd7zXZ\0").then_some(Score::Certain)
}

/// Finds the last footer and makes the content, and what follows it, members.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let size = input.source.size();
    let start = size.saturating_sub(FOOTER_SEARCH_BYTES);
    let tail = read_range(input.source, start..size, FOOTER_SEARCH_BYTES)?;
    let end = memmem::rfind_iter(&tail, b"YZ").find_map(|at| {
        let footer = tail.get(at.checked_sub(10)?..at)?;
        let mut crc = flate2::Crc::new();
        crc.update(footer.get(4..)?);
        let behind = at.saturating_add(2);
        // Zero bytes in fours are padding between and behind streams (section 2.2).
        let rest = tail.get(behind..).unwrap_or_default();
        let padding = rest.iter().take_while(|byte| **byte == 0).count() & !3;
        (crc.sum() == u32_at(footer, 0)).then_some(behind.saturating_add(padding))
    });
    let end = end.map_or(size, |end| start.saturating_add(size_u64(end)));
    Ok(compressed::view(Notes::default(), Codec::Xz, CONTENT, end..size))
}

/// LIMIT: bytes at the end in which a footer is looked for.
const FOOTER_SEARCH_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use crate::{Format, compressed::tests::show};

    /// `hi` as `xz` compresses it.
    const XZ: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x01\x68\x69\x00\x00\x00\xfe\xa9\x38\x11\xbc\xca\xa5\x48\x00\x01\x1a\x02\xdc\x2e\xa5\x7e\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";

    #[test]
    fn a_stream_gives_its_content_and_what_follows() {
        assert_eq!(show(Format::Xz, XZ), "Some(Certain) [content]=hi");
        let more = [XZ, XZ, b"tail"].concat();
        assert_eq!(
            show(Format::Xz, &more),
            "Some(Certain) [content]=hihi [after]=tail <compressed-trailing-bytes>"
        );
    }
}
