//! Finds where hidden content may stand: characters by their first byte, words of two scripts by the seam between them, escapes by their
//! backslash. A run of characters is found once, at its start.

use memchr::{memchr2, memchr3};

use super::{
    Sort,
    characters::{Class, class, glyph, glyph_before, is_escape},
};

/// LIMIT: bytes of one run that are followed at a time; what goes on beyond is known by the character before it.
const RUN_BYTES: usize = 8 * 1024;
/// Places that are asked at once for a seam, and the bytes that this takes.
const GROUP: usize = 64;
const GROUP_BYTES: usize = GROUP + 2;
/// Tag characters in a row that are looked at.
const TAGS: usize = 3;
/// Selectors in a row that are looked at.
const SELECTORS: usize = 4;
/// Characters without width in a row that are looked at.
const ZEROS: usize = 5;

/// Knows which number to report for what it finds.
#[derive(Debug, Default)]
pub(crate) struct Seek {
    zero: Option<usize>,
    direction: Option<usize>,
    tag: Option<usize>,
    selector: Option<usize>,
    alike: Option<usize>,
    code: Option<usize>,
}

impl Seek {
    /// Sets the number to report for `sort`.
    pub(crate) fn set(&mut self, sort: Sort, number: usize) {
        match sort {
            Sort::ZeroWidth => self.zero = Some(number),
            Sort::Bidi => self.direction = Some(number),
            Sort::Tags => self.tag = Some(number),
            Sort::Selectors => self.selector = Some(number),
            Sort::Homoglyph => self.alike = Some(number),
            Sort::Ansi => self.code = Some(number),
            _ => {}
        }
    }

    /// Adds places in `from..to`, each with its number, to `found`, and sorts it.
    pub(crate) fn collect(&self, bytes: &[u8], from: usize, to: usize, found: &mut Vec<(usize, usize)>) {
        let before = found.len();
        let unseen = self.zero.or(self.direction).or(self.tag).or(self.selector);
        if unseen.is_some() {
            self.characters(bytes, from, to, found);
        }
        if unseen.or(self.alike).or(self.code).is_some() {
            self.escapes(bytes, from, to, found);
        }
        if let Some(number) = self.alike {
            seams(bytes, from, to, number, found);
        }
        if found.len() > before {
            found.sort_unstable();
            found.dedup();
        }
    }

    fn characters(&self, bytes: &[u8], from: usize, to: usize, found: &mut Vec<(usize, usize)>) {
        let mut at = from;
        while let Some(gap) = bytes.get(at..to).and_then(|rest| memchr3(0xe2, 0xef, 0xf3, rest)) {
            at = at.saturating_add(gap);
            let wanted = matches!(
                bytes.get(at..),
                Some(
                    [0xe2, 0x80, 0x8b..=0x8f | 0xaa..=0xae, ..]
                    | [0xe2, 0x81, 0xa0..=0xaf, ..]
                    | [0xef, 0xbb, 0xbf, ..]
                    | [0xef, 0xb8, 0x80..=0x8f, ..]
                    | [0xf3, 0xa0, 0x80..=0x87, ..],
                )
            );
            let length = if wanted && !is_alone(bytes, at) {
                self.run(bytes, at, found)
            } else {
                1
            };
            at = at.saturating_add(length);
        }
    }

