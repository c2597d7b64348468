//! Names of packages, models and datasets: which ones a file mentions, and which look like a well-known one.
//!
//! The lists of well-known names are made by `scripts/well_known_names.py`, out of data and not from memory.

mod hub;
mod known;
mod mentions;
mod packages;

use std::ops::Range;

use cleanbill_core::Severity;

pub use known::{KnownNames, KnownNamesError};
pub(crate) use mentions::{hub_names, package_names, takes_from_the_hub};

/// Says what a name is a name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// A Python package, of the index or of Conda.
    Python,
    /// A package of npm.
    Npm,
    /// A model of the hub, `owner/name`.
    Model,
    /// A dataset of the hub, `owner/name`.
    Dataset,
}

impl NameKind {
    /// Returns the name in the one form in which it is compared.
    pub(crate) fn canonical(self, name: &str) -> String {
        match self {
            Self::Python => cleanbill_code::dependencies::canonical(name),
            Self::Npm | Self::Model | Self::Dataset => name.to_lowercase(),
        }
    }

    /// Returns what it is called, in English and Simplified Chinese.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Python | Self::Npm => ("package", "软件包"),
            Self::Model => ("model", "模型"),
            Self::Dataset => ("dataset", "数据集"),
        }
    }
}

/// Holds a name that a file mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// What it is a name of.
    pub kind: NameKind,
    /// The name as written, without a version.
    pub name: String,
    /// Where it stands.
    pub range: Option<Range<u64>>,
}

/// Says how a name looks like a well-known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Letters of another script, or digits that look like letters.
    Glyphs,
    /// One letter more, less, other or swapped.
    Letter,
    /// Only separators differ.
    Separators,
    /// The scope of npm is joined to the name, or taken from it.
    Scope,
    /// A word is added to the owner, and the name is the owner's.
    Word,
}

/// Holds the well-known name that another looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LookAlike {
    pub(crate) real: String,
    pub(crate) how: How,
    pub(crate) severity: Severity,
}

/// Returns the well-known name that this one looks like, where it is not well known itself.
pub(crate) fn look_alike(kind: NameKind, name: &str) -> Option<LookAlike> {
    if name.len() > NAME_BYTES {
        return None;
    }
    match kind {
        NameKind::Python | NameKind::Npm => packages::look_alike(kind, name),
        NameKind::Model | NameKind::Dataset => hub::look_alike(kind, name),
    }
}

/// LIMIT: longest name that is compared; registries allow less (npm 214, the hub 96 for each part).
const NAME_BYTES: usize = 256;

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

/// Says whether two neighbours swapped turn `a` into `b`.
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

/// Returns the name with every letter that looks like a plain one made plain: other scripts, digits, pairs.
fn plain(name: &str) -> String {
    let letters: String = name.chars().map(latin).collect();
    letters
        .to_lowercase()
        .replace('i', "l")
        .replace("rn", "m")
        .replace("vv", "w")
}

/// Returns the Latin letter that a letter of another script or a digit looks like.
const fn latin(c: char) -> char {
    match c {
        'а' | 'А' | 'α' | 'Α' => 'a',
        'В' | 'Β' | 'ь' => 'b',
        'с' | 'С' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'Е' | 'Ε' | 'ё' => 'e',
        'ɡ' => 'g',
        'һ' | 'Н' | 'Η' => 'h',
        'і' | 'І' | 'ı' | 'Ι' | 'ι' | 'l' | 'I' | '1' | '|' | 'ӏ' => 'l',
        'ј' | 'Ј' => 'j',
        'к' | 'К' | 'Κ' | 'κ' => 'k',
        'м' | 'М' | 'Μ' => 'm',
        'ո' | 'п' | 'Ν' => 'n',
        'о' | 'О' | 'ο' | 'Ο' | 'օ' | '0' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'ѕ' | 'Ѕ' => 's',
        'т' | 'Т' | 'Τ' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'Х' | 'Χ' | 'χ' => 'x',
        'у' | 'У' | 'Υ' | 'γ' => 'y',
        other => other,
    }
}

/// Returns the name without what parts its words.
fn bare(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '-' | '_' | '.' | '/' | '@'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_edit_is_one_letter_or_two_swapped() {
        for (a, b, near) in [
            ("torch", "troch", true),
            ("torch", "torch", false),
            ("torch", "torchh", true),
            ("torch", "orch", true),
            ("torch", "porch", true),
            ("torch", "trhco", false),
        ] {
            assert_eq!(within_one(a.as_bytes(), b.as_bytes()), near, "{a} {b}");
        }
    }

    #[test]
    fn letters_that_look_alike_become_the_same() {
        for (odd, real) in [
            ("tensorfl0w", "tensorflow"),
            ("trоnsformers", "tronsformers"),
            ("meta-lIama", "meta-llama"),
            ("rnistralai", "mistralai"),
            ("pydantlc", "pydantic"),
            ("jeIlyfish", "jellyfish"),
        ] {
            assert_eq!(plain(odd), plain(real), "{odd}");
        }
    }
}
