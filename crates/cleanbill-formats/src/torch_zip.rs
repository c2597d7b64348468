//! Checkpoints and programs that PyTorch keeps in a ZIP archive.

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Role, Score,
    limits::Limits,
    notes::{Notes, lossy},
    registry::{ParseResult, format_info},
    zip::{self, Entry, Origin},
};

format_info! {
    /// ## What it is
    /// What `torch.save` (since 1.6), `torch.jit.save` and `torch.package` write: a ZIP archive with one folder, in it
    /// `data.pkl`, one entry for the bytes of each tensor storage, and a few small records.
    /// ## What is read
    /// Everything that the reader of ZIP archives sees. Entries whose bytes PyTorch copies into tensors (`data/N`,
    /// `constants/N`, `tensors/N`, `.data/N.storage`) are raw data; all others are examined as whatever they may be.
    /// ## What is reported
    /// Small records (`version`, `byteorder`, `.format_version`, `.storage_alignment`, `.data/serialization_id`) that do not
    /// hold what PyTorch writes there; as facts: the folder, compressed storages, entries that no loader asks for.
    /// ## Limits
    /// Those of ZIP archives.
    /// ## References
    /// `caffe2/serialize/inline_container.cc`, `torch/serialization.py` and `torch/package` of PyTorch 2.
    "torch-zip", "PyTorch ZIP archive", extensions: &["pt", "pth", "bin", "ckpt", "ptl", "pt2"], refines: Some("zip"),
    dialects: [
        "torchscript": "A TorchScript program: code and constants beside the data.",
        "torch-package": "A package of torch.package: Python sources that the loader imports.",
    ]
}

/// Shows what a PyTorch archive holds.
#[derive(Debug)]
pub struct View {
    /// The folder that holds everything, as PyTorch determines it: that of the first entry.
    pub prefix: String,
    /// It is a TorchScript program.
    pub is_torchscript: bool,
    /// It is a package of `torch.package`.
    pub is_package: bool,
    /// Text of the record `version`.
    pub version: Option<String>,
    /// Text of the record `byteorder`.
    pub byte_order: Option<String>,
    /// Indexes in `zip.entries` of storages that are compressed, which PyTorch never writes.
    pub compressed_storages: Vec<usize>,
    /// Indexes in `zip.entries` of entries that no loader asks for.
    pub unexpected: Vec<usize>,
    /// The archive itself; its own anomalies are those of the format `zip`.
    pub zip: zip::View,
    members: Vec<Member>,
    notes: Notes,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn dialects(&self) -> Vec<&'static str> {
        let found = [
            (self.is_torchscript, "torchscript"),
            (self.is_package, "torch-package"),
        ];
        found
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, id)| id)
            .collect()
    }
}

static RECORD: AnomalyKind = AnomalyKind::damage(
    "torch-record",
    "has a small record that does not hold what PyTorch writes there",
    "有一个小记录的内容与 PyTorch 写入的不符",
);

/// LIMIT: bytes of a small record that are read; the longest that PyTorch writes has some 40.
const RECORD_BYTES: u64 = 128;

/// Scores an archive that has the pickle and at least one of the records or storages beside it.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    zip::probe(probe)?;
    let (mut pickle, mut beside) = (false, false);
    let found = zip::any_name(probe, Limits::default().members_per_container, &mut |name| {
        let name = name.to_ascii_lowercase();
        let inside = name.iter().position(|byte| *byte == b'/');
        let inside = inside
            .and_then(|at| name.get(at.saturating_add(1)..))
            .unwrap_or(&name);
        match inside {
            b"data.pkl" | b"constants.pkl" => pickle = true,
            b"version" | b"byteorder" | b".format_version" | b".data/version" | b".data/serialization_id" => {
                beside = true;
            }
            _ => beside |= inside.starts_with(b"data/") || inside.starts_with(b"code/"),
        }
        pickle && beside
    });
    found.then_some(Score::Certain)
}

