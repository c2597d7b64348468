//! Addresses that structure alone tells in other scripts than Latin, flats before a postcode, and whatever stands after a word for an
//! address and looks like one.

use std::ops::Range;

use super::{
    address::{postcode, with_town},
    streets::{ENGLISH, PARTS, STREETS},
};
use crate::rule::Level;

/// LIMIT: bytes of an address after its word; a longer one is none.
const LONGEST: usize = 160;
/// LIMIT: bytes between a word for an address and the address.
const GAP: usize = 24;
/// LIMIT: bytes before the number of a house in which its address may begin.
const BEFORE: usize = 96;

/// Says whether a text that stands as a value by itself is an address.
pub(crate) fn is_address(text: &[u8]) -> bool {
    if !(10..=LONGEST).contains(&text.len())
        || text.iter().any(|byte| {
            matches!(
                byte,
                b'@' | b'{' | b'}' | b'=' | b'_' | b'\\' | b'<' | b'>' | b'"'
            )
        })
        || memchr::memmem::find(text, b"//").is_some()
    {
        return false;
    }
    let longest = text
        .split(|byte| !byte.is_ascii_digit())
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0);
    if longest > 8 {
        return false;
    }
    match text.iter().find(|byte| **byte >= 0xd0).copied() {
        Some(0xd0 | 0xd1) => longest > 0 && russian_words(text),
        Some(0xe0) => {
            longest > 0 && text.contains(&b',') && memchr::memmem::find(text, "\u{930}".as_bytes()).is_some()
                || longest == 6 && text.contains(&b',')
        }
        Some(0xea..=0xed) => longest > 0 && korean_parts(text) >= 2,
        Some(0xe3..=0xe9) => {
            chinese_parts(text) >= 2 && (longest > 0 || ends_with(text, &["号", "號", "室", "座"]))
        }
        _ => longest > 0 && is_latin(text),
    }
}

/// A street or a postcode among capitalised words divided by commas.
fn is_latin(text: &[u8]) -> bool {
    if !text.contains(&b',') {
        return false;
    }
    let (mut capitals, mut small, mut count) = (0_u32, 0_u32, 0_u32);
    let mut street = false;
    for word in text
        .split(|byte| matches!(byte, b' ' | b','))
        .filter(|word| !word.is_empty())
    {
        count = count.saturating_add(1);
        let letters = word
            .iter()
            .filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
            .count();
        let first = word.first().copied().unwrap_or(0);
        if letters >= 3 && (first.is_ascii_uppercase() || first >= 0xc3) {
            capitals = capitals.saturating_add(1);
            // A second capital within a word is of a program.
            if word
                .iter()
                .zip(word.iter().skip(1))
                .any(|(one, next)| one.is_ascii_lowercase() && next.is_ascii_uppercase())
            {
                return false;
            }
        } else if letters >= 5 && letters == word.len() {
            small = small.saturating_add(1);
        }
        street |= ENGLISH.contains(&word);
    }
    count <= 22 && capitals >= 2 && small <= 2 && (street || postcode(text).is_some())
}

fn russian_words(text: &[u8]) -> bool {
    STREET_WORDS
        .iter()
        .any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
}

/// Words for a street in Russian and Ukrainian.
const STREET_WORDS: &[&str] = &[
    "ул.",
    "улиц",
    "пер.",
    "переул",
    "провул",
    "наб.",
    "просп",
    "пр-т",
    "пр.",
    "шоссе",
    "шосе",
    "ш.",
    "бул",
    "пл.",
    "площ",
    "алл",
    "туп.",
    "вул.",
    "вулиц",
    "проезд",
];

fn chinese_parts(text: &[u8]) -> usize {
    let (letters, mut count) = (text.windows(3), 0_usize);
    for letter in letters {
        let is = |list: &[&str]| list.iter().any(|part| part.as_bytes() == letter);
        if is(PARTS) || is(STREETS) || is(MORE_PARTS) {
            count = count.saturating_add(1);
        }
    }
    count
}

/// Parts of addresses in Taiwan and Japan.
const MORE_PARTS: &[&str] = &[
    "號", "号", "區", "縣", "郡", "町", "都", "府", "県", "道", "丁", "番", "樓", "楼", "座",
];

/// Counts words that end as parts of Korean addresses do.
fn korean_parts(text: &[u8]) -> usize {
    text.split(|byte| *byte == b' ')
        .filter(|word| is_korean_part(word))
        .count()
}

