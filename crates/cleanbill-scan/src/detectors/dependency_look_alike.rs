//! Detector `dependency-look-alike`.

use std::{collections::HashSet, sync::LazyLock};

use cleanbill_code::dependencies::{Dependency, Ecosystem, Origin, canonical, pip_arguments};
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Python packages whose name is nearly that of a well-known package of machine learning: one letter more, less, other
    /// or swapped, letters of another script, a separator where the real name has none.
    /// ## Why it matters
    /// Such names are registered for people who mistype, and for assistants that invent names. Installing runs the package.
    /// ## How it is decided
    /// Against a reviewed list of well-known names (`crates/cleanbill-scan/packages/python.txt`) with their legitimate
    /// neighbours. Names of six letters and more, one edit away: `high`; only separators differ: `medium`, since
    /// the registry treats some as the same. Letters that are not ASCII are always `high`.
    /// ## What it misses
    /// Names that are new but not similar; names similar to packages that the list lacks; other registries than PyPI.
    /// ## What to do
    /// Compare the name with the project's own documentation. If it was installed, treat the machine as compromised.
    /// ## References
    /// CWE-506, MITRE ATLAS AML.T0010.001, AML.T0060.
    id: "dependency-look-alike",
    title: "Name of a package looks like another", "软件包名称与知名包相似",
    severity: High, confidence: Medium,
    tags: &["CWE-506", "AML.T0010.001", "AML.T0060"], controls: &["APP-02"],
    on: artifact => run,
}

/// Well-known names; lines that begin with `~` are legitimate neighbours of them.
static NAMES: &str = include_str!("../../packages/python.txt");

struct Names {
    popular: Vec<&'static str>,
    known: HashSet<&'static str>,
}

static TABLE: LazyLock<Names> = LazyLock::new(|| {
    let lines = || {
        NAMES
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    Names {
        popular: lines().filter(|line| !line.starts_with('~')).collect(),
        known: lines().map(|line| line.trim_start_matches('~')).collect(),
    }
});

/// LIMIT: names of one list that are compared; protects time. Locks of the largest projects hold a tenth.
const MAX_COMPARED: usize = 20_000;

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut all: Vec<Dependency> = Vec::new();
    if let Some(found) = scene.reading.dependencies() {
        all.extend(found.list.iter().take(MAX_COMPARED).cloned());
    }
    for command in scene
        .reading
        .deployment()
        .iter()
        .flat_map(|deployment| &deployment.commands)
    {
        if command.text.contains("pip") {
            all.extend(pip_arguments(&command.text, &command.span).list);
        }
    }
    let mut seen: HashSet<String> = HashSet::new();
    for one in &all {
        let python = matches!(one.ecosystem, Ecosystem::PyPi | Ecosystem::Conda);
        if !python || !matches!(one.origin, Origin::Registry(_)) || !seen.insert(canonical(&one.name)) {
            continue;
        }
        let Some((real, severity)) = look_alike(&one.name) else {
            continue;
        };
        let name = &one.name;
        sink.report(
            scene.reading.range(&one.span),
            text!(
                "`{name}` looks like `{real}` and is another package",
                "`{name}` 与 `{real}` 相似，却是另一个软件包"
            ),
        )
        .severity(severity)
        .evidence(name);
    }
}

fn look_alike(name: &str) -> Option<(String, Severity)> {
    let name = canonical(name);
    if TABLE.known.contains(name.as_str()) {
        return None;
    }
    if !name.is_ascii() {
        return Some((name.chars().map(latin).collect(), Severity::High));
    }
    let bare = name.replace('-', "");
    for real in &TABLE.popular {
        let same = bare == real.replace('-', "");
        if same && real.len() > 4 {
            return Some(((*real).to_owned(), Severity::Medium));
        }
        let digits = name
            .replace('0', "o")
            .replace('1', "l")
            .replace("rn", "m")
            .replace("vv", "w");
        if digits == *real && real.len() > 4
            || real.len() >= 6 && within_one(name.as_bytes(), real.as_bytes()) && !only_version(&name, real)
        {
            return Some(((*real).to_owned(), Severity::High));
        }
        if real.len() == 5 && swapped(name.as_bytes(), real.as_bytes()) {
            return Some(((*real).to_owned(), Severity::High));
        }
    }
    None
}

/// Two versions of one name, `pillow` and `pillow2`, are a fork more often than an attack.
fn only_version(name: &str, real: &str) -> bool {
    let letters = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    letters(name) == letters(real)
}

/// Returns the Latin letter that a letter of another script looks like.
fn latin(c: char) -> char {
    match c {
        'а' => 'a',
        'е' => 'e',
        'о' | 'ο' => 'o',
        'р' => 'p',
        'с' => 'c',
        'у' => 'y',
        'х' => 'x',
        'і' | 'ı' => 'i',
        'ո' => 'n',
        other => other,
    }
}

/// Says whether one letter added, left out, changed or swapped with its neighbour turns `a` into `b`.
fn within_one(a: &[u8], b: &[u8]) -> bool {
    if a.len().abs_diff(b.len()) > 1 || a == b {
        return false;
    }
    let front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let back = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let longest = a.len().max(b.len());
    front + back >= longest - 1 || swapped(a, b)
}

fn swapped(a: &[u8], b: &[u8]) -> bool {
    let differ: Vec<usize> = a
        .iter()
        .zip(b)
        .enumerate()
        .filter(|(_, (x, y))| x != y)
        .map(|(at, _)| at)
        .collect();
    match differ.as_slice() {
        [first, second] if a.len() == b.len() && first + 1 == *second => {
            a[*first] == b[*second] && a[*second] == b[*first]
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn names_one_letter_away_are_found() {
        use Severity::{High, Medium};
        for (name, severities) in [
            ("transfomers", &[High][..]),
            ("transformerss", &[High]),
            ("tensorfl0w", &[High]),
            ("trоch", &[High]),
            ("troch", &[High]),
            ("scikitlearn", &[Medium]),
            ("transformers", &[]),
            ("Scikit_Learn", &[]),
            ("dataset", &[]),
            ("my-internal-tool", &[]),
            ("faiss-gpu", &[]),
        ] {
            check(
                "dependency-look-alike",
                "requirements.txt",
                format!("{name}==1.0\n").as_bytes(),
                severities,
            );
        }
    }

    #[test]
    fn names_of_the_list_are_canonical_and_stand_once() {
        let mut seen = HashSet::new();
        for name in NAMES
            .lines()
            .map(|line| line.trim().trim_start_matches('~'))
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            assert_eq!(canonical(name), name);
            assert!(seen.insert(name), "{name} stands twice");
        }
    }
}
