//! Control tokens of chat models within content: a tokenizer that takes them for its own sees another speaker.

use crate::{
    checks::contains,
    matchers::Found,
    rule::{Level, Rule},
};

/// Bytes before a token in which the one that opens its turn may stand.
const TURN: usize = 480;
/// Bytes on either side in which a text shows that it speaks about tokens.
const AROUND: usize = 120;
/// Bytes behind a token that are shown.
const SHOWN: usize = 48;

/// Says what a token does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Opens,
    Closes,
    /// Ends a document.
    Ends,
}

/// Looks at a token.
pub(super) fn look(rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let here = window.get(at..at.saturating_add(length))?;
    if !rule.anchors.iter().any(|anchor| anchor.as_slice() == here) {
        return None;
    }
    let end = at.saturating_add(length);
    let (before, after) = (window.get(..at)?, window.get(end..)?);
    if is_listed(before, after) {
        return None;
    }
    let does = part(here);
    let content_before = has_content_before(rule, before);
    let speaker = role(after);
    let (severity, confidence) = match does {
        Part::Opens => match content_before {
            // A turn that begins where a text begins is how such data is written.
            Content::None => return None,
            Content::Token if speaker != Some(Role::System) => return None,
            Content::Token => (Level::High, Level::Medium),
            Content::Words if speaker == Some(Role::System) || here == b"<<SYS>>" => {
                (Level::High, Level::High)
            }
            Content::Words => (Level::Medium, Level::Medium),
        },
        Part::Closes => {
            let turn = before
                .get(before.len().saturating_sub(TURN)..)
                .unwrap_or_default();
            let opened = before.len() >= TURN
                || rule
                    .anchors
                    .iter()
                    .any(|anchor| part(anchor) == Part::Opens && contains(turn, anchor));
            // A text that begins with the end of a turn and goes on with another breaks out of the one that it is put into.
            let breaks_out = || {
                let next = after.get(..after.len().min(TURN)).unwrap_or_default();
                let turns = rule.anchors.iter().filter(|anchor| part(anchor) == Part::Opens);
                turns.into_iter().any(|anchor| contains(next, anchor))
            };
            if opened
                || content_before != Content::Words && !(content_before == Content::None && breaks_out())
            {
                return None;
            }
            (Level::Medium, Level::Medium)
        }
        Part::Ends => {
            if content_before != Content::Words || !has_content_after(after) {
                return None;
            }
            (Level::Low, Level::Low)
        }
    };
    if speaks_of_them(before, after) {
        return None;
    }
    let mut found = Found::new(rule, at..end);
    found.severity = severity;
    found.confidence = confidence;
    let shown = window.get(at..end.saturating_add(SHOWN).min(window.len()))?;
    found.shown = Some(super::printable(&String::from_utf8_lossy(shown)));
    Some(found)
}

