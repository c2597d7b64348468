//! `attest list`: what stands in a file of claims, without asking whether it holds.

use std::path::PathBuf;

use clap::Args;
use cleanbill_attest::{
    Refusal,
    claims::{Claim, ClaimOutcome, ClaimRefusal, ListedClaim, UnverifiedSigner, list, list_to_json},
    limits,
};
use cleanbill_core::{ExitCode, Text, text};
use cleanbill_documents::terminal::printable;

use crate::{
    commands::{bom, bom::Listing, proof},
    failure::Failure,
    output::Output,
    shell::Shell,
};

/// List the claims of a file without verifying them
///
/// Exits with 1 where a line cannot be read. Who signed is what the file says; `attest verify` finds out.
#[derive(Args, Debug)]
pub(super) struct AttestList {
    /// A file of claims, or one bundle
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How to write the list
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Listing,
    /// Write the list to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &AttestList, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let bytes = proof::read_bounded(&arguments.file, limits::CLAIMS_BYTES)?;
    let listed = list(&bytes).map_err(|refusal| proof::refused(&[refusal]))?;
    let file = arguments.file.display().to_string();
    output.write(&match arguments.format {
        Listing::Json => bom::json(&list_to_json(&listed, &file, env!("CARGO_PKG_VERSION"))),
        Listing::Human => human(&listed, shell).into_bytes(),
    })?;
    Ok(if listed.iter().all(|one| one.read.is_ok()) {
        ExitCode::Pass
    } else {
        ExitCode::Fail
    })
}

fn human(listed: &[ListedClaim], shell: &Shell) -> String {
    let mut out = String::new();
    let mut line = |words: &Text| {
        out.push_str(words.get(shell.language));
        out.push('\n');
    };
    for one in listed {
        let number = one.line;
        match &one.read {
            Ok((signer, claim)) => {
                let said = described(claim);
                let signer = said_signer(signer);
                let (en, zh) = (signer.en(), signer.get(cleanbill_core::Language::Chinese));
                line(&text!(
                    "{number}: {said}, said to be signed by {en}",
                    "{number}：{said}，自称签名者：{zh}"
                ));
            }
            Err(refusal) => {
                let words = reason(refusal);
                let (en, zh) = (words.en(), words.get(cleanbill_core::Language::Chinese));
                line(&text!("{number}: {en}", "{number}：{zh}"));
            }
        }
    }
    line(&text!(
        "Nothing here was verified: `cleanbill attest verify` does that.",
        "以上内容均未验证：请使用 `cleanbill attest verify`。"
    ));
    out
}

/// Says what a claim says, on one line: kind, result, subject, digest, time.
pub(super) fn described(claim: &Claim) -> String {
    const DIGITS: usize = 12;
    let mut words = vec![claim.kind.as_str().to_owned()];
    words.extend(
        claim
            .outcome
            .map(|outcome| ClaimOutcome::as_str(outcome).to_owned()),
    );
    if let Some(first) = claim.subjects.first() {
        words.push(format!("`{}`", printable(&first.name)));
        let digest: Option<String> = first
            .sha256
            .as_ref()
            .map(|digest| digest.chars().take(DIGITS).collect());
        words.extend(digest);
    }
    words.extend(claim.time.as_deref().map(printable));
    words.join(" ")
}

pub(super) fn reason(refusal: &Refusal) -> Text {
    let (id, words) = (refusal.id(), refusal.text());
    let (en, zh) = (
        printable(words.en()),
        printable(words.get(cleanbill_core::Language::Chinese)),
    );
    text!("{id}: {en}", "{id}: {zh}")
}

fn said_signer(signer: &UnverifiedSigner) -> Text {
    match signer {
        UnverifiedSigner::Key(fingerprint) => {
            let fingerprint = printable(fingerprint);
            text!("the key {fingerprint}", "密钥 {fingerprint}")
        }
        UnverifiedSigner::Certificate(subject) => {
            let subject = printable(subject);
            text!("`{subject}`", "`{subject}`")
        }
        UnverifiedSigner::Identity => text!("an identity of Sigstore", "Sigstore 身份"),
    }
}

/// Returns the reason that a file cannot be read, as others against a file of claims.
pub(super) fn unreadable(error: &std::io::Error) -> Refusal {
    Refusal::BundleUnreadable {
        problem: error.to_string(),
    }
}

/// Returns the reason that a file is too large.
pub(super) const fn too_large() -> Refusal {
    Refusal::Claim(ClaimRefusal::TooLarge)
}
