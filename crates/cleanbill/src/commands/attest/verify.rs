//! `attest verify`: whether the claims of a file hold and are about this model.

use std::path::PathBuf;

use clap::{
    ArgGroup, Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use cleanbill_attest::{
    Quiet, SigstoreTrust, Trust, UnixTime, VerifyOptions,
    claims::{ClaimKind, ClaimsOptions, ClaimsReport, verify_claims},
    limits,
};
use cleanbill_core::{ExitCode, Text, text};
use cleanbill_documents::terminal::{Color, Style, printable};

use super::list::{described, reason, too_large, unreadable};
use crate::{
    commands::{
        bom,
        bom::Listing,
        proof::{self, Files},
        verify::{human::signed_by, now, time},
    },
    failure::Failure,
    output::Output,
    progress::Line,
    shell::Shell,
};

/// Verify the claims of a file, all together, against a model as it lies now
///
/// Nothing is trusted but what the options name; nothing is fetched. Exits with 0 only where every claim holds and everything that
/// `--require` asks for is there.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("trust").args(["public_key", "certificate_chain", "identity"]).required(true))]
pub(super) struct AttestVerify {
    /// The model: a file or a folder
    #[arg(value_name = "MODEL_PATH")]
    model_path: PathBuf,
    /// The claims: a file with one bundle a line, or one bundle
    #[arg(long, value_name = "FILE")]
    claims: PathBuf,
    /// The public key of the signer, in PEM
    #[arg(long, alias = "public_key", value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Certificates that are trusted, in PEM: the root, and others that lead to it; may be repeated
    #[arg(long, alias = "certificate_chain", value_name = "FILE")]
    certificate_chain: Vec<PathBuf>,
    /// When the certificates have to be valid, such as `2026-11-28T12:00:00Z`; now by default
    #[arg(long, value_name = "TIME", value_parser = time, requires = "certificate_chain")]
    at: Option<UnixTime>,
    /// Whose signature it has to be, as Sigstore confirmed it: an address or a URI
    #[arg(long, value_name = "IDENTITY", requires = "identity_provider")]
    identity: Option<String>,
    /// Who has to have confirmed the identity, as a URI
    #[arg(long, alias = "identity_provider", value_name = "URI", requires = "identity")]
    identity_provider: Option<String>,
    /// The trusted root of Sigstore, or the configuration of a client that holds one
    #[arg(long, alias = "trust_config", value_name = "FILE", requires = "identity")]
    trust_config: Option<PathBuf>,
    /// Fail unless a claim of this kind holds and, where it has a result, says PASSED; may be repeated
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    require: Vec<ClaimKind>,
    /// Fail unless claims on the run name this builder, letter by letter
    #[arg(long, value_name = "URI")]
    builder_id: Option<String>,
    /// Fail unless claims on the run name this source, letter by letter
    #[arg(long, value_name = "URI")]
    source: Option<String>,
    #[command(flatten)]
    files: Files,
    /// Accept files that no claim is about
    #[arg(long, alias = "ignore_unsigned_files")]
    ignore_unsigned_files: bool,
    /// How to write the result
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Listing,
    /// Write the result to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn kinds() -> impl TypedValueParser<Value = ClaimKind> {
    let values = ClaimKind::ALL.iter().map(|kind| kind.as_str());
    PossibleValuesParser::new(values).try_map(|word| ClaimKind::parse(&word).ok_or("no such kind"))
}

pub(super) fn run(arguments: &AttestVerify, shell: &Shell) -> Result<ExitCode, Failure> {
    if let Some(file) = &arguments.public_key {
        let key = proof::public_key(file)?;
        return finish(arguments, Trust::Key(&key), shell);
    }
    if let (Some(identity), Some(provider)) = (&arguments.identity, &arguments.identity_provider) {
        let root = proof::trusted_root(arguments.trust_config.as_ref())?;
        let trust = SigstoreTrust {
            root,
            identity: identity.clone(),
            provider: provider.clone(),
        };
        return finish(arguments, Trust::Sigstore(&trust), shell);
    }
    let trusted = proof::certificates(&arguments.certificate_chain)?;
    let at = arguments.at.unwrap_or_else(now);
    let trust = Trust::certificates(&trusted, at);
    finish(arguments, trust, shell)
}

fn finish(arguments: &AttestVerify, trust: Trust<'_>, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let claims = &arguments.claims;
    let bytes = match proof::bounded(claims, limits::CLAIMS_BYTES) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(too_large()),
        // Without claims nothing is claimed: that is an answer.
        Err(error) => Err(unreadable(&error)),
    };
    let model = &arguments.model_path;
    let options = ClaimsOptions {
        files: VerifyOptions {
            allow_symlinks: arguments.files.allow_symlinks,
            ignore: arguments.files.ignored(model, Some(claims), shell)?,
            ignore_git: arguments.files.ignores_git(),
            ignore_unsigned: arguments.ignore_unsigned_files,
            threads: arguments.files.threads(),
        },
        require: arguments.require.iter().copied().collect(),
        builder: arguments.builder_id.clone(),
        source: arguments.source.clone(),
    };
    let bytes = bytes.as_deref().map_err(Clone::clone);
    let report = if shell.progress {
        verify_claims(bytes, model, trust, &options, &Line::start(shell.language))
    } else {
        verify_claims(bytes, model, trust, &options, &Quiet)
    };
    let (target, file) = (model.display().to_string(), claims.display().to_string());
    output.write(&match arguments.format {
        Listing::Json => bom::json(&report.to_json(&target, &file, env!("CARGO_PKG_VERSION"))),
        Listing::Human => human(&report, &target, shell, shell.color(&output)).into_bytes(),
    })?;
    Ok(report.verdict().into())
}

