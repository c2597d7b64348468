//! Text in characters that nobody sees: without width, tag characters, variation selectors. What they spell is decoded where it can be.

use super::{
    characters::{Class, class, glyph, glyph_before},
    words::is_target,
};
use crate::{
    matchers::Found,
    rule::{Level, Rule},
};

/// LIMIT: characters of one run or of one scattered text that are decoded; what is longer is reported as far as it goes.
const SYMBOLS: usize = 2_048;
/// Characters of one kind in a row that no script needs.
const SAME: usize = 8;
/// Characters of several kinds in a row, where marks of direction are among them: untidy Hebrew and Arabic has a few.
const WITH_MARKS: usize = 8;
/// Visible bytes between scattered characters.
const SCATTER_BYTES: usize = 16;
/// Scattered characters that are no accident.
const SCATTERED: usize = 4;

/// Holds a run of characters of one class.
struct Run {
    symbols: Vec<char>,
    length: usize,
}

fn run(window: &[u8], at: usize, wanted: Class) -> Run {
    let mut found = Run {
        symbols: Vec::new(),
        length: 0,
    };
    while found.symbols.len() < SYMBOLS
        && let Some(next) = glyph(window, at.saturating_add(found.length))
        && class(next.character) == wanted
    {
        found.symbols.push(next.character);
        found.length = found.length.saturating_add(next.length);
    }
    found
}

/// Collects characters of one class that stand one by one behind letters, and returns them if `at` is the first of at least four.
fn scattered(window: &[u8], at: usize, wanted: Class) -> Option<Run> {
    let lone = |place: usize| {
        glyph(window, place).is_some_and(|found| class(found.character) == wanted)
            && glyph_before(window, place).is_some_and(|before| before.character.is_ascii_alphanumeric())
    };
    let back = at.saturating_sub(SCATTER_BYTES);
    let may_begin = |byte: u8| matches!(byte, 0xe2 | 0xef | 0xf3 | b'\\');
    if (back..at).any(|place| window.get(place).is_some_and(|byte| may_begin(*byte)) && lone(place)) {
        return None;
    }
    let mut found = Run {
        symbols: Vec::new(),
        length: 0,
    };
    let mut place = at;
    let mut visible = 0_usize;
    while found.symbols.len() < SYMBOLS && visible <= SCATTER_BYTES {
        let Some(next) = glyph(window, place) else { break };
        place = place.saturating_add(next.length);
        if class(next.character) == wanted {
            found.symbols.push(next.character);
            found.length = place.saturating_sub(at);
            visible = 0;
        } else {
            visible = visible.saturating_add(next.length);
        }
    }
    (found.symbols.len() >= SCATTERED).then_some(found)
}

fn found(rule: &Rule, at: usize, length: usize, severity: Level, shown: String) -> Found {
    let mut found = Found::new(rule, at..at.saturating_add(length));
    found.severity = severity;
    found.shown = Some(shown);
    found
}

/// Looks at characters without width.
pub(super) fn zero_width(rule: &Rule, window: &[u8], at: usize) -> Option<Found> {
    let here = run(window, at, Class::Zero);
    let count = here.symbols.len();
    if count < 5 {
        return within_word(rule, window, at, here.length).or_else(|| {
            let here = scattered(window, at, Class::Zero)?;
            Some(bits(rule, at, &here))
        });
    }
    let kinds = kinds(&here.symbols).len();
    let marks = here
        .symbols
        .iter()
        .any(|symbol| matches!(symbol, '\u{200e}' | '\u{200f}'));
    // A list of such characters, in a program that removes them, holds each once.
    let list = count <= kinds.saturating_add(1);
    if list || kinds == 1 && count < SAME || marks && count < WITH_MARKS {
        return None;
    }
    Some(bits(rule, at, &here))
}

fn bits(rule: &Rule, at: usize, run: &Run) -> Found {
    match decoded(&run.symbols) {
        Some(text) => {
            let mut found = found(rule, at, run.length, Level::High, format!("spells: {text}"));
            found.proven = true;
            found
        }
        None => found(
            rule,
            at,
            run.length,
            Level::Medium,
            format!("{} characters without width", run.symbols.len()),
        ),
    }
}