fn is_korean_part(word: &[u8]) -> bool {
    word.len() >= 6
        && ends_with(
            word,
            &["도", "시", "군", "구", "읍", "면", "동", "리", "로", "길"],
        )
}

fn ends_with(text: &[u8], endings: &[&str]) -> bool {
    endings.iter().any(|ending| text.ends_with(ending.as_bytes()))
}

/// Finds the address after a word for one.
pub(crate) fn labelled(window: &[u8], at: usize, length: usize) -> Option<(Range<usize>, Level)> {
    let end = at.saturating_add(length);
    let word = window.get(at..end)?;
    let phrase = word.ends_with(b" ");
    if word.is_ascii() {
        let before = at.checked_sub(1).and_then(|last| window.get(last)).copied();
        // Addresses of mail, of machines and of memory are others.
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric()) && !window.get(..at)?.ends_with(b"\\n") {
            return None;
        }
        let named = window.get(at.saturating_sub(GAP)..at)?.to_ascii_lowercase();
        if [
            &b"mail_"[..],
            b"mail ",
            b"ip_",
            b"ip ",
            b"mac_",
            b"mac ",
            b"web ",
            b"memory ",
            b"url_",
        ]
        .iter()
        .any(|other| named.ends_with(other))
        {
            return None;
        }
    }
    let mut start = end;
    let mut signs = 0_u32;
    let mut quote = None;
    let limit = end.saturating_add(GAP);
    while start < limit {
        match window.get(start..)? {
            [b' ', ..] => start = start.saturating_add(1),
            [b':' | b'=' | b'|' | b'\\' | b'>', ..] => {
                signs = signs.saturating_add(1);
                start = start.saturating_add(1);
            }
            [mark @ (b'"' | b'\''), ..] => {
                signs = signs.saturating_add(1);
                quote = Some(*mark);
                start = start.saturating_add(1);
            }
            [b'<', rest @ ..] => {
                signs = signs.saturating_add(1);
                start = start
                    .saturating_add(memchr::memchr(b'>', rest.get(..rest.len().min(GAP))?)?)
                    .saturating_add(2);
            }
            [0xef, 0xbc, 0x9a, ..] | [0xe6, 0x98, 0xaf, ..] | [0xe4, 0xb8, 0xba, ..] => {
                signs = signs.saturating_add(1);
                start = start.saturating_add(3);
            }
            _ => break,
        }
    }
    if signs == 0 && !phrase && word.is_ascii() {
        return None;
    }
    let (range, text) = value(window, start, quote)?;
    is_address(text).then_some((range, Level::Medium))
}

/// Returns the value at `start`, up to its quotation mark, the end of its line or of its cell, or the end of a sentence.
pub(crate) fn value(window: &[u8], start: usize, quote: Option<u8>) -> Option<(Range<usize>, &[u8])> {
    let rest = window.get(start..start.saturating_add(LONGEST).saturating_add(8).min(window.len()))?;
    let stops = |index: usize, byte: u8| match byte {
        b'\n' | b'<' | b'|' | b'\t' | b'\\' | b'"' | b';' => true,
        b'\'' => quote == Some(b'\''),
        // A word of small letters and a full stop end a sentence.
        b'.' if quote.is_none() => {
            let word = rest.get(index.saturating_sub(3)..index).unwrap_or_default();
            let next = rest.get(index.saturating_add(1));
            next.is_none_or(|byte| matches!(byte, b' ' | b'\n'))
                && word.len() == 3
                && word
                    .iter()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        }
        0xe3 => rest
            .get(index..)
            .is_some_and(|rest| rest.starts_with("。".as_bytes())),
        0xef => rest
            .get(index..)
            .is_some_and(|rest| rest.starts_with("；".as_bytes())),
        _ => false,
    };
    let length = rest
        .iter()
        .enumerate()
        .find(|(index, byte)| stops(*index, **byte))
        .map_or(rest.len(), |(index, _)| index);
    let text = rest.get(..length)?;
    let text = text.trim_ascii_end();
    let text = text
        .strip_suffix(b".")
        .or_else(|| text.strip_suffix(b","))
        .unwrap_or(text);
    Some((start..start.saturating_add(text.len()), text))
}

/// Returns where the value begins in which `at` stands, and its quotation mark.
pub(crate) fn value_start(window: &[u8], at: usize) -> Option<(usize, Option<u8>)> {
    let before = window.get(at.saturating_sub(LONGEST)..at)?;
    let gap = before
        .iter()
        .rposition(|byte| matches!(byte, b'"' | b'>' | b'|' | b'\t' | b'\n'))?;
    let start = at
        .saturating_sub(before.len())
        .saturating_add(gap)
        .saturating_add(1);
    let quote = (before.get(gap) == Some(&b'"')).then_some(b'"');
    let blanks = window
        .get(start..at)?
        .iter()
        .take_while(|byte| **byte == b' ')
        .count();
    Some((start.saturating_add(blanks), quote))
}

