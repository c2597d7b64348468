//! Text.

use crate::{
    Anomaly, FormatView, Input, Probe, Score,
    registry::{ParseResult, format_info},
};

format_info! {
    /// Text: bytes that are valid UTF-8 without control characters.
    "text", "text", extensions: &["txt", "md"], refines: None, dialects: []
}

/// View.
#[derive(Debug)]
pub struct View {}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &[]
    }
}

/// Probes.
pub fn probe(_probe: &Probe<'_>) -> Option<Score> {
    None
}

/// Parses.
pub fn parse(_input: &Input<'_>) -> ParseResult<View> {
    Ok(View {})
}
