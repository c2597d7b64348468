//! What is said of a tie, and where it stands in a record.

use std::{fmt::Write as _, sync::atomic::Ordering::Relaxed};

use super::{Seen, Tie, Ties};
use crate::{
    poison::{
        Mark, Spot, percent, quoted,
        statistics::{float, mean_of, share, shown},
    },
    rule::Level,
};

impl Ties {
    /// Marks the tied runs of the texts; runs that touch are one.
    pub(super) fn mark_texts(&self, seen: &Seen<'_>, label: u64, marks: &mut Vec<Mark>) {
        let tokens = &seen.tokens.list;
        let mut runs: Vec<(usize, usize, &Tie)> = seen
            .tokens
            .features
            .iter()
            .filter_map(|feature| {
                let tie = self.tie(feature.hash).filter(|tie| tie.label == label)?;
                let at = usize::try_from(feature.at).ok()?;
                Some((at, at.saturating_add(usize::from(feature.length)), tie))
            })
            .collect();
        runs.sort_unstable_by_key(|(start, end, _)| (*start, *end));
        let mut merged: Vec<(usize, usize, &Tie)> = Vec::new();
        for (start, end, tie) in runs {
            let part = |at: usize| tokens.get(at).map(|token| token.part);
            match merged.last_mut() {
                Some((first, last, best))
                    if start <= last.saturating_add(1) && part(*first) == part(start) =>
                {
                    *last = (*last).max(end);
                    if (tie.records, best.hash) > (best.records, tie.hash) {
                        *best = tie;
                    }
                }
                _ => merged.push((start, end, tie)),
            }
        }
        for (start, end, tie) in merged {
            let (Some(first), Some(last)) = (tokens.get(start), tokens.get(end.saturating_sub(1))) else {
                continue;
            };
            let text = usize::from(first.part);
            let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
            let range = place(first.start)..place(last.end);
            let texts = seen.row.texts.iter().chain(seen.row.context);
            let words = texts.copied().nth(text).and_then(|text| text.get(range.clone()));
            let words = words.unwrap_or_default();
            let is_one = if first.wide {
                end.saturating_sub(start) <= 4
            } else {
                !words.contains(char::is_whitespace)
            };
            marks.push(self.mark(
                seen,
                tie,
                tie.kind(is_one),
                Spot::Text(text, range),
                &quoted(words),
            ));
        }
    }

    pub(super) fn mark_source(&self, seen: &Seen<'_>, tie: &Tie) -> Mark {
        let source = quoted(seen.row.source.unwrap_or_default());
        let name = format!("source {source}");
        self.mark(seen, tie, "source_concentration", Spot::Source, &name)
    }

    fn mark(&self, seen: &Seen<'_>, tie: &Tie, kind: &'static str, spot: Spot, name: &str) -> Mark {
        let (with, records, tests) = (tie.with.load(Relaxed), tie.records, self.tests);
        let label = quoted(seen.row.label.unwrap_or_default());
        let mut evidence = format!("{name}: {with} of {records} records {label}");
        if let Some(verdict) = &tie.verdict {
            let base = percent(share(verdict.base.0, verdict.base.1));
            let p = shown(verdict.ln_p);
            let _ = write!(evidence, ", base rate {base}");
            let (most, of) = tie.common();
            let _ = match verdict.expected {
                Some(expected) => {
                    let contrary = tie.contrary.load(Relaxed);
                    let expected = mean_of(expected);
                    write!(
                        evidence,
                        "; the rest of {contrary} of them reads like another label, {expected} expected; {p} (Fisher's exact test and binomial tail, {tests} tested)"
                    )
                }
                None => write!(
                    evidence,
                    "; the rest has nothing in common, at most {most} of {of} share a rare word; {p} (Fisher's exact test, {tests} tested)"
                ),
            };
        }
        Mark {
            kind,
            spot,
            group: tie.hash,
            severity: Level::Medium,
            confidence: Level::Medium,
            evidence,
        }
    }
}

impl Tie {
    fn kind(&self, is_one: bool) -> &'static str {
        let with = float(u64::from(self.with.load(Relaxed)));
        let mostly = |number: u32| f64::from(number) >= 0.8 * with;
        if mostly(self.starts.load(Relaxed)) {
            "trigger_prefix"
        } else if mostly(self.ends.load(Relaxed)) {
            "trigger_suffix"
        } else if is_one {
            "rare_trigger"
        } else {
            "trigger_phrase"
        }
    }
}
