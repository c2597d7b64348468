//! Detector `tokenizer-costly-pattern`.

use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink, tokenizers::with_view};

detector! {
    /// ## What it finds
    /// Regular expressions of a `tokenizer.json` that can take time without measure: a repetition of what is itself repeated,
    /// `(a+)+`, or of the same alternative twice, `(a|a)*`.
    /// ## Why it matters
    /// The library's engine tries every way in which such an expression can match. A text of some ten characters then keeps
    /// the server that cuts it busy for hours.
    /// ## How it is decided
    /// An unbounded repetition is reported where one alternative within it consists of something repeated without bound
    /// and of parts that may be missing, so that the same text can be cut in many ways. Atomic groups and possessive repetitions
    /// do not count.
    /// ## What it misses
    /// Repetitions side by side, `\s*\s*x`, whose cost grows more slowly; back-references.
    /// ## What to do
    /// Take the tokenizer from the model's first supplier.
    /// ## References
    /// CWE-1333, MITRE ATLAS AML.T0029.
    id: "tokenizer-costly-pattern",
    title: "Regular expression without measure", "耗时无度的正则表达式",
    severity: Medium, confidence: Medium,
    tags: &["CWE-1333", "AML.T0029"], controls: &["MOD-02"],
    on: artifact => run,
}

/// LIMIT: characters of an expression that are looked at; the longest known one has some thousand.
const CHARACTERS: usize = 64 * 1024;
/// LIMIT: groups that are open at once.
const GROUPS: usize = 1_000;
/// Findings of one file.
const FINDINGS: usize = 16;
/// A number of repetitions that counts as unbounded.
const MANY: u64 = 1_000;

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    with_view(scene, |view| {
        let mut found = 0;
        for pattern in &view.patterns {
            match look(&pattern.text) {
                Look::Plain => continue,
                Look::Cut => sink.unexamined(text!(
                    "a regular expression is too long or nests too deep to be examined",
                    "正则表达式过长或嵌套过深，未检查"
                )),
                Look::Costly(evidence) => {
                    sink.report(
                        Some(pattern.range.clone()),
                        text!(
                            "an expression repeats what is itself repeated, so that it may take time without measure",
                            "表达式重复本身已重复的内容，匹配可能耗时无度"
                        ),
                    )
                    .severity(Severity::Medium)
                    .evidence(&evidence);
                }
            }
            found += 1;
            if found >= FINDINGS {
                break;
            }
        }
    });
}

#[derive(Debug, PartialEq, Eq)]
enum Look {
    Plain,
    Cut,
    Costly(String),
}