/// Looks for a word that characters without width divide, so that a filter does not know it.
fn within_word(rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let mut start = at;
    while at.saturating_sub(start) < WORD_BYTES
        && let Some(before) = glyph_before(window, start)
        && before.character.is_ascii_alphabetic()
    {
        start = start.saturating_sub(before.length);
    }
    // Another one before this has seen the word.
    if glyph_before(window, start).is_some_and(|before| class(before.character) == Class::Zero) {
        return None;
    }
    let mut word = Vec::new();
    let mut end = start;
    while end.saturating_sub(start) < WORD_BYTES.saturating_mul(2)
        && let Some(next) = glyph(window, end)
        && (next.character.is_ascii_alphabetic() || class(next.character) == Class::Zero)
    {
        if class(next.character) == Class::Plain {
            word.push(u8::try_from(next.character).ok()?.to_ascii_lowercase());
        }
        end = end.saturating_add(next.length);
    }
    if end <= at.saturating_add(length) || !is_target(&word) {
        return None;
    }
    let shown = format!("divided word: {}", String::from_utf8_lossy(&word));
    Some(found(
        rule,
        start,
        end.saturating_sub(start),
        Level::Medium,
        shown,
    ))
}

/// LIMIT: bytes of a word on either side that are looked at.
const WORD_BYTES: usize = 64;

/// Looks at tag characters.
pub(super) fn tags(rule: &Rule, window: &[u8], at: usize) -> Option<Found> {
    let here = run(window, at, Class::Tag);
    let text: String = here
        .symbols
        .iter()
        .filter_map(|symbol| char::from_u32(u32::from(*symbol).wrapping_sub(0xe0000)))
        .collect();
    let flag = glyph_before(window, at).is_some_and(|before| before.character == '\u{1f3f4}');
    if is_region(&text) || flag && here.symbols.len() <= 7 {
        return None;
    }
    let spelled: String = text.chars().filter(|c| !c.is_control()).collect();
    let mut found = found(
        rule,
        at,
        here.length,
        Level::High,
        format!("spells: {}", super::printable(&spelled)),
    );
    found.proven = is_readable(&spelled);
    Some(found)
}

