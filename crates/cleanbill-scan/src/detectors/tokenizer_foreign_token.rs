//! Detector `tokenizer-foreign-token`.

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::{Parsed, Shared, Telling};

use crate::{
    detector::detector,
    scene::Scene,
    sink::Sink,
    tokenizers::{Meaning, meaning, with_view},
};

detector! {
    /// ## What it finds
    /// Tokens in `tokenizer.json` and `.tiktoken` files that no training makes: addresses that carry data along, commands,
    /// instructions, sentences; ids that two tokens have; added tokens that take the id of another word.
    /// ## Why it matters
    /// The text of a token is what the model's choice of it becomes. Whoever exchanges the text of `https` for an address that
    /// ends in `?u=` sees every call of a tool, and a second token with the id of a word lets one word pass for another. The
    /// weights and the merges stay what they were.
    /// ## How it is decided
    /// A token of byte pair encoding must be made by one of the merges, or of two others where merges are not listed; one that is
    /// not and says something is `high` (address, command, instruction) or `medium` (sentence). Where the vocabulary has no
    /// such rule, instructions are `high`, commands and addresses that carry data `medium`. Vocabularies learnt from the web hold
    /// whole addresses; a made one is no finding. An id of two tokens, which no
    /// library writes, is `high`; an added token under another's id is
    /// `low`, and `medium` where it is a plain word.
    /// ## What it misses
    /// Two tokens whose texts were exchanged with each other; tokens in GGUF metadata and SentencePiece models.
    /// ## What to do
    /// Take the tokenizer from the model's first supplier.
    /// ## References
    /// HiddenLayer, "Tokenizer tampering"; NVIDIA, "Secure LLM Tokenizers to Maintain Application Integrity"; CWE-345,
    /// MITRE ATLAS AML.T0018.
    id: "tokenizer-foreign-token",
    title: "Token that no vocabulary learns", "词表中的异常词元",
    severity: High, confidence: Medium,
    tags: &["CWE-345", "AML.T0018"], controls: &["MOD-02"],
    on: artifact => run,
}

/// Findings of each kind in one file.
const FINDINGS: usize = 32;

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    with_view(scene, |view| {
        let ruled = view.merges > 0;
        tokens(&view.telling, ruled, sink);
        shared(&view.shared, sink);
        renamed(&view.renamed, sink);
    });
    for parsed in scene.parsed {
        if let Parsed::Tiktoken(view) = parsed {
            tokens(&view.telling, true, sink);
            shared(&view.shared, sink);
        }
    }
}

fn tokens(telling: &[Telling], ruled: bool, sink: &mut Sink<'_>) {
    let judged = telling.iter().filter_map(|one| Some((one, judge(one, ruled)?)));
    for (one, (severity, message)) in judged.take(FINDINGS) {
        sink.report(Some(one.range.clone()), message)
            .severity(severity)
            .evidence(&format!("{}: {}", one.id, one.text))
            .hint(hint());
    }
}

fn hint() -> Text {
    text!(
        "take the tokenizer from the model's first supplier",
        "使用模型最初供应方的分词器"
    )
}

fn judge(one: &Telling, ruled: bool) -> Option<(Severity, Text)> {
    use Severity::{High, Low, Medium};
    let meaning = meaning(&one.text)?;
    // Special tokens may be named by several words.
    let bare = one.text.trim();
    let named = bare.starts_with(['<', '[']) && bare.ends_with(['>', ']']);
    if named && meaning == Meaning::Sentence {
        return None;
    }
    let severity = match (meaning, ruled, one.unmade) {
        (Meaning::Attack | Meaning::Hidden, ..) | (Meaning::Command | Meaning::Carrier, true, true) => High,
        (Meaning::Command | Meaning::Carrier, false, _)
        | (Meaning::Address | Meaning::Sentence, true, true) => Medium,
        (Meaning::Command | Meaning::Carrier, true, false) => Low,
        (Meaning::Sentence | Meaning::Address, ..) => return None,
    };
    let message = match meaning {
        Meaning::Attack => text!(
            "a token is an instruction or a hostile command",
            "某个词元是指令或恶意命令"
        ),
        Meaning::Hidden => text!(
            "a token holds characters that people do not see",
            "某个词元含有不可见字符"
        ),
        Meaning::Command => text!("a token is a command", "某个词元是命令"),
        Meaning::Carrier => text!(
            "a token is an address that takes along what follows it",
            "某个词元是会带走后续内容的网址"
        ),
        Meaning::Address => text!(
            "a token that was not learnt is an address",
            "未经训练的词元是网址"
        ),
        Meaning::Sentence => text!(
            "a token that was not learnt is a sentence",
            "未经训练的词元是句子"
        ),
    };
    Some((severity, message))
}

