//! Bills of models that others publish, and of a system made of them, before the judges from outside.
//!
//! `scripts/test.sh` fetches and unpacks the packages and names the folder in `CLEANBILL_PACKAGES`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    judges::{judge_spdx, node, python, run_node, run_python, target},
    support::Workplace,
};

/// Documents that a bill is written as, with the end of the name by which judges know them.
const FORMATS: [(&str, &str); 3] = [
    ("cyclonedx", "cdx-1.7"),
    ("cyclonedx-1.6", "cdx-1.6"),
    ("spdx", "spdx-3"),
];

/// Lists the folders of real packages; none where they were not fetched.
#[expect(clippy::disallowed_methods, reason = "a test is told where the packages are")]
#[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
fn packages() -> Vec<PathBuf> {
    let Ok(folder) = std::env::var("CLEANBILL_PACKAGES") else {
        eprintln!("SKIPPED: CLEANBILL_PACKAGES names no folder of real packages to write bills of");
        return Vec::new();
    };
    let entries = fs::read_dir(&folder)
        .expect("the folder of packages is there")
        .flatten();
    let mut packages: Vec<PathBuf> = entries.map(|one| one.path()).filter(|one| one.is_dir()).collect();
    packages.sort();
    assert!(!packages.is_empty(), "no package in {folder}");
    packages
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Writes the bill of every package and of the system that they make, each twice, and says where the documents lie.
fn documents(packages: &[PathBuf], folder: &Path) -> Vec<PathBuf> {
    let workplace = Workplace::empty();
    let mut out = Vec::new();
    let written = "--timestamp 2026-11-28T12:00:00Z --serial";
    for package in packages {
        for (format, end) in FORMATS {
            let path = folder.join(format!("{}.{end}.json", name(package)));
            let bytes = |jobs: &str| {
                let target = package.display();
                let ran = workplace.run(&format!("bom {target} -f {format} {written} {jobs}"));
                assert_eq!(ran.code, 0, "{}", ran.shown());
                ran.stdout
            };
            let first = bytes("--jobs 1");
            assert_eq!(
                first,
                bytes("--jobs 4"),
                "{}: other bytes with more threads",
                path.display()
            );
            fs::write(&path, first).expect("the target folder is writable");
            out.push(path);
        }
    }
    for (format, end) in FORMATS {
        let path = folder.join(format!("system.{end}.json"));
        let parts: Vec<String> = packages
            .iter()
            .map(|package| {
                folder
                    .join(format!("{}.cdx-1.7.json", name(package)))
                    .display()
                    .to_string()
            })
            .collect();
        let parts = parts.join(" ");
        let bytes = || {
            let ran = workplace.run(&format!("bom merge {parts} --name system -f {format} {written}"));
            assert_eq!(ran.code, 0, "{}", ran.shown());
            ran.stdout
        };
        let first = bytes();
        assert_eq!(
            first,
            bytes(),
            "{}: other bytes at the second time",
            path.display()
        );
        fs::write(&path, first).expect("the target folder is writable");
        out.push(path);
    }
    out
}

#[test]
fn bills_of_real_packages_and_of_a_system_please_every_judge() {
    let packages = packages();
    if packages.is_empty() {
        return;
    }
    let folder = target().join("packages");
    fs::create_dir_all(&folder).expect("the target folder is writable");
    let documents = documents(&packages, &folder);
    assert_eq!(documents.len(), (packages.len() + 1) * FORMATS.len());
    assert_eq!(judge_spdx(&documents), Vec::<String>::new());
    let is_cyclonedx = |path: &&PathBuf| name(path).contains(".cdx-");
    let cyclonedx: Vec<PathBuf> = documents.iter().filter(is_cyclonedx).cloned().collect();
    match node() {
        Some(node) => {
            let (is_fine, text) = run_node(&node, &cyclonedx);
            assert!(is_fine, "{text}");
            assert_eq!(text.matches("judged:").count(), cyclonedx.len(), "{text}");
        }
        None => skip("the JavaScript judge of CycloneDX cannot be installed"),
    }
    match python() {
        Some(python) => {
            let (is_fine, text) = run_python(&python, &documents);
            assert!(is_fine, "{text}");
            assert_eq!(text.matches("judged:").count(), documents.len(), "{text}");
            text.lines()
                .filter_map(|line| line.strip_prefix("SKIPPED: "))
                .for_each(skip);
        }
        None => skip("the Python judges of bills of materials cannot be installed"),
    }
}

#[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
fn skip(what: &str) {
    eprintln!("SKIPPED: {what}");
}
