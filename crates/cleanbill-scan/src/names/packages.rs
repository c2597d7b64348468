//! Packages of Python and npm that look like well-known ones.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use cleanbill_core::Severity;

use super::{How, LookAlike, NameKind, bare, latin, plain, swapped, within_one};

static PYTHON: LazyLock<Packages> =
    LazyLock::new(|| Packages::read(include_str!("../../packages/python.txt")));
static NPM: LazyLock<Packages> = LazyLock::new(|| Packages::read(include_str!("../../packages/npm.txt")));

/// Shortest well-known name of which one letter may differ: of shorter ones too many words are neighbours.
const SHORTEST: usize = 6;
/// The same for names that are not among the most used.
const SHORTEST_OF_OTHERS: usize = 7;
/// Shortest well-known name of which two neighbours may be swapped, or separators differ.
const SHORTEST_SWAPPED: usize = 5;

/// Holds the well-known names of one registry.
struct Packages {
    /// Names that are looked for, the most used ones first.
    names: Vec<&'static str>,
    /// How many of them are the most used ones.
    first: usize,
    /// All names that are legitimate.
    known: HashSet<&'static str>,
    /// Scopes of npm with legitimate packages.
    scopes: HashSet<&'static str>,
    /// Places in `names` by the name without separators.
    bare: HashMap<String, Vec<usize>>,
    /// Places in `names` by the name with look-alike letters made plain.
    plain: HashMap<String, usize>,
    /// Places in `names` by the name with one letter left out, and by the name itself: two names one edit apart share an entry.
    pieces: HashMap<String, Vec<usize>>,
}

impl Packages {
    fn read(text: &'static str) -> Self {
        let lines = || {
            text.lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
        };
        let mut names: Vec<&str> = lines().filter_map(|line| line.strip_prefix('*')).collect();
        let first = names.len();
        names.extend(lines().filter(|line| !line.starts_with(['*', '~'])));
        let known: HashSet<&str> = lines().map(|line| line.trim_start_matches(['*', '~'])).collect();
        let scopes = lines()
            .map(|line| line.trim_start_matches(['*', '~']))
            .filter_map(|name| name.split_once('/').map(|(scope, _)| scope))
            .collect();
        let (mut bares, mut pieces): (HashMap<String, Vec<usize>>, HashMap<String, Vec<usize>>) =
            (HashMap::new(), HashMap::new());
        let mut plains: HashMap<String, usize> = HashMap::new();
        for (at, name) in names.iter().enumerate() {
            bares.entry(bare(name)).or_default().push(at);
            plains.entry(plain(name)).or_insert(at);
            for piece in cut(name) {
                pieces.entry(piece).or_default().push(at);
            }
        }
        Self {
            names,
            first,
            known,
            scopes,
            bare: bares,
            plain: plains,
            pieces,
        }
    }

    fn found(&self, at: usize, how: How, name: &str) -> LookAlike {
        let real = self.names[at];
        let is_npm = !self.scopes.is_empty();
        let severity = match how {
            How::Glyphs => Severity::High,
            How::Letter if at < self.first && is_slip(name, real) => Severity::High,
            // npm takes no new name that differs from another by separators alone, and `babel-core` was there before `@babel/core`.
            How::Separators if is_npm => Severity::Low,
            How::Scope if !real.starts_with("@types/") => Severity::Low,
            _ => Severity::Medium,
        };
        LookAlike {
            real: real.to_owned(),
            how,
            severity,
        }
    }

    fn look_alike(&self, name: &str) -> Option<LookAlike> {
        if self.known.contains(name) {
            return None;
        }
        if !name.is_ascii() {
            // Neither registry has such names; one of two scripts is meant to be read as another.
            let letters: String = name.chars().map(latin).collect();
            let real = if letters.is_ascii() {
                self.look_alike(&letters).map_or(letters, |one| one.real)
            } else {
                letters
            };
            return name
                .contains(|c: char| c.is_ascii_alphabetic())
                .then_some(LookAlike {
                    real,
                    how: How::Glyphs,
                    severity: Severity::High,
                });
        }
        // Whoever holds a scope alone decides what is in it.
        if name
            .split_once('/')
            .is_some_and(|(scope, _)| self.scopes.contains(scope))
        {
            return None;
        }
        let long = |at: usize, least: usize| self.names[at].len() >= least;
        if let Some(at) = self.plain.get(&plain(name))
            && long(*at, SHORTEST_SWAPPED)
        {
            return Some(self.found(*at, How::Glyphs, name));
        }
        let same = self.bare.get(&bare(name)).and_then(|all| all.first());
        if let Some(at) = same
            && long(*at, SHORTEST_SWAPPED)
        {
            let scoped = |name: &str| name.starts_with('@');
            let how = if scoped(name) == scoped(self.names[*at]) {
                How::Separators
            } else {
                How::Scope
            };
            return Some(self.found(*at, how, name));
        }
        let near = |at: &usize| {
            let real = self.names[*at];
            let least = if *at < self.first {
                SHORTEST
            } else {
                SHORTEST_OF_OTHERS
            };
            let letters = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            // Two versions of one name, `pillow` and `pillow2`, are a fork more often than an attack.
            let only_version = name.get(..letters(name)) == real.get(..letters(real));
            real.len() >= least && within_one(name.as_bytes(), real.as_bytes()) && !only_version
                || real.len() == SHORTEST_SWAPPED
                    && *at < self.first
                    && swapped(name.as_bytes(), real.as_bytes())
        };
        let pieces = cut(name);
        let places = pieces.iter().filter_map(|piece| self.pieces.get(piece)).flatten();
        let at = places.filter(|at| near(at)).min()?;
        Some(self.found(*at, How::Letter, name))
    }
}

