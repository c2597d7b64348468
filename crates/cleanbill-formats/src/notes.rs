//! Collects anomalies so that one input cannot flood a report, and small helpers that several parsers share.

use std::ops::Range;

use crate::{Anomaly, AnomalyKind};

/// LIMIT: anomalies kept of one kind. They come in series, so that more of the same tell nothing new, and no flood of one
/// kind can push out another.
const PER_KIND: usize = 16;

/// Collects the anomalies of one view.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    anomalies: Vec<Anomaly>,
}

impl Notes {
    /// Notes `kind` at `range` unless there are enough of it.
    pub(crate) fn push(&mut self, kind: &'static AnomalyKind, range: Range<u64>, detail: impl Into<String>) {
        if self.anomalies.iter().filter(|one| one.kind.id == kind.id).count() < PER_KIND {
            self.anomalies.push(Anomaly::new(kind, range, detail));
        }
    }

    /// Returns what was noted.
    pub(crate) fn list(&self) -> &[Anomaly] {
        &self.anomalies
    }

    /// Gives what was noted.
    pub(crate) fn finish(self) -> Vec<Anomaly> {
        self.anomalies
    }
}

/// Reads a little-endian number at `at`, or 0 where the bytes end before.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    array_at(bytes, at).map_or(0, u16::from_le_bytes)
}

/// Reads a little-endian number at `at`, or 0 where the bytes end before.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    array_at(bytes, at).map_or(0, u32::from_le_bytes)
}

/// Reads a little-endian number at `at`, or 0 where the bytes end before.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    array_at(bytes, at).map_or(0, u64::from_le_bytes)
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Shows a name from outside as text, undecodable bytes replaced.
pub(crate) fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
