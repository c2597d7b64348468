//! bzip2 streams.

use crate::{
    Input, Probe, Score,
    codec::Codec,
    compressed::{self, CONTENT},
    registry::{ParseResult, format_info},
};

pub use crate::compressed::View;

format_info! {
    /// ## What it is
    /// A compressed stream, one or many of them in a row.
    /// ## What is read
    /// Where the stream ends. The content is the member `[content]`, what follows the last stream is the member `[after]`.
    /// ## What is reported
    /// Bytes behind the stream; damage shows when the content is decoded.
    /// ## Limits
    /// Up to 8 MiB the stream is decoded once more to find its end; beyond, bytes that follow it show as an error of decoding.
    /// ## References
    /// The format as bzip2 1.0.8 reads it; `bz2` of Python, which ignores what follows a stream.
    "bzip2", "bzip2 stream", extensions: &["bz2", "tbz2"], refines: None, dialects: []
}

/// Scores the signature and that of the first block or of the end.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let [b'B', b'Z', b'h', b'1'..=b'9', block @ ..] = probe.head else {
        return None;
    };
    let known = [
        [0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
        [0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
    ];
    let certain = known.iter().any(|signature| block.starts_with(signature));
    Some(if certain { Score::Certain } else { Score::Possible })
}

/// Makes the content, and what follows it, members.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    compressed::parse(input, Codec::Bzip2, CONTENT)
}

#[cfg(test)]
mod tests {
    use crate::{Format, compressed::tests::show};
    use std::io::Write;

    #[test]
    fn a_stream_gives_its_content_and_what_follows() {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(b"hi").unwrap();
        let bytes = encoder.finish().unwrap();
        assert_eq!(show(Format::Bzip2, &bytes), "Some(Certain) [content]=hi");
        let more = [&bytes[..], b"tail"].concat();
        assert_eq!(
            show(Format::Bzip2, &more),
            "Some(Certain) [content]=hi [after]=tail <compressed-trailing-bytes>"
        );
    }
}
