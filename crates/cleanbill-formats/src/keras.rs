//! Archives of Keras 3.

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score,
    bytes::size_u64,
    json,
    limits::Limits,
    notes::Notes,
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
    /// A configuration that is no JSON to its end, which Keras does not load; as facts: entries that Keras does not ask for.
    /// ## Limits
    /// Those of ZIP archives; a configuration is read up to `header_bytes`.
    /// ## References
    /// `keras/src/saving/saving_lib.py`; CVE-2025-1550, CVE-2025-8747, CVE-2025-9906, CVE-2025-12060, CVE-2026-1669.
    "keras", "Keras archive", extensions: &["keras"], refines: Some("zip"), dialects: []
}

/// Shows an archive of Keras.
#[derive(Debug)]
pub struct View {
    /// Indexes in `zip.entries` of entries that Keras does not ask for.
    pub unexpected: Vec<usize>,
    /// Version of Keras that wrote it, where `metadata.json` says.
    pub version: Option<String>,
    /// The archive itself; its own anomalies are those of the format `zip`.
    pub zip: zip::View,
    notes: Notes,
}

static CONFIGURATION: AnomalyKind = AnomalyKind::damage(
    "keras-configuration",
    "the configuration of the model is no JSON, or cannot be read",
    "模型配置不是 JSON，或无法读取",
);
static LONG: AnomalyKind = AnomalyKind::limit(
    "keras-limit",
    "the configuration is longer than `header_bytes` allows",
    "配置超过 `header_bytes` 上限",
);

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
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
    let mut notes = Notes::default();
    let most = input.limits.header_bytes;
    let read = zip::read_named(input.source, &zip, "config.json", most.saturating_add(1));
    for (place, bytes) in read.unwrap_or_default() {
        match bytes {
            Some(bytes) if size_u64(bytes.len()) > most => notes.push(&LONG, place, ""),
            Some(bytes) => {
                if let Err(reason) = json::check(bytes) {
                    notes.push(&CONFIGURATION, place, reason);
                }
            }
            None => notes.push(&CONFIGURATION, place, "cannot be decoded"),
        }
    }
    let written = zip::read_named(input.source, &zip, "metadata.json", METADATA_BYTES);
    let version = written
        .unwrap_or_default()
        .into_iter()
        .find_map(|(_, bytes)| version_of(&bytes?));
    Ok(View {
        unexpected,
        version,
        zip,
        notes,
    })
}

/// LIMIT: bytes of `metadata.json` that are read; Keras writes two short values.
const METADATA_BYTES: u64 = 4_096;

/// Takes `keras_version` out of `metadata.json`, which Keras writes as one flat object of texts.
fn version_of(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (_, rest) = text.split_once("\"keras_version\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let (version, _) = rest.strip_prefix('"')?.split_once('"')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
    (!version.is_empty() && version.len() <= 64 && version.chars().all(plain)).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::build::{Item, zip as archive};

    fn score(bytes: &[u8]) -> Option<Score> {
        crate::testing::score(bytes, probe)
    }

    #[test]
    fn a_model_is_told_from_other_archives() {
        let bytes = archive(&[
            Item::new(
                "metadata.json",
                br#"{"keras_version": "3.4.1", "date_saved": "2024-08-01@10:00:00"}"#,
            ),
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
        assert_eq!(view.version.as_deref(), Some("3.4.1"));
        assert_eq!(score(&archive(&[Item::new("config.json", b"{}")])), None);
    }

    #[test]
    fn a_configuration_that_is_no_json_is_damage() {
        for (configuration, count) in [
            ("{\"class_name\": \"Sequential\", \"a\": NaN}", 0),
            ("{\"class_name\": \"Sequential\"", 1),
            ("", 1),
            ("{} {}", 1),
            ("\u{feff}{}", 0),
            ("{'class_name': 'Sequential'}", 1),
        ] {
            let bytes = archive(&[
                Item::new("metadata.json", b"{}"),
                Item::new("config.json", configuration.as_bytes()),
            ]);
            let view = crate::testing::view(&bytes, parse);
            assert_eq!(view.anomalies().len(), count, "{configuration}");
        }
    }
}