    /// Looks at the run that begins at `at` and returns its length.
    fn run(&self, bytes: &[u8], at: usize, found: &mut Vec<(usize, usize)>) -> usize {
        let Some(first) = glyph(bytes, at) else { return 1 };
        let kind = class(first.character);
        if kind == Class::Plain {
            return first.length;
        }
        let mut length = first.length;
        let mut count = 1_usize;
        while length < RUN_BYTES
            && let Some(next) = glyph(bytes, at.saturating_add(length))
            && class(next.character) == kind
        {
            length = length.saturating_add(next.length);
            count = count.saturating_add(1);
        }
        let before = glyph_before(bytes, at);
        if before.is_some_and(|before| class(before.character) == kind) {
            return length;
        }
        let letter_before = before.is_some_and(|before| before.character.is_ascii_alphabetic());
        let number = match kind {
            Class::Plain => None,
            Class::Tag => self.tag.filter(|_| count >= TAGS),
            Class::Selector => self.selector.filter(|_| count >= SELECTORS || letter_before),
            Class::Zero => self.zero.filter(|_| {
                count >= ZEROS
                    || letter_before
                        && glyph(bytes, at.saturating_add(length))
                            .is_some_and(|after| after.character.is_ascii_alphabetic())
            }),
            Class::Direction => self.direction,
        };
        found.extend(number.map(|number| (at, number)));
        length
    }

    fn escapes(&self, bytes: &[u8], from: usize, to: usize, found: &mut Vec<(usize, usize)>) {
        let mut at = from;
        while let Some(gap) = bytes.get(at..to).and_then(|rest| memchr2(b'\\', 0x1b, rest)) {
            at = at.saturating_add(gap);
            let mut length = 1;
            match bytes.get(at..) {
                Some([0x1b, b'[' | b']' | b'P' | b'_' | b'^' | b'X', ..]) => {
                    found.extend(self.code.map(|number| (at, number)));
                }
                Some([b'\\', b'u', rest @ ..]) => match rest {
                    [b'0', b'0', b'1', b'b' | b'B', ..] if is_escape(bytes, at) => {
                        found.extend(self.code.map(|number| (at, number)));
                    }
                    [b'0', b'3' | b'4' | b'5', ..] => {
                        let seam = is_spelled_seam(bytes, at) && is_escape(bytes, at);
                        found.extend(self.alike.filter(|_| seam).map(|number| (at, number)));
                        length = 2;
                    }
                    [b'2', b'0', ..]
                    | [b'f' | b'F', b'e' | b'E', ..]
                    | [b'd' | b'D', b'b' | b'B', b'4', b'0', ..]
                        if is_escape(bytes, at) =>
                    {
                        length = self.run(bytes, at, found);
                    }
                    _ => length = 2,
                },
                _ => {}
            }
            at = at.saturating_add(length);
        }
    }
}

/// Says whether a character that joins, divides or varies others stands by itself between characters that it may stand between: nearly
/// all do.
#[inline]
fn is_alone(bytes: &[u8], at: usize) -> bool {
    let last = at.checked_sub(1).and_then(|last| bytes.get(last));
    if last.is_none_or(u8::is_ascii_alphabetic) {
        return false;
    }
    match bytes.get(at..) {
        Some([0xe2, 0x80, 0x8b..=0x8f, rest @ ..]) => {
            !matches!(rest, [0xe2, 0x80 | 0x81, ..] | [0xef, 0xbb, ..] | [b'\\', ..])
        }
        Some([0xef, 0xb8, _, rest @ ..]) => {
            !matches!(rest, [0xef, 0xb8, ..] | [0xf3, 0xa0, ..] | [b'\\', ..])
        }
        _ => false,
    }
}

/// Says whether a letter stands directly before or after the escape at `at`.
fn is_spelled_seam(bytes: &[u8], at: usize) -> bool {
    let after = bytes
        .get(at.saturating_add(6))
        .is_some_and(u8::is_ascii_alphabetic);
    let before = bytes.get(at.saturating_sub(6)..at).unwrap_or_default();
    // Most stand behind an escape of no Latin letter.
    if !after && matches!(before, [b'\\', b'u', b'0'..=b'9', b'1'..=b'9', _, _]) {
        return false;
    }
    after
        || before.last().is_some_and(u8::is_ascii_alphanumeric)
            && glyph_before(bytes, at).is_some_and(|before| before.character.is_ascii_alphabetic())
}

