//! Pages under `docs/reference` are what the program says; console blocks of the README do what they show.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{PROGRAM, Ran, Workplace, finish};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "writes the pages anew where the person who runs the test asks for it"
)]
fn reference_pages_are_fresh() {
    let folder = root().join("docs/reference");
    let pages = cleanbill::reference::pages();
    if env::var_os("UPDATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        for (path, text) in &pages {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, text).expect("a page");
        }
    }
    let mut wrong = Vec::new();
    for (path, text) in &pages {
        if fs::read_to_string(folder.join(path)).ok().as_ref() != Some(text) {
            wrong.push(format!("docs/reference/{path}: not what the program says"));
        }
    }
    let known: BTreeSet<&str> = pages.keys().map(String::as_str).collect();
    for path in files(&folder, "") {
        if !known.contains(path.as_str()) {
            wrong.push(format!("docs/reference/{path}: nothing generates it"));
        }
    }
    let advice = "UPDATE=1 cargo test -p cleanbill reference_pages";
    assert!(wrong.is_empty(), "\n{}\nrun: {advice}", wrong.join("\n"));
}

fn files(folder: &Path, prefix: &str) -> Vec<String> {
    let mut list = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list.extend(files(&entry.path(), &format!("{name}/")));
        } else {
            list.push(name);
        }
    }
    list
}

/// A command of a console block and what it is said to print; a line `...` stands for any lines.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    command: String,
    output: Vec<String>,
}

/// Reads every `console` block of a Markdown page.
fn console_blocks(page: &str) -> Vec<Shown> {
    let mut list: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside && let Some(command) = line.strip_prefix("$ ") {
            list.push(Shown {
                command: command.to_owned(),
                output: Vec::new(),
            });
        } else if inside && let Some(last) = list.last_mut() {
            last.output.push(line.trim_end().to_owned());
        }
    }
    list
}

/// Runs a shown command in a workplace with the program on its path; stdout and stderr come together.
fn run_shown(workplace: &Workplace, command: &str) -> Ran {
    let program = Path::new(PROGRAM)
        .parent()
        .expect("a folder")
        .display()
        .to_string();
    let path = format!("{program}:/usr/bin:/bin");
    finish(
        Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .current_dir(workplace.root())
            .env_clear()
            .env("PATH", path),
    )
}

fn matches(expected: &[String], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((line, rest)) if line == "..." => (0..=actual.len()).any(|skip| matches(rest, &actual[skip..])),
        Some((line, rest)) => actual
            .split_first()
            .is_some_and(|(first, after)| first.trim_end() == line && matches(rest, after)),
    }
}

fn check(page: &str, workplace: &Workplace) -> Vec<String> {
    let mut wrong = Vec::new();
    // Other programs, such as installers, are not run.
    for shown in console_blocks(page)
        .iter()
        .filter(|shown| shown.command.starts_with("cleanbill "))
    {
        let ran = run_shown(workplace, &shown.command);
        let actual: Vec<&str> = ran.stdout.lines().collect();
        if matches!(ran.code, 70 | 127) || (!shown.output.is_empty() && !matches(&shown.output, &actual)) {
            wrong.push(format!("$ {}\n{}", shown.command, ran.stdout));
        }
    }
    wrong
}

#[cfg(unix)]
#[test]
fn console_blocks_of_the_readme_do_what_they_show() {
    for name in ["README.md"] {
        let Ok(page) = fs::read_to_string(root().join(name)) else {
            continue;
        };
        // A reader of the page stands in a folder with a model.
        let workplace = Workplace::empty();
        let given = root().join("testdata/readme");
        for path in files(&given, "") {
            let copy = workplace.path(&path);
            fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
            fs::copy(given.join(&path), copy).expect("a copy");
        }
        let wrong = check(&page, &workplace);
        assert!(
            wrong.is_empty(),
            "{name}: these print something else:\n{}",
            wrong.join("\n")
        );
    }
}

#[cfg(unix)]
#[test]
fn console_blocks_are_really_run() {
    let page =
        "```console\n$ cargo install cleanbill\n$ cleanbill scan fail.pkl --quiet; echo $?\nFAIL ...\n```\n";
    assert_eq!(console_blocks(page).len(), 2);
    let wrong = check(page, &Workplace::new());
    assert_eq!(wrong.len(), 1, "the wrong output is noticed");
    let right = "```console\n$ cleanbill scan pass.txt --quiet; echo $?\n...\n0\n```\n";
    assert_eq!(check(right, &Workplace::new()), Vec::<String>::new());
}