/// Reads the Korean address that ends with the number at `at`: `서울특별시 강남구 테헤란로 152`.
pub(crate) fn korean(window: &[u8], at: usize) -> Option<(Range<usize>, Level)> {
    let before = window.get(at.saturating_sub(BEFORE)..at)?;
    let base = at.saturating_sub(before.len());
    let street = before.strip_suffix(b" ").unwrap_or(before);
    if !ends_with(street, &["로", "길"]) {
        return None;
    }
    let mut start = None;
    let mut end = street.len();
    let mut town = false;
    for index in 0..6 {
        let words = street.get(..end)?;
        let from = memchr::memrchr2(b' ', b'\n', words).map_or(0, |blank| blank.saturating_add(1));
        // What is no letter of Korean is of something before the address.
        let from = words
            .get(from..)?
            .iter()
            .rposition(|byte| byte.is_ascii() && !byte.is_ascii_digit())
            .map_or(from, |sign| from.saturating_add(sign).saturating_add(1));
        let word = words.get(from..)?;
        if index > 0 && !is_korean_part(word) {
            break;
        }
        town |= index > 0 && ends_with(word, &["시", "군", "구", "도"]);
        start = Some(base.saturating_add(from));
        match from.checked_sub(1) {
            Some(blank) if words.get(blank) == Some(&b' ') => end = blank,
            _ => break,
        }
    }
    let rest = window.get(at..)?;
    let digits = rest
        .iter()
        .take(10)
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'-')
        .count();
    let mut stop = at.saturating_add(digits);
    if let Some(note) = rest.get(digits..)?.strip_prefix(b" (")
        && let Some(close) = note.iter().take(48).position(|byte| *byte == b')')
    {
        stop = stop.saturating_add(close).saturating_add(3);
    }
    Some((start.filter(|_| town && digits > 0)?..stop, Level::Medium))
}

/// Reads the Japanese address in which the number at `at` stands: `東京都千代田区丸の内1丁目2番3号`.
pub(crate) fn japanese(window: &[u8], at: usize) -> Option<(Range<usize>, Level)> {
    let before = window.get(at.saturating_sub(BEFORE)..at)?;
    let base = at.saturating_sub(before.len());
    let mut start = before.len();
    while let Some((_, letter)) = before.get(..start)?.split_last_chunk::<3>() {
        // Letters of Chinese, and the syllables that join names.
        if !matches!(letter, [0xe4..=0xe9, _, _] | [0xe3, 0x81..=0x83, _]) {
            break;
        }
        start = start.saturating_sub(3);
    }
    let text = before.get(start..)?;
    let province = ["都", "道", "府", "県"]
        .iter()
        .filter_map(|part| memchr::memmem::find(text, part.as_bytes()))
        .filter(|place| (6..=9).contains(place))
        .min()?;
    let rest = text.get(province.saturating_add(3)..)?;
    let town = ["市", "区", "町", "村", "郡"]
        .iter()
        .any(|part| memchr::memmem::find(rest, part.as_bytes()).is_some());
    if !town {
        return None;
    }
    let numbers = window.get(at..)?;
    let mut length = 0_usize;
    loop {
        let rest = numbers.get(length..)?;
        let step = match rest {
            [b'0'..=b'9' | b'-', ..] => 1,
            _ => ["丁目", "番地", "番", "号", "の"]
                .iter()
                .find(|unit| rest.starts_with(unit.as_bytes()))
                .map_or(0, |unit| unit.len()),
        };
        if step == 0 || length > 40 {
            break;
        }
        length = length.saturating_add(step);
    }
    Some((
        base.saturating_add(start)..at.saturating_add(length),
        Level::Medium,
    ))
}

