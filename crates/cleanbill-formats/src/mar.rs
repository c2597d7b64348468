//! Archives of `TorchServe`.

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score,
    bytes::size_u64,
    json::{Event, PYTHON_DEPTH, Reader, Strictness, without_mark},
    limits::Limits,
    notes::Notes,
    registry::{ParseResult, format_info},
    zip,
};

format_info! {
    /// ## What it is
    /// What `torch-model-archiver` writes: a ZIP archive with the manifest `MAR-INF/MANIFEST.json`, the serialized model, the handler that
    /// serves it, a list of packages to install, and further files.
    /// ## What is read
    /// Everything that the reader of ZIP archives sees; each entry is examined as whatever it may be, the handler as Python, the model as
    /// PyTorch's. Of the manifest, the files that it names.
    /// ## What is reported
    /// A manifest that is no JSON; a file that it names and the archive does not hold.
    /// ## Limits
    /// Those of ZIP archives; a manifest is read up to 4 MiB. Archives that were packed with `--archive-format tgz` show as the
    /// tar archives that they are.
    /// ## References
    /// `model-archiver` of TorchServe 0.12, `model_packaging_utils.py`; `frontend/archive/.../Manifest.java`.
    "mar", "TorchServe archive", extensions: &["mar"], refines: Some("zip"), dialects: []
}

/// A file that the manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The key of the manifest.
    pub key: String,
    /// The value.
    pub value: String,
    /// The archive holds it.
    pub is_present: bool,
}

/// Shows an archive of `TorchServe`.
#[derive(Debug)]
pub struct View {
    /// Files that the manifest names.
    pub named: Vec<Named>,
    /// The archive itself; its own anomalies are those of the format `zip`.
    pub zip: zip::View,
    notes: Notes,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
    }

    fn members(&self) -> &[Member] {
        self.zip.members()
    }
}

static MANIFEST_BROKEN: AnomalyKind = AnomalyKind::damage(
    "mar-manifest",
    "the manifest is no JSON, or cannot be read",
    "清单不是 JSON，或无法读取",
);
static MISSING: AnomalyKind = AnomalyKind::note(
    "mar-missing-file",
    "the manifest names a file that the archive does not hold",
    "清单所列文件不在归档中",
);

const MANIFEST: &str = "MAR-INF/MANIFEST.json";
/// LIMIT: bytes of a manifest that are read; honest ones have some hundred.
const MANIFEST_BYTES: u64 = 4 << 20;
/// LIMIT: files that are listed of a manifest.
const NAMED: usize = 1_000;

/// Scores an archive that has the manifest.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    zip::probe(probe)?;
    let most = Limits::default().members_per_container;
    zip::any_name(probe, most, &mut |name| name == MANIFEST.as_bytes()).then_some(Score::Certain)
}

/// Reads the archive, and the manifest in it.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let zip = zip::parse(input)?;
    let mut notes = Notes::default();
    let mut named = Vec::new();
    let read = zip::read_named(input.source, &zip, MANIFEST, MANIFEST_BYTES);
    for (place, bytes) in read.unwrap_or_default() {
        let result = match bytes {
            Some(bytes) => read_manifest(bytes, &mut named),
            None => Err("cannot be decoded".to_owned()),
        };
        if let Err(reason) = result {
            notes.push(&MANIFEST_BROKEN, place.clone(), reason);
        }
        for one in &mut named {
            one.is_present = is_present(&zip, one);
            if !one.is_present {
                let detail = format!("{} `{}`", one.key, one.value);
                notes.push(&MISSING, place.clone(), detail);
            }
        }
    }
    Ok(View { named, zip, notes })
}

fn is_present(zip: &zip::View, named: &Named) -> bool {
    let value = named.value.split(':').next().unwrap_or_default();
    let last = value.rsplit(['/', '\\']).next().unwrap_or_default();
    // A handler without an ending is one of TorchServe's own, or a module that is installed.
    if named.key == "handler" && !last.contains('.') {
        return true;
    }
    zip.entries.iter().any(|entry| {
        let name = entry.name_text();
        name == value || name.rsplit('/').next() == Some(last)
    })
}

/// Keys of the manifest whose values are files of the archive.
const KEYS: &[&str] = &[
    "handler",
    "modelFile",
    "serializedFile",
    "requirementsFile",
    "configFile",
    "extraFiles",
];

fn read_manifest(bytes: Vec<u8>, named: &mut Vec<Named>) -> Result<(), String> {
    let bytes = without_mark(bytes);
    let mut reader = Reader::new(
        &bytes,
        0..size_u64(bytes.len()),
        Strictness::Python,
        PYTHON_DEPTH,
        4096,
    );
    let mut key = String::new();
    loop {
        match reader.next().map_err(|error| error.to_string())? {
            None => return Ok(()),
            Some((Event::Key { .. }, _)) => key = reader.text().into_owned(),
            Some((Event::String, _)) => {
                let value = reader.text().into_owned();
                if KEYS.contains(&key.as_str()) && !value.is_empty() {
                    for part in value.split(',').filter(|part| !part.trim().is_empty()) {
                        if named.len() < NAMED {
                            named.push(Named {
                                key: key.clone(),
                                value: part.trim().to_owned(),
                                is_present: true,
                            });
                        }
                    }
                }
            }
            Some((Event::ObjectEnd, _)) => key.clear(),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        testing::{ids, view},
        zip::build::{Item, zip as archive},
    };

    fn manifest(model: &str) -> Vec<u8> {
        format!(r#"{{"createdOn": "x", "runtime": "python", "model": {{"modelName": "m", {model}}}}}"#)
            .into_bytes()
    }

    #[test]
    fn named_files_are_looked_for() {
        let text = manifest(
            r#""handler": "h.py:handle", "serializedFile": "m.pt", "modelFile": "m.py", "extraFiles": "a.json,b.json""#,
        );
        let bytes = archive(&[
            Item::new("h.py", b"pass"),
            Item::new("m.pt", b"N."),
            Item::new("a.json", b"{}"),
            Item::new(MANIFEST, &text),
        ]);
        let score = probe(&Probe {
            head: &bytes,
            tail: &bytes,
            size: bytes.len() as u64,
            source: &bytes,
        });
        assert_eq!(score, Some(Score::Certain));
        let view = view(&bytes, parse);
        let missing: Vec<&str> = view
            .named
            .iter()
            .filter(|one| !one.is_present)
            .map(|one| one.value.as_str())
            .collect();
        assert_eq!(missing, ["m.py", "b.json"]);
        assert_eq!(ids(view.anomalies()), ["mar-missing-file", "mar-missing-file"]);
    }

    #[test]
    fn handlers_of_torchserve_itself_need_no_file() {
        let bytes = archive(&[Item::new(MANIFEST, &manifest(r#""handler": "image_classifier""#))]);
        assert!(ids(view(&bytes, parse).anomalies()).is_empty());
        let bytes = archive(&[Item::new(MANIFEST, b"{\"model\": ")]);
        assert_eq!(ids(view(&bytes, parse).anomalies()), ["mar-manifest"]);
    }
}
