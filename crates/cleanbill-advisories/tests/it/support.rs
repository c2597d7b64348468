//! Makes sources from text, indexes from sources, and the Python that other implementations need.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cleanbill_advisories::{
    Broken, ImportError, ImportOptions, ImportSummary, Index, Matches, Package, import,
};
use cleanbill_samples::tools;
use serde_json::{Value, json};

pub(crate) const DATE: &str = "2026-11-28";

/// A folder that is removed at the end, with sources and an index in it.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn index_path(&self) -> PathBuf {
        self.path("advisories.index")
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn import(&self, sources: &[PathBuf], broken: Broken) -> Result<ImportSummary, ImportError> {
        let options = ImportOptions {
            date: DATE.to_owned(),
            broken,
        };
        import(sources, &self.index_path(), &options)
    }

    /// Imports records and opens the index.
    pub(crate) fn index(&self, records: &[Value]) -> Index {
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        let source = self.write("records.jsonl", lines.join("\n"));
        self.import(&[source], Broken::Refuse).unwrap();
        Index::open(&self.index_path()).unwrap()
    }
}

/// Makes a record of one package.
pub(crate) fn record(id: &str, ecosystem: &str, name: &str, events: &Value, versions: &Value) -> Value {
    let ranges = if events.is_null() {
        json!([])
    } else {
        json!([{"type": "ECOSYSTEM", "events": events}])
    };
    json!({
        "id": id,
        "modified": "2026-01-02T03:04:05Z",
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, "versions": versions}],
    })
}

pub(crate) fn ids(matches: &Matches) -> Vec<&str> {
    matches.advisories.iter().map(|found| found.id.as_str()).collect()
}

pub(crate) fn query(index: &Index, ecosystem: &str, name: &str, version: &str) -> Matches {
    index.query(&Package::exact(ecosystem, name, version)).unwrap()
}

/// Packs entries into an archive, deflated by the same library that unpacks them, as archives from the outside have it.
pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in entries {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        let packed = encoder.finish().unwrap();
        let mut sum = flate2::Crc::new();
        sum.update(bytes);
        let start = u32::try_from(archive.len()).unwrap();
        let mut common = Vec::new();
        for half in [20_u16, 0, 8, 0, 0] {
            common.extend(half.to_le_bytes());
        }
        for word in [
            sum.sum(),
            u32::try_from(packed.len()).unwrap(),
            u32::try_from(bytes.len()).unwrap(),
        ] {
            common.extend(word.to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let start = u32::try_from(archive.len()).unwrap();
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count);
    archive.extend(count);
    archive.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// Returns a Python that has `packaging` and `univers`; says so and returns nothing where it cannot be had.
pub(crate) fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("advisories-python");
    let python = tools::python(&folder, &["packaging==26.4", "univers==32.0.1"]);
    if python.is_none() {
        eprintln!("SKIPPED: python3 with the packages packaging and univers cannot be installed");
    }
    python
}

/// Returns a folder of the data that is shared between checkouts, if it is there.
pub(crate) fn shared_data(part: &str) -> Option<PathBuf> {
    let root = variable("CLEANBILL_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(part);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: no ../shared/data/{part} beside the checkout, and CLEANBILL_SHARED_DATA names none");
    None
}

fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told by its environment what it may use"
    )]
    std::env::var(name).ok()
}