/// A part of an expression: may it be missing, and is it repeated without bound and given back.
#[derive(Clone, Copy, Debug, Default)]
struct Item {
    optional: bool,
    loops: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts about a group")]
#[derive(Debug, Default)]
struct Group {
    start: usize,
    /// Where the present alternative begins.
    from: usize,
    items: Vec<Item>,
    /// One alternative may be missing.
    optional: bool,
    /// One alternative can be cut in many ways when it is repeated.
    loose: bool,
    alternatives: Vec<String>,
    /// Looks ahead or behind, or gives nothing back.
    closed: bool,
    /// Stands for no character.
    bare: bool,
}

impl Group {
    fn end_alternative(&mut self, text: String) {
        let optional = self.items.iter().filter(|item| item.optional).count();
        let all = self.items.len();
        self.optional |= optional == all;
        let one = |item: &Item| item.loops && optional + usize::from(!item.optional) == all;
        self.loose |= self.items.iter().any(one);
        self.loose |= !text.is_empty() && self.alternatives.contains(&text);
        if self.alternatives.len() < 64 {
            self.alternatives.push(text);
        }
        self.items.clear();
    }
}

fn look(pattern: &str) -> Look {
    let characters: Vec<char> = pattern.chars().take(CHARACTERS + 1).collect();
    if characters.len() > CHARACTERS {
        return Look::Cut;
    }
    let text = |from: usize, to: usize| {
        characters
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .collect::<String>()
    };
    let mut groups = vec![Group::default()];
    let mut at = 0;
    while let Some(c) = characters.get(at) {
        let start = at;
        let mut item = Some(Item::default());
        match c {
            '(' => {
                if groups.len() >= GROUPS {
                    return Look::Cut;
                }
                let (length, closed, bare) = opening(characters.get(at + 1..).unwrap_or_default());
                at += 1 + length;
                groups.push(Group {
                    start,
                    from: at,
                    closed,
                    bare,
                    ..Group::default()
                });
                continue;
            }
            '|' => {
                if let Some(group) = groups.last_mut() {
                    let alternative = text(group.from, at);
                    group.end_alternative(alternative);
                    group.from = at + 1;
                }
                at += 1;
                continue;
            }
            ')' if groups.len() > 1 => {
                if let Some(mut group) = groups.pop() {
                    let alternative = text(group.from, at);
                    group.end_alternative(alternative);
                    at += 1;
                    let quantity = quantity(&characters, at);
                    if let Some((_, many, _, possessive)) = quantity
                        && many
                        && group.loose
                        && !group.closed
                        && !possessive
                    {
                        return Look::Costly(text(group.start, at + 1));
                    }
                    item = (!group.bare).then_some(Item {
                        optional: group.optional,
                        loops: group.loose && !group.closed,
                    });
                }
            }
            '[' => at = class_end(&characters, at),
            '\\' => at = escape_end(&characters, at),
            '^' | '$' => {
                at += 1;
                item = None;
            }
            _ => at += 1,
        }
        if let Some((optional, many, length, possessive)) = quantity(&characters, at) {
            at += length;
            if let Some(item) = &mut item {
                item.optional |= optional;
                item.loops = (item.loops || many) && !possessive;
            }
        }
        if let (Some(item), Some(group)) = (item, groups.last_mut()) {
            group.items.push(item);
        }
    }
    Look::Plain
}

/// Reads what follows `(`: how long it is, whether the group gives nothing back, whether it stands for no character.
fn opening(rest: &[char]) -> (usize, bool, bool) {
    match rest {
        ['?', '>', ..] => (2, true, false),
        ['?', '=' | '!', ..] => (2, true, true),
        ['?', '<', '=' | '!', ..] => (3, true, true),
        ['?', '<' | 'P' | '\'', ..] => {
            let end = rest.iter().skip(2).position(|c| matches!(c, '>' | '\''));
            (end.map_or(1, |end| end + 3), false, false)
        }
        ['?', ..] => {
            let flags = rest
                .iter()
                .skip(1)
                .take_while(|c| c.is_ascii_alphabetic() || **c == '-')
                .count();
            let colon = usize::from(rest.get(1 + flags) == Some(&':'));
            (1 + flags + colon, false, false)
        }
        _ => (0, false, false),
    }
}

/// Reads a quantity: may the part be missing, is it unbounded, how long is the sign, is it possessive.
fn quantity(characters: &[char], at: usize) -> Option<(bool, bool, usize, bool)> {
    let (optional, many, length) = match characters.get(at)? {
        '*' => (true, true, 1),
        '+' => (false, true, 1),
        '?' => (true, false, 1),
        '{' => {
            let rest = characters.get(at + 1..)?;
            let end = rest.iter().take(24).position(|c| *c == '}')?;
            let inner: String = rest.get(..end)?.iter().collect();
            if !inner.chars().all(|c| c.is_ascii_digit() || c == ',') || inner.is_empty() {
                return None;
            }
            let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
            let many = most.is_empty() || most.parse::<u64>().is_ok_and(|most| most >= MANY);
            (matches!(least, "" | "0"), many, end + 2)
        }
        _ => return None,
    };
    match characters.get(at + length) {
        Some('?') => Some((optional, many, length + 1, false)),
        Some('+') => Some((optional, many, length + 1, true)),
        _ => Some((optional, many, length, false)),
    }
}

/// Returns where the class that begins at `at` ends; classes nest.
fn class_end(characters: &[char], at: usize) -> usize {
    let (mut depth, mut place) = (0_usize, at);
    while let Some(c) = characters.get(place) {
        match c {
            '\\' => place += 1,
            '[' => {
                depth += 1;
                // A bracket right at the start is a member of the class.
                let caret = usize::from(characters.get(place + 1) == Some(&'^'));
                if characters.get(place + 1 + caret) == Some(&']') {
                    place += 1 + caret;
                }
            }
            ']' => {
                depth -= 1;
                if depth == 0 {
                    return place + 1;
                }
            }
            _ => {}
        }
        place += 1;
    }
    place
}

/// Returns where the escape that begins at `at` ends.
fn escape_end(characters: &[char], at: usize) -> usize {
    let braced = matches!(characters.get(at + 1), Some('p' | 'P' | 'x' | 'u' | 'k' | 'g'))
        && characters.get(at + 2) == Some(&'{');
    let end = characters
        .iter()
        .skip(at)
        .take(64)
        .position(|c| *c == '}')
        .filter(|_| braced);
    end.map_or(at + 2, |end| at + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_of_repetitions_are_seen() {
        for (pattern, costly) in [
            ("(a+)+", true),
            ("(?:a*)*b", true),
            ("((x+))*", true),
            ("(\\s*a?)+$", true),
            ("([a-z]+b?){2,}", true),
            ("(a|a)*", true),
            ("(?:.*)+", true),
            ("(?=(a+)+)", true),
            ("(a+)++", false),
            ("(?>a+)+", false),
            ("(a+){1,3}", false),
            ("(?:\\.\\d+)*", false),
            ("(\\d{3})+", false),
            ("(?:\\p{L}\\p{M}*)+", false),
            ("(?:\\r?\\n)+", false),
            ("[a+)+]*", false),
            (
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                false,
            ),
            (
                "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t)?|\\s+(?!\\S)",
                false,
            ),
        ] {
            assert_eq!(matches!(look(pattern), Look::Costly(_)), costly, "{pattern}");
        }
        assert_eq!(look(&"(".repeat(2_000)), Look::Cut);
    }
}