/// Reads the Chinese address before the postcode at `at`: `云南省昆明市五华区人民路88号A座 650000`.
pub(crate) fn before_postcode(window: &[u8], at: usize) -> Option<(Range<usize>, Level)> {
    let digits = window
        .get(at..)?
        .iter()
        .take(7)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let before = window.get(at.saturating_sub(BEFORE)..at)?.strip_suffix(b" ")?;
    if digits != 6 || !ends_with(before, &["号", "室", "座", "栋", "楼", "村", "组", "弄", "幢"]) {
        return None;
    }
    let mut start = before.len();
    while let Some(rest) = before.get(..start) {
        match rest {
            [.., 0xe4..=0xe9, _, _] => start = start.saturating_sub(3),
            [.., byte] if byte.is_ascii_alphanumeric() => start = start.saturating_sub(1),
            _ => break,
        }
    }
    let text = before.get(start..)?;
    let from = at.saturating_sub(1).saturating_sub(text.len());
    let parts = PARTS
        .iter()
        .filter(|part| memchr::memmem::find(text, part.as_bytes()).is_some())
        .count();
    let street = STREETS
        .iter()
        .any(|part| memchr::memmem::find(text, part.as_bytes()).is_some());
    (parts >= 1 && street).then_some((from..at.saturating_add(6), Level::Medium))
}

/// Reads the address around the Russian or Ukrainian word for a house at `at`: `г. Москва, ул. Ленина, д. 5, кв. 2`.
pub(crate) fn russian(window: &[u8], at: usize, length: usize) -> Option<(Range<usize>, Level)> {
    let before = window.get(at.saturating_sub(BEFORE.saturating_add(BEFORE))..at)?;
    let base = at.saturating_sub(before.len());
    let line = before
        .iter()
        .rposition(|byte| matches!(byte, b'\n' | b'"' | b'>' | b':' | b'|' | b';' | b'(' | b'\''))
        .map_or(0, |stop| stop.saturating_add(1));
    let text = before.get(line..)?;
    let street = STREET_WORDS
        .iter()
        .filter_map(|word| memchr::memmem::rfind(text, word.as_bytes()))
        .max()?;
    if text.len().saturating_sub(street) > BEFORE {
        return None;
    }
    // The town before the street, after a word for one: `г. `, `с. `.
    let towns = [
        "г. ", "гор. ", "к. ", "с. ", "п. ", "ст. ", "клх ", "д. ", "м. ", "обл.", "край",
    ];
    let first = towns
        .iter()
        .filter_map(|town| memchr::memmem::find(text.get(..street)?, town.as_bytes()))
        .min();
    let from = first.unwrap_or(street);
    let start = base.saturating_add(line).saturating_add(from);
    let end = at.saturating_add(length);
    let rest = window.get(end..)?;
    let digits = rest
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'/')
        .count();
    if !rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let mut stop = end.saturating_add(digits);
    for _ in 0..4 {
        let more = window.get(stop..)?;
        let joins = [
            ", кв. ",
            " кв. ",
            ", корп. ",
            " корп. ",
            " стр. ",
            ", стр. ",
            " к. ",
            ", к. ",
            ", ",
        ];
        let Some(join) = joins.iter().find(|join| more.starts_with(join.as_bytes())) else {
            break;
        };
        let digits = more
            .get(join.len()..)?
            .iter()
            .take(7)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits == 0 || *join == ", " && !(5..=6).contains(&digits) {
            break;
        }
        stop = stop.saturating_add(join.len()).saturating_add(digits);
    }
    let confidence = if first.is_some() || stop > end.saturating_add(digits) {
        Level::Medium
    } else {
        Level::Low
    };
    Some((start..stop, confidence))
}