/// Finds where a letter of ASCII stands beside one of Greek, Cyrillic or Armenian.
fn seams(bytes: &[u8], from: usize, to: usize, number: usize, found: &mut Vec<(usize, usize)>) {
    let mut at = from;
    while at < to {
        let rest = bytes.get(at..).unwrap_or_default();
        let any = match rest.first_chunk::<GROUP_BYTES>() {
            Some(group) => holds_other(group) && holds_seam(group),
            None => true,
        };
        if any {
            let places = to.saturating_sub(at).min(GROUP);
            for (index, window) in rest.windows(2).take(places).enumerate() {
                let &[first, second] = window else { continue };
                let third = rest.get(index.saturating_add(2)).copied().unwrap_or(0);
                if seam(first, second, third) == 0 {
                    continue;
                }
                let place = at.saturating_add(index);
                let slash = place.checked_sub(1).and_then(|last| bytes.get(last)) == Some(&b'\\');
                if !(slash && matches!(first, b'n' | b'r' | b't' | b'b' | b'f')) {
                    found.push((place, number));
                }
            }
        }
        at = at.saturating_add(GROUP);
    }
}

/// Says whether a letter of the other scripts begins in a group, which in most texts none does.
#[inline]
fn holds_other(group: &[u8; GROUP_BYTES]) -> bool {
    group.iter().fold(0, |any, byte| any | other(*byte)) != 0
}

/// Asks all places of a group without a branch, so that vector instructions can do it.
#[inline]
fn holds_seam(group: &[u8; GROUP_BYTES]) -> bool {
    let second = group.iter().skip(1);
    let third = group.iter().skip(2);
    let mut any = 0_u8;
    for ((first, second), third) in group.iter().zip(second).zip(third) {
        any |= seam(*first, *second, *third);
    }
    any != 0
}

/// Returns 1 where the first byte is a letter before a character of two bytes of the other scripts, or begins one before a letter.
#[inline]
fn seam(first: u8, second: u8, third: u8) -> u8 {
    letter(first) & other(second) | other(first) & letter(third)
}

#[inline]
fn letter(byte: u8) -> u8 {
    u8::from((byte | 0x20).wrapping_sub(b'a') < 26)
}

/// Returns 1 for the first bytes of Greek, Cyrillic and Armenian letters.
#[inline]
fn other(byte: u8) -> u8 {
    u8::from(byte.wrapping_sub(0xce) < 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<(usize, usize)> {
        let mut seek = Seek::default();
        for (number, sort) in [
            Sort::ZeroWidth,
            Sort::Bidi,
            Sort::Tags,
            Sort::Selectors,
            Sort::Homoglyph,
            Sort::Ansi,
        ]
        .into_iter()
        .enumerate()
        {
            seek.set(sort, number);
        }
        let mut found = Vec::new();
        seek.collect(text.as_bytes(), 0, text.len(), &mut found);
        found
    }

    #[test]
    fn a_run_is_found_once_and_honest_scripts_are_passed_over() {
        assert_eq!(places(&"\u{200b}".repeat(20_000)), [(0, 0)]);
        assert_eq!(places("می\u{200c}خواهم ❤\u{fe0f} 葛\u{e0100} 👩\u{200d}👧"), []);
        assert_eq!(places("a \u{202e}b"), [(2, 1)]);
        assert_eq!(places("a\\nПривет, мир"), []);
        assert_eq!(places("\\u043f\\u0440\\u0438\\u043a"), []);
        assert_eq!(places("p\\u0430ypal"), [(1, 4)]);
        assert_eq!(places("pаypal"), [(0, 4), (1, 4)]);
        assert_eq!(places("\u{1b}[8m \\u001b[8m \\\\u001b[8m"), [(0, 5), (5, 5)]);
    }

    #[test]
    fn a_seam_is_found_at_every_place() {
        for length in 0..140 {
            let text = format!("{}xа", ".".repeat(length));
            assert_eq!(places(&text), [(length, 4)], "{length}");
        }
    }
}
