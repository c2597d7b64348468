//! The result for people and for machines.

use std::fmt::Write as _;

use cleanbill_core::{Language, Text, UnixTime, text};
use cleanbill_documents::terminal::{Style, printable};
use cleanbill_policy::{
    policy_file::Rule,
    trust::{Identity, Proven, Reason, SCHEMA},
};
use serde_json::{Value, json};

use super::{super::human, Outcome, hints};
use crate::{output::Output, shell::Shell};

pub(super) struct Report<'a> {
    pub(super) target: String,
    pub(super) signature: String,
    pub(super) name: String,
    pub(super) system: String,
    pub(super) trusted_by: Option<(usize, &'a Rule)>,
    pub(super) outcome: &'a Outcome,
    /// What counts where no time is proven.
    pub(super) at: UnixTime,
    /// The caller named that time.
    pub(super) is_at_given: bool,
}

impl Report<'_> {
    pub(super) fn to_json(&self) -> Value {
        let version = env!("CARGO_PKG_VERSION");
        let reason = |reason: &Reason| {
            json!({
                "reason": reason.id(),
                "message": reason.text().en(),
                "hint": reason.hint().map(|hint| hint.en().to_owned()),
            })
        };
        json!({
            "schema": SCHEMA,
            "tool": {"name": "cleanbill", "version": version},
            "target": self.target,
            "name": self.name,
            "system": self.system,
            "verdict": self.outcome.verdict().as_str(),
            "trusted_by": self.trusted_by.map(|(index, rule)| json!({
                "rule": index.saturating_add(1),
                "namespace": rule.namespace.as_str(),
                "line": rule.place.line,
            })),
            "time": self.time().map(|(time, is_proven)| json!({
                "earliest": time.earliest.to_string(),
                "latest": time.latest.to_string(),
                "is_proven": is_proven,
            })),
            "signer": self.outcome.signer.as_ref().map(|signer| signer.text().en().to_owned()),
            "reasons": self.outcome.reasons.iter().map(reason).collect::<Vec<_>>(),
            "bundle": self.outcome.refusal.as_ref().map(|refusal| json!({
                "reason": refusal.id(),
                "message": refusal.text().en(),
            })),
            "verification": self.outcome.verification.as_ref()
                .map(|verification| verification.to_json(&self.target, &self.signature, version)),
        })
    }

    pub(super) fn human(&self, all: bool, shell: &Shell, output: &Output) -> String {
        let (language, color) = (shell.language, shell.color(output));
        let mut out = String::new();
        let mut line = |text: &Text| {
            let _ = writeln!(out, "{}", printable(text.get(language)));
        };
        let (name, system) = (&self.name, &self.system);
        if let Some((_, rule)) = self.trusted_by
            && let Some(verification) = &self.outcome.verification
        {
            let place = rule.place.line;
            let namespace = &rule.namespace;
            let trusted = text!(
                "trusted for `{name}` by the rule for `{namespace}` ({system}:{place})",
                "`{name}` 依 `{namespace}` 的规则受信任（{system}:{place}）"
            );
            if !shell.quiet {
                line(&trusted);
                self.given().iter().for_each(&mut line);
            }
            return human::render(verification, &self.target, all, shell.quiet, language, color) + &out;
        }
        // Without a trusted signer nothing passes, whatever the files are.
        let texts = self.words();
        let target = printable(&self.target);
        let word = color.paint(Style::Bad, text!("FAIL", "不通过").get(language));
        let first = texts.first().map(|(_, text)| text.clone());
        let first = first.unwrap_or_else(|| text!("nobody is known to have signed it", "无法确认签名者"));
        let (en, zh) = (first.en(), first.get(Language::Chinese));
        let reason = text!("`{target}`: {en}", "`{target}`：{zh}");
        let mut out = format!("{word} {}\n", printable(reason.get(language)));
        if shell.quiet {
            return out;
        }
        let mut line = |text: &Text| {
            let _ = writeln!(out, "{}", printable(text.get(language)));
        };
        let signed_by = self
            .outcome
            .verification
            .as_ref()
            .and_then(|one| one.signed_by.as_ref());
        match (signed_by, &self.outcome.signer) {
            (Some(signed_by), _) => human::signed_by(signed_by).iter().for_each(&mut line),
            (None, Some(signer)) => line(&claimed(signer)),
            (None, None) => {}
        }
        line(&text!(
            "named `{name}`, by the rules of `{system}`",
            "名称为 `{name}`，依据 `{system}` 的规则"
        ));
        self.given().iter().for_each(&mut line);
        for (id, text) in &texts {
            let (en, zh) = (text.en(), text.get(Language::Chinese));
            line(&text!("- {id}: {en}", "- {id}：{zh}"));
        }
        for hint in hints(self.outcome) {
            let (en, zh) = (hint.en(), hint.get(Language::Chinese));
            line(&text!("  hint: {en}", "  提示：{zh}"));
        }
        out
    }

    /// Returns what the rules were held against, and whether it is when the signature was made; nothing where nobody is certain to have signed.
    fn time(&self) -> Option<(Proven, bool)> {
        let is_proven = self.outcome.proven.is_some();
        let at = Proven {
            earliest: self.at,
            latest: self.at,
        };
        self.outcome
            .has_signer()
            .then(|| (self.outcome.proven.unwrap_or(at), is_proven))
    }

    /// Says that the time is the caller's.
    fn given(&self) -> Option<Text> {
        let at = self.at;
        let is_used = self.is_at_given && matches!(self.time(), Some((_, false)));
        is_used.then(|| {
            text!(
                "rules and certificates held against {at}, as asked: no time of signing is proven",
                "按要求以 {at} 为准检查规则与证书：没有已证明的签名时间"
            )
        })
    }

    /// Returns everything that stands against the signature, with its id.
    fn words(&self) -> Vec<(&'static str, Text)> {
        let outcome = self.outcome;
        let reasons = outcome.reasons.iter().map(|reason| (reason.id(), reason.text()));
        let verified = outcome.verification.iter().flat_map(|one| &one.refusals);
        let refusals = outcome.refusal.iter().chain(verified);
        reasons
            .chain(refusals.map(|refusal| (refusal.id(), refusal.text())))
            .collect()
    }
}

fn claimed(signer: &Identity) -> Text {
    let signer = signer.text();
    let (en, zh) = (signer.en(), signer.get(Language::Chinese));
    text!("claimed to be signed by {en}", "声称的签名者：{zh}")
}
