//! House rules that a machine can check. What they mean and why: `STYLE.md` and `ARCHITECTURE.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cleanbill_formats::Format;
use cleanbill_scan::DETECTORS;

/// Which of our crates each of our crates may name in `[dependencies]`.
const EDGES: &[(&str, &[&str])] = &[
    ("advisories", &["core"]),
    ("core", &[]),
    ("code", &[]),
    ("formats", &[]),
    ("leaks", &[]),
    ("licences", &["core"]),
    ("samples", &[]),
    ("sha256", &[]),
    ("scan", &["code", "core", "formats", "leaks", "licences"]),
    ("tensors", &["core", "formats"]),
    ("data", &["core", "leaks"]),
    (
        "python",
        &["core", "data", "documents", "formats", "leaks", "scan"],
    ),
    ("attest", &["core", "sha256"]),
    ("policy", &["core"]),
    ("documents", &["core"]),
    ("server", &["core", "scan", "attest", "policy", "documents"]),
    (
        "cleanbill",
        &[
            "advisories",
            "attest",
            "code",
            "core",
            "data",
            "documents",
            "formats",
            "leaks",
            "licences",
            "policy",
            "scan",
            "server",
            "tensors",
        ],
    ),
    (
        "fuzz",
        &[
            "advisories",
            "attest",
            "code",
            "core",
            "documents",
            "formats",
            "licences",
            "policy",
            "samples",
            "scan",
        ],
    ),
];

/// Lines that a hand-written file should stay below: beyond, the test says so.
const SOFT_LINES: usize = 600;
/// Lines that no hand-written file may reach.
const HARD_LINES: usize = 1_000;
/// Files that may be longer, with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

#[test]
fn crates_depend_only_along_the_edges() {
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut wrong = Vec::new();
    for manifest in tracked()
        .iter()
        .filter(|path| path.ends_with("Cargo.toml") && *path != "Cargo.toml")
    {
        let text = read(manifest);
        let package = section(&text, "package");
        let name = package
            .iter()
            .find_map(|(key, value)| (key == "name").then_some(value.trim_matches('"')));
        let name = short(name.unwrap_or_default());
        let Some(may) = allowed.get(name) else {
            wrong.push(format!(
                "{manifest}: `{name}` is not in the table of edges; it needs a decision record"
            ));
            continue;
        };
        for (key, _) in section(&text, "dependencies")
            .iter()
            .filter(|(key, _)| is_ours(key))
        {
            if !may.contains(&short(key)) {
                wrong.push(format!("{manifest}: `{name}` may not depend on `{key}`"));
            }
        }
        for (key, _) in section(&text, "dev-dependencies")
            .iter()
            .filter(|(key, _)| is_ours(key))
        {
            if !may.contains(&short(key)) && short(key) != "samples" {
                wrong.push(format!("{manifest}: tests of `{name}` may not depend on `{key}`"));
            }
        }
        let folder = manifest.rsplit('/').nth(1).unwrap_or_default();
        if folder != "fuzz" && short(folder) != name {
            wrong.push(format!("{manifest}: the folder must have the name of the crate"));
        }
    }
    check(&wrong);
}

/// Crates with a table of lints of their own, with the reason.
const OWN_LINTS: &[(&str, &str)] = &[(
    "sha256",
    "one call into a function compiled for instructions; decision 11",
)];

#[test]
fn unsafe_code_is_forbidden() {
    let workspace = section(&read("Cargo.toml"), "workspace.lints.rust");
    assert!(
        workspace.contains(&("unsafe_code".to_owned(), "\"forbid\"".to_owned())),
        "{workspace:?}"
    );
    let wrong: Vec<String> = tracked()
        .iter()
        .filter(|path| path.ends_with("/Cargo.toml"))
        .filter(|manifest| {
            let text = read(manifest);
            let inherits = section(&text, "lints").contains(&("workspace".to_owned(), "true".to_owned()));
            let folder = short(manifest.rsplit('/').nth(1).unwrap_or_default());
            !inherits && !OWN_LINTS.iter().any(|(own, _)| *own == folder)
        })
        .map(|manifest| format!("{manifest}: takes no lints from the workspace, so that `unsafe` is allowed"))
        .collect();
    check(&wrong);
}

