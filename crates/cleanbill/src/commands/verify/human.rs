//! The result of a verification for people: the verdict first, then what stands against it, then every file that needs a look.

use cleanbill_attest::{FileState, Refusal, SignedBy, Statement, Verification};
use cleanbill_core::{Language, Text, text};
use cleanbill_documents::terminal::{Color, Style, printable};

/// Files as they were signed that are listed without `--all`.
const SIGNED_SHOWN: usize = 20;

pub(super) fn render(
    result: &Verification,
    target: &str,
    all: bool,
    quiet: bool,
    language: Language,
    color: Color,
) -> String {
    let mut out = Lines {
        text: String::new(),
        language,
    };
    out.verdict(result, target, color);
    if quiet {
        return out.text;
    }
    if let Some(signer) = &result.signed_by {
        for line in signed_by(signer) {
            out.line(&line);
        }
    }
    if let Some(statement) = &result.statement {
        out.line(&described(statement));
    }
    for note in &result.notes {
        let note = note.text();
        let (en, zh) = (note.en(), note.get(Language::Chinese));
        out.line(&text!("note: {en}", "注意：{zh}"));
    }
    out.refusals(result, color);
    out.files(result, all, color);
    if result.holds() {
        out.line(&text!(
            "A signature proves who vouches for these bytes, not that they are harmless.",
            "签名证明由谁为这些字节担保，并不证明其无害。"
        ));
    }
    out.text
}

struct Lines {
    text: String,
    language: Language,
}

impl Lines {
    fn line(&mut self, line: &Text) {
        let line = line.get(self.language).to_owned();
        self.raw(&line);
    }

    fn raw(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn verdict(&mut self, result: &Verification, target: &str, color: Color) {
        let counts = result.counts();
        let signed = Text::count(
            counts.get(&FileState::Signed).map_or(0, |count| *count as u64),
            "file is as it was signed",
            "files are as they were signed",
            "个文件与签名时一致",
        );
        let target = printable(target);
        let reason = match result.refusals.split_first() {
            None => {
                let (en, zh) = (signed.en(), signed.get(Language::Chinese));
                text!("`{target}`: {en}", "`{target}`：{zh}")
            }
            Some((first, rest)) => {
                let first = first.text();
                let (en, zh) = (printable(first.en()), printable(first.get(Language::Chinese)));
                match rest.len() {
                    0 => text!("`{target}`: {en}", "`{target}`：{zh}"),
                    more => text!(
                        "`{target}`: {en}, and {more} more",
                        "`{target}`：{zh}，另有 {more} 项"
                    ),
                }
            }
        };
        let word = color.verdict(result.verdict(), self.language);
        self.raw(&format!("{word} {}", reason.get(self.language)));
    }

    fn refusals(&mut self, result: &Verification, color: Color) {
        // Files are listed below, each with its state; here stands what needs more words.
        for refusal in &result.refusals {
            let words = refusal.text();
            let line = format!("{}: {}", refusal.id(), printable(words.get(self.language)));
            self.raw(&format!("{} {line}", color.paint(Style::Bad, "-")));
        }
        let mut hints: Vec<Text> = result.refusals.iter().filter_map(Refusal::hint).collect();
        hints.sort();
        hints.dedup();
        for hint in hints {
            let (en, zh) = (hint.en(), hint.get(Language::Chinese));
            self.line(&text!("  hint: {en}", "  提示：{zh}"));
        }
    }

    fn files(&mut self, result: &Verification, all: bool, color: Color) {
        if result.statement.is_none() {
            self.line(&text!(
                "The files were not compared: without a signature that holds there is nothing to compare them with.",
                "未比较文件：签名不成立，没有可比较的内容。"
            ));
            return;
        }
        let counts = result.counts();
        for state in FileState::ALL {
            let count = counts.get(&state).copied().unwrap_or_default();
            if count == 0 {
                continue;
            }
            let (name, style) = state_words(state);
            let name = color.paint(style, name.get(self.language));
            self.raw(&match self.language {
                Language::English => format!("{name} ({count}):"),
                Language::Chinese => format!("{name}（{count}）："),
            });
            let limit = if all || state != FileState::Signed {
                usize::MAX
            } else {
                SIGNED_SHOWN
            };
            let files = result.files.iter().filter(|file| file.state == state);
            for file in files.take(limit) {
                self.raw(&format!("  {}", printable(&file.name)));
            }
            let more = count.saturating_sub(limit);
            if more > 0 {
                self.line(&text!(
                    "  and {more} more, which `--all` lists",
                    "  另有 {more} 个，`--all` 列出全部"
                ));
            }
        }
    }
}

fn state_words(state: FileState) -> (Text, Style) {
    match state {
        FileState::Signed => (text!("as signed", "与签名一致"), Style::Good),
        FileState::Changed => (text!("changed", "已改变"), Style::Bad),
        FileState::Missing => (text!("missing", "缺少"), Style::Bad),
        FileState::Extra => (text!("extra, nobody signed them", "多余，未被签名"), Style::Bad),
        FileState::Unsigned => (
            text!("unsigned, accepted as asked", "未签名，按要求接受"),
            Style::Doubtful,
        ),
        FileState::Ignored => (text!("ignored", "已忽略"), Style::Faint),
        FileState::Unreadable => (text!("unreadable", "无法读取"), Style::Doubtful),
    }
}

pub(in crate::commands) fn signed_by(signer: &SignedBy) -> Vec<Text> {
    match signer {
        SignedBy::Key { curve, fingerprint } => {
            let curve = curve.as_str();
            vec![text!(
                "signed by the key {fingerprint} ({curve})",
                "签名密钥：{fingerprint}（{curve}）"
            )]
        }
        SignedBy::Certificate { path, at, .. } => {
            let mut lines = Vec::new();
            for (index, (subject, fingerprint, until)) in path.iter().enumerate() {
                let subject = printable(subject);
                lines.push(if index == 0 {
                    text!(
                        "signed by `{subject}` (certificate {fingerprint}, valid until {until})",
                        "签名者：`{subject}`（证书 {fingerprint}，有效至 {until}）"
                    )
                } else {
                    text!(
                        "  vouched for by `{subject}` ({fingerprint}, valid until {until})",
                        "  由 `{subject}` 担保（{fingerprint}，有效至 {until}）"
                    )
                });
            }
            lines.push(text!("certificates checked at {at}", "证书检查时间：{at}"));
            lines
        }
        SignedBy::Identity {
            identity,
            provider,
            times,
        } => {
            let (identity, provider) = (printable(identity), printable(provider));
            let times: Vec<String> = times.iter().map(ToString::to_string).collect();
            let times = times.join(", ");
            vec![
                text!(
                    "signed by `{identity}`, as `{provider}` confirmed",
                    "签名者：`{identity}`，由 `{provider}` 确认"
                ),
                text!("proven time of signing: {times}", "已证明的签名时间：{times}"),
            ]
        }
    }
}

fn described(statement: &Statement) -> Text {
    let name = printable(&statement.name);
    let digest = statement.root_digest();
    let (method, hash) = (statement.serialization.as_str(), statement.algorithm.as_str());
    text!(
        "signed as `{name}`, digest {digest} ({method}, {hash})",
        "签名名称 `{name}`，摘要 {digest}（{method}，{hash}）"
    )
}