/// Says whether fingers slip like that: two letters swapped, one doubled or left out, the key beside the right one. Another letter
/// makes another word as often: `tslint` and `eslint`, `graphiql` and `graphql`.
fn is_slip(name: &str, real: &str) -> bool {
    let (a, b) = (name.as_bytes(), real.as_bytes());
    if swapped(a, b) {
        return true;
    }
    let front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    match a.len().cmp(&b.len()) {
        Ordering::Equal => match (a.get(front), b.get(front)) {
            (Some(one), Some(other)) => are_neighbours(*one, *other),
            _ => false,
        },
        // A plural is another word too, and so is a word without its first letter.
        Ordering::Greater => {
            let added = a.get(front);
            front > 0 && added == a.get(front - 1) || added.is_some() && added == a.get(front + 1)
        }
        Ordering::Less => front > 0 && !(front == a.len() && b.ends_with(b"s")),
    }
}

/// Says whether two keys lie side by side on the usual keyboard.
fn are_neighbours(one: u8, other: u8) -> bool {
    let place = |key: u8| {
        KEYS.iter().enumerate().find_map(|(row, keys)| {
            let column = keys.iter().position(|known| *known == key)?;
            Some((row, column))
        })
    };
    match (place(one), place(other)) {
        // Each row lies half a key to the right of the one above.
        (Some((row, column)), Some((other_row, other_column))) => match other_row.cmp(&row) {
            Ordering::Equal => column.abs_diff(other_column) == 1,
            Ordering::Greater if other_row == row + 1 => other_column == column || other_column + 1 == column,
            Ordering::Less if other_row + 1 == row => other_column == column || other_column == column + 1,
            _ => false,
        },
        _ => false,
    }
}

/// The rows of the usual keyboard.
const KEYS: [&[u8]; 4] = [b"1234567890-", b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];

/// Returns the name, and the name with each of its letters left out.
fn cut(name: &str) -> Vec<String> {
    let mut out = vec![name.to_owned()];
    for (at, c) in name.char_indices() {
        let (before, after) = name.split_at(at);
        out.push(before.to_owned() + after.get(c.len_utf8()..).unwrap_or_default());
    }
    out
}

pub(super) fn look_alike(kind: NameKind, name: &str) -> Option<LookAlike> {
    let packages = if kind == NameKind::Npm { &*NPM } else { &*PYTHON };
    let canonical = kind.canonical(name);
    packages.look_alike(&canonical)
}

#[cfg(test)]
mod tests {
    use super::*;
    use NameKind::{Npm, Python};

    #[test]
    fn look_alikes_are_found_and_their_neighbours_pass() {
        for (kind, name, wanted) in [
            (Python, "transfomers", Some(("transformers", How::Letter))),
            (Python, "tensorfl0w", Some(("tensorflow", How::Glyphs))),
            (Python, "reqeusts", Some(("requests", How::Letter))),
            (Python, "scikitlearn", Some(("scikit-learn", How::Separators))),
            (Python, "tоrch", Some(("torch", How::Glyphs))),
            (Python, "trоch", Some(("torch", How::Glyphs))),
            (Python, "内部工具", None),
            (Python, "colorama", None),
            (Python, "dataset", None),
            (Python, "an-internal-tool", None),
            (Npm, "expresss", Some(("express", How::Letter))),
            (Npm, "crossenv", Some(("cross-env", How::Separators))),
            (Npm, "types-node", Some(("@types/node", How::Scope))),
            (Npm, "@langchian/core", Some(("@langchain/core", How::Letter))),
            (Npm, "@langchain/anything", None),
            (Npm, "preact", None),
            (Npm, "@acme/tool", None),
        ] {
            let found = look_alike(kind, name);
            let found = found.as_ref().map(|one| (one.real.as_str(), one.how));
            assert_eq!(found, wanted, "{name}");
        }
    }

    #[test]
    fn slips_of_fingers_are_told_from_other_words() {
        for (name, real, slips) in [
            ("reqeusts", "requests", true),
            ("requestts", "requests", true),
            ("rquests", "requests", true),
            ("fequests", "requests", true),
            ("equests", "requests", false),
            ("watchdogs", "watchdog", false),
            ("brace", "braces", false),
            ("tslint", "eslint", false),
            ("graphiql", "graphql", false),
        ] {
            assert_eq!(is_slip(name, real), slips, "{name}");
        }
    }

    #[test]
    fn names_of_the_lists_are_canonical_and_stand_once() {
        for (kind, packages) in [(Python, &*PYTHON), (Npm, &*NPM)] {
            let mut names = packages.names.clone();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), packages.names.len());
            let mut known: Vec<_> = packages.known.iter().collect();
            known.sort_unstable();
            for name in known {
                assert_eq!(&kind.canonical(name), name);
                assert_eq!(packages.look_alike(name), None);
            }
        }
    }
}
