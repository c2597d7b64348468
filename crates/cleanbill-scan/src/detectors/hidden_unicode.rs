//! Detector `hidden-unicode`.

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::{
    bytes::{size_u64, view_range},
    text::{Encoding, Kind, View},
};

use crate::{
    agents,
    detector::detector,
    hidden::{self, Hidden, Veil},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// Characters that people do not see and machines read: text in tag characters (U+E0000 and above), bytes in rows of variation
    /// selectors, bits in rows of characters without width, characters without width within words, and characters that turn the
    /// direction of writing in code and configuration.
    /// ## Why it matters
    /// An agent or a model reads instructions in a file that looks harmless to whoever reviews it; a compiler sees other code
    /// than the reviewer (CVE-2021-42574).
    /// ## How it is decided
    /// Every text is searched to its end. What honest writing needs is passed over: joiners in emoji and in Indic and
    /// Persian words, flags of regions, variants of ideographs, byte order marks, marks of direction in Arabic and Hebrew,
    /// embeddings that are closed on their line. Rows that spell something are high everywhere. What turns the direction is high
    /// in code, configuration, templates and files for agents and low in prose, a single character within a word is medium
    /// there and no finding in prose or data.
    /// ## What it misses
    /// Look-alike letters; white text on white pages; words hidden by steganography of blanks.
    /// ## What to do
    /// Show the characters with an editor that can, and remove them.
    /// ## References
    /// CVE-2021-42574, CWE-1007, CWE-451, MITRE ATLAS AML.T0051, AML.T0068.
    id: "hidden-unicode",
    title: "Hidden characters in a text", "文本中的隐藏字符",
    severity: High, confidence: High,
    tags: &["CWE-1007", "CVE-2021-42574", "AML.T0068"], controls: &["APP-07", "APP-05"],
    on: Text => run,
}

/// Bytes searched at a time.
const PIECE_BYTES: u64 = 256 * 1024;
/// Bytes by which pieces overlap, so that a row at a seam is seen whole enough.
const SEAM_BYTES: u64 = 512;
/// LIMIT: findings of one text; each kind is reported once.
const KINDS: usize = 7;

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut seen: Vec<Veil> = Vec::new();
    if matches!(view.encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
        if let Some(written) = scene.reading.text() {
            for one in hidden::find(&written.text) {
                report(&one, None, view, scene, &mut seen, sink);
            }
        }
        return;
    }
    if view.encoding == Encoding::EightBit {
        return;
    }
    let size = scene.source.size();
    let mut at = 0;
    while at < size && seen.len() < KINDS {
        let Ok(piece) = view_range(scene.source, at..size, PIECE_BYTES) else {
            return;
        };
        if piece.is_empty() {
            return;
        }
        if memchr::memchr3(0xe2, 0xef, 0xf3, &piece).is_some() {
            for one in hidden::find(&String::from_utf8_lossy(&piece)) {
                let start = at.saturating_add(size_u64(one.at));
                let whole = std::str::from_utf8(&piece).is_ok();
                let range = whole.then(|| start..start.saturating_add(size_u64(one.length)));
                report(&one, range, view, scene, &mut seen, sink);
            }
        }
        let length = size_u64(piece.len());
        let last = at.saturating_add(length) >= size;
        at = at.saturating_add(if last {
            length
        } else {
            length.saturating_sub(SEAM_BYTES).max(1)
        });
    }
    // JSON spells characters by their numbers as well.
    if matches!(view.kind, Kind::Json | Kind::Notebook)
        && size <= 1 << 20
        && let Some(written) = scene.reading.text()
        && escapes(&written.text)
    {
        let spelled = agents::unescaped(&written.text);
        for one in hidden::find(&spelled) {
            if matches!(one.veil, Veil::Tags | Veil::Selectors | Veil::Bits) {
                report(&one, None, view, scene, &mut seen, sink);
            }
        }
    }
}

