//! The assembler against `CPython`: both must see the same opcodes at the same places.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may stop at any surprise and say what it left out"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cleanbill_samples::{Random, pickle};

#[test]
fn cpython_sees_the_same_opcodes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential-samples");
    let _ = fs::remove_dir_all(&folder);
    let Some(_) = python(&["make", folder.to_str().unwrap(), "--count", "40"]) else {
        return;
    };
    for seed in 0..60 {
        let bytes = pickle::assemble(&pickle::random_opcodes(&mut Random::new(seed), 80)).unwrap();
        fs::write(folder.join(format!("random-{seed}.pkl")), bytes).unwrap();
    }
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 200, "only {} pickles were made", files.len());
    let mut arguments = vec!["ops"];
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    let theirs = python(&arguments).unwrap();
    let mut theirs = theirs.lines().peekable();
    for file in &files {
        let bytes = fs::read(file).unwrap();
        let text = pickle::disassemble(&bytes);
        assert_eq!(
            pickle::assemble(&text).as_deref(),
            Ok(bytes.as_slice()),
            "{}",
            file.display()
        );
        for line in text.lines() {
            let name = line.split(' ').next().unwrap();
            let line = theirs.next().unwrap_or_default();
            assert!(
                line.contains(&format!("\"name\": \"{name}\"")),
                "{name} here, {line} there"
            );
            assert!(
                line.contains(file.to_str().unwrap()),
                "{name} of {}, {line} there",
                file.display()
            );
        }
    }
    assert_eq!(theirs.next(), None);
}

/// Runs the differential script; `None` where there is no Python.
fn python(arguments: &[&str]) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/differential/pickletools_ops.py");
    let Ok(output) = Command::new("python3").arg(script).args(arguments).output() else {
        eprintln!("SKIPPED: no python3 to compare with");
        return None;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).unwrap())
}
