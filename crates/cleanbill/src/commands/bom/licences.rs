//! Licences along the lineage of a bill: what contradicts, what must be done, what is open, each with the way and the evidence.

use std::{collections::BTreeMap, fmt::Write as _};

use clap::{Args, ValueEnum};
use cleanbill_core::{
    Language, Severity, Text,
    bill::{Bill, Origin},
    text,
};
use cleanbill_documents::terminal::printable;
use cleanbill_licences::lineage::{
    Assessment, Distribution, Entry, Graph, Intent, NodeKind, Paths, Source, assess, of_bill,
};
use serde_json::{Value, json};

use crate::commands::severities;

/// Entries of one kind that a report for people shows; the JSON holds them all.
const SHOWN: usize = 20;
/// Names of one line that a report for people shows.
const NAMES: usize = 8;

/// What is meant to be done with it.
#[derive(Args, Debug)]
pub(super) struct Use {
    /// Licences: it serves a business
    #[arg(long)]
    commercial: bool,
    /// Licences: how far it goes
    #[arg(long, value_name = "HOW", default_value = "internal")]
    distribution: How,
    /// Licences: whether the product's own source is open
    #[arg(long, value_name = "SOURCE", default_value = "closed")]
    source: OwnSource,
    /// Licences: a country (ISO 3166), `EU` or `world`, in which it is used; may be repeated
    #[arg(long, value_name = "REGION")]
    region: Vec<String>,
    /// Licences: how many people use it in a month
    #[arg(long, value_name = "NUMBER")]
    monthly_users: Option<u64>,
    /// Licences: revenue of a year in US dollars
    #[arg(long, value_name = "NUMBER")]
    yearly_revenue: Option<u64>,
    /// Licences: it serves military purposes
    #[arg(long)]
    military: bool,
    /// Licences: fail with a conflict of this severity or worse
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = severities())]
    fail_on: Severity,
    /// Licences: what is not known of a model or dataset makes the result incomplete (exit code 3)
    #[arg(long)]
    need_licences: bool,
}

/// Says how far a product goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    /// It stays within the organisation
    Internal,
    /// Others use it over a network
    Hosted,
    /// Others get a copy
    Distributed,
}

/// Says whether a product's own source is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OwnSource {
    /// It stays closed
    Closed,
    /// It is open under the product's own licence
    Open,
}

impl How {
    fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Hosted => "hosted",
            Self::Distributed => "distributed",
        }
    }
}

impl Use {
    fn intent(&self) -> Intent {
        Intent {
            commercial: self.commercial,
            distribution: match self.distribution {
                How::Internal => Distribution::Internal,
                How::Hosted => Distribution::Hosted,
                How::Distributed => Distribution::Distributed,
            },
            source: match self.source {
                OwnSource::Open => Source::Open,
                OwnSource::Closed => Source::Proprietary,
            },
            regions: self.region.clone(),
            monthly_users: self.monthly_users,
            yearly_revenue_usd: self.yearly_revenue,
            military: self.military,
        }
    }

    /// Looks at the licences of a bill.
    pub(super) fn look<'a>(&'a self, bill: &'a Bill) -> Licences<'a> {
        let graph = of_bill(bill);
        let assessment = assess(&graph, &self.intent());
        let names = graph.nodes.iter().map(|one| (one.id.clone(), one.name.clone()));
        Licences {
            wanted: self,
            bill,
            names: names.collect(),
            graph,
            assessment,
        }
    }
}

/// What was found.
pub(super) struct Licences<'a> {
    wanted: &'a Use,
    bill: &'a Bill,
    graph: Graph,
    names: BTreeMap<String, String>,
    assessment: Assessment,
}

