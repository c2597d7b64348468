//! Records as rows, for the checks of a whole data set: which fields are the text, the label and the source, and the values of those
//! fields record by record. What the checks are is the business of `cleanbill-leaks`.

mod roles;

use std::sync::{Arc, Mutex, PoisonError};

use cleanbill_core::leak::{LeakClass, LeakRecord};
use cleanbill_leaks::poison::{EvaluationBuilder, Examination, Mark, Row, Spot};

use crate::{
    input::count,
    outcome::{Found, Outcome, Tools, characters, confidence, severity},
    path::{self, Step},
};
pub(crate) use roles::{Profile, Roles, Wishes};

/// Says what becomes of rows.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// Their fields are counted, to see which is which.
    Profile(Mutex<Profile>),
    /// A round of the examination.
    See(Arc<Examination>),
    /// They are marked.
    Judge(Arc<Examination>),
    /// They are the evaluation set of this name.
    Evaluation(Arc<EvaluationBuilder>, Arc<str>),
}

/// Collects rows instead of searching values.
#[derive(Debug)]
pub(crate) struct Gather {
    pub(crate) roles: Roles,
    pub(crate) purpose: Purpose,
}

/// The values of a record that have a role.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    values: Vec<Value>,
}

#[derive(Debug)]
struct Value {
    path: String,
    /// The path without places in lists.
    bare: String,
    text: String,
}

impl Gather {
    /// Says whether a column is needed.
    pub(crate) fn wants(&self, bare: &str) -> bool {
        matches!(self.purpose, Purpose::Profile(_)) || self.roles.has(bare)
    }

    /// Says whether enough was seen of a piece: for a profile, its first records are.
    pub(crate) fn has_enough(&self, records: u64) -> bool {
        matches!(self.purpose, Purpose::Profile(_)) && records >= PROFILED
    }

    /// Takes a value of a record.
    pub(crate) fn note(&self, collected: &mut Collected, steps: &[Step<'_>], value: &[u8]) {
        if value.is_empty() || value == b"null" {
            return;
        }
        let path = path::render(steps);
        let bare = bare(&path);
        if self.wants(&bare) && collected.values.len() < VALUES {
            collected.values.push(Value {
                path,
                bare,
                text: String::from_utf8_lossy(value).into_owned(),
            });
        }
    }

    /// Ends a record: shows it as a row, and keeps what is said of it.
    pub(crate) fn end(
        &self,
        tools: &Tools,
        collected: &mut Collected,
        place: &LeakRecord,
        out: &mut Outcome,
    ) {
        out.gathered = out.gathered.saturating_add(1);
        let values = std::mem::take(&mut collected.values);
        if let Purpose::Profile(profile) = &self.purpose {
            let mut profile = profile.lock().unwrap_or_else(PoisonError::into_inner);
            profile.record(
                values
                    .iter()
                    .map(|value| (value.bare.as_str(), value.text.as_str())),
            );
            return;
        }
        let chosen = self.roles.choose(&values);
        if chosen.texts.is_empty() && chosen.url.is_none() {
            out.gathered = out.gathered.saturating_sub(1);
            return;
        }
        let texts: Vec<&str> = chosen.texts.iter().map(|value| value.text.as_str()).collect();
        let text = |value: Option<&Value>| value.map(|value| value.text.clone());
        let (label, source) = (text(chosen.label), text(chosen.source));
        let id = chosen.id.map(|value| path::short(value.text.as_bytes()));
        let (own, context) = texts.split_at(texts.len().saturating_sub(chosen.context));
        let row = Row {
            texts: own,
            context,
            label: label.as_deref(),
            source: source.as_deref(),
            url: chosen.url.map(|value| value.text.as_str()),
            digest: chosen.digest.map(|value| value.text.as_str()),
            id: id.as_deref(),
        };
        match &self.purpose {
            Purpose::See(examination) => examination.see(&row),
            Purpose::Evaluation(builder, set) => builder.add(&row, set),
            Purpose::Judge(examination) => {
                for mark in examination.judge(&row) {
                    let of_mark = match &mark.spot {
                        Spot::Text(number, _) => chosen.texts.get(*number).copied(),
                        Spot::Label => chosen.label,
                        Spot::Source => chosen.source,
                        Spot::Url => chosen.url,
                        Spot::Digest => chosen.digest,
                    };
                    let mut place = place.clone();
                    place.id = id.clone().filter(|_| tools.id_field.is_some());
                    out.keep(found(tools, mark, of_mark, place));
                }
            }
            Purpose::Profile(_) => {}
        }
    }
}

fn found(tools: &Tools, mark: Mark, value: Option<&Value>, mut record: LeakRecord) -> Found {
    let text = value.map_or("", |value| value.text.as_str());
    record.column = value
        .map(|value| value.path.clone())
        .filter(|path| !path.is_empty());
    let range = match mark.spot {
        Spot::Text(_, range) => range.start.min(text.len())..range.end.min(text.len()),
        _ => 0..text.len(),
    };
    let before = characters(text.as_bytes().get(..range.start).unwrap_or_default());
    let within = characters(text.as_bytes().get(range.clone()).unwrap_or_default());
    Found {
        kind: mark.kind.into(),
        class: LeakClass::Poison,
        record,
        start: count(range.start),
        end: count(range.end),
        char_start: before,
        char_end: before.saturating_add(within),
        severity: severity(mark.severity),
        confidence: confidence(mark.confidence),
        evidence: mark.evidence,
        hash: tools.key.mark(mark.kind, &mark.group.to_le_bytes()),
        validated: false,
        in_name: false,
        replaced: None,
    }
}

/// Returns a path without places in lists; a column that has no name keeps its place.
pub(crate) fn bare(path: &str) -> String {
    if path.starts_with('[') {
        return path.to_owned();
    }
    path::without_places(path)
}

/// Records of a piece that are looked at to see which field is which.
const PROFILED: u64 = 2_000;
/// LIMIT: values of a record that are taken: the turns of a conversation, with who speaks.
const VALUES: usize = 1_024;
