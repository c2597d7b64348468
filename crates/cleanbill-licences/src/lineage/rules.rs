//! The rules. `derived` compares a thing with what it comes from, `used` compares what a product uses with its intended
//! use, `trained` asks about data and about what models put out.

mod derived;
mod trained;
mod used;

use std::collections::BTreeSet;

use cleanbill_core::{Severity, Text, text};

use super::{
    Assessment, Entry, Intent, MAX_ENTRIES, MAX_PAIRS, NodeKind,
    walk::{Applied, Lineage, Thing},
};
use crate::{
    catalog::{Catalog, catalog},
    declared::{Note, Reading},
};

/// Runs every rule.
pub(super) fn run(lineage: &Lineage<'_>, intent: &Intent) -> Assessment {
    let mut out = Out {
        lineage,
        intent,
        catalog: catalog(),
        assessment: Assessment {
            truncated: lineage.truncated,
            ..Assessment::default()
        },
        pairs: MAX_PAIRS,
        entries: 0,
    };
    unknowns(&mut out);
    derived::run(&mut out);
    used::run(&mut out);
    trained::run(&mut out);
    out.assessment
}

/// Says into which list an entry goes.
#[derive(Clone, Copy)]
enum List {
    Conflict,
    Unsettled,
    Unknown,
    Obligation,
}

struct Out<'l, 'g> {
    lineage: &'l Lineage<'g>,
    intent: &'l Intent,
    catalog: &'static Catalog,
    assessment: Assessment,
    /// Pairs that may still be compared.
    pairs: usize,
    entries: usize,
}

impl<'l, 'g> Out<'l, 'g> {
    fn add(
        &mut self,
        list: List,
        rule: &'static str,
        severity: Severity,
        concerned: &[(&Thing<'_>, Option<&Applied>)],
        reason: Text,
    ) {
        if self.entries >= MAX_ENTRIES {
            self.assessment.truncated = true;
            return;
        }
        self.entries = self.entries.saturating_add(1);
        let licence = |(thing, applied): &(&Thing<'_>, Option<&Applied>)| {
            applied.map_or_else(|| thing.licence.clone(), |applied| applied.id.clone())
        };
        let entry = Entry {
            rule,
            severity,
            nodes: concerned.iter().map(|(thing, _)| thing.node.id.clone()).collect(),
            licences: concerned.iter().map(licence).collect(),
            reason,
        };
        let entries = match list {
            List::Conflict => &mut self.assessment.conflicts,
            List::Unsettled => &mut self.assessment.unsettled,
            List::Unknown => &mut self.assessment.unknowns,
            List::Obligation => &mut self.assessment.obligations,
        };
        entries.push(entry);
    }

    /// Returns the things that are reached along edges, within the limit of pairs.
    fn reached(&mut self, from: usize, kinds: &[super::EdgeKind]) -> Vec<&'l Thing<'g>> {
        let lineage = self.lineage;
        let reached = lineage.reached(from, kinds, self.pairs);
        self.pairs = self.pairs.saturating_sub(reached.len());
        if self.pairs == 0 {
            self.assessment.truncated = true;
        }
        reached
            .into_iter()
            .filter_map(|at| lineage.things.get(at))
            .collect()
    }

    /// Says whether one of the licences of `thing` can be `id`.
    fn has(&self, thing: &Thing<'_>, id: &str) -> bool {
        let applied = thing
            .applied
            .iter()
            .map(|applied| &applied.id)
            .chain(&thing.unknown);
        applied.into_iter().any(|own| self.catalog.may_be_same(own, id))
    }
}

/// Reports things of which too little is known, and those that grant nothing.
fn unknowns(out: &mut Out<'_, '_>) {
    let lineage = out.lineage;
    for thing in &lineage.things {
        let name = &thing.node.name;
        let product = thing.node.kind == NodeKind::Product;
        match &thing.node.licence.reading {
            Reading::Expression(_) => {}
            Reading::None if !product => out.add(
                List::Conflict,
                "no-licence",
                Severity::High,
                &[(thing, None)],
                text!(
                    "`{name}` states that it has no licence, which grants no right to use it",
                    "`{name}` 声明没有许可证，即未授予任何使用权"
                ),
            ),
            _ if product => {}
            _ => out.add(
                List::Unknown,
                "licence-unknown",
                Severity::Medium,
                &[(thing, None)],
                text!("the licence of `{name}` is not known", "`{name}` 的许可证未知"),
            ),
        }
        let mut unknown = thing.unknown.clone();
        unknown.dedup();
        for id in unknown {
            out.add(
                List::Unknown,
                "terms-unknown",
                Severity::Medium,
                &[(thing, None)],
                text!(
                    "the terms of `{id}`, the licence of `{name}`, are not known",
                    "`{name}` 的许可证 `{id}` 的条款未知"
                ),
            );
        }
        if thing.node.licence.notes.contains(&Note::Ambiguous) {
            let licence = &thing.licence;
            out.add(
                List::Unknown,
                "licence-version-unknown",
                Severity::Low,
                &[(thing, None)],
                text!(
                    "`{name}` names a licence without its version or variant: `{licence}`",
                    "`{name}` 的许可证未注明版本或变体：`{licence}`"
                ),
            );
        }
    }
    let dangling: BTreeSet<&(String, String)> = lineage.dangling.iter().collect();
    for (from, to) in dangling {
        let thing = lineage
            .things
            .iter()
            .find(|thing| thing.node.id == *from || thing.node.id == *to);
        let concerned: Vec<_> = thing.map(|thing| (thing, None)).into_iter().collect();
        out.add(
            List::Unknown,
            "part-unknown",
            Severity::Medium,
            &concerned,
            text!(
                "`{from}` depends on `{to}`, and one of them is not described",
                "`{from}` 依赖 `{to}`，其中之一没有说明"
            ),
        );
    }
    for id in &lineage.twice {
        out.add(
            List::Unknown,
            "part-twice",
            Severity::Medium,
            &[],
            text!("two things have the id `{id}`", "两个对象使用同一标识 `{id}`"),
        );
    }
}

/// Says whether a name begins with a prefix, whatever stands between letters and before the last slash.
fn begins_with(name: &str, prefix: &str) -> bool {
    let plain = |text: &str| -> String {
        let last = text.rsplit('/').next().unwrap_or(text);
        let letters = last.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    plain(name).starts_with(&plain(prefix))
}
