//! Zstandard streams.

use crate::{
    Input, Probe, Score,
    codec::{Codec, is_skippable},
    compressed::{self, CONTENT},
    registry::{ParseResult, format_info},
};

pub use crate::compressed::View;

format_info! {
    /// ## What it is
    /// A compressed stream of frames, one or many in a row.
    /// ## What is read
    /// The sizes of frames and blocks. The content is the member `[content]`, what follows the last frame is the member `[after]`.
    /// ## What is reported
    /// Bytes behind the stream, a stream that is cut, a window of more than 128 MiB, which is an attack where it is out of
    /// all proportion to the stream; other damage shows when the content is decoded.
    /// ## Limits
    /// Windows of more than 128 MiB are not decoded, as the reference decoder does not by default; dictionaries are not known.
    /// ## References
    /// RFC 8878.
    "zstd", "Zstandard stream", extensions: &["zst", "zstd"], refines: None, dialects: []
}

/// Scores the signature of a frame, at the start or behind skippable ones.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let magic = [0x28, 0xb5, 0x2f, 0xfd];
    if probe.head.starts_with(&magic) {
        return Some(Score::Certain);
    }
    let skippable = probe.head.get(..4).is_some_and(is_skippable);
    (skippable && compressed::first_frame(probe) == Some(magic)).then_some(Score::Likely)
}

/// Makes the content, and what follows it, members.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    compressed::parse(input, Codec::Zstd, CONTENT)
}

#[cfg(test)]
mod tests {
    use crate::{Format, compressed::tests::show};

    #[test]
    fn a_frame_gives_its_content() {
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, 0x11, 0, 0, b'h', b'i'];
        assert_eq!(show(Format::Zstd, &frame), "Some(Certain) [content]=hi");
    }
}
