//! LZ4 frames.

use crate::{
    Input, Probe, Score,
    codec::{Codec, is_skippable},
    compressed::{self, CONTENT},
    registry::{ParseResult, format_info},
};

pub use crate::compressed::View;

format_info! {
    /// ## What it is
    /// A compressed stream of frames, one or many in a row; joblib writes pickles into it.
    /// ## What is read
    /// The sizes of frames and blocks. The content is the member `[content]`, what follows the last frame is the member `[after]`.
    /// ## What is reported
    /// Bytes behind the stream, a stream that is cut; other damage shows when the content is decoded.
    /// ## Limits
    /// Frames that need a dictionary are not decoded.
    /// ## References
    /// LZ4 Frame Format Description 1.6.4.
    "lz4", "LZ4 stream", extensions: &["lz4"], refines: None, dialects: []
}

/// Scores the signature of a frame, at the start or behind skippable ones, and that of a legacy frame.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let magic = [0x04, 0x22, 0x4d, 0x18];
    if probe.head.starts_with(&magic) {
        return Some(Score::Certain);
    }
    if probe.head.starts_with(&[0x02, 0x21, 0x4c, 0x18]) {
        return Some(Score::Likely);
    }
    let skippable = probe.head.get(..4).is_some_and(is_skippable);
    (skippable && compressed::first_frame(probe) == Some(magic)).then_some(Score::Likely)
}

/// Makes the content, and what follows it, members.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    compressed::parse(input, Codec::Lz4, CONTENT)
}

#[cfg(test)]
mod tests {
    use crate::{Format, compressed::tests::show};

    #[test]
    fn a_frame_gives_its_content() {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        std::io::Write::write_all(&mut encoder, b"hi").unwrap();
        let frame = encoder.finish().unwrap();
        assert_eq!(show(Format::Lz4, &frame), "Some(Certain) [content]=hi");
    }
}