/// Reads a flat and the house behind it, up to its postcode: `Flat 3, Kathryn House, Leeds, LS1 4DY`.
pub(crate) fn flat(window: &[u8], at: usize, length: usize) -> Option<(Range<usize>, Level)> {
    if at
        .checked_sub(1)
        .and_then(|last| window.get(last))
        .is_some_and(u8::is_ascii_alphanumeric)
    {
        return None;
    }
    let end = at.saturating_add(length);
    let rest = window.get(end..)?;
    let digits = rest
        .iter()
        .take(5)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    if !rest.first().is_some_and(u8::is_ascii_digit) || !rest.get(digits..)?.starts_with(b", ") {
        return None;
    }
    if !rest
        .get(digits.saturating_add(2)..)?
        .first()
        .is_some_and(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    {
        return None;
    }
    let found = with_town(window, at, end.saturating_add(digits));
    // A postcode of letters and digits; a number may be a year.
    let letters = window
        .get(found.0.end.checked_sub(1)?)
        .is_some_and(u8::is_ascii_alphabetic);
    (found.1 > Level::Low && letters).then_some(found)
}

/// Reads the address of a soldier or diplomat of the United States around the word for the office: `Unit 815 Box 9, APO AE 09012`.
pub(crate) fn military(window: &[u8], at: usize) -> Option<(Range<usize>, Level)> {
    let rest = window.get(at..)?;
    let [
        b'A' | b'D' | b'F',
        b'P',
        b'O',
        b' ',
        b'A',
        b'A' | b'E' | b'P',
        b' ',
        code @ ..,
    ] = rest
    else {
        return None;
    };
    let digits = code
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let before = window.get(at.saturating_sub(64)..at)?;
    let words = [
        &b"Unit "[..],
        b"PSC ",
        b"CMR ",
        b"USS ",
        b"USNS ",
        b"USNV ",
        b"USCGC ",
    ];
    let start = words
        .iter()
        .filter_map(|word| memchr::memmem::rfind(before, word))
        .min()?;
    if digits != 5
        || before
            .get(start..)?
            .iter()
            .any(|byte| matches!(byte, b'"' | b'<' | b';'))
    {
        return None;
    }
    let start = at.saturating_sub(before.len()).saturating_add(start);
    Some((start..at.saturating_add(12), Level::Medium))
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]
mod tests {
    use super::*;

    #[test]
    fn addresses_after_their_word_are_read_whole() {
        for (text, address) in [
            (
                "address: 12 Elm Street, Leeds LS1 4DY",
                "12 Elm Street, Leeds LS1 4DY",
            ),
            (
                "\"address\": \"Borgo Pier, 32, 33018, Tarvisio (UD)\", \"a\": 1",
                "Borgo Pier, 32, 33018, Tarvisio (UD)",
            ),
            (
                "<address>Plac Nowy 5, 00-950 Warszawa</address>",
                "Plac Nowy 5, 00-950 Warszawa",
            ),
            ("address = 東京都千代田区丸の内1-2", "東京都千代田区丸の内1-2"),
        ] {
            let at = text.find("address").unwrap();
            let (range, _) = labelled(text.as_bytes(), at, 7).unwrap();
            assert_eq!(&text[range], address);
        }
        for text in [
            "address: 0x7fff5694, See Below, 12",
            "address: 10.0.0.1, Port 80, Listen",
            "email_address: Someone, At Somewhere, 12345",
            "\"address\": \"See the Manual, page 12\"",
            "address of the Chairman, Mr. Smith, in 1990",
            "address: MyClass, OtherClass, 12345",
        ] {
            let at = text.find("address").unwrap();
            assert_eq!(labelled(text.as_bytes(), at, 7), None, "{text}");
        }
    }

    #[test]
    fn structure_tells_where_no_word_does() {
        type Read = fn(&[u8], usize) -> Option<(Range<usize>, Level)>;
        let check = |text: &str, mark: &str, read: Read| {
            let at = text.find(mark).unwrap();
            read(text.as_bytes(), at).map(|(range, _)| text[range].to_owned())
        };
        assert_eq!(
            check("우리는 서울특별시 강남구 테헤란로 152에 있다", "152", korean).unwrap(),
            "서울특별시 강남구 테헤란로 152"
        );
        assert_eq!(check("그는 바로 152번", "152", korean), None);
        assert_eq!(
            check("住所は、東京都千代田区丸の内1丁目2番3号です", "1", japanese).unwrap(),
            "東京都千代田区丸の内1丁目2番3号"
        );
        assert_eq!(check("第12号", "12", japanese), None);
        assert_eq!(
            check(
                "寄到：云南省昆明市人民路88号A座 650000。",
                "650000",
                before_postcode
            )
            .unwrap(),
            "云南省昆明市人民路88号A座 650000"
        );
        assert_eq!(
            check("Ship to Unit 815 Box 9, APO AE 09012 soon", "APO", military).unwrap(),
            "Unit 815 Box 9, APO AE 09012"
        );
        let text = "адрес: г. Москва, ул. Ленина, д. 5, кв. 12. Тел";
        let at = text.find("д. ").unwrap();
        let (range, _) = russian(text.as_bytes(), at, "д. ".len()).unwrap();
        assert_eq!(&text[range], "г. Москва, ул. Ленина, д. 5, кв. 12");
        assert_eq!(russian("и т. д. 5 раз".as_bytes(), 8, 4), None);
        let text = "at Flat 3, Kathryn House, Leeds, LS1 4DY.";
        let (range, _) = flat(text.as_bytes(), 3, 5).unwrap();
        assert_eq!(&text[range], "Flat 3, Kathryn House, Leeds, LS1 4DY");
        assert_eq!(flat(b"Flat 3, and so on", 0, 5), None);
        assert_eq!(flat(b"Studio 2015, 2017 and 2019", 0, 7), None);
    }
}
