//! `attest vulns`: which known weaknesses concern the model, by an index of advisories.

use std::path::PathBuf;

use clap::Args;
use cleanbill_attest::claims::{Predicate, VulnerabilityScan};
use cleanbill_core::{ExitCode, text};

use super::about::About;
use crate::{
    commands::{advisories::Sources, bom::describe, proof, verify::now},
    failure::Failure,
    shell::Shell,
};

/// Look a model up in an index of advisories, and claim what was found
///
/// Exits with 3, and writes nothing, where something could not be looked up, unless `--partial` has the claim say so.
#[derive(Args, Debug)]
pub(super) struct AttestVulns {
    #[command(flatten)]
    about: About,
    /// The index file, which `advisories import` wrote
    #[arg(long, value_name = "FILE")]
    index: PathBuf,
    #[command(flatten)]
    sources: Sources,
    /// Claim what was found although something could not be looked up; the claim names it, and has not passed
    #[arg(long)]
    partial: bool,
}

pub(super) fn run(arguments: &AttestVulns, shell: &Shell) -> Result<ExitCode, Failure> {
    let began = now();
    let opened = arguments.sources.open(Some(&arguments.index))?;
    let ready = arguments.about.ready(shell)?;
    let name = arguments.about.model_path.display().to_string();
    let (mut bill, everything_read, report) = describe::reported(&name, shell)?;
    let matches = opened.look_up(&mut bill)?;
    arguments.sources.answer(&mut bill, shell)?;
    bill.vulnerabilities
        .sort_by(|left, right| (&left.id, left.certainty).cmp(&(&right.id, right.certainty)));
    let mut gaps: Vec<String> = matches
        .gaps
        .iter()
        .map(|gap| gap.text().en().to_owned())
        .collect();
    if !everything_read {
        gaps.push("a part of the model could not be read".to_owned());
    }
    if !gaps.is_empty() && !arguments.partial {
        let count = gaps.len();
        return Err(Failure::incomplete(text!(
            "nothing was claimed; what could not be looked up: {count}",
            "未作出声明；无法查询的项目：{count}"
        ))
        .hint(text!(
            "`cleanbill advisories check` names them; `--partial` claims what was found and what was not",
            "`cleanbill advisories check` 会列出它们；`--partial` 会声明已查到和未查到的内容"
        )));
    }
    let data_of = opened
        .known()
        .index
        .map_or_else(String::new, |index| index.info().date.clone());
    let scan = VulnerabilityScan {
        version: env!("CARGO_PKG_VERSION"),
        data_of: &data_of,
        found: &bill.vulnerabilities,
        gaps: &gaps,
        times: (began, now()),
    };
    let model = ready.scanned(&report)?;
    let predicate =
        Predicate::vulnerabilities(&scan, &report, &model).map_err(|refusals| proof::refused(&refusals))?;
    ready.finish(&model, &predicate, now(), shell)?;
    let count = bill.vulnerabilities.len();
    shell.note(&text!(
        "advisories: {count}, data of {data_of}",
        "公告：{count}，数据日期 {data_of}"
    ));
    Ok(if gaps.is_empty() {
        ExitCode::Pass
    } else {
        ExitCode::Incomplete
    })
}
