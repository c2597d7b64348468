use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use cleanbill_advisories::{BillMatches, Gap, Known};
use cleanbill_core::{
    ExitCode, Severity,
    bill::{Bill, Certainty, Vulnerability},
    text,
};
use cleanbill_documents::{boms::read, terminal::printable};
use serde::Serialize;

use super::{
    sources::{Sources, is_answered},
    wire,
};
use crate::{
    commands::{
        bom::{self, Listing, describe, read_file},
        severities,
    },
    failure::Failure,
    output::Output,
    shell::Shell,
};

/// Say which advisories concern a target or the components of an ML-BOM
///
/// Exits with 1 for an advisory of `--fail-on` or worse that no VEX statement answers, with 3 where something could not be asked: an
/// ecosystem that the index does not hold, a version that cannot be read.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// A file or folder, any other target of `bom`, or an ML-BOM document with `--bom`
    #[arg(value_name = "TARGET")]
    target: String,
    /// The target is an ML-BOM document
    #[arg(long)]
    bom: bool,
    /// The index file
    #[arg(long, value_name = "FILE", required_unless_present = "known_bad")]
    index: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
    /// Fail with an advisory of this severity or worse
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = severities())]
    fail_on: Severity,
    /// How to write the result
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Listing,
    /// Write the result to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Check, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let opened = arguments.sources.open(arguments.index.as_deref())?;
    let (mut bill, everything_read) = if arguments.bom {
        let path = PathBuf::from(&arguments.target);
        let document = read::read(&arguments.target, &read_file(&path)?)
            .map_err(|error| Failure::incomplete(error.message()))?;
        (document.bill, true)
    } else {
        describe::found(&arguments.target, shell)?
    };
    let matches = opened.look_up(&mut bill)?;
    arguments.sources.answer(&mut bill, shell)?;
    bill.vulnerabilities.sort_by(|left, right| {
        (right.severity, &left.id, right.certainty).cmp(&(left.severity, &right.id, left.certainty))
    });
    let result = Outcome {
        bill: &bill,
        matches: &matches,
        known: opened.known(),
    };
    output.write(&match arguments.format {
        Listing::Human => shown(&result.human(shell)).into_bytes(),
        Listing::Json => {
            let count = result.bill.vulnerabilities.len();
            bom::sized_json(&result.json(), count.saturating_mul(ADVISORY_BYTES))
        }
    })?;
    let fails = |one: &Vulnerability| {
        // Whoever lists a model as bad wants to be stopped by its name as well.
        let counts = !is_possible(one) || matches.listed.contains(&one.id);
        counts && !is_answered(one) && one.severity.is_none_or(|severity| severity >= arguments.fail_on)
    };
    Ok(if bill.vulnerabilities.iter().any(fails) {
        ExitCode::Fail
    } else if !everything_read || !matches.is_complete() {
        ExitCode::Incomplete
    } else {
        ExitCode::Pass
    })
}

/// Keeps text of documents from steering a terminal; lines stay lines.
fn shown(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}

fn is_possible(one: &Vulnerability) -> bool {
    one.certainty == Some(Certainty::Possible)
}

/// Bytes that an advisory takes in JSON, about.
const ADVISORY_BYTES: usize = 512;

struct Outcome<'a> {
    bill: &'a Bill,
    matches: &'a BillMatches,
    known: Known<'a>,
}

impl Outcome<'_> {
    fn human(&self, shell: &Shell) -> String {
        let say = |text: cleanbill_core::Text| text.get(shell.language).to_owned();
        let mut out = String::new();
        for one in &self.bill.vulnerabilities {
            let severity = one.severity.map_or("unknown", Severity::as_str);
            let _ = write!(out, "{severity:<9} {}", one.id);
            if !one.aliases.is_empty() {
                let _ = write!(out, " ({})", one.aliases.join(", "));
            }
            if is_possible(one) {
                let _ = write!(out, " [{}]", say(text!("possible", "可能")));
            }
            if let Some(analysis) = &one.analysis {
                let _ = write!(out, " [VEX: {:?}]", analysis.state);
            }
            if let Some(exploitation) = &one.exploitation {
                let added = &exploitation.added;
                let _ = write!(
                    out,
                    " [{}]",
                    say(text!("exploited since {added}", "自 {added} 起被利用"))
                );
            }
            if let Some(likelihood) = &one.likelihood {
                let _ = write!(out, " [EPSS {}]", likelihood.probability);
            }
            out.push('\n');
            if !one.description.is_empty() {
                let line: String = one
                    .description
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .take(120)
                    .collect();
                let _ = writeln!(out, "          {line}");
            }
            let _ = writeln!(out, "          {}", one.affects.join(", "));
            if !one.fixed.is_empty() {
                let fixed = one.fixed.join(", ");
                let _ = writeln!(
                    out,
                    "          {}",
                    say(text!("fixed in {fixed}", "已在 {fixed} 中修复"))
                );
            }
        }
        for gap in &self.matches.gaps {
            let _ = writeln!(out, "? {}", say(gap.text()));
        }
        for id in &self.matches.unnamed {
            let _ = writeln!(
                out,
                "? {}",
                say(text!("`{id}` has no package URL", "`{id}` 没有包 URL"))
            );
        }
        let (count, asked) = (self.bill.vulnerabilities.len(), self.matches.asked);
        let date = self
            .known
            .index
            .map_or_else(String::new, |index| index.info().date.clone());
        let _ = writeln!(
            out,
            "{}",
            say(text!(
                "{count} advisories concern {asked} packages that were looked up; data of {date}",
                "查询了 {asked} 个软件包，涉及 {count} 条公告；数据日期 {date}"
            ))
        );
        out
    }

    fn json(&self) -> impl Serialize {
        wire::Check {
            advisories: self.bill.vulnerabilities.iter().map(advisory).collect(),
            asked: self.matches.asked,
            gaps: self.matches.gaps.iter().map(gap).collect(),
            index: self.known.index.map(|index| wire::Index {
                date: &index.info().date,
                records: index.info().records,
            }),
            schema: "cleanbill.advisories/1",
            unnamed: &self.matches.unnamed,
        }
    }
}

fn advisory(one: &Vulnerability) -> wire::Advisory<'_> {
    wire::Advisory {
        aliases: &one.aliases,
        answered: is_answered(one),
        components: &one.affects,
        epss: one.likelihood.as_ref().map(|score| wire::Epss {
            percentile: &score.percentile,
            probability: &score.probability,
        }),
        fixed: &one.fixed,
        id: &one.id,
        kev: one.exploitation.as_ref().map(|entry| wire::Kev {
            added: &entry.added,
            due: &entry.due,
            ransomware: entry.ransomware,
        }),
        possible: is_possible(one),
        published: one.published.as_deref(),
        severity: one.severity.map(Severity::as_str),
        summary: &one.description,
        vectors: &one.vectors,
        weaknesses: &one.weaknesses,
    }
}

fn gap(gap: &Gap) -> wire::Gap<'_> {
    wire::Gap {
        advisories: &gap.advisories,
        ecosystem: &gap.package.ecosystem,
        name: &gap.package.name,
        reason: gap.text().en().to_owned(),
    }
}
