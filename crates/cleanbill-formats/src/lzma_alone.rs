//! The older `.lzma` container.

use std::io::Read;

use crate::{
    Input, Probe, Score,
    codec::Codec,
    compressed::{self, CONTENT},
    notes::{u32_at, u64_at},
    registry::{ParseResult, format_info},
};

pub use crate::compressed::View;

format_info! {
    /// ## What it is
    /// A compressed stream with a header of 13 bytes: properties, size of the dictionary, decompressed size.
    /// ## What is read
    /// The header. The content is the member `[content]`.
    /// ## What is reported
    /// Damage shows when the content is decoded.
    /// ## Limits
    /// Dictionaries of more than 128 MiB are not decoded. Bytes behind the stream are not found.
    /// ## References
    /// `lzma-file-format.txt` of XZ Utils; `lzma` of Python with `FORMAT_AUTO`.
    "lzma-alone", "LZMA stream", extensions: &["lzma"], refines: None, dialects: []
}

/// Scores a header that XZ Utils would accept and whose first bytes decode.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let &[properties, ref rest @ ..] = probe.head else {
        return None;
    };
    let (dictionary, size) = (u32_at(rest, 0), u64_at(rest, 4));
    if rest.get(12) != Some(&0) {
        return None;
    }
    // XZ Utils takes 2^n and 2^n + 2^(n-1) only, and sizes below 256 GiB.
    let power = dictionary.is_power_of_two()
        || dictionary
            .checked_div(3)
            .is_some_and(|third| third.is_power_of_two() && third.saturating_mul(3) == dictionary);
    let plausible = properties < 225
        && dictionary >= 4096
        && (power || dictionary == u32::MAX)
        && (size == u64::MAX || size < 1 << 38);
    if !plausible || probe.head.starts_with(&[0]) && size == 0 {
        return None;
    }
    let mut first = [0];
    let decoder = Codec::LzmaAlone.decoder(probe.head).ok()?;
    let count = decoder.take(1).read(&mut first).ok()?;
    (count == 1 || size == 0 || size == u64::MAX).then_some(Score::Likely)
}

/// Makes the content, and what follows it, members.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    compressed::parse(input, Codec::LzmaAlone, CONTENT)
}

#[cfg(test)]
mod tests {
    use crate::{Format, compressed::tests::show};

    /// `hi` as `xz --format=lzma` compresses it.
    const LZMA: &[u8] = b"\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x34\x1a\x5c\xff\xff\xff\xff\xf0\x00\x00\x00";

    #[test]
    fn a_stream_gives_its_content() {
        assert_eq!(show(Format::LzmaAlone, LZMA), "Some(Likely) [content]=hi");
        assert!(show(Format::LzmaAlone, &[0; 64]).starts_with("None"));
        assert!(show(Format::LzmaAlone, b"some text that is long enough").starts_with("None"));
    }
}
