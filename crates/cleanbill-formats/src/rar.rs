//! RAR archives, which are recognised and not read.

use crate::{
    Anomaly, FormatView, Input, Probe, Score,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// An archive format whose compression is not open.
    /// ## What is read
    /// The signature.
    /// ## What is reported
    /// That the archive was not examined, which makes the coverage partial.
    /// ## Limits
    /// Nothing inside is examined. Unpack it where it can do no harm, and scan what comes out.
    /// ## References
    /// RAR 5.0 archive format, "RAR signature".
    "rar", "RAR archive", extensions: &["rar"], refines: None, dialects: []
}

/// Shows that there is an archive.
#[derive(Debug)]
pub struct View {}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &[]
    }

    fn not_examined(&self) -> Option<(String, String)> {
        Some(("RAR archive".to_owned(), "RAR 归档".to_owned()))
    }
}

/// Scores the signatures of RAR 1.5 to 4 and of RAR 5.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let known: [&[u8]; 2] = [b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\x01\0"];
    known
        .iter()
        .any(|signature| probe.head.starts_with(signature))
        .then_some(Score::Certain)
}

/// Makes the view.
pub fn parse(_input: &Input<'_>) -> ParseResult<View> {
    Ok(View {})
}

#[cfg(test)]
mod tests {
    use crate::{Format, compressed::tests::show};

    #[test]
    fn both_signatures_are_known() {
        assert_eq!(show(Format::Rar, b"Rar!\x1a\x07\x01\0rest"), "Some(Certain)");
        assert_eq!(show(Format::Rar, b"Rar!\x1a\x07\0rest"), "Some(Certain)");
        assert_eq!(show(Format::Rar, b"Rar! is a word"), "None");
    }
}