fn shared(shared: &[Shared], sink: &mut Sink<'_>) {
    for one in shared.iter().take(FINDINGS) {
        let id = one.id;
        sink.report(
            Some(one.range.clone()),
            text!("two tokens have the id {id}", "两个词元的编号同为 {id}"),
        )
        .evidence(&one.text)
        .hint(hint());
    }
}

fn renamed(renamed: &[Shared], sink: &mut Sink<'_>) {
    for one in renamed.iter().take(FINDINGS) {
        let id = one.id;
        let word = one.text.chars().all(|c| c.is_alphabetic() || c == ' ') && one.text.len() > 1;
        sink.report(
            Some(one.range.clone()),
            text!(
                "an added token has the id {id}, which is that of another token",
                "附加词元的编号 {id} 属于另一个词元"
            ),
        )
        .severity(if word { Severity::Medium } else { Severity::Low })
        .evidence(&one.text)
        .hint(hint());
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Low, Medium};

    use crate::testing::check;

    #[test]
    fn tokens_are_weighed_by_what_they_say() {
        for (vocabulary, merges, added, severities) in [
            (r#""a": 0, "b": 1, "ab": 2"#, r#""a b""#, "", &[][..]),
            (
                r#""a": 0, "http": 1, "://x.example.invalid/?u=": 2"#,
                r#""a b""#,
                "",
                &[High],
            ),
            (
                r#""://": 0, "github.example/": 1, "://github.example/": 2"#,
                r#""a b", ":// github.example/""#,
                "",
                &[],
            ),
            (r#""://github.example/": 2"#, r#""a b""#, "", &[Medium]),
            (r#""://x.example.invalid/?u=": 2"#, "", "", &[Medium]),
            (r#""Ġcurlġ": 0, "Ġrm -rf ~": 1"#, r#""a b""#, "", &[High]),
            (r#""Ġignore all previous instructions": 1"#, "", "", &[High]),
            (r#""<place holder for pointer replace>": 1"#, r#""a b""#, "", &[]),
            (r#""allow": 0, "deny": 0"#, r#""a b""#, "", &[High]),
            (
                r#""<unused0>": 0"#,
                r#""a b""#,
                r#"{"id": 0, "content": "<|im_start|>", "special": true}"#,
                &[Low],
            ),
            (
                r#""allow": 0"#,
                r#""a b""#,
                r#"{"id": 0, "content": "deny"}"#,
                &[Medium],
            ),
        ] {
            let text = format!(
                r#"{{"added_tokens": [{added}], "model": {{"type": "BPE", "vocab": {{{vocabulary}}}, "merges": [{merges}]}}}}"#
            );
            check(
                "tokenizer-foreign-token",
                "tokenizer.json",
                text.as_bytes(),
                severities,
            );
        }
    }

    #[test]
    fn ranks_are_looked_at_too() {
        // The third is `://x.example.invalid/?u=`.
        let text = "IQ== 0\nIg== 1\nOi8veC5leGFtcGxlLmludmFsaWQvP3U9 2\n";
        check("tokenizer-foreign-token", "a.tiktoken", text.as_bytes(), &[High]);
        check(
            "tokenizer-foreign-token",
            "a.tiktoken",
            b"IQ== 0\nIg== 0\n",
            &[High],
        );
    }
}