/// Reads the archive and sorts its entries by what PyTorch does with them.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let zip = zip::parse(input)?;
    let mut notes = Notes::default();
    let mut members = zip.members().to_vec();
    let prefix = prefix(&zip.entries);
    let inside = |entry: &Entry| inside(&prefix, &entry.name_text()).map(str::to_owned);
    let has = |wanted: &dyn Fn(&str) -> bool| {
        zip.entries
            .iter()
            .any(|entry| inside(entry).is_some_and(|name| wanted(&name)))
    };
    let is_torchscript = has(&|name| name == "constants.pkl") || has(&|name| name.starts_with("code/"));
    let is_package = has(&|name| name == ".data/extern_modules" || name == ".data/version");
    let (mut version, mut byte_order) = (None, None);
    let (mut compressed_storages, mut unexpected) = (Vec::new(), Vec::new());
    for (index, entry) in zip.entries.iter().enumerate() {
        let name = inside(entry);
        let expected = name
            .as_deref()
            .is_some_and(|name| is_package || is_expected(name, is_torchscript));
        if !expected && entry.member.is_some() {
            unexpected.push(index);
        }
        let Some(name) = name.filter(|_| matches!(entry.origin, Origin::Directory | Origin::Walked)) else {
            continue;
        };
        let Some(member) = entry.member.and_then(|member| members.get_mut(member)) else {
            continue;
        };
        if is_storage(&name) {
            member.role = Role::RawData;
            if entry.method != 0 {
                compressed_storages.push(index);
            }
        } else if let Some(expects) = record(&name) {
            let text = zip::first_bytes(input.source, &member.payload, RECORD_BYTES);
            let text = text
                .ok()
                .flatten()
                .filter(|_| entry.uncompressed_bytes < RECORD_BYTES);
            if text.as_deref().is_some_and(expects) {
                member.role = Role::RawData;
                let text = text.map(|text| lossy(text.trim_ascii()));
                match name.as_str() {
                    "version" => version = text,
                    "byteorder" => byte_order = text,
                    _ => {}
                }
            } else {
                notes.push(&RECORD, entry.extent(), entry.name_text());
            }
        }
    }
    Ok(View {
        prefix,
        is_torchscript,
        is_package,
        version,
        byte_order,
        compressed_storages,
        unexpected,
        zip,
        members,
        notes,
    })
}

/// Returns the folder of the first entry, which PyTorch takes for that of all, or of the pickle where that is elsewhere.
fn prefix(entries: &[Entry]) -> String {
    let folder = |entry: &Entry| {
        let name = entry.name_text();
        name.split_once('/')
            .map(|(folder, _)| folder.to_owned())
            .unwrap_or_default()
    };
    let first = entries.first().map(folder).unwrap_or_default();
    let is_pickle = |entry: &&Entry, folder: &str| {
        inside(folder, &entry.name_text()).is_some_and(|name| name.eq_ignore_ascii_case("data.pkl"))
    };
    if entries.iter().any(|entry| is_pickle(&entry, &first)) {
        return first;
    }
    let other = entries.iter().find(|entry| is_pickle(entry, &folder(entry)));
    other.map(folder).unwrap_or(first)
}

/// Returns the part of `name` inside the folder `prefix`.
fn inside<'a>(prefix: &str, name: &'a str) -> Option<&'a str> {
    if prefix.is_empty() {
        return Some(name);
    }
    name.strip_prefix(prefix)?.strip_prefix('/')
}

/// Says whether PyTorch copies the bytes of the entry into a tensor.
fn is_storage(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let folders = ["data/", "constants/", "tensors/", "traced_inputs/"];
    let plain = folders.iter().find_map(|folder| name.strip_prefix(folder));
    let package = name
        .strip_prefix(".data/")
        .and_then(|name| name.strip_suffix(".storage"));
    plain.or(package).is_some_and(digits)
}

/// Returns the check for the bytes of a small record.
fn record(name: &str) -> Option<fn(&[u8]) -> bool> {
    fn number(text: &[u8]) -> bool {
        let text = text.trim_ascii();
        !text.is_empty() && text.iter().all(u8::is_ascii_digit)
    }
    fn byte_order(text: &[u8]) -> bool {
        matches!(text, b"little" | b"big")
    }
    match name {
        "version" | ".format_version" | ".storage_alignment" | ".data/serialization_id" | ".data/version" => {
            Some(number)
        }
        "byteorder" => Some(byte_order),
        _ => None,
    }
}

