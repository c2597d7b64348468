//! Rates over a corpus of samples, and what damage does to them. The corpus is generated (`benches/corpus/`), not kept.

use std::{
    collections::BTreeMap,
    env, fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use cleanbill_core::{Report, Severity, Verdict};
use cleanbill_formats::bytes::ReadAt;
use cleanbill_samples::{Random, SampleFile};
use cleanbill_scan::{Options, scan, source::Folder};

use crate::support::{Seen, entries, formats, look, scan_bytes};

/// Names the folder of the corpus: `malicious/` and `benign/`, each with `<group>/<id>/` and a `manifest.jsonl`.
const VARIABLE: &str = "CLEANBILL_CORPUS";
/// Least share of malicious samples, in percent, with a finding of high severity or worse.
const DETECTED_PERCENT: usize = 98;
/// Largest share of benign samples, in percent, with a finding of medium severity or worse.
const FALSE_ALARM_PERCENT: usize = 2;
/// Places at which a file is cut, and bits that are flipped.
const CUTS: usize = 8;
const FLIPS: usize = 16;
/// Share of the samples that an unoptimised build damages; odd, so that it meets every group.
const UNOPTIMISED_STRIDE: usize = 11;
/// Samples whose damage may remove the attack without a trace, with the reason.
const MAY_PASS: &[(&str, &str)] = &[
    (
        "joblib/joblib-bz2-streams",
        "cut between two streams, the first is whole and harmless",
    ),
    (
        "joblib/joblib-gzip-members",
        "cut between two members, the first is whole and harmless",
    ),
    (
        "executables/exec-elf-in-pickle-bytes",
        "a flipped header field makes the program a string of bytes",
    ),
    (
        "executables/exec-pe-in-pickle-bytes",
        "a flipped header field makes the program a string of bytes",
    ),
    (
        "onnx/onnx-external-data-program",
        "a flipped header field makes the program the numbers that the model says it is",
    ),
    (
        "onnx/onnx-external-data-pickle",
        "a flipped first byte makes the pickle the numbers that the model says it is",
    ),
    (
        "onnx/onnx-tensor-script",
        "a flipped letter of the first line makes the script the numbers that the model says it is",
    ),
    (
        "graphs/ggml-program-tensor",
        "a flipped header field makes the program the numbers that the model says it is",
    ),
    (
        "graphs/ort-epcontext-traversal",
        "a flipped dot or slash makes the path one within the folder",
    ),
    (
        "zarr/zarr-pickle-consolidated",
        "a flipped sign makes it no metadata that Zarr reads",
    ),
    (
        "torchscript/torch-script-bulk-rpc",
        "a flipped letter of the operator's name makes it another operator",
    ),
    (
        "keras/cve-2025-49655-torch-wrapper",
        "a flipped quotation mark makes the configuration no JSON, which Keras refuses to load",
    ),
    (
        "zarr/zarr-pickle-escaped",
        "a flipped letter of a key makes it no metadata that Zarr reads",
    ),
    (
        "zarr/zarr-repeated",
        "a flipped letter of a key makes it no metadata that Zarr reads",
    ),
    (
        "caffe/caffe-output",
        "a flipped letter of the layer's keyword makes it a field that Caffe refuses",
    ),
    (
        "graphs/ort-epcontext-absolute",
        "a flipped length of a table of fields takes the graph out of the model",
    ),
    (
        "graphs/tflite-flex-dataservicedatasetv4",
        "a flipped length of a table of fields takes the operators out of the model",
    ),
    (
        "graphs/tflite-flex-harmless-other-node",
        "a flipped letter of the operator's name makes it one that does not exist",
    ),
    (
        "graphs/tflite-graph-input",
        "a flipped count takes the inputs out of the graph",
    ),
    (
        "graphs/tflite-print-file",
        "a flipped count takes the operators out of the graph",
    ),
    (
        "tensorflow/tf-constant-pickle",
        "a flipped length makes the pickle the name of a node",
    ),
    (
        "tensorflow/tf-legacy-call",
        "a flipped field takes the path out of the graph",
    ),
    (
        "tensorflow/tf-merge-checkpoints",
        "a flipped field takes the name of the path's node out of the graph",
    ),
    (
        "tensorflow/tf-read-decoded",
        "a flipped field takes the path out of the graph",
    ),
    (
        "tensorflow/tf-read-file",
        "a flipped letter of the name of the path's node leaves the reader without a path",
    ),
    (
        "torchscript/cve-2025-32434-script-from-file",
        "a flipped letter of the operator's name makes it no name at all",
    ),
    (
        "keras/h5-pickle-dataset",
        "a flipped field of the link message takes the dataset out of the file",
    ),
];
/// Files above this size are not damaged; the small ones are built in the same ways.
const DAMAGED_BYTES: usize = 256 * 1024;
/// Bytes by which a finding's range is widened: a call is not only where it is made but also what its operands are.
const PAYLOAD_BYTES: u64 = 64;
/// Levels of members in which payloads are located.
const DEPTH: usize = 3;

/// One folder of a corpus: its group, its id and its place.
#[derive(Debug)]
struct Sample {
    name: String,
    folder: PathBuf,
    /// The attack is text, which a cut may remove whole.
    textual: bool,
}

#[test]
fn corpus_rates_hold() {
    let Some(corpus) = corpus() else { return };
    let worst_of = |sample: &Sample| {
        let report = report(&sample.folder);
        report.findings.iter().map(|finding| finding.severity).max()
    };
    for (kind, floor) in [("malicious", Severity::High), ("benign", Severity::Medium)] {
        let samples = samples(&corpus.join(kind));
        if samples.is_empty() {
            eprintln!("SKIPPED: {VARIABLE} has no samples below {kind}/");
            continue;
        }
        let malicious = kind == "malicious";
        let wrong: Vec<&Sample> = samples
            .iter()
            .filter(|sample| worst_of(sample).is_some_and(|worst| worst >= floor) != malicious)
            .collect();
        let (count, all) = (wrong.len(), samples.len());
        let what = if malicious {
            "without a finding of high severity"
        } else {
            "with a finding of medium severity"
        };
        println!("{kind}: {count} of {all} {what}");
        for sample in &wrong {
            println!("  {}", sample.name);
        }
        let allowed = if malicious {
            100 - DETECTED_PERCENT
        } else {
            FALSE_ALARM_PERCENT
        };
        assert!(
            count * 100 <= all * allowed,
            "{kind}: {count} of {all} {what}, allowed are {allowed} %"
        );
    }
}

/// Damage may hide a call only where it hits the call itself.
#[test]
fn corpus_samples_survive_damage() {
    let Some(corpus) = corpus() else { return };
    let mut tally = Tally::default();
    // An unoptimised build takes minutes for all of them; there, one in `UNOPTIMISED_STRIDE` stands for the rest.
    let stride = if cfg!(debug_assertions) {
        UNOPTIMISED_STRIDE
    } else {
        1
    };
    for sample in samples(&corpus.join("malicious")).into_iter().step_by(stride) {
        // Bombs make no call, and each of them would be decoded again for every damage.
        if sample.textual
            || sample.name.starts_with("archive-bombs/")
            || sample.name.starts_with("resource-exhaustion/")
        {
            continue;
        }
        // Of its own, so that a sample that is added changes nothing for the others.
        let mut random = Random::new(seed(&sample.name));
        for file in files(&sample.folder) {
            if file.bytes.is_empty() || file.bytes.len() > DAMAGED_BYTES {
                continue;
            }
            damage(&mut random, &sample.name, &file, &mut tally);
        }
    }
    for (kind, (tried, excused)) in &tally.counts {
        println!("{kind}: {tried} damaged files, {excused} passed because the call itself was hit");
    }
    assert!(
        tally.passed.is_empty(),
        "{} damaged files pass:\n{}",
        tally.passed.len(),
        tally.passed.join("\n")
    );
}

/// Makes a number of a name (FNV-1a).
fn seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Counts what was tried and what it came to.
#[derive(Debug, Default)]
struct Tally {
    /// For each kind of damage: how many files, and how many of them pass because the damage hit the call.
    counts: BTreeMap<&'static str, (usize, usize)>,
    passed: Vec<String>,
}

impl Tally {
    fn count(
        &mut self,
        kind: &'static str,
        verdict: Verdict,
        excused: impl FnOnce() -> bool,
        what: impl FnOnce() -> String,
    ) {
        let (tried, passed) = self.counts.entry(kind).or_default();
        *tried += 1;
        if verdict != Verdict::Pass {
            return;
        }
        if excused() {
            *passed += 1;
        } else {
            self.passed.push(what());
        }
    }
}

fn damage(random: &mut Random, name: &str, file: &SampleFile, tally: &mut Tally) {
    let (path, bytes) = (&file.path, &file.bytes);
    let report = scan_bytes(path, bytes, &Options::default()).report;
    if report.verdict != Verdict::Fail {
        return;
    }
    let may_pass = MAY_PASS.iter().any(|(known, _)| *known == name);
    let payloads = payloads(path, bytes, DEPTH);
    let payload_end = payloads.iter().map(|range| range.end).max().unwrap_or(0);
    let verdict = |bytes: &[u8]| scan_bytes(path, bytes, &Options::default()).report.verdict;
    for padding in [vec![0; 64], random.bytes(64)] {
        let padded = [&bytes[..], &padding].concat();
        tally.count(
            "padded",
            verdict(&padded),
            || false,
            || format!("{name}/{path}: padded with {:02x}...", padding[0]),
        );
    }
    for place in 1..=CUTS {
        let end = bytes.len() * place / (CUTS + 1);
        let cut = &bytes[..end];
        // A beginning so short that it is no longer this format may well be harmless text.
        let is_text = || formats(cut).iter().all(|format| *format == "text");
        tally.count(
            "cut",
            verdict(cut),
            || end < payload_end || is_text() || may_pass,
            || format!("{name}/{path}: cut to {end} of {} bytes", bytes.len()),
        );
    }
    for _ in 0..FLIPS {
        let bit = random.below(bytes.len() * 8);
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        tally.count(
            "flipped",
            verdict(&flipped),
            || may_pass || payloads.iter().any(|range| range.contains(&(bit / 8))),
            || format!("{name}/{path}: bit {bit} of {} flipped", bytes.len() * 8),
        );
    }
}

/// Returns where in `bytes` that stand which make the worst findings: those that a finding points at, also in members that
/// stand in the file as they are. Members that are compressed excuse nothing.
fn payloads(path: &str, bytes: &[u8], depth: usize) -> Vec<Range<usize>> {
    let report = scan_bytes(path, bytes, &Options::default()).report;
    let failing = report
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::High);
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    let mut found = Vec::new();
    let mut below = false;
    for finding in failing {
        match (&finding.location.member, &finding.location.byte_range) {
            (Some(_), _) => below = true,
            (None, Some(range)) => {
                found
                    .push(place(range.start.saturating_sub(PAYLOAD_BYTES))..place(range.end + PAYLOAD_BYTES));
            }
            // The whole member is what was found: a program, for example.
            (None, None) if depth < DEPTH => found.push(0..bytes.len()),
            (None, None) => {}
        }
    }
    if below && depth > 0 {
        let source: Arc<dyn ReadAt> = Arc::new(bytes.to_vec());
        let mut seen = Seen::default();
        look(&source, 1, &mut seen);
        for (name, content) in &seen.contents {
            let at = bytes
                .windows(content.len().max(1))
                .position(|window| window == content);
            let inside = at.into_iter().flat_map(|at| {
                payloads(name, content, depth - 1)
                    .into_iter()
                    .map(move |range| range.start + at..range.end + at)
            });
            found.extend(inside);
        }
    }
    found
}