fn human(report: &ClaimsReport, target: &str, shell: &Shell, color: Color) -> String {
    let say = |text: &Text| text.get(shell.language).to_owned();
    let (count, target) = (report.claims.len(), printable(target));
    let held = report.claims.iter().filter(|claim| claim.holds()).count();
    let reason_line = text!(
        "`{target}`: claims that hold: {held} of {count}",
        "`{target}`：{count} 条声明中有 {held} 条成立"
    );
    let mut out = vec![format!(
        "{} {}",
        color.verdict(report.verdict(), shell.language),
        say(&reason_line)
    )];
    // Whatever keeps the whole from holding comes first.
    for refusal in &report.refusals {
        out.push(format!(
            "{} {}",
            color.paint(Style::Bad, "-"),
            say(&reason(refusal))
        ));
    }
    if shell.quiet {
        out.truncate(1);
        return out.join("") + "\n";
    }
    for claim in &report.claims {
        let line = claim.line;
        let said = claim.claim.as_ref().map_or_else(|| "?".to_owned(), described);
        let (word, style) = if claim.holds() {
            (text!("holds", "成立"), Style::Good)
        } else {
            (text!("refused", "被拒绝"), Style::Bad)
        };
        out.push(format!("{line}: {} {said}", color.paint(style, &say(&word))));
        if let Some(signer) = &claim.signed_by {
            for line in signed_by(signer) {
                out.push(format!("   {}", say(&line)));
            }
        }
        if let Some(made) = &claim.claim.as_ref().and_then(|claim| claim.provenance.clone()) {
            let (builder, sources) = (printable(&made.builder), printable(&made.sources.join(", ")));
            let line = text!(
                "made by `{builder}` from `{sources}`",
                "由 `{builder}` 构建，来源 `{sources}`"
            );
            out.push(format!("   {}", say(&line)));
        }
        for refusal in claim.refusals.iter().take(SHOWN) {
            out.push(format!(
                "   {} {}",
                color.paint(Style::Bad, "-"),
                say(&reason(refusal))
            ));
        }
        let more = claim.refusals.len().saturating_sub(SHOWN);
        if more > 0 {
            let line = text!("and {more} more", "以及另外 {more} 项");
            out.push(format!("   {}", say(&line)));
        }
        for note in &claim.notes {
            let note = note.text();
            let (en, zh) = (note.en(), note.get(cleanbill_core::Language::Chinese));
            out.push(format!("   {}", say(&text!("note: {en}", "注意：{zh}"))));
        }
    }
    let mut hints: Vec<Text> = report
        .all_refusals()
        .filter_map(cleanbill_attest::Refusal::hint)
        .collect();
    hints.sort();
    hints.dedup();
    for hint in hints {
        let (en, zh) = (hint.en(), hint.get(cleanbill_core::Language::Chinese));
        out.push(say(&text!("  hint: {en}", "  提示：{zh}")));
    }
    if report.holds() {
        let line = text!(
            "Claims are as good as whoever signed them; times in them are their own.",
            "声明的可信度取决于签名者；其中的时间由其自述。"
        );
        out.push(say(&line));
    }
    out.join("\n") + "\n"
}

/// Reasons that are shown for one claim.
const SHOWN: usize = 20;
