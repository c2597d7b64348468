//! Runs over bytes, and makes archives.

use std::{
    io::{self, Write as _},
    num::NonZeroUsize,
    sync::{Arc, Mutex, OnceLock},
};

use cleanbill_core::{
    Severity,
    leak::{Leak, LeakArtifact},
};
use cleanbill_data::{Artifact, Copies, Key, Options, ReadAt, Redaction};
use cleanbill_leaks::Rules;
pub(crate) use cleanbill_samples::token;

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) leaks: Vec<Leak>,
    pub(crate) artifact: LeakArtifact,
    pub(crate) broken: Vec<String>,
}

impl Ran {
    /// Lists findings: record, id, column, start, type.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |leak: &Leak| {
            let record = &leak.record;
            format!(
                "{} {} {} {} {}",
                record.index,
                record.id.as_deref().unwrap_or("-"),
                record.column.as_deref().unwrap_or("-"),
                leak.start,
                leak.kind
            )
        };
        self.leaks.iter().map(line).collect()
    }

    /// Lists columns in which something was found.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let columns = self
            .leaks
            .iter()
            .map(|leak| leak.record.column.as_deref().unwrap_or("-"));
        columns.collect()
    }

    pub(crate) fn problems(&self) -> String {
        let problems = self.artifact.problems.iter();
        problems.fold(String::new(), |all, problem| all + problem.reason.en() + "\n")
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.artifact.coverage.reasons().is_empty()
    }
}

pub(crate) fn run(name: &str, bytes: Vec<u8>) -> Ran {
    run_with(name, bytes, 2, |_| {})
}

static ALL: OnceLock<Rules> = OnceLock::new();

fn made(name: &str, bytes: Vec<u8>, workers: usize) -> (Artifact, Options) {
    let bytes: Arc<dyn ReadAt> = Arc::new(bytes);
    let artifact = Artifact {
        path: name.into(),
        open: Box::new(move || Ok(Arc::clone(&bytes))),
    };
    let options = Options {
        rules: ALL.get_or_init(Rules::builtin).clone(),
        key: Key::new(&[7; 32]).expect("a key"),
        columns: None,
        id_field: None,
        sample: None,
        redaction: None,
        poison: None,
        fail_on: Severity::Low,
        workers: NonZeroUsize::new(workers).expect("workers"),
    };
    (artifact, options)
}

pub(crate) fn run_with(name: &str, bytes: Vec<u8>, workers: usize, set: impl Fn(&mut Options)) -> Ran {
    let (artifact, mut options) = made(name, bytes, workers);
    set(&mut options);
    let mut leaks = Vec::new();
    let outcome = cleanbill_data::run(vec![artifact], options, None, None, &mut |leak| {
        leaks.push(leak.clone());
        Ok(())
    })
    .expect("a run");
    Ran {
        leaks,
        artifact: outcome.artifacts.into_iter().next().expect("an artifact"),
        broken: outcome.internal_errors,
    }
}

/// Returns the copy of a file in which what is found is replaced.
pub(crate) fn copy(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    struct Held(Arc<Mutex<Vec<u8>>>);
    struct Part(Arc<Mutex<Vec<u8>>>);
    impl io::Write for Part {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("the copy").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Copies for Held {
        fn begin(&mut self, _: &str) -> io::Result<Box<dyn io::Write + Send>> {
            Ok(Box::new(Part(Arc::clone(&self.0))))
        }

        fn end(&mut self, _: &str, is_whole: bool) -> io::Result<()> {
            assert!(is_whole);
            Ok(())
        }
    }
    let (artifact, mut options) = made(name, bytes, 2);
    options.redaction = Some(Redaction::Placeholders);
    let held = Arc::default();
    let mut sink = Held(Arc::clone(&held));
    cleanbill_data::run(vec![artifact], options, None, Some(&mut sink), &mut |_| Ok(())).expect("a run");
    let copied = held.lock().expect("the copy").clone();
    assert!(!copied.is_empty(), "no copy of {name}");
    copied
}

/// Rules that are quickly made.
fn few(options: &mut Options) {
    static RULES: OnceLock<Rules> = OnceLock::new();
    let rules = RULES.get_or_init(|| Rules::builtin().only(|rule| rule.id == "github_pat"));
    options.rules = rules.clone();
}

/// Checks that a file that is damaged in any one way breaks nothing of ours, and that what is cut off is said.
pub(crate) fn damaged(name: &str, bytes: &[u8], step: usize) {
    for length in (0..bytes.len()).step_by(step) {
        let ran = run_with(name, bytes[..length].to_vec(), 1, few);
        assert!(ran.broken.is_empty(), "{name} cut at {length}");
    }
    for at in (0..bytes.len()).step_by(step) {
        for value in [0, 0x7f, 0xff, bytes[at] ^ 1] {
            let mut wrong = bytes.to_vec();
            wrong[at] = value;
            let ran = run_with(name, wrong, 1, few);
            assert!(ran.broken.is_empty(), "{name} with {value} at {at}");
        }
    }
}

/// An entry of tar.
pub(crate) fn entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len().min(100)].copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[148..156].fill(b' ');
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header.extend_from_slice(content);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}

pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all = Vec::new();
    for (name, content) in files {
        all.extend(entry(name, b'0', content));
    }
    all.extend([0; 1024]);
    all
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).expect("packed");
    packed.finish().expect("packed")
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).expect("packed");
    packed.finish().expect("packed")
}

/// A ZIP archive of packed members, each with a comment.
pub(crate) fn zip(files: &[(&str, &[u8], &str)]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut directory = Vec::new();
    for (name, content, comment) in files {
        let packed = deflate(content);
        let offset = u32::try_from(all.len()).expect("small");
        let size = |length: usize| u32::try_from(length).expect("small").to_le_bytes();
        let short = |length: usize| u16::try_from(length).expect("small").to_le_bytes();
        let mut common = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(size(packed.len()));
        common.extend(size(content.len()));
        common.extend(short(name.len()));
        common.extend([0, 0]);
        all.extend(b"PK\x03\x04");
        all.extend(&common);
        all.extend(name.as_bytes());
        all.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend(short(comment.len()));
        directory.extend([0; 8]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        directory.extend(comment.as_bytes());
    }
    let start = u32::try_from(all.len()).expect("small");
    all.extend(&directory);
    let number = u16::try_from(files.len()).expect("small").to_le_bytes();
    all.extend(b"PK\x05\x06\0\0\0\0");
    all.extend(number);
    all.extend(number);
    all.extend(u32::try_from(directory.len()).expect("small").to_le_bytes());
    all.extend(start.to_le_bytes());
    all.extend([0, 0]);
    all
}