#[test]
fn files_stay_small() {
    let mut wrong = Vec::new();
    for path in tracked().iter().filter(|path| is_written_by_hand(path)) {
        let lines = read(path).lines().count();
        let excused = LONG_FILES.iter().any(|(long, _)| long == path);
        if lines >= HARD_LINES && !excused {
            wrong.push(format!("{path}: {lines} lines, the limit is {HARD_LINES}"));
        } else if lines >= SOFT_LINES {
            println!("note: {path} has {lines} lines; think about a second file above {SOFT_LINES}");
        }
    }
    check(&wrong);
}

#[test]
fn every_source_file_is_formatted() {
    // `cargo fmt` does not see modules that a registry macro declares.
    let root = root();
    let files: Vec<String> = tracked()
        .into_iter()
        .filter(|path| has_extension(path, "rs"))
        .collect();
    for piece in files.chunks(50) {
        let output = Command::new("rustfmt")
            .current_dir(&root)
            .args([
                "--check",
                "--edition",
                "2024",
                "--config-path",
                "rustfmt.toml",
                "-l",
            ])
            .args(piece)
            .output()
            .expect("rustfmt must be installed: rustup component add rustfmt");
        let listed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "not formatted (rustfmt --edition 2024 FILE):\n{listed}{errors}"
        );
    }
}

#[test]
fn registries_list_exactly_the_files_of_their_folders() {
    let mut wrong = Vec::new();
    let registries = [
        (
            "crates/cleanbill-formats/src/lib.rs",
            "crates/cleanbill-formats/src",
        ),
        (
            "crates/cleanbill-scan/src/detectors.rs",
            "crates/cleanbill-scan/src/detectors",
        ),
        (
            "crates/cleanbill-documents/src/reports.rs",
            "crates/cleanbill-documents/src/reports",
        ),
        (
            "crates/cleanbill-data/src/kinds.rs",
            "crates/cleanbill-data/src/kinds",
        ),
    ];
    for (registry, folder) in registries {
        let Ok(text) = fs::read_to_string(root().join(registry)) else {
            continue;
        };
        let listed = registered(&text);
        if listed.is_empty() {
            continue;
        }
        let declared: BTreeSet<&str> = text.lines().filter_map(declared_module).collect();
        let mut present = BTreeSet::new();
        for path in tracked() {
            let Some(name) = path.strip_prefix(&format!("{folder}/")) else {
                continue;
            };
            // A file in a deeper folder belongs to a module that stands here.
            let name = name
                .strip_suffix(".rs")
                .filter(|name| !name.contains('/') && *name != "lib");
            present.extend(name.filter(|name| !declared.contains(name)).map(str::to_owned));
        }
        for module in listed.symmetric_difference(&present) {
            wrong.push(format!(
                "{registry}: `{module}` is either not listed or has no file"
            ));
        }
    }
    check(&wrong);
}

#[test]
fn detector_ids_are_unique_kebab_case_and_never_forgotten() {
    let mut wrong = Vec::new();
    let text = read("testdata/detector-ids.txt");
    let known: Vec<&str> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    if !known.windows(2).all(|pair| pair[0] < pair[1]) {
        wrong.push("testdata/detector-ids.txt: must be sorted, each id once".to_owned());
    }
    let mut seen = BTreeSet::new();
    for detector in DETECTORS {
        if !seen.insert(detector.id) {
            wrong.push(format!("two detectors have the id `{}`", detector.id));
        }
        if !is_kebab_case(detector.id) {
            wrong.push(format!("`{}` is not kebab-case", detector.id));
        }
        if !known.contains(&detector.id) {
            wrong.push(format!(
                "testdata/detector-ids.txt: add `{}`; no line is ever removed",
                detector.id
            ));
        }
        let file = format!(
            "crates/cleanbill-scan/src/detectors/{}.rs",
            detector.id.replace('-', "_")
        );
        if !root().join(&file).exists() {
            wrong.push(format!("detector `{}` must stand in {file}", detector.id));
        }
    }
    check(&wrong);
}

