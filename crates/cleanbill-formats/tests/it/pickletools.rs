//! The opcode reader against CPython's `pickletools`: both must see the same opcodes at the same places.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cleanbill_formats::{
    bytes::Cursor,
    pickle::{opcode_name, read_opcode},
};

/// Pickles of the corpus that are compared, spread over all of it.
const CORPUS_FILES: usize = 300;

#[test]
fn generated_pickles_read_alike() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential-formats");
    let _ = fs::remove_dir_all(&folder);
    if python(&["make", folder.to_str().unwrap(), "--count", "60"]).is_none() {
        return;
    }
    let compared = compare(&files_below(&folder));
    assert!(compared > 10_000, "only {compared} opcodes were compared");
}

#[test]
fn corpus_pickles_read_alike() {
    let Some(corpus) = option_env_at_run_time("CLEANBILL_CORPUS") else {
        eprintln!("SKIPPED: CLEANBILL_CORPUS names no corpus of real pickles");
        return;
    };
    let mut files = files_below(&Path::new(&corpus).join("benign"));
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "pkl" || extension == "pickle")
    });
    let step = files.len().div_ceil(CORPUS_FILES).max(1);
    let files: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    let compared = compare(&files);
    eprintln!("{compared} opcodes of {} real pickles compared", files.len());
}

/// Compares all opcodes of `files` and returns how many there were.
fn compare(files: &[PathBuf]) -> usize {
    let mut compared = 0;
    for some in files.chunks(200) {
        let mut arguments = vec!["ops"];
        arguments.extend(some.iter().map(|file| file.to_str().unwrap()));
        let theirs = python(&arguments).unwrap();
        let mut theirs = theirs.lines().peekable();
        for file in some {
            let name = file.to_str().unwrap();
            let mine = |line: &&str| line.contains(&format!("\"file\": \"{name}\""));
            let theirs: Vec<&str> = std::iter::from_fn(|| theirs.next_if(mine)).collect();
            compared += compare_one(file, &theirs);
        }
    }
    compared
}

fn compare_one(file: &Path, theirs: &[&str]) -> usize {
    let bytes = fs::read(file).unwrap();
    let mut cursor = Cursor::whole(&bytes);
    for (count, line) in theirs.iter().enumerate() {
        if line.contains("\"error\":") {
            // Where pickletools gives up, for a text that is no UTF-8 for example, there is nothing more to compare.
            return count;
        }
        let opcode = read_opcode(&mut cursor)
            .unwrap_or_else(|error| panic!("{}: {error:?}, {line} there", file.display()));
        let here = format!(
            "\"position\": {}, \"name\": \"{}\"",
            opcode.start,
            opcode_name(opcode.code).unwrap()
        );
        assert!(
            line.contains(&here),
            "{}: {here} here, {line} there",
            file.display()
        );
    }
    assert_eq!(cursor.remaining(), 0, "{}: more here than there", file.display());
    theirs.len()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[expect(clippy::disallowed_methods, reason = "a test is told where the corpus is")]
fn option_env_at_run_time(name: &str) -> Option<String> {
    std::env::var(name).ok()
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