/// Says whether tags name a region and end, as behind the black flag; some programs take the flag away and leave them.
fn is_region(text: &str) -> bool {
    let Some(name) = text.strip_suffix('\u{7f}') else {
        return false;
    };
    (3..=6).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Looks at variation selectors.
pub(super) fn selectors(rule: &Rule, window: &[u8], at: usize) -> Option<Found> {
    let mut here = run(window, at, Class::Selector);
    if here.symbols.len() < 4 {
        here = scattered(window, at, Class::Selector)?;
    }
    let bytes: Vec<u8> = here
        .symbols
        .iter()
        .filter_map(|symbol| {
            let code = u32::from(*symbol);
            let value = code
                .checked_sub(0xe0100)
                .map_or_else(|| code.checked_sub(0xfe00), |value| value.checked_add(16));
            u8::try_from(value?).ok()
        })
        .collect();
    let same = kinds(&here.symbols).len() == 1;
    match text_of(&bytes) {
        Some(text) => {
            let mut found = found(rule, at, here.length, Level::High, format!("spells: {text}"));
            found.proven = true;
            Some(found)
        }
        // The same selector again and again carries nothing, but nobody needs it.
        None => Some(found(
            rule,
            at,
            here.length,
            if same { Level::Low } else { Level::Medium },
            format!("{} variation selectors", here.symbols.len()),
        )),
    }
}

fn kinds(symbols: &[char]) -> Vec<char> {
    let mut kinds: Vec<char> = Vec::new();
    for symbol in symbols {
        if !kinds.contains(symbol) {
            kinds.push(*symbol);
        }
    }
    kinds.sort_unstable();
    kinds
}

/// Decodes symbols of an alphabet of two, of two and a divider, or of four.
fn decoded(symbols: &[char]) -> Option<String> {
    let kinds = kinds(symbols);
    match kinds.as_slice() {
        [first, second] => [*first, *second].into_iter().find_map(|one| {
            let bits: Vec<u32> = symbols.iter().map(|symbol| u32::from(*symbol == one)).collect();
            [8, 7, 16].into_iter().find_map(|width| grouped(&bits, width, 1))
        }),
        [first, second, third] => {
            for (divider, one) in [
                (first, second),
                (first, third),
                (second, first),
                (second, third),
                (third, first),
                (third, second),
            ] {
                let text: Option<String> = symbols
                    .split(|symbol| symbol == divider)
                    .filter(|part| !part.is_empty())
                    .map(|part| {
                        let bits: Vec<u32> = part.iter().map(|symbol| u32::from(symbol == one)).collect();
                        (bits.len() <= 20)
                            .then(|| number(&bits, 1))
                            .and_then(char::from_u32)
                    })
                    .collect();
                if let Some(text) = text.filter(|text| is_readable(text)) {
                    return Some(super::printable(&text));
                }
            }
            None
        }
        [_, _, _, _] => [4, 8].into_iter().find_map(|width| {
            // Several orders may give letters; words are mostly small ones and blanks.
            let usual = |text: &String| text.chars().filter(|c| c.is_lowercase() || *c == ' ').count();
            let texts = orders().into_iter().filter_map(|order| {
                let place = |symbol| kinds.iter().position(|kind| kind == symbol).unwrap_or(0);
                let value = |symbol| order.get(place(symbol)).copied().unwrap_or(0);
                let digits: Vec<u32> = symbols.iter().map(value).collect();
                grouped(&digits, width, 2)
            });
            texts.max_by_key(usual)
        }),
        _ => None,
    }
}

/// Lists the 24 ways to give four symbols the values 0 to 3.
fn orders() -> Vec<[u32; 4]> {
    let mut all = Vec::new();
    for number in 0..256_u32 {
        let order = [number & 3, number >> 2 & 3, number >> 4 & 3, number >> 6 & 3];
        if (0..4).all(|value| order.contains(&value)) {
            all.push(order);
        }
    }
    all
}

/// Reads digits of `bits` bits, `width` at a time, as bytes or as characters of 16 bits.
fn grouped(digits: &[u32], width: usize, bits: u32) -> Option<String> {
    let values: Vec<u32> = digits
        .chunks(width)
        .filter(|group| group.len() == width)
        .map(|group| number(group, bits))
        .collect();
    let bytes: Option<Vec<u8>> = values.iter().map(|value| u8::try_from(*value).ok()).collect();
    if let Some(bytes) = bytes {
        return text_of(&bytes);
    }
    let text: String = values
        .iter()
        .map(|value| char::from_u32(*value))
        .collect::<Option<_>>()?;
    // Nearly every number is a character of some script.
    let usual = text.chars().all(|c| {
        c.is_ascii()
            || matches!(c, '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ff5e}')
    });
    (usual && is_readable(&text)).then(|| super::printable(&text))
}

fn number(digits: &[u32], bits: u32) -> u32 {
    digits.iter().fold(0_u32, |value, digit| value << bits | digit)
}

/// Returns the text that bytes spell, if they do.
fn text_of(bytes: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // Cut within a character at the end.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    is_readable(text).then(|| super::printable(text))
}

/// Says whether a text is one: three characters or more, all of them printable, most of them letters, digits or blanks.
fn is_readable(text: &str) -> bool {
    let trimmed = text.trim_matches('\0');
    let count = trimmed.chars().count();
    let odd = trimmed.chars().any(|c| c.is_control() && !c.is_whitespace());
    let letters = trimmed
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ')
        .count();
    count >= 3 && !odd && letters.saturating_mul(4) >= count.saturating_mul(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str, bits: usize, alphabet: &[char]) -> Vec<char> {
        let mut out = Vec::new();
        for byte in text.bytes() {
            for digit in (0..8 / bits).rev() {
                out.push(alphabet[usize::from(byte) >> (digit * bits) & ((1 << bits) - 1)]);
            }
        }
        out
    }

    #[test]
    fn what_is_spelled_is_read() {
        let two = ['\u{200b}', '\u{200c}'];
        assert_eq!(decoded(&spelled("ignore all", 1, &two)).unwrap(), "ignore all");
        let other = ['\u{200d}', '\u{200b}'];
        assert_eq!(decoded(&spelled("obey", 1, &other)).unwrap(), "obey");
        let four = ['\u{200c}', '\u{feff}', '\u{200b}', '\u{200d}'];
        assert_eq!(
            decoded(&spelled("send the key", 2, &four)).unwrap(),
            "send the key"
        );
        let mut divided = Vec::new();
        for byte in b"say yes" {
            for bit in format!("{byte:b}").chars() {
                divided.push(if bit == '1' { '\u{200c}' } else { '\u{200b}' });
            }
            divided.push('\u{200d}');
        }
        assert_eq!(decoded(&divided).unwrap(), "say yes");
    }
}
