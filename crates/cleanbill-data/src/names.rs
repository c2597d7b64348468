//! Names of fields, which hold data now and then: `{"alice@example.org": 3}`. They are searched as values are, reported once for
//! each artifact, and no path of a report shows what was found in one.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use crate::{
    json,
    outcome::{Found, Tools, placeholder, spliced},
    path::{self, Step},
};

/// LIMIT: names that are remembered; one beyond is searched, and reported, wherever it stands.
const REMEMBERED: usize = 1 << 16;
/// Shortest secret.
const SECRET_BYTES: usize = 20;
/// Fewest digits of a number that says something in a name.
const DIGITS: usize = 5;
/// Longest name that a program gives.
const NAME_BYTES: usize = 64;

/// Says whether a name is of the sort that programs give: words, with a few digits.
fn is_plain(name: &[u8]) -> bool {
    let mut digits = 0_usize;
    for byte in name {
        if byte.is_ascii_digit() {
            digits = digits.saturating_add(1);
        } else if !byte.is_ascii_alphabetic() && !matches!(byte, b'_' | b'-' | b'.') {
            return false;
        }
    }
    digits == 0 && name.len() <= NAME_BYTES || digits < DIGITS && name.len() < SECRET_BYTES
}

/// What is known of the names of one piece.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Names that were searched, with the name that stands above them, and whether nothing was found.
    searched: HashMap<(Vec<u8>, Vec<u8>), bool>,
    reported: Reported,
}

impl Names {
    /// Says whether nothing is found in a name, as it is written in JSON.
    pub(crate) fn is_clear(&mut self, tools: &Tools, above: Option<&[u8]>, name: &[u8]) -> bool {
        if name.is_empty() || !tools.own_rules && is_plain(name) {
            return true;
        }
        let key = (above.unwrap_or_default().to_vec(), name.to_vec());
        if let Some(is_clear) = self.searched.get(&key) {
            return *is_clear;
        }
        let is_clear = tools.hits(&json::decode(name), above).is_empty();
        if self.searched.len() < REMEMBERED {
            self.searched.insert(key, is_clear);
        }
        is_clear
    }

    /// Says whether a finding is to be reported: it stands in a value, or in a name for the first time.
    pub(crate) fn is_new(&mut self, found: &Found) -> bool {
        self.reported.is_new(found)
    }
}

/// What was reported of names.
#[derive(Debug, Default)]
pub(crate) struct Reported(HashSet<String>);

impl Reported {
    pub(crate) fn is_new(&mut self, found: &Found) -> bool {
        mark(found).is_none_or(|mark| self.is_new_mark(mark))
    }

    /// Says whether what a mark stands for is to be reported.
    pub(crate) fn is_new_mark(&mut self, mark: String) -> bool {
        if self.0.len() >= REMEMBERED {
            return !self.0.contains(&mark);
        }
        self.0.insert(mark)
    }
}

/// Returns what is the same of all findings in one name that are reported once; nothing for findings in values.
pub(crate) fn mark(found: &Found) -> Option<String> {
    let column = found.record.column.as_deref().unwrap_or_default();
    let (kind, hash, start) = (&found.kind, &found.hash, found.start);
    found
        .in_name
        .then(|| format!("{kind} {hash} {start} {}", path::without_places(column)))
}

impl Tools {
    /// Writes a path as it may be shown: what is found in a name is replaced.
    pub(crate) fn path(&self, steps: &[Step<'_>]) -> String {
        let is_plain = |step: &Step<'_>| match step {
            Step::Key(name) => !self.own_rules && is_plain(name),
            Step::Index(_) => true,
        };
        if steps.iter().all(is_plain) {
            return path::render(steps);
        }
        let mut shown: Vec<Step<'_>> = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            let above = path::name(steps.get(..index).unwrap_or_default());
            shown.push(match step {
                Step::Key(name) if !is_plain(step) => self.masked(name, above),
                _ => step.clone(),
            });
        }
        path::render(&shown)
    }

    fn masked<'a>(&self, name: &Cow<'a, [u8]>, above: Option<&[u8]>) -> Step<'a> {
        let text = json::decode(name);
        let hits = self.hits(&text, above);
        if hits.is_empty() {
            return Step::Key(name.clone());
        }
        let masked = spliced(&hits, &text, |hit| placeholder(hit.id(&self.scanner)));
        Step::Key(Cow::Owned(json::escaped(&masked)))
    }

    /// Finds what stands in the names of a table's columns, which belong to its first record.
    pub(crate) fn in_names<'a>(&self, columns: impl Iterator<Item = Vec<Step<'a>>>) -> Vec<Found> {
        let mut names = Names::default();
        let mut all = Vec::new();
        for steps in columns {
            for (index, step) in steps.iter().enumerate() {
                let above = path::name(steps.get(..index).unwrap_or_default());
                let Step::Key(name) = step else { continue };
                if names.is_clear(self, above, name) {
                    continue;
                }
                let path = steps.get(..=index).unwrap_or_default();
                if self.columns.is_some() && !self.is_wanted(&path::render(path)) {
                    continue;
                }
                all.extend(self.in_name(path, name, above));
            }
        }
        all.retain(|found| names.is_new(found));
        all
    }

    /// Finds what stands in a name.
    pub(crate) fn in_name(&self, path: &[Step<'_>], name: &[u8], above: Option<&[u8]>) -> Vec<Found> {
        let text = json::decode(name);
        let mut counter = crate::outcome::Counter::default();
        let record = cleanbill_core::leak::LeakRecord {
            column: Some(self.path(path)),
            ..Default::default()
        };
        let found = |hit| {
            let mut found = self.found(&hit, &text, record.clone(), &mut counter);
            found.in_name = true;
            found
        };
        self.hits(&text, above).into_iter().map(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_call_their_fields_is_not_searched() {
        for name in [
            "id",
            "max_position_embeddings",
            "sha256",
            "meta.tags",
            "utf-8",
            "customerPhoneNumberVerified",
        ] {
            assert!(is_plain(name.as_bytes()), "{name}");
        }
        for name in [
            "a@b.org",
            "13812345678",
            "Ann Li",
            "姓名",
            "aa:bb",
            "xoxb0xoxb1xoxb2xoxb3xoxb4",
        ] {
            assert!(!is_plain(name.as_bytes()), "{name}");
        }
    }
}
