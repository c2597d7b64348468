//! What trainers write into the cards that they make: hyperparameters, as a list. `runtimes` reads their list of versions.

use cleanbill_core::bill::{ProcessKind, Source, Sourced};

use super::sections::{CARD_BYTES, sections};
use crate::inventory::{Entry, Rank, extract::training::is_setting};

/// LIMIT: lines of one list that are taken; trainers write some twenty.
const LINES: usize = 200;

pub(super) fn take(body: &str, file: &str, entry: &mut Entry) {
    if body.len() > CARD_BYTES {
        return;
    }
    for (heading, text) in sections(body) {
        let lower = heading.to_lowercase();
        let place = format!("# {heading}");
        if lower.contains("hyperparameters") || lower.contains("hyper-parameters") {
            hyperparameters(text, file, &place, entry);
        }
    }
}

/// Parts the lines `- name: value`.
fn items(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().take(LINES).filter_map(|line| {
        let item = line.trim().strip_prefix(['-', '*'])?.replace(['*', '`'], "");
        let (name, value) = item.split_once(':')?;
        let (name, value) = (name.trim(), value.trim());
        (!name.is_empty() && !value.is_empty() && value.len() <= 300)
            .then(|| (name.to_owned(), value.to_owned()))
    })
}

fn hyperparameters(text: &str, file: &str, place: &str, entry: &mut Entry) {
    let settings: Vec<(String, Sourced<String>)> = items(text)
        .map(|(name, value)| (name.to_lowercase().replace(' ', "_"), value))
        .filter(|(name, _)| is_setting(name))
        .map(|(name, value)| (name, Sourced::new(value, Source::file(file, place))))
        .collect();
    if settings.is_empty() {
        return;
    }
    entry.state(Rank::Card, |model| {
        model
            .model
            .get_or_insert_default()
            .hyperparameters
            .clone_from(&settings);
    });
    entry.make(ProcessKind::Training, settings, Source::file(file, place));
}
