//! Harmless models that the real libraries write: none is a false alarm, and each format that a library writes is among them.
//!
//! `scripts/test.sh` installs the libraries, has `benches/corpus/benign.py` write the models and names the folder in
//! `CLEANBILL_LIBRARIES`.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use cleanbill_core::Severity;
use cleanbill_formats::Format;
use cleanbill_scan::{Options, scan, source::Folder};

/// Samples in a thousand that may have a finding of medium severity.
const MOST_PERMILLE: usize = 20;
/// Samples that are reported all the same, with the reason.
const REPORTED: &[(&str, &str)] = &[(
    "decoy/names-of-callables-p5",
    "a byte string that is itself a pickle calling `os.system`, kept as data",
)];
/// Formats of which no library that installs here writes a file, with the reason.
const WITHOUT_LIBRARY: &[(&str, &str)] = &[
    ("caffe", "no package of Caffe is published"),
    ("cntk", "packages for Python 3.6 and older only"),
    ("executable", "no library of models writes programs"),
    ("executorch", "needs a build of PyTorch of two gigabytes"),
    ("ggml-legacy", "its converters are programs in C"),
    ("llamafile", "made by hand out of a program"),
    ("mxnet", "withdrawn; needs NumPy of before 1.24"),
    ("ncnn", "its converters are programs; the package only loads"),
    ("pmml", "its writers need Java"),
    ("r-data", "needs R"),
    ("rar", "only its owner's program writes it"),
    ("tensorrt", "needs a GPU"),
    ("torch7", "needs Lua"),
    ("torch-tar", "written by PyTorch of before 0.1.10"),
    ("torch-zip", "needs PyTorch; the real packages hold some"),
    ("nemo", "needs NeMo, four gigabytes"),
    ("joblib-zfile", "written by joblib of before 0.10"),
    ("unsupported-model", "recognised, not examined"),
    ("zlib", "stands inside of others only"),
    ("lzma-alone", "stands inside of others only"),
];

#[test]
fn what_libraries_write_is_no_false_alarm() {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests that need made files are told where they are"
    )]
    let Some(folder) = env::var_os("CLEANBILL_LIBRARIES") else {
        eprintln!("SKIPPED: CLEANBILL_LIBRARIES names no folder of models that libraries wrote");
        return;
    };
    let mut alarms: BTreeMap<String, String> = BTreeMap::new();
    let mut false_alarms: BTreeMap<String, String> = BTreeMap::new();
    let mut formats: BTreeSet<String> = BTreeSet::new();
    let mut samples = 0_usize;
    for group in folders(Path::new(&folder)) {
        for sample in folders(&group) {
            samples += 1;
            let name = format!("{}/{}", last(&group), last(&sample));
            let outcome = scan(&Folder::new(&sample, 64), &name, &Options::default(), None);
            assert!(outcome.internal_errors.is_empty(), "{name}");
            for artifact in &outcome.report.artifacts {
                formats.extend(artifact.formats.iter().cloned());
            }
            for finding in &outcome.report.findings {
                let told = format!("{} {}: {}", finding.severity, finding.detector, finding.message);
                let known = REPORTED.iter().any(|(sample, _)| *sample == name);
                if finding.severity >= Severity::High && !known {
                    false_alarms.insert(name.clone(), told.clone());
                }
                if finding.severity >= Severity::Medium {
                    alarms.insert(name.clone(), told);
                }
            }
        }
    }
    println!(
        "{samples} samples of libraries, {} at medium: {alarms:#?}",
        alarms.len()
    );
    assert!(samples >= 250, "only {samples} samples");
    assert!(false_alarms.is_empty(), "false alarms: {false_alarms:#?}");
    assert!(alarms.len() * 1_000 <= samples * MOST_PERMILLE, "{alarms:#?}");
    let missing: Vec<&str> = Format::ALL
        .iter()
        .map(|format| format.info().id)
        .filter(|id| !formats.contains(*id) && WITHOUT_LIBRARY.iter().all(|(known, _)| known != id))
        .collect();
    assert!(missing.is_empty(), "no library wrote {missing:?}");
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn last(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