/// Says whether a loader asks for the entry.
fn is_expected(name: &str, torchscript: bool) -> bool {
    let program = ["code/", "extra/", "constants/", "tensors/", "traced_inputs/"];
    let program_files = [
        "constants.pkl",
        "attributes.pkl",
        "model.json",
        "bytecode.pkl",
        "mobile_debug_handles.pkl",
        "traced_inputs.pkl",
    ];
    name == "data.pkl"
        || is_storage(name)
        || record(name).is_some()
        || name.ends_with('/')
        || (torchscript
            && (program_files.contains(&name) || program.iter().any(|folder| name.starts_with(folder))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Payload,
        zip::build::{Item, zip},
    };

    fn view(bytes: &Vec<u8>) -> View {
        let limits = Limits::default();
        parse(&Input {
            source: bytes,
            limits: &limits,
        })
        .unwrap()
    }

    fn score(bytes: &[u8]) -> Option<Score> {
        crate::testing::score(bytes, probe)
    }

    #[test]
    fn a_checkpoint_gives_its_pickle_and_raw_storages() {
        let bytes = zip(&[
            Item::new("archive/data.pkl", b"\x80\x02N."),
            Item::new("archive/data/0", b"\0\0\0\0"),
            Item::new("archive/version", b"3\n"),
            Item::new("archive/byteorder", b"little"),
            Item::new("archive/.data/serialization_id", b"0123456789"),
        ]);
        assert_eq!(score(&bytes), Some(Score::Certain));
        let view = view(&bytes);
        let got: Vec<(&str, Role)> = view
            .members()
            .iter()
            .map(|member| (member.name.as_str(), member.role))
            .collect();
        assert_eq!(
            got,
            [
                ("archive/data.pkl", Role::Content),
                ("archive/data/0", Role::RawData),
                ("archive/version", Role::RawData),
                ("archive/byteorder", Role::RawData),
                ("archive/.data/serialization_id", Role::RawData),
            ]
        );
        assert!(matches!(view.members()[0].payload, Payload::Section(_)));
        assert_eq!(
            (view.prefix.as_str(), view.version.as_deref()),
            ("archive", Some("3"))
        );
        assert_eq!(view.byte_order.as_deref(), Some("little"));
        assert!(view.anomalies().is_empty() && view.unexpected.is_empty() && view.dialects().is_empty());
    }

    #[test]
    fn programs_and_packages_are_told_apart() {
        let program = zip(&[
            Item::new("m/constants.pkl", b"\x80\x02)."),
            Item::new("m/data.pkl", b"\x80\x02N."),
            Item::new("m/code/__torch__.py", b"pass"),
            Item::new("m/version", b"3\n"),
        ]);
        assert_eq!(view(&program).dialects(), ["torchscript"]);
        assert_eq!(view(&program).members()[2].role, Role::Content);
        let package = zip(&[
            Item::new("p/model/data.pkl", b"N."),
            Item::new("p/.data/extern_modules", b"os\n"),
            Item::new("p/.data/version", b"3"),
            Item::new("p/.data/0.storage", b"\0"),
        ]);
        assert_eq!(view(&package).dialects(), ["torch-package"]);
        assert_eq!(view(&package).members()[3].role, Role::RawData);
    }

    #[test]
    fn records_with_other_content_and_strangers_are_told() {
        let bytes = zip(&[
            Item::new("a/data.pkl", b"N."),
            Item::new("a/version", b"cos\nsystem\n"),
            Item::new("a/evil.pkl", b"N."),
            Item::new("b/data.pkl", b"N."),
            Item::new("a/data/x", b"N."),
        ]);
        let view = view(&bytes);
        assert_eq!(view.anomalies().len(), 1);
        assert_eq!(view.unexpected, [2, 3, 4]);
        assert!(view.members().iter().all(|member| member.role == Role::Content));
    }

    #[test]
    fn other_archives_do_not_score() {
        assert_eq!(score(&zip(&[Item::new("a/data.pkl", b"N.")])), None);
        assert_eq!(
            score(&zip(&[Item::new("version", b"1"), Item::new("data/x", b"2")])),
            None
        );
    }
}
