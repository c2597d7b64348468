//! Archives of `skops`.

use memchr::memmem;

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
    /// What `skops.io.dump` writes: a ZIP archive with `schema.json`, a tree of nodes that say which type each object has and which
    /// loader builds it, and arrays beside it as `.npy` and `.npz` files.
    /// ## What is read
    /// Everything that the reader of ZIP archives sees; each entry is examined as whatever it may be. Of the schema, the types and
    /// loaders of all nodes and the files that they read.
    /// ## What is reported
    /// A schema that is no JSON; a file that a node reads and the archive does not hold; as facts: entries that no node reads.
    /// ## Limits
    /// Those of ZIP archives; a schema is read up to `header_bytes`, 100,000 types are listed.
    /// ## References
    /// `skops/io` of skops 0.14; CVE-2025-54412, CVE-2025-54413, CVE-2025-54886.
    "skops", "skops archive", extensions: &["skops"], refines: Some("zip"), dialects: []
}

/// The type that a node names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Type {
    /// Its module.
    pub module: String,
    /// Its name in the module.
    pub class: String,
    /// The loader that builds it.
    pub loader: String,
}

/// Shows an archive of `skops`.
#[derive(Debug)]
pub struct View {
    /// The types that nodes name, each once, sorted.
    pub types: Vec<Type>,
    /// Protocol of the schema.
    pub protocol: Option<u64>,
    /// Indexes in `zip.entries` of entries that no node reads.
    pub unexpected: Vec<usize>,
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

static SCHEMA_BROKEN: AnomalyKind = AnomalyKind::damage(
    "skops-schema",
    "the schema is no JSON, or cannot be read",
    "模式文件不是 JSON，或无法读取",
);
static LONG: AnomalyKind = AnomalyKind::limit(
    "skops-limit",
    "the schema is longer, or names more types, than is examined",
    "模式文件过长或类型过多，超出检查范围",
);
static MISSING: AnomalyKind = AnomalyKind::damage(
    "skops-missing-file",
    "a node reads a file that the archive does not hold",
    "节点读取的文件不在归档中",
);

const SCHEMA: &str = "schema.json";
/// LIMIT: types that are listed.
const TYPES: usize = 100_000;
/// LIMIT: bytes of the schema in which a probe looks for its words.
const PROBED_BYTES: u64 = 64 * 1024;
/// LIMIT: entries that a probe looks at.
const PROBED_ENTRIES: u64 = 10_000;

/// Scores an archive whose schema speaks of loaders.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    zip::probe(probe)?;
    let most = Limits::default().members_per_container;
    if !zip::any_name(probe, most, &mut |name| name == SCHEMA.as_bytes()) {
        return None;
    }
    let limits = Limits {
        members_per_container: PROBED_ENTRIES,
        ..Limits::default()
    };
    let zip = zip::parse(&Input {
        source: probe.source,
        limits: &limits,
    });
    let zip = zip.ok()?;
    let read = zip::read_named(probe.source, &zip, SCHEMA, PROBED_BYTES).ok()?;
    let speaks = read.iter().any(|(_, bytes)| {
        let bytes = bytes.as_deref().unwrap_or_default();
        memmem::find(bytes, b"__loader__").is_some() || memmem::find(bytes, b"_skops_version").is_some()
    });
    speaks.then_some(Score::Certain)
}

/// Reads the archive, and the schema in it.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let zip = zip::parse(input)?;
    let mut notes = Notes::default();
    let most = input.limits.header_bytes;
    let mut found = Found::default();
    let read = zip::read_named(input.source, &zip, SCHEMA, most.saturating_add(1));
    for (place, bytes) in read.unwrap_or_default() {
        let result = match bytes {
            Some(bytes) if size_u64(bytes.len()) > most => {
                notes.push(&LONG, place.clone(), "");
                Ok(())
            }
            Some(bytes) => found.read(bytes),
            None => Err("cannot be decoded".to_owned()),
        };
        if let Err(reason) = result {
            notes.push(&SCHEMA_BROKEN, place.clone(), reason);
        }
        for file in &found.files {
            if !zip.entries.iter().any(|entry| entry.name == file.as_bytes()) {
                notes.push(&MISSING, place.clone(), file.clone());
            }
        }
        if found.is_cut {
            notes.push(&LONG, place, "");
        }
    }
    let strangers = zip.entries.iter().enumerate().filter(|(_, entry)| {
        let name = entry.name_text();
        entry.member.is_some() && name != SCHEMA && !found.files.contains(&name)
    });
    let unexpected = strangers.map(|(index, _)| index).collect();
    found.types.sort();
    found.types.dedup();
    Ok(View {
        types: found.types,
        protocol: found.protocol,
        unexpected,
        zip,
        notes,
    })
}