#[test]
fn no_file_names_a_machine_or_a_thing_left_undone() {
    // Put together here, so that this file passes its own test.
    let undone = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let machine = ["root", "home", "work", "Users"].map(|folder| format!("/{folder}/"));
    let scratch = format!("/{}/wt/", "tmp");
    let mut wrong = Vec::new();
    for path in tracked().iter().filter(|path| is_ours_to_word(path)) {
        let Ok(text) = fs::read_to_string(root().join(path)) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if undone.iter().any(|word| {
                line.split(|c: char| !c.is_alphanumeric())
                    .any(|part| part == word)
            }) {
                wrong.push(format!(
                    "{path}:{number}: finish it, or write it into SHORTCOMINGS.md"
                ));
            }
            // What a merge leaves where nobody decided.
            if ["<".repeat(7), ">".repeat(7)]
                .iter()
                .any(|mark| line.starts_with(mark))
            {
                wrong.push(format!("{path}:{number}: both sides of a merge"));
            }
            // Within a longer path it is a folder of ours or of a described archive.
            let inner =
                |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || "._-/*}".contains(c));
            let starts = |needle: &String| {
                let mut places = line.match_indices(needle.as_str());
                places.any(|(at, _)| line.get(..at).is_some_and(|before| !inner(before)))
            };
            if machine.iter().any(starts) || starts(&scratch) {
                wrong.push(format!("{path}:{number}: a path of somebody's machine"));
            }
        }
    }
    check(&wrong);
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in tracked().iter().filter(|path| has_extension(path, "md")) {
        let text = read(path);
        let folder = root()
            .join(path)
            .parent()
            .map(Path::to_path_buf)
            .unwrap_or_default();
        for (number, target) in links(&text) {
            let outside = ["http://", "https://", "mailto:"]
                .iter()
                .any(|scheme| target.starts_with(scheme));
            let file = target.split('#').next().unwrap_or_default();
            if !outside && !file.is_empty() && !folder.join(file).exists() {
                wrong.push(format!("{path}:{number}: `{target}` does not exist"));
            }
        }
    }
    check(&wrong);
}

#[test]
fn the_page_of_other_scanners_names_what_exists() {
    let page = read("docs/peers-features.md");
    let mut known: BTreeSet<&str> = DETECTORS.iter().map(|detector| detector.id).collect();
    for format in Format::ALL {
        let info = format.info();
        known.insert(info.id);
        known.extend(info.dialects.iter().map(|dialect| dialect.id));
    }
    // A verdict and two verbs.
    known.extend(["incomplete", "explain", "list"]);
    let mut wrong = Vec::new();
    for (index, line) in page.lines().enumerate() {
        let Some((_, ours)) = line.trim_end_matches(" |").rsplit_once(" | ") else {
            continue;
        };
        for word in ours.split('`').skip(1).step_by(2) {
            if is_kebab_case(word) && !known.contains(word) {
                wrong.push(format!("docs/peers-features.md:{}: no `{word}`", index + 1));
            }
        }
    }
    check(&wrong);
}

#[test]
fn decision_records_are_numbered_without_gaps() {
    let names = tracked()
        .into_iter()
        .filter_map(|path| path.strip_prefix("docs/adr/").map(str::to_owned));
    let mut wrong = Vec::new();
    for (index, name) in names.enumerate() {
        let number = format!("{:04}-", index + 1);
        let slug = name
            .strip_prefix(&number)
            .and_then(|rest| rest.strip_suffix(".md"));
        if !slug.is_some_and(is_kebab_case) {
            wrong.push(format!("docs/adr/{name}: must be named {number}<kebab-case>.md"));
        }
        let heading = format!("# {}. ", index + 1);
        if !read(&format!("docs/adr/{name}")).starts_with(&heading) {
            wrong.push(format!("docs/adr/{name}: must begin with `{heading}`"));
        }
    }
    check(&wrong);
}