fn part(token: &[u8]) -> Part {
    let ends: &[&[u8]] = &[
        b"<|endoftext|>",
        b"<|end_of_text|>",
        b"<|endofprompt|>",
        "<｜end▁of▁sentence｜>".as_bytes(),
    ];
    let closes: &[&[u8]] = &[
        b"<|im_end|>",
        b"<|eot_id|>",
        b"<|eom_id|>",
        b"[/INST]",
        b"<</SYS>>",
        b"<end_of_turn>",
        b"<|end_header_id|>",
        b"<|END_OF_TURN_TOKEN|>",
        b"<|return|>",
        b"<|call|>",
    ];
    if ends.contains(&token) {
        Part::Ends
    } else if closes.contains(&token) {
        Part::Closes
    } else {
        Part::Opens
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    System,
    Other,
}

fn role(after: &[u8]) -> Option<Role> {
    let word: Vec<u8> = after
        .iter()
        .skip_while(|byte| matches!(byte, b' ' | b'\n'))
        .take(12)
        .map(u8::to_ascii_lowercase)
        .collect();
    if word.starts_with(b"system") || word.starts_with(b"developer") || word.starts_with(b"<<sys>>") {
        Some(Role::System)
    } else if [&b"user"[..], b"assistant", b"tool", b"model", b"human"]
        .iter()
        .any(|role| word.starts_with(role))
    {
        Some(Role::Other)
    } else {
        None
    }
}

/// Marks that begin a document.
const BEGINNINGS: &[&str] = &["<s>", "<bos>", "<|begin_of_text|>", "<｜begin▁of▁sentence｜>"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// The text begins here.
    None,
    /// Another token stands directly before.
    Token,
    Words,
}

/// Says what stands before a token in the same text.
fn has_content_before(rule: &Rule, before: &[u8]) -> Content {
    let mut rest = before.get(before.len().saturating_sub(64)..).unwrap_or_default();
    let mut begun = false;
    loop {
        rest = rest.trim_ascii_end();
        if let Some(shorter) = rest.strip_suffix(b"\\n").or_else(|| rest.strip_suffix(b"\\r")) {
            rest = shorter;
        } else if let Some(shorter) = BEGINNINGS
            .iter()
            .find_map(|mark| rest.strip_suffix(mark.as_bytes()))
        {
            rest = shorter;
            begun = true;
        } else {
            break;
        }
    }
    if rest.ends_with(b"</s>")
        || rest.ends_with(b"<eos>")
        || rule.anchors.iter().any(|anchor| rest.ends_with(anchor))
    {
        // Behind the end of a document another may begin.
        return if begun { Content::None } else { Content::Token };
    }
    match rest {
        [] | [.., b'}'] => Content::None,
        // A quotation mark within a text of JSON is escaped.
        [before @ .., b'"'] if !before.ends_with(b"\\") => Content::None,
        _ => Content::Words,
    }
}

fn has_content_after(after: &[u8]) -> bool {
    after
        .iter()
        .take(24)
        .take_while(|byte| !matches!(byte, b'"' | b'<'))
        .filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
        .count()
        >= 6
}

/// Says whether a token stands in quotation marks or among signs of a template or a program, as lists of tokens and templates have it.
fn is_listed(before: &[u8], after: &[u8]) -> bool {
    let last = before.last().copied();
    let slashed = |rest: &[u8]| matches!(rest, [b'\\', b'"' | b'\'', ..]);
    let first = after.first().copied();
    let mark = |byte: Option<u8>| matches!(byte, Some(b'`' | b'\'' | b'"'));
    let marked_before = matches!(last, Some(b'`' | b'\''))
        || last == Some(b'"')
        || before.ends_with("“".as_bytes())
        || before.ends_with("「".as_bytes());
    let marked_after = mark(first)
        || slashed(after)
        || after.starts_with("”".as_bytes())
        || after.starts_with("」".as_bytes());
    // `'<|im_start|>' + role`, `"<|im_start|>": 151644`, `{{ '<|im_start|>user\n' }}`
    let code = after.get(..after.len().min(AROUND)).unwrap_or_default();
    let behind = before
        .get(before.len().saturating_sub(AROUND)..)
        .unwrap_or_default();
    let template = [&b"{{"[..], b"{%", b"%}", b"}}"]
        .iter()
        .any(|sign| contains(code, sign) || contains(behind, sign));
    marked_before && marked_after || template
}

/// Says whether the text around speaks about tokens.
fn speaks_of_them(before: &[u8], after: &[u8]) -> bool {
    let behind = before
        .get(before.len().saturating_sub(AROUND)..)
        .unwrap_or_default();
    let ahead = after.get(..after.len().min(AROUND)).unwrap_or_default();
    [behind, ahead].into_iter().any(|text| {
        let text = text.to_ascii_lowercase();
        [
            &b"chatml"[..],
            b"chat template",
            b"delimiter",
            b"prompt format",
            b"prompt template",
            b"vocab",
            b"```",
            b"{instruction",
            b"{prompt",
            b"{user",
            b"{message",
            b"f\"",
            "标记".as_bytes(),
            "词元".as_bytes(),
            "模板".as_bytes(),
        ]
        .iter()
        .any(|word| contains(&text, word))
            || names_tokens(&text)
    })
}

/// Says whether a text holds the word for tokens, and not only as part of a name such as `token_count`.
fn names_tokens(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"token").any(|at| {
        let rest = text.get(at.saturating_add(5)..).unwrap_or_default();
        let joined = |byte: Option<&u8>| byte == Some(&b'_');
        let before = at.checked_sub(1).and_then(|last| text.get(last));
        !joined(rest.first()) && (!joined(before) || rest.starts_with(b"s"))
    })
}
