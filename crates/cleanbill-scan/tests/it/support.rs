//! Samples as a source of artifacts, and a walk over every view of a file.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cleanbill_formats::{
    Format, HEAD_BYTES, Input, Parsed, Payload, Probe, Role, TAIL_BYTES,
    bytes::{ReadAt, Section, SequentialReader, read_range},
    limits::Limits,
};
use cleanbill_samples::{Sample, SampleFile};
use cleanbill_scan::{Options, Outcome, scan, source::Held};

/// Most bytes of one decoded member that the walk looks at.
const MEMBER_BYTES: u64 = 1 << 20;

/// Returns the folder of fixtures below `testdata/`.
pub(crate) fn testdata(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata")
        .join(below)
}

/// Returns the names and paths in a folder, sorted; none where there is no such folder.
pub(crate) fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let listing = fs::read_dir(folder).into_iter().flatten();
    let mut entries: Vec<_> = listing
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    entries.sort();
    entries
}

/// Reads and builds one sample; the error names file and line.
pub(crate) fn read_sample(path: &Path) -> Result<Sample, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Sample::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Lists every sample of every fixture with its path.
pub(crate) fn all_samples() -> Vec<(PathBuf, Sample)> {
    let folders = ["detectors", "formats"].map(|kind| entries(&testdata(kind)));
    let paths = folders
        .into_iter()
        .flatten()
        .flat_map(|(_, folder)| entries(&folder));
    paths
        .filter(|(name, _)| name.ends_with(".sample"))
        .map(|(_, path)| {
            let sample = read_sample(&path).unwrap_or_else(|error| panic!("{error}"));
            (path, sample)
        })
        .collect()
}

/// Scans files that exist only in memory.
pub(crate) fn scan_files(files: &[SampleFile], options: &Options) -> Outcome {
    scan_files_of("sample", files, options)
}

/// Scans files that exist only in memory, out of a target of this name.
pub(crate) fn scan_files_of(target: &str, files: &[SampleFile], options: &Options) -> Outcome {
    scan(&held(files), target, options, None)
}

/// Scans one input that exists only in memory.
pub(crate) fn scan_bytes(path: &str, bytes: &[u8], options: &Options) -> Outcome {
    let file = SampleFile {
        path: path.to_owned(),
        bytes: bytes.to_vec(),
    };
    scan_files(&[file], options)
}

/// Gives files that exist only in memory.
pub(crate) fn held(files: &[SampleFile]) -> Held {
    files.iter().fold(Held::default(), |held, file| {
        held.with(&file.path, Arc::new(file.bytes.clone()))
    })
}

/// Parses bytes as every format whose probe takes them.
pub(crate) fn recognise(bytes: &Arc<dyn ReadAt>) -> Vec<Parsed> {
    let size = bytes.size();
    let head = read_range(bytes.as_ref(), 0..size, HEAD_BYTES).unwrap();
    let tail = read_range(bytes.as_ref(), size.saturating_sub(TAIL_BYTES)..size, TAIL_BYTES).unwrap();
    let probe = Probe {
        head: &head,
        tail: &tail,
        size,
        source: bytes.as_ref(),
    };
    let limits = Limits::default();
    let input = Input {
        source: bytes.as_ref(),
        limits: &limits,
    };
    let taken = Format::ALL.iter().filter(|format| format.probe(&probe).is_some());
    taken.map(|format| format.parse(&input).unwrap()).collect()
}

/// Returns the ids of the formats of `bytes`.
pub(crate) fn formats(bytes: &[u8]) -> Vec<&'static str> {
    let bytes: Arc<dyn ReadAt> = Arc::new(bytes.to_vec());
    recognise(&bytes)
        .iter()
        .map(|parsed| parsed.format().info().id)
        .collect()
}

/// Collects ids of formats and anomalies and names of members, at every level.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Formats of it and of everything inside it.
    pub(crate) formats: BTreeSet<&'static str>,
    pub(crate) anomalies: BTreeSet<String>,
    pub(crate) members: BTreeSet<String>,
    /// Name and bytes of every member whose bytes were had.
    pub(crate) contents: Vec<(String, Vec<u8>)>,
}

/// Looks into `bytes` and everything inside it.
pub(crate) fn look(bytes: &Arc<dyn ReadAt>, depth: usize, seen: &mut Seen) {
    for parsed in recognise(bytes) {
        let view = parsed.view();
        seen.formats.insert(parsed.format().info().id);
        seen.anomalies
            .extend(view.anomalies().iter().map(|anomaly| anomaly.kind.id.to_owned()));
        if depth == 0 {
            continue;
        }
        for member in view.members() {
            seen.members.insert(member.name.clone());
            let inside: Option<Arc<dyn ReadAt>> = match &member.payload {
                Payload::Section(range) => Some(Arc::new(Section::new(Arc::clone(bytes), range.clone()))),
                Payload::Owned(owned) => Some(Arc::new(Arc::clone(owned))),
                Payload::Encoded { range, codec, .. } => {
                    let reader = SequentialReader::new(bytes.as_ref(), range.clone());
                    let mut decoded = Vec::new();
                    if let Ok(decoder) = codec.decoder(reader) {
                        // What was decoded before an error is looked at as well.
                        let _ = std::io::Read::read_to_end(
                            &mut std::io::Read::take(decoder, MEMBER_BYTES),
                            &mut decoded,
                        );
                    }
                    Some(Arc::new(decoded))
                }
                Payload::Extract(index) => {
                    let mut decoded = Vec::new();
                    let _ = view.extract(bytes, *index, &mut decoded);
                    Some(Arc::new(decoded))
                }
                Payload::Unreadable { .. } => None,
            };
            if let Some(inside) = inside {
                let content = read_range(inside.as_ref(), 0..inside.size(), MEMBER_BYTES).unwrap();
                seen.contents.push((member.name.clone(), content));
                if member.role != Role::RawData {
                    look(&inside, depth - 1, seen);
                }
            }
        }
    }
}