#[test]
fn every_dependency_has_a_written_reason() {
    let page = read("docs/dependencies.md");
    let mut listed: BTreeSet<&str> = BTreeSet::new();
    for row in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        listed.extend(row.split('`').next());
    }
    let mut used = BTreeSet::new();
    for manifest in tracked()
        .iter()
        .filter(|path| path.ends_with("Cargo.toml") && *path != "Cargo.toml")
    {
        let text = read(manifest);
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            used.extend(
                section(&text, kind)
                    .into_iter()
                    .map(|(key, _)| key)
                    .filter(|key| !is_ours(key)),
            );
        }
    }
    let used: BTreeSet<&str> = used.iter().map(String::as_str).collect();
    let wrong: Vec<String> = used
        .symmetric_difference(&listed)
        .map(|name| {
            format!("docs/dependencies.md: `{name}` is used without a row, or has a row without a use")
        })
        .collect();
    check(&wrong);
}

fn check(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Lists every file that git tracks or would track, sorted; relative to the root, with `/`.
fn tracked() -> Vec<String> {
    let output = Command::new("git")
        .current_dir(root())
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .expect("git must be installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let present = text
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file());
    let all: BTreeSet<String> = present.map(str::to_owned).collect();
    all.into_iter().collect()
}

fn is_written_by_hand(path: &str) -> bool {
    ["rs", "py", "sh", "md"]
        .iter()
        .any(|extension| has_extension(path, extension))
        && !path.contains("docs/reference/")
}

/// Says whether the words of a file are ours: not fixtures, tables of names or texts of others.
fn is_ours_to_word(path: &str) -> bool {
    ![
        "testdata/",
        "benches/",
        "LICENSE",
        "crates/cleanbill-scan/callables/",
    ]
    .iter()
    .any(|start| path.starts_with(start))
        && !["lock", "json", "xsd"]
            .iter()
            .any(|extension| has_extension(path, extension))
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}

fn is_ours(name: &str) -> bool {
    name == "cleanbill" || name.starts_with("cleanbill-")
}

fn short(name: &str) -> &str {
    name.strip_prefix("cleanbill-").unwrap_or(name)
}

fn is_kebab_case(text: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.split('-').all(part)
}

/// Returns keys and values of one section of a `Cargo.toml`, as this workspace writes them: one entry a line.
fn section(text: &str, name: &str) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            // `[target.'cfg(unix)'.dependencies]` counts as `dependencies`, `[dependencies.x]` as an entry of it.
            inside = header == name || header.ends_with(&format!(".{name}"));
            if let Some(entry) = header.strip_prefix(&format!("{name}.")) {
                entries.push((entry.to_owned(), String::new()));
            }
        } else if inside
            && !line.starts_with([' ', '#', ']'])
            && let Some((key, value)) = line.split_once('=')
        {
            let key = key.trim();
            entries.push((
                key.split('.').next().unwrap_or(key).to_owned(),
                value.trim().to_owned(),
            ));
        }
    }
    entries
}

/// Returns the modules that the call of `register!` lists.
fn registered(text: &str) -> BTreeSet<String> {
    let is_call = |line: &str| line.contains("register! {") && !line.contains("macro_rules");
    let mut lines = text.lines().skip_while(|line| !is_call(line));
    lines.next();
    let entries = lines.take_while(|line| !line.starts_with('}'));
    let names = entries.filter_map(|line| line.trim().split([',', ' ']).next());
    names
        .filter(|name| !name.is_empty() && !name.starts_with("//"))
        .map(str::to_owned)
        .collect()
}

fn declared_module(line: &str) -> Option<&str> {
    let line = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
    line.strip_prefix("mod ")?.strip_suffix(';')
}

/// Returns the targets of Markdown links, with their lines; code blocks are passed over.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code || line.starts_with("    ") {
            continue;
        }
        for after in line.split("](").skip(1) {
            let target = after.split(')').next().unwrap_or_default();
            links.push((index + 1, target.to_owned()));
        }
    }
    links
}
