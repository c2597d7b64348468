//! gzip streams.

use crate::{
    Input, Probe, Score,
    bytes::read_range,
    codec::Codec,
    compressed::{self, CONTENT},
    notes::{lossy, u16_at},
    registry::{ParseResult, format_info},
};

pub use crate::compressed::View;

format_info! {
    /// ## What it is
    /// A compressed stream, one or many of them in a row, often around a tar archive, a pickle or a data set.
    /// ## What is read
    /// The header with the name of the file, and where the stream ends. The content is a member under that name, what follows the last stream is the member `[after]`.
    /// ## What is reported
    /// Bytes behind the stream; damage shows when the content is decoded.
    /// ## Limits
    /// Up to 8 MiB the stream is decoded once more to find its end; beyond, bytes that follow it show as an error of decoding.
    /// ## References
    /// RFC 1952; `gzip` of Python, which takes zero bytes behind a stream for padding.
    "gzip", "gzip stream", extensions: &["gz", "tgz", "nemo"], refines: None, dialects: []
}

/// Scores the signature with the only method there is (RFC 1952, 2.3.1).
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let signature = probe.head.starts_with(&[0x1f, 0x8b, 8]);
    // RFC 1952, 2.3: ten bytes of header and eight of trailer; fewer are a signature alone.
    (signature && probe.size >= 18).then_some(Score::Certain)
}

/// Reads the name and makes the content, and what follows it, members.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = read_range(input.source, 0..HEADER_BYTES, HEADER_BYTES)?;
    let name = name(&head).map(lossy).filter(|name| !name.is_empty());
    compressed::parse(input, Codec::Gzip, name.as_deref().unwrap_or(CONTENT))
}

/// LIMIT: bytes in which the name is looked for; longer extra fields and names are left.
const HEADER_BYTES: u64 = 4096;

/// Finds the name (RFC 1952, 2.3.1.1).
fn name(head: &[u8]) -> Option<&[u8]> {
    let flags = *head.get(3)?;
    if flags & 8 == 0 {
        return None;
    }
    let mut at = 10_usize;
    if flags & 4 != 0 {
        at = at.saturating_add(2).saturating_add(usize::from(u16_at(head, at)));
    }
    let rest = head.get(at..)?;
    let end = memchr::memchr(0, rest)?;
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use crate::{Format, compressed::tests::show};
    use std::io::Write;

    fn gzip(name: Option<&str>) -> Vec<u8> {
        let mut builder = flate2::GzBuilder::new();
        if let Some(name) = name {
            builder = builder.filename(name).extra(b"xy");
        }
        let mut encoder = builder.write(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"hi").unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_name_of_the_stream_names_the_member() {
        assert_eq!(show(Format::Gzip, &gzip(None)), "Some(Certain) [content]=hi");
        assert_eq!(show(Format::Gzip, &gzip(Some("a.pkl"))), "Some(Certain) a.pkl=hi");
    }

    #[test]
    fn what_follows_is_a_member_and_padding_is_not() {
        let bytes = [gzip(None), gzip(None), b"tail".to_vec()].concat();
        assert_eq!(
            show(Format::Gzip, &bytes),
            "Some(Certain) [content]=hihi [after]=tail <compressed-trailing-bytes>"
        );
        assert_eq!(
            show(Format::Gzip, &[gzip(None), vec![0; 100]].concat()),
            "Some(Certain) [content]=hi"
        );
        let cut = gzip(None);
        assert_eq!(
            show(Format::Gzip, &cut[..cut.len() - 1]),
            "Some(Certain) [content]=hi!"
        );
    }
}