fn escapes(text: &str) -> bool {
    let has = |start: &str| memchr::memmem::find(text.as_bytes(), start.as_bytes()).is_some();
    has("\\u")
        && ["\\udb40", "\\uDB40", "\\ufe0", "\\uFE0", "\\u200"]
            .into_iter()
            .any(has)
}

fn report(
    one: &Hidden,
    range: Option<std::ops::Range<u64>>,
    view: &View,
    scene: &Scene<'_>,
    seen: &mut Vec<Veil>,
    sink: &mut Sink<'_>,
) {
    let instructs = agents::is_for_agents(scene);
    let code = instructs
        || matches!(
            view.kind,
            Kind::Json
                | Kind::Notebook
                | Kind::JinjaTemplate
                | Kind::PythonSource
                | Kind::ShellScript
                | Kind::Script
                | Kind::JavaScript
                | Kind::RSource
                | Kind::Yaml
                | Kind::Toml
        );
    // Lists of tokens hold every character that there is, each for itself.
    let tokens = size_is_of_tokens(scene);
    let severity = match one.veil {
        Veil::Tags | Veil::Selectors => Severity::High,
        Veil::Bits if code && !tokens => Severity::High,
        Veil::Override | Veil::Unbalanced if code && !tokens => match view.kind {
            Kind::Json | Kind::Notebook if !instructs => Severity::Low,
            _ => Severity::High,
        },
        Veil::Within if code && !tokens && view.kind != Kind::Json => Severity::Medium,
        Veil::Bits | Veil::Override => Severity::Low,
        Veil::Run if instructs => Severity::Medium,
        _ => return,
    };
    if !seen.contains(&one.veil) {
        seen.push(one.veil);
        sink.report(range, message(one.veil))
            .severity(severity)
            .evidence(&one.spelled)
            .hint(text!(
                "show the characters with an editor that can, and remove them",
                "用能显示这些字符的编辑器查看并删除它们"
            ));
    }
}

fn size_is_of_tokens(scene: &Scene<'_>) -> bool {
    let name = scene.file_name;
    ["tokenizer", "vocab", "merges", "added_tokens", "special_tokens"]
        .iter()
        .any(|word| name.contains(word))
}

fn message(veil: Veil) -> Text {
    match veil {
        Veil::Tags => text!(
            "tag characters spell a text that nobody sees",
            "标签字符拼出不可见的文本"
        ),
        Veil::Selectors => text!(
            "variation selectors in a row carry bytes",
            "连续的变体选择符携带字节"
        ),
        Veil::Bits => text!(
            "characters without width in a row carry bits",
            "连续的零宽字符携带信息"
        ),
        Veil::Run => text!(
            "many characters without width stand in a row",
            "连续出现大量零宽字符"
        ),
        Veil::Within => text!(
            "a character without width stands within a word",
            "单词内有零宽字符"
        ),
        Veil::Override => text!(
            "a character overrides the direction of writing",
            "字符改变书写方向"
        ),
        Veil::Unbalanced => text!(
            "a change of the direction of writing is not ended on its line",
            "书写方向的改变未在本行结束"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn hidden_characters_weigh_by_where_they_stand() {
        use Severity::{High, Low, Medium};
        for (path, text, severities) in [
            ("a.py", "import os\nif a: # \u{202e} x\n    pass\n", &[High][..]),
            ("README.md", "# A\n\nab \u{202e} x\n", &[Low]),
            ("b.py", "import os\nac\u{200b}cess = 1\n", &[Medium]),
            (
                "c.json",
                r#"{"a": "x\udb40\udc69\udb40\udc67\udb40\udc6e\udb40\udc6f\udb40\udc72\udb40\udc65\udb40\udc20\udb40\udc61"}"#,
                &[High],
            ),
            (
                "d.md",
                "# Title\n\nمی\u{200c}خواهم 👩\u{200d}👧 שלום \u{200f}a\n",
                &[],
            ),
            (
                "vocab.json",
                "{\"\u{200b}\": 1, \"\u{202e}\": 2, \"\u{e0067}\": 3}",
                &[Low],
            ),
        ] {
            check("hidden-unicode", path, text.as_bytes(), severities);
        }
    }
}
