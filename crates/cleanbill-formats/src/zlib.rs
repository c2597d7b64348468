//! Bare zlib streams, as joblib writes them.

use crate::{
    Input, Probe, Score,
    codec::Codec,
    compressed::{self, CONTENT},
    registry::{ParseResult, format_info},
};

pub use crate::compressed::View;

format_info! {
    /// ## What it is
    /// A compressed stream with a header of two bytes; joblib writes pickles into it, one or many streams in a row.
    /// ## What is read
    /// Where the stream ends. The content is the member `[content]`, what follows the last stream is the member `[after]`.
    /// ## What is reported
    /// Bytes behind the stream; damage shows when the content is decoded.
    /// ## Limits
    /// Up to 8 MiB the stream is decoded once more to find its end; beyond, bytes that follow it show as an error of decoding.
    /// ## References
    /// RFC 1950; `joblib.compressor.BinaryZlibFile`.
    "zlib", "zlib stream", extensions: &["z", "zlib"], refines: None, dialects: []
}

/// Scores a header (RFC 1950, 2.2) whose first bytes decode.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let &[0x78, flags @ (0x01 | 0x5e | 0x9c | 0xda), ..] = probe.head else {
        return None;
    };
    debug_assert_eq!(u16::from_be_bytes([0x78, flags]) % 31, 0);
    // Two bytes are a weak signature: text may start like this, and does not decode.
    let mut decoder = flate2::Decompress::new(true);
    let mut out = [0; 4096];
    let status = decoder.decompress(probe.head, &mut out, flate2::FlushDecompress::None);
    let whole = crate::bytes::size_u64(probe.head.len()) == probe.size;
    let plausible = match status {
        Ok(flate2::Status::StreamEnd) => true,
        Ok(_) => decoder.total_out() > 0 || !whole,
        Err(_) => false,
    };
    plausible.then_some(Score::Possible)
}

/// Makes the content, and what follows it, members.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    compressed::parse(input, Codec::Zlib, CONTENT)
}

#[cfg(test)]
mod tests {
    use crate::{Format, compressed::tests::show};
    use std::io::Write;

    #[test]
    fn a_stream_gives_its_content_and_what_follows() {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"hi").unwrap();
        let bytes = encoder.finish().unwrap();
        assert_eq!(show(Format::Zlib, &bytes), "Some(Possible) [content]=hi");
        let more = [&bytes[..], b"tail"].concat();
        assert_eq!(
            show(Format::Zlib, &more),
            "Some(Possible) [content]=hi [after]=tail <compressed-trailing-bytes>"
        );
        assert!(show(Format::Zlib, b"x\x9c not zlib at all, only text").starts_with("None"));
    }
}