#[expect(
    clippy::disallowed_methods,
    reason = "a slow test is switched on by the environment"
)]
fn corpus() -> Option<PathBuf> {
    let folder = env::var_os(VARIABLE).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: {VARIABLE} names no corpus");
    }
    folder
}

/// Lists the samples of `malicious/` or `benign/`, by the folders that its manifest names.
fn samples(folder: &Path) -> Vec<Sample> {
    let manifest = fs::read_to_string(folder.join("manifest.jsonl")).unwrap_or_default();
    let mut samples: Vec<Sample> = manifest
        .lines()
        .filter_map(|line| {
            let name = format!("{}/{}", field(line, "group")?, field(line, "id")?);
            let folder = folder.join(&name);
            assert!(folder.is_dir(), "the manifest names `{name}`, which is no folder");
            let textual = line.contains("\"textual\": true");
            Some(Sample {
                name,
                folder,
                textual,
            })
        })
        .collect();
    samples.sort_by(|left, right| left.name.cmp(&right.name));
    samples.dedup_by(|left, right| left.name == right.name);
    samples
}

/// Returns a field of text of a line of JSON; ids and groups hold nothing that would be escaped.
fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = line.split_once(&format!("\"{key}\": \""))?;
    after.split_once('"').map(|(value, _)| value)
}

fn report(folder: &Path) -> Report {
    let source = Folder::new(folder, 16);
    let outcome = scan(&source, "sample", &Options::default(), None);
    assert!(outcome.internal_errors.is_empty(), "{}", folder.display());
    outcome.report
}

fn files(folder: &Path) -> Vec<SampleFile> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(one) = folders.pop() {
        for (name, path) in entries(&one) {
            // What links lead to is met where it lies.
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let bytes = fs::read(&path).unwrap();
                files.push(SampleFile { path: name, bytes });
            }
        }
    }
    files
}
