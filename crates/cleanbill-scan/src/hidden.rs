//! Characters in a text that people do not see and machines read.

/// Says what is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Veil {
    /// Tag characters that spell text.
    Tags,
    /// Variation selectors in a row, which carry bytes.
    Selectors,
    /// Characters without width in a row, of several kinds, which carry bits.
    Bits,
    /// Many of the same character without width.
    Run,
    /// A character without width between letters of a Latin word.
    Within,
    /// Characters that override the direction of what follows.
    Override,
    /// Characters that embed or isolate a direction and are not ended on their line.
    Unbalanced,
}

/// Holds one thing hidden.
#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    pub(crate) veil: Veil,
    /// Offset in the text.
    pub(crate) at: usize,
    pub(crate) length: usize,
    /// What it spells, where it spells something, else how many characters there are.
    pub(crate) spelled: String,
}

/// Tag characters from which on they spell something; the flags of regions need at most six and an end.
const TAGS: usize = 8;
/// Selectors in a row that no font understands.
const SELECTORS: usize = 4;
/// Characters without width in a row that no script needs.
const ZEROS: usize = 8;
/// LIMIT: things hidden that are kept of one text; the first few say enough.
const KEPT: usize = 64;

/// Lists what is hidden in `text`.
pub(crate) fn find(text: &str) -> Vec<Hidden> {
    let mut out: Vec<Hidden> = Vec::new();
    let mut at = 0;
    let mut before = '\n';
    while let Some(found) = next_candidate(text.as_bytes(), at) {
        at = found;
        let Some(rest) = text.get(at..) else {
            at += 1;
            continue;
        };
        let Some(first) = rest.chars().next() else { break };
        let class = class(first);
        if class == Class::Plain {
            at += first.len_utf8();
            continue;
        }
        if let Some(last) = text.get(..at).and_then(|text| text.chars().next_back()) {
            before = last;
        }
        let run: Vec<char> = rest
            .chars()
            .take_while(|c| self::class(*c) == class)
            .take(1 << 16)
            .collect();
        let length: usize = run.iter().map(|c| c.len_utf8()).sum();
        let after = text.get(at + length..).and_then(|rest| rest.chars().next());
        if let Some((veil, spelled)) = judge(class, &run, before, after, rest)
            && out.len() < KEPT
        {
            out.push(Hidden {
                veil,
                at,
                length,
                spelled,
            });
        }
        at += length;
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Tag,
    Selector,
    Zero,
    Direction,
}

const fn class(c: char) -> Class {
    match c {
        '\u{e0000}'..='\u{e007f}' => Class::Tag,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Class::Selector,
        '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{180e}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{3164}'
        | '\u{ffa0}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{206a}'..='\u{206f}' => Class::Zero,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Class::Direction,
        _ => Class::Plain,
    }
}

/// Finds the next byte that can begin one of the characters looked for.
fn next_candidate(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let two = |found: usize| rest.get(found + 1).copied().unwrap_or(0);
    let mut base = 0;
    loop {
        let part = rest.get(base..)?;
        let found = base + memchr::memchr3(0xe2, 0xef, 0xf3, part)?;
        let wanted = match rest.get(found) {
            Some(0xe2) => matches!(two(found), 0x80 | 0x81),
            Some(0xef) => matches!(two(found), 0xb8 | 0xbb | 0xbe),
            _ => two(found) == 0xa0,
        };
        if wanted {
            return Some(from + found);
        }
        base = found + 1;
    }
}

fn judge(
    class: Class,
    run: &[char],
    before: char,
    after: Option<char>,
    rest: &str,
) -> Option<(Veil, String)> {
    let count = || format!("{} characters", run.len());
    match class {
        Class::Plain => None,
        Class::Tag => {
            let text: String = run
                .iter()
                .filter_map(|c| char::from_u32(u32::from(*c).wrapping_sub(0xe0000)))
                .filter(|c| !c.is_control())
                .collect();
            let flag = before == '\u{1f3f4}' && run.len() <= 7;
            (!flag && run.len() >= TAGS).then_some((Veil::Tags, text))
        }
        Class::Selector => (run.len() >= SELECTORS).then(|| {
            let bytes: Vec<u8> = run
                .iter()
                .filter_map(|c| match u32::from(*c) {
                    code @ 0xfe00..=0xfe0f => u8::try_from(code - 0xfe00).ok(),
                    code => u8::try_from(code.saturating_sub(0xe0100) + 16).ok(),
                })
                .collect();
            (Veil::Selectors, String::from_utf8_lossy(&bytes).into_owned())
        }),
        Class::Zero => {
            let kinds = run.iter().any(|c| Some(c) != run.first());
            if run.len() >= ZEROS {
                return Some((if kinds { Veil::Bits } else { Veil::Run }, count()));
            }
            let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            (letter(before) && after.is_some_and(letter)).then(|| (Veil::Within, count()))
        }
        Class::Direction => {
            if run.iter().any(|c| matches!(c, '\u{202d}' | '\u{202e}')) {
                return Some((Veil::Override, count()));
            }
            let opens = |c: char| matches!(c, '\u{202a}' | '\u{202b}' | '\u{2066}'..='\u{2068}');
            let closes = |c: char| matches!(c, '\u{202c}' | '\u{2069}');
            if !run.iter().copied().any(opens) {
                return None;
            }
            let mut open = 0_i32;
            for c in rest.chars().take_while(|c| *c != '\n').take(4_096) {
                open += i32::from(opens(c)) - i32::from(closes(c));
                if open <= 0 {
                    return None;
                }
            }
            Some((Veil::Unbalanced, count()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn veils(text: &str) -> Vec<Veil> {
        find(text).iter().map(|hidden| hidden.veil).collect()
    }

    #[test]
    fn what_smuggles_is_found() {
        let tags: String = "ignore all"
            .chars()
            .filter_map(|c| char::from_u32(u32::from(c) + 0xe0000))
            .collect();
        assert_eq!(veils(&format!("hi {tags}")), [Veil::Tags]);
        assert_eq!(
            find(&tags).first().map(|hidden| hidden.spelled.clone()),
            Some("ignore all".to_owned())
        );
        assert_eq!(veils("a\u{fe0f}\u{e0100}\u{e0130}\u{e0131}"), [Veil::Selectors]);
        assert_eq!(veils(&"\u{200b}\u{200c}".repeat(5)), [Veil::Bits]);
        assert_eq!(veils("ac\u{200b}cess"), [Veil::Within]);
        assert_eq!(veils("if a: \u{202e} # x"), [Veil::Override]);
        assert_eq!(veils("/*\u{2066} end */\n\u{2069}"), [Veil::Unbalanced]);
    }

    #[test]
    fn honest_scripts_are_silent() {
        for text in [
            "👩\u{200d}👩\u{200d}👧\u{200d}👦 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "\u{feff}text",
            "葛\u{e0100}城",
            "שלום \u{200f}abc\u{200e} \u{2067}עברית\u{2069} end",
            "สวัสดี\u{200b}ครับ",
            "“quotes” — … ﬁ",
        ] {
            assert!(veils(text).is_empty(), "{text}: {:?}", veils(text));
        }
    }
}
