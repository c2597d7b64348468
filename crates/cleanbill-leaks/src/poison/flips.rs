//! Labels that were turned: a record whose near neighbours have another label, where its own words read like theirs as well.

use super::{Check, Kind, Mark, Seen, Settings, Shared, Spot, neighbours::Conflict, quoted, tokens::mix};
use crate::rule::Level;

pub(super) const KINDS: &[Kind] = &[Kind {
    id: "label_flip",
    name: "label against near neighbours",
    severity: Level::Low,
    confidence: Level::Medium,
}];

pub(super) fn begin(_: &Settings) -> Box<dyn Check> {
    Box::new(Flips)
}

#[derive(Debug)]
struct Flips;

impl Check for Flips {
    fn has_found(&self, shared: &Shared) -> bool {
        // Where one record in ten is at odds with its neighbours, labels do not go by the text.
        let conflicts = u64::try_from(shared.neighbours.conflicts.len()).unwrap_or(0);
        shared.is_closed && conflicts > 0 && conflicts.saturating_mul(10) <= shared.labelled()
    }

    fn judge(&self, seen: &Seen<'_>, shared: &Shared, marks: &mut Vec<Mark>) {
        let (Some(label), Some(shown)) = (seen.label, seen.row.label) else {
            return;
        };
        let conflict = shared.neighbours.conflicts.get(&(seen.tokens.key, label));
        let Some(conflict) = conflict.filter(|_| self.has_found(shared) && marks.is_empty()) else {
            return;
        };
        let margin = margin(seen, shared, label);
        let Some((other, number)) = against(conflict, margin) else {
            return;
        };
        let all = number.saturating_add(conflict.same);
        let reads = match margin {
            Some(margin) if margin < 0.0 => {
                format!(
                    "; by its words another label is likelier, log-odds {:.1}",
                    -margin
                )
            }
            _ => String::new(),
        };
        let shown = quoted(shown);
        marks.push(Mark {
            kind: "label_flip",
            spot: Spot::Label,
            group: mix(label.rotate_left(1) ^ other),
            severity: Level::Low,
            confidence: Level::Medium,
            evidence: format!(
                "labelled {shown}, and {number} of {all} near neighbours (similarity of 0.7 or more) have another label{reads}"
            ),
        });
    }
}

/// Says how much the words speak for the label.
fn margin(seen: &Seen<'_>, shared: &Shared, label: u64) -> Option<f32> {
    let reading = &shared.reading;
    if !reading.knows(label) {
        return None;
    }
    let words = reading.words(&seen.tokens);
    let mut scores = reading.start();
    reading.add(&words, label, 1.0, &mut scores);
    Some(reading.margin(&scores, label))
}

/// Decides who of the neighbours is wrong: the one whose words are against its label, or who stands alone against many.
fn against(conflict: &Conflict, margin: Option<f32>) -> Option<(u64, u64)> {
    let most = conflict
        .others
        .iter()
        .max_by_key(|(label, number)| (**number, **label));
    let (other, number) = most.map(|(label, number)| (*label, *number))?;
    let is_outvoted = number >= 3 && conflict.same == 0;
    let is_wrong = match margin {
        Some(margin) => margin < -1.0 && number >= conflict.same || is_outvoted && margin < 0.0,
        None => is_outvoted,
    };
    is_wrong.then_some((other, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(same: u64, other: u64) -> Conflict {
        Conflict {
            same,
            others: [(2, other)].into(),
        }
    }

    #[test]
    fn the_words_decide_between_two() {
        assert_eq!(against(&conflict(0, 1), Some(-4.0)), Some((2, 1)));
        assert_eq!(against(&conflict(0, 1), Some(4.0)), None);
        assert_eq!(against(&conflict(0, 1), None), None);
    }

    #[test]
    fn many_outvote_one() {
        assert_eq!(against(&conflict(0, 3), None), Some((2, 3)));
        assert_eq!(against(&conflict(1, 3), None), None);
        assert_eq!(against(&conflict(0, 3), Some(2.0)), None);
    }
}
