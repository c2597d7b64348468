//! Bursts: many records that are nearly the same, where records usually are not. A flood of one text is how an opinion, a fact or
//! an answer is pushed into a model.

use std::fmt::Write as _;

use super::{Check, Kind, Mark, Seen, Settings, Shared, Spot, percent, statistics::share};
use crate::rule::Level;

pub(super) const KINDS: &[Kind] = &[Kind {
    id: "near_duplicate_burst",
    name: "many records that are nearly the same",
    severity: Level::Low,
    confidence: Level::Medium,
}];

pub(super) fn begin(_: &Settings) -> Box<dyn Check> {
    Box::new(Bursts)
}

#[derive(Debug)]
struct Bursts;

impl Check for Bursts {
    fn has_found(&self, shared: &Shared) -> bool {
        !shared.neighbours.bursts.is_empty()
    }

    fn judge(&self, seen: &Seen<'_>, shared: &Shared, marks: &mut Vec<Mark>) {
        let Some(burst) = shared.neighbours.bursts.get(&seen.tokens.key) else {
            return;
        };
        let (records, texts) = (burst.records, burst.texts);
        let mut evidence =
            format!("one of {records} records that are nearly the same, {texts} texts of them different");
        if burst.label.0 != 0 && seen.label.is_some() {
            let base = percent(share(shared.label_count(burst.label.0), shared.labelled()));
            let with = burst.label.1;
            let _ = write!(evidence, "; {with} of {records} have one label, base rate {base}");
        }
        let end = seen.row.texts.first().map_or(0, |text| text.len());
        marks.push(Mark {
            kind: "near_duplicate_burst",
            spot: Spot::Text(0, 0..end),
            group: burst.group,
            severity: Level::Low,
            confidence: Level::Medium,
            evidence,
        });
    }
}
