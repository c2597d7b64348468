//! Helpers for the tests of format files.

use crate::{
    Anomaly, FormatView, Input, Probe, Score,
    bytes::{SourceError, size_u64},
    limits::Limits,
};

/// Shows all of `bytes` to a probe.
pub(crate) fn score(bytes: &[u8], probe: fn(&Probe<'_>) -> Option<Score>) -> Option<Score> {
    probe(&Probe {
        head: bytes,
        tail: bytes,
        size: size_u64(bytes.len()),
        source: &bytes.to_vec(),
    })
}

/// Parses `bytes` with the default limits.
pub(crate) fn view<View>(bytes: &[u8], parse: fn(&Input<'_>) -> Result<View, SourceError>) -> View {
    let bytes = bytes.to_vec();
    let limits = Limits::default();
    parse(&Input {
        source: &bytes,
        limits: &limits,
    })
    .unwrap()
}

/// Returns the ids of the anomalies.
pub(crate) fn ids(anomalies: &[Anomaly]) -> Vec<&'static str> {
    anomalies.iter().map(|anomaly| anomaly.kind.id).collect()
}

/// Parses every truncation of `bytes` and some thousand damaged copies.
pub(crate) fn never_panics<View: FormatView>(
    bytes: &[u8],
    parse: fn(&Input<'_>) -> Result<View, SourceError>,
) {
    for length in 0..bytes.len() {
        let _ = view(&bytes[..length], parse);
    }
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..3_000 {
        let mut damaged = bytes.to_vec();
        for _ in 0..=(random() % 4) {
            let at = usize::try_from(random()).unwrap() % damaged.len();
            damaged[at] = random().to_le_bytes()[0];
        }
        let _ = view(&damaged, parse);
    }
}
