use std::path::PathBuf;

use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use cleanbill_core::{
    ExitCode, ToolInfo,
    bill::{Bill, Party},
    text,
};
use cleanbill_documents::boms::{
    cyclonedx::{self, Serial, Version},
    read,
    vex::{self, OpenVexError, Stated},
};

use super::sources::{Opened, Sources, tell_fates};
use crate::{
    commands::bom::{describe::timestamp, read_file},
    failure::Failure,
    output::Output,
    shell::Shell,
};

/// State which advisories matter for an ML-BOM (VEX), as OpenVEX 0.2.0 or CycloneDX
///
/// Looks up what the ML-BOM names, and writes for each weakness what is concluded: by statements of your own, given as options or in
/// a file, or by those of others. A weakness that concerns an exact version and that nobody speaks of is `under_investigation`; what is
/// only possible has no statement. Exit code 3 says that something was not reached, or that a statement counts for nothing.
#[derive(Args, Debug)]
pub(crate) struct Vex {
    /// The ML-BOM
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The index file
    #[arg(long, value_name = "FILE", required_unless_present = "known_bad")]
    index: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
    /// A file of statements of your own, TOML or JSON; may be repeated
    #[arg(long, value_name = "FILE")]
    statements: Vec<PathBuf>,
    #[command(flatten)]
    own: Own,
    /// Who says so: a name, an address
    #[arg(long, value_name = "NAME")]
    author: String,
    /// When that is true (RFC 3339); OpenVEX demands it
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    timestamp: Option<String>,
    /// Package URL of the product that the statements hold in; without it they are about each component itself
    #[arg(long, value_name = "PURL")]
    product: Option<String>,
    /// Number of the edition; raise it with every change
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = clap::value_parser!(u64).range(1..))]
    edition: u64,
    /// Document to write
    #[arg(long, short, value_name = "FORMAT", default_value = "openvex")]
    format: VexFormat,
    /// Write the document to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Names a document of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VexFormat {
    /// `OpenVEX` 0.2.0, JSON
    #[value(name = "openvex")]
    OpenVex,
    /// CycloneDX 1.7 with the weaknesses, their analysis and what they concern, JSON
    #[value(name = "cyclonedx")]
    CycloneDx,
}

/// One statement of your own.
#[derive(Args, Debug)]
struct Own {
    /// State something of this weakness
    #[arg(long, value_name = "ID", requires_all = ["component", "status"])]
    vulnerability: Option<String>,
    /// Package URL with its version, or id, of a component of the ML-BOM that the statement is about; may be repeated
    #[arg(long, value_name = "PURL", requires = "vulnerability")]
    component: Vec<String>,
    /// What is concluded
    #[arg(long, value_name = "STATUS", requires = "vulnerability", value_parser = statuses())]
    status: Option<String>,
    /// Why it is not affected, in a word of OpenVEX
    #[arg(long, value_name = "WORD", requires = "vulnerability")]
    justification: Option<String>,
    /// Why it is not affected, in your words
    #[arg(long, value_name = "TEXT", requires = "vulnerability")]
    impact_statement: Option<String>,
    /// What to do about it; `affected` demands it
    #[arg(long, value_name = "TEXT", requires = "vulnerability")]
    action_statement: Option<String>,
}

fn statuses() -> PossibleValuesParser {
    PossibleValuesParser::new(vex::STATES.map(|(name, _)| name))
}

pub(super) fn run(arguments: &Vex, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    if arguments.format == VexFormat::OpenVex && arguments.timestamp.is_none() {
        return Err(Failure::usage(OpenVexError::NoTime.message()).hint(text!(
            "add `--timestamp 2026-11-28T12:00:00Z`",
            "请加上 `--timestamp 2026-11-28T12:00:00Z`"
        )));
    }
    let own = own(arguments)?;
    let opened = arguments.sources.open(arguments.index.as_deref())?;
    let name = arguments.file.display().to_string();
    let document = read::read(&name, &read_file(&arguments.file)?)
        .map_err(|error| Failure::incomplete(error.message()))?;
    let mut bill = document.bill;
    bill.timestamp.clone_from(&arguments.timestamp);
    let mut is_whole = look_up(arguments, &opened, &mut bill, shell)?;
    for (name, statements) in &own {
        is_whole &= tell_fates(name, statements, &vex::state(statements, &mut bill), shell);
    }
    let possible = vex::default_states(&mut bill);
    if !possible.is_empty() {
        let (count, ids) = (possible.len(), possible.join(", "));
        shell.note(&text!(
            "{count} weaknesses are only possible and have no statement: {ids}",
            "{count} 个漏洞仅为可能，不作声明：{ids}"
        ));
    }
    bill.authors = vec![Party {
        name: arguments.author.clone(),
        ..Party::default()
    }];
    bill.tool = Some(ToolInfo {
        name: "cleanbill".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        detectors_digest: cleanbill_scan::detectors_digest(),
    });
    bill.edition = Some(arguments.edition);
    let bytes = match arguments.format {
        VexFormat::CycloneDx => {
            cyclonedx::write(&vex::statements_only(&bill), Version::V1_7, Serial::FromContent)
        }
        VexFormat::OpenVex => {
            let (bytes, left_out) = vex::write_openvex(&bill, arguments.product.as_deref())
                .map_err(|error| Failure::incomplete(error.message()))?;
            for id in &left_out {
                is_whole = false;
                shell.note(&text!(
                    "`{id}` has no package URL with a version and stands in no statement",
                    "`{id}` 没有带版本的包 URL，未列入声明"
                ));
            }
            bytes
        }
    };
    output.write(&bytes)?;
    Ok(if is_whole {
        ExitCode::Pass
    } else {
        ExitCode::Incomplete
    })
}

/// Looks up the weaknesses and gives them the statements of the document itself and of others.
fn look_up(arguments: &Vex, opened: &Opened, bill: &mut Bill, shell: &Shell) -> Result<bool, Failure> {
    let said = vex::of_bill(bill);
    let matches = opened.look_up(bill)?;
    vex::apply(&said, bill);
    arguments.sources.answer(bill, shell)?;
    opened.tell(&matches, bill, shell);
    Ok(matches.is_complete())
}

/// Reads the statements of one's own, files first.
fn own(arguments: &Vex) -> Result<Vec<(String, vex::Vex)>, Failure> {
    let mut out = Vec::new();
    for path in &arguments.statements {
        let name = path.display().to_string();
        let read = vex::read_stated(&name, &read_file(path)?);
        out.push((name, read.map_err(|error| Failure::usage(error.message()))?));
    }
    let own = &arguments.own;
    if let (Some(vulnerability), Some(status)) = (&own.vulnerability, &own.status) {
        let one = Stated {
            vulnerability: vulnerability.clone(),
            products: own.component.clone(),
            status: status.clone(),
            justification: own.justification.clone(),
            impact_statement: own.impact_statement.clone(),
            action_statement: own.action_statement.clone(),
            status_notes: None,
        };
        let stated = vex::stated(&one, "--status").map_err(|error| Failure::usage(error.message()))?;
        out.push(("--status".to_owned(), stated));
    }
    Ok(out)
}