impl Licences<'_> {
    /// Says whether a conflict is as bad as fails.
    pub(super) fn fails(&self) -> bool {
        let conflicts = self.assessment.conflicts.iter();
        conflicts
            .into_iter()
            .any(|one| one.severity >= self.wanted.fail_on)
    }

    /// Says whether something was not looked at, or not known that is needed.
    pub(super) fn is_incomplete(&self) -> bool {
        let kinds: BTreeMap<&str, NodeKind> = self
            .graph
            .nodes
            .iter()
            .map(|one| (one.id.as_str(), one.kind))
            .collect();
        let is_needed = |entry: &Entry| {
            let first = entry.nodes.first().and_then(|id| kinds.get(id.as_str()));
            !matches!(first, Some(NodeKind::Library))
        };
        self.assessment.truncated
            || (self.wanted.need_licences && self.assessment.unknowns.iter().any(is_needed))
    }

    fn sections(&self) -> [(&'static str, Text, &[Entry]); 4] {
        [
            (
                "conflicts",
                text!("conflicts", "冲突"),
                &self.assessment.conflicts,
            ),
            (
                "questions",
                text!("open questions", "未决问题"),
                &self.assessment.unsettled,
            ),
            ("unknowns", text!("not known", "未知"), &self.assessment.unknowns),
            (
                "obligations",
                text!("obligations", "义务"),
                &self.assessment.obligations,
            ),
        ]
    }

    fn name<'b>(&'b self, id: &'b str) -> &'b str {
        self.names.get(id).map_or(id, String::as_str)
    }

    /// Returns the way from the earliest thing of an entry to the product: base, adapter, merge, product.
    fn way(&self, entry: &Entry, paths: &mut Paths<'_>) -> Vec<Vec<String>> {
        let Some((later, earlier)) = entry.nodes.split_first() else {
            return Vec::new();
        };
        // What is above the later one, up to the subject.
        let above = paths
            .between(&self.bill.subject, later)
            .unwrap_or_else(|| vec![later.clone()]);
        if earlier.is_empty() {
            return vec![above];
        }
        let mut ways = Vec::new();
        for one in earlier.iter().filter(|one| *one != later) {
            let mut way = paths
                .between(later, one)
                .unwrap_or_else(|| vec![one.clone(), later.clone()]);
            way.extend(above.iter().skip(1).cloned());
            ways.push(way);
        }
        if ways.is_empty() {
            ways.push(above);
        }
        ways
    }

    /// Lists where the licences of a component were read.
    fn evidence(&self, id: &str) -> Vec<(String, Option<String>, &cleanbill_core::bill::Source)> {
        let licences = self.bill.component(id).map(|one| one.licences.as_slice());
        let licences = licences.unwrap_or_default().iter();
        licences
            .map(|one| {
                (
                    one.value.stated.clone(),
                    one.value.expression.clone(),
                    &one.source,
                )
            })
            .collect()
    }

    /// Writes the section for people.
    pub(super) fn human(&self, language: Language) -> String {
        let say = |text: &Text| text.get(language).to_owned();
        let mut out = String::new();
        let how = self.wanted.distribution.as_str();
        let business = if self.wanted.commercial {
            text!("commercial", "商业")
        } else {
            text!("not commercial", "非商业")
        };
        let source = match self.wanted.source {
            OwnSource::Open => text!("open source", "开源"),
            OwnSource::Closed => text!("closed source", "闭源"),
        };
        let (business_en, source_en) = (business.en(), source.en());
        let (business_zh, source_zh) = (business.get(Language::Chinese), source.get(Language::Chinese));
        let _ = writeln!(
            out,
            "{}",
            say(&text!(
                "licences ({business_en}, {how}, {source_en})",
                "许可证（{business_zh}，{how}，{source_zh}）"
            ))
        );
        let mut paths = Paths::new(&self.graph);
        for (id, title, entries) in self.sections() {
            if entries.is_empty() {
                continue;
            }
            let count = entries.len();
            let _ = writeln!(out, "  {} ({count})", say(&title));
            if id == "unknowns" {
                self.unknowns(entries, language, &mut out);
                continue;
            }
            for entry in entries.iter().take(SHOWN) {
                let _ = writeln!(
                    out,
                    "    {:<8} {}: {}",
                    entry.severity.as_str(),
                    entry.rule,
                    printable(&say(&entry.reason))
                );
                self.ground(entry, &mut paths, language, &mut out);
            }
            more(count, SHOWN, language, &mut out);
        }
        if self.assessment.truncated {
            let _ = writeln!(
                out,
                "  {}",
                say(&text!(
                    "a limit was reached: there may be more",
                    "已达到上限：可能还有更多"
                ))
            );
        }
        if self.sections().iter().all(|(_, _, entries)| entries.is_empty()) {
            let _ = writeln!(out, "  {}", say(&text!("nothing contradicts", "没有冲突")));
        }
        out
    }

    /// Writes the ways of an entry and where the licences on them were read.
    fn ground(&self, entry: &Entry, paths: &mut Paths<'_>, language: Language, out: &mut String) {
        for way in self.way(entry, paths) {
            let names: Vec<String> = way.iter().map(|id| printable(self.name(id))).collect();
            let _ = writeln!(out, "             {}", names.join(" -> "));
        }
        for id in &entry.nodes {
            for (stated, _, source) in self.evidence(id).into_iter().take(2) {
                let (name, stated) = (printable(self.name(id)), printable(&stated));
                let place = printable(&place(source));
                let line = text!("`{name}`: {stated} ({place})", "`{name}`：{stated}（{place}）");
                let _ = writeln!(out, "             {}", line.get(language));
            }
        }
    }

    /// Writes what is not known, one line for each rule: a lock file names hundreds of packages.
    fn unknowns(&self, entries: &[Entry], language: Language, out: &mut String) {
        let mut by_rule: BTreeMap<&str, (&Entry, Vec<String>)> = BTreeMap::new();
        for entry in entries {
            let name = entry.nodes.first().map(|id| printable(self.name(id)));
            let slot = by_rule.entry(entry.rule).or_insert_with(|| (entry, Vec::new()));
            slot.1.extend(name);
        }
        for (rule, (first, names)) in by_rule {
            let severity = first.severity.as_str();
            if let [_] | [] = names.as_slice() {
                let reason = printable(first.reason.get(language));
                let _ = writeln!(out, "    {severity:<8} {rule}: {reason}");
                continue;
            }
            let (count, shown) = (
                names.len(),
                names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", "),
            );
            let dots = if count > NAMES { ", ..." } else { "" };
            let _ = writeln!(out, "    {severity:<8} {rule}: {count}: {shown}{dots}");
        }
    }

    /// Writes the section for programs.
    pub(super) fn json(&self) -> Value {
        let mut paths = Paths::new(&self.graph);
        let mut out = json!({
            "schema": "cleanbill.bom-licences/1",
            "use": {"commercial": self.wanted.commercial, "distribution": self.wanted.distribution.as_str(),
                    "open_source": self.wanted.source == OwnSource::Open, "regions": self.wanted.region,
                    "monthly_users": self.wanted.monthly_users, "yearly_revenue_usd": self.wanted.yearly_revenue,
                    "military": self.wanted.military},
            "fail_on": self.wanted.fail_on.as_str(),
            "truncated": self.assessment.truncated,
        });
        for (key, _, entries) in self.sections() {
            let list: Vec<Value> = entries
                .iter()
                .map(|one| self.entry_json(one, &mut paths))
                .collect();
            if let Some(fields) = out.as_object_mut() {
                fields.insert(key.to_owned(), Value::Array(list));
            }
        }
        out
    }

    fn entry_json(&self, entry: &Entry, paths: &mut Paths<'_>) -> Value {
        let things: Vec<Value> = entry
            .nodes
            .iter()
            .zip(&entry.licences)
            .map(|(id, licence)| {
                let evidence: Vec<Value> = self
                    .evidence(id)
                    .into_iter()
                    .map(|(stated, expression, source)| {
                        json!({"stated": stated, "expression": expression, "origin": origin(source.origin),
                               "source": {"file": source.file, "place": source.place}})
                    })
                    .collect();
                json!({"component": id, "name": self.name(id), "licence": licence, "evidence": evidence})
            })
            .collect();
        json!({"rule": entry.rule, "severity": entry.severity.as_str(), "reason": entry.reason.en(),
               "paths": self.way(entry, paths), "concerned": things})
    }
}

fn more(count: usize, shown: usize, language: Language, out: &mut String) {
    if count > shown {
        let rest = count - shown;
        let line = text!(
            "and {rest} more; `--format json` lists all",
            "另有 {rest} 项；`--format json` 会列出全部"
        );
        let _ = writeln!(out, "    {}", line.get(language));
    }
}

fn place(source: &cleanbill_core::bill::Source) -> String {
    match (source.file.is_empty(), source.place.is_empty()) {
        (false, false) => format!("{}: {}", source.file, source.place),
        (true, _) => source.place.clone(),
        (false, true) => source.file.clone(),
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Stated => "stated",
        Origin::Measured => "measured",
        Origin::Concluded => "concluded",
        Origin::Given => "given",
        Origin::Foreign => "foreign",
    }
}
