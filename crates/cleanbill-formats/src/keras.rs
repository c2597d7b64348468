//! Archives of Keras 3.

use crate::{
    Anomaly, FormatView, Input, Member, Probe, Score,
    limits::Limits,
    registry::{ParseResult, format_info},
    zip,
};

format_info! {
    /// ## What it is
    /// What `model.save("model.keras")` writes since Keras 2.12: a ZIP archive with the configuration of the model, the
    /// version of Keras, the weights as HDF5 or arrays, and assets such as vocabularies.
    /// ## What is read
    /// Everything that the reader of ZIP archives sees. Each entry is examined as whatever it may be: the configuration as
    /// JSON, the weights as HDF5.
    /// ## What is reported
    /// Nothing of its own; as facts: entries that Keras does not ask for.
    /// ## Limits
    /// Those of ZIP archives.
    /// ## References
    /// `keras/src/saving/saving_lib.py`; CVE-2025-1550, CVE-2025-8747, CVE-2025-9906, CVE-2025-12060, CVE-2026-1669.
    "keras", "Keras archive", extensions: &["keras"], refines: Some("zip"), dialects: []
}

/// Shows an archive of Keras.
#[derive(Debug)]
pub struct View {
    /// Indexes in `zip.entries` of entries that Keras does not ask for.
    pub unexpected: Vec<usize>,
    /// The archive itself; its own anomalies are those of the format `zip`.
    pub zip: zip::View,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &[]
    }

    fn members(&self) -> &[Member] {
        self.zip.members()
    }
}

/// Scores an archive that has the configuration and what Keras writes beside it.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    zip::probe(probe)?;
    let (mut configuration, mut beside) = (false, false);
    let found = zip::any_name(probe, Limits::default().members_per_container, &mut |name| {
        configuration |= name == b"config.json";
        beside |= name == b"metadata.json" || name.starts_with(b"model.weights.");
        configuration && beside
    });
    found.then_some(Score::Certain)
}

/// Reads the archive and sorts its entries by what Keras does with them.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let zip = zip::parse(input)?;
    let asked = |name: &str| {
        matches!(name, "config.json" | "metadata.json")
            || ((name.starts_with("model.weights") || name.starts_with("model_")) && !name.contains('/'))
            || name.starts_with("assets/")
            || name.ends_with('/')
    };
    let others = zip
        .entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.member.is_some() && !asked(&entry.name_text()));
    let unexpected = others.map(|(index, _)| index).collect();
    Ok(View { unexpected, zip })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::build::{Item, zip as archive};

    fn score(bytes: &Vec<u8>) -> Option<Score> {
        probe(&Probe {
            head: bytes,
            tail: bytes,
            size: bytes.len() as u64,
            source: bytes,
        })
    }

    #[test]
    fn a_model_is_told_from_other_archives() {
        let bytes = archive(&[
            Item::new("metadata.json", b"{}"),
            Item::new("config.json", b"{}"),
            Item::new("evil.py", b"pass"),
        ]);
        assert_eq!(score(&bytes), Some(Score::Certain));
        let limits = Limits::default();
        let view = parse(&Input {
            source: &bytes,
            limits: &limits,
        })
        .unwrap();
        assert_eq!(view.unexpected, [2]);
        assert_eq!(score(&archive(&[Item::new("config.json", b"{}")])), None);
    }
}