#[derive(Default)]
struct Found {
    types: Vec<Type>,
    files: Vec<String>,
    protocol: Option<u64>,
    is_cut: bool,
}

#[derive(Default)]
struct Node {
    module: String,
    class: String,
    loader: String,
    file: String,
}

impl Found {
    fn read(&mut self, bytes: Vec<u8>) -> Result<(), String> {
        let bytes = without_mark(bytes);
        let end = size_u64(bytes.len());
        let mut reader = Reader::new(&bytes, 0..end, Strictness::Python, PYTHON_DEPTH, 4096);
        let mut open: Vec<Node> = Vec::new();
        let mut key = String::new();
        loop {
            match reader.next().map_err(|error| error.to_string())? {
                None => break,
                Some((Event::ObjectStart | Event::ArrayStart, _)) => {
                    open.push(Node::default());
                    key.clear();
                }
                Some((Event::ObjectEnd | Event::ArrayEnd, _)) => {
                    if let Some(node) = open.pop() {
                        self.take(node);
                    }
                }
                Some((Event::Key { .. }, _)) => key = reader.text().into_owned(),
                Some((Event::Number, _)) if key == "protocol" && open.len() == 1 => {
                    self.protocol = reader.text().parse().ok();
                }
                Some((Event::String, _)) => {
                    let Some(node) = open.last_mut() else { continue };
                    let place = match key.as_str() {
                        "__module__" => &mut node.module,
                        "__class__" => &mut node.class,
                        "__loader__" => &mut node.loader,
                        "file" => &mut node.file,
                        _ => continue,
                    };
                    *place = reader.text().into_owned();
                }
                Some(_) => {}
            }
        }
        match reader.has_more() {
            Ok(false) => Ok(()),
            _ => Err("more follows the value".to_owned()),
        }
    }

    fn take(&mut self, node: Node) {
        if node.loader.is_empty() {
            return;
        }
        if !node.file.is_empty() {
            self.files.push(node.file);
        }
        if self.types.len() >= TYPES {
            self.types.sort();
            self.types.dedup();
        }
        if self.types.len() >= TYPES {
            self.is_cut = true;
            return;
        }
        self.types.push(Type {
            module: node.module,
            class: node.class,
            loader: node.loader,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        testing::{ids, view},
        zip::build::{Item, zip as archive},
    };

    fn score(bytes: &[u8]) -> Option<Score> {
        crate::testing::score(bytes, probe)
    }

    #[test]
    fn types_and_files_are_listed() {
        let schema = br#"{"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "protocol": 2, "_skops_version": "0.13.0",
            "content": {"a": {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy", "file": "1.npy"},
                        "b": {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy", "file": "2.npy"}}}"#;
        let bytes = archive(&[
            Item::new("1.npy", b"\x93NUMPY"),
            Item::new("x.pkl", b"N."),
            Item::new(SCHEMA, schema),
        ]);
        assert_eq!(score(&bytes), Some(Score::Certain));
        let view = view(&bytes, parse);
        assert_eq!(view.types.len(), 2);
        assert_eq!(
            (view.types[1].module.as_str(), view.types[1].class.as_str()),
            ("numpy", "ndarray")
        );
        assert_eq!((view.protocol, view.unexpected.as_slice()), (Some(2), &[1][..]));
        assert_eq!(ids(view.anomalies()), ["skops-missing-file"]);
    }

    #[test]
    fn a_schema_is_one_value() {
        let schema =
            br#""a" {"__class__": "system", "__module__": "posix", "__loader__": "TypeNode", "protocol": 2}"#;
        let view = view(&archive(&[Item::new(SCHEMA, schema)]), parse);
        assert_eq!(ids(view.anomalies()), ["skops-schema"]);
    }

    #[test]
    fn other_schemas_are_none_of_it() {
        assert_eq!(
            score(&archive(&[Item::new(SCHEMA, b"{\"type\": \"object\"}")])),
            None
        );
        let bytes = archive(&[Item::new(SCHEMA, b"{\"__loader__\": \"DictNode\", ")]);
        assert_eq!(score(&bytes), Some(Score::Certain));
        assert_eq!(ids(view(&bytes, parse).anomalies()), ["skops-schema"]);
    }
}
