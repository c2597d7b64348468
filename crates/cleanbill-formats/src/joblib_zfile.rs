//! Joblib's first compressed format: a short text header, then a zlib stream.

use crate::{
    Anomaly, FormatView, Input, Member, Payload, Probe, Score,
    bytes::read_range,
    codec::Codec,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// The compressed dump that joblib wrote before version 0.10: `ZF`, the length of the data as a hexadecimal number padded
    /// to 19 characters (21 from the start), and a zlib stream with a pickle or an array.
    /// ## What is read
    /// The header; the stream is decoded and examined in turn.
    /// ## What is reported
    /// What the stream holds.
    /// ## Limits
    /// Those of decoding: `member_bytes`, `bomb_ratio`.
    /// ## References
    /// `joblib/numpy_pickle_compat.py`, `read_zfile`.
    "joblib-zfile", "joblib ZFile",
    extensions: &["z"], refines: None, dialects: []
}

/// Length of the header on most systems; some wrote one byte more.
const HEADER_BYTES: u64 = 21;

/// Shows the stream.
#[derive(Debug)]
pub struct View {
    members: Vec<Member>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &[]
    }

    fn members(&self) -> &[Member] {
        &self.members
    }
}

/// Says whether the input begins with the header and a zlib stream.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let rest = probe.head.strip_prefix(b"ZF0x")?;
    let digits = rest.get(..17)?.trim_ascii_end();
    (!digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit)).then_some(Score::Certain)
}

/// Finds the stream.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let size = input.source.size();
    let after = read_range(input.source, HEADER_BYTES..size, 1)?;
    // `read_zfile`: where the byte after the header is a space, the header was one byte longer.
    let start = if after.first() == Some(&b' ') {
        HEADER_BYTES.saturating_add(1)
    } else {
        HEADER_BYTES
    };
    let payload = Payload::Encoded {
        range: start..size,
        codec: Codec::Zlib,
        declared: None,
    };
    Ok(View {
        members: vec![Member::content("[content]", payload)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn the_stream_starts_after_the_padded_number() {
        let mut bytes = b"ZF0x13".to_vec();
        bytes.resize(21, b' ');
        bytes.extend(b"\x78\x9c...");
        let score = probe(&Probe {
            head: &bytes,
            tail: &bytes,
            size: 26,
            source: &bytes,
        });
        assert_eq!(score, Some(Score::Certain));
        let view = parse(&Input {
            source: &bytes,
            limits: &Limits::default(),
        })
        .unwrap();
        assert!(matches!(&view.members()[0].payload, Payload::Encoded { range, .. } if range.start == 21));
    }
}
