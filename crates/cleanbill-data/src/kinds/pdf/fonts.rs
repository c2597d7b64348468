//! What the codes of a font mean and how wide they are (ISO 32000-2, 9.6 to 9.10).

use std::collections::BTreeMap;

use super::objects::{Objects, Reader, Value};
use crate::limits::{PDF_VALUES, PDF_WIDTHS};

/// A font, as far as its texts need it.
#[derive(Debug, Default)]
pub(super) struct Font {
    /// Codes have two bytes.
    is_wide: bool,
    /// Codes are UTF-16.
    is_unicode: bool,
    /// What codes mean, by the first of a range: the last one, and the meanings.
    meanings: BTreeMap<u32, (u32, Meaning)>,
    /// Names of glyphs in the place of the usual characters.
    differences: BTreeMap<u32, Option<&'static str>>,
    letters: BTreeMap<u32, char>,
    widths: BTreeMap<u32, f64>,
    usual_width: f64,
}

#[derive(Debug)]
enum Meaning {
    /// The meaning of the first code; each next one is one further.
    From(Vec<u16>),
    Each(Vec<Vec<u16>>),
}

/// One code of a text.
pub(super) struct Shown {
    /// Width in parts of the size of the font.
    pub(super) width: f64,
    pub(super) is_space: bool,
    pub(super) is_known: bool,
}

impl Font {
    /// Reads a font.
    pub(super) fn read(objects: &mut Objects, bytes: &[u8], font: &Value) -> Self {
        let mut read = Self {
            usual_width: 0.5,
            ..Self::default()
        };
        let font = objects.resolve(font).clone();
        read.is_wide = objects
            .entry(&font, "Subtype")
            .is_some_and(|kind| kind.is_name("Type0"));
        let encoding = objects.entry(&font, "Encoding").cloned().unwrap_or(Value::Other);
        match &encoding {
            Value::Name(name) if read.is_wide => {
                let name = String::from_utf8_lossy(name);
                read.is_unicode = name.contains("UCS2") || name.contains("UTF16");
            }
            Value::Dictionary(_) => read.differ(objects.entry(&encoding, "Differences")),
            _ => {}
        }
        if let Some(Value::Reference(number)) = font.entry("ToUnicode")
            && let Some(place) = objects.of(*number)
            && let Some(content) = objects.content(bytes, place)
        {
            read.map(&content);
        }
        if objects.widths < PDF_VALUES {
            read.measure(objects, &font);
            objects.widths = objects.widths.saturating_add(read.widths.len());
        }
        read
    }

    fn differ(&mut self, differences: Option<&Value>) {
        let Some(Value::List(list)) = differences else {
            return;
        };
        let mut code = 0_u32;
        for value in list.iter().take(PDF_WIDTHS) {
            match value {
                Value::Name(name) => {
                    let name = String::from_utf8_lossy(name);
                    match letter(&name).or_else(|| numbered(&name, code)) {
                        Some(letter) => {
                            self.letters.insert(code, letter);
                        }
                        None => {
                            self.differences.insert(code, ligature(&name));
                        }
                    }
                    code = code.saturating_add(1);
                }
                value => {
                    code = value
                        .whole()
                        .and_then(|code| u32::try_from(code).ok())
                        .unwrap_or(code);
                }
            }
        }
    }

    /// Reads a map of codes to characters.
    fn map(&mut self, content: &[u8]) {
        let mut left = PDF_VALUES;
        let mut reader = Reader {
            bytes: content,
            at: 0,
            left: &mut left,
        };
        let mut held: Vec<Value> = Vec::new();
        let mut wanted = 0;
        while let Some(value) = reader.value(0) {
            if let Value::Word(word) = &value {
                wanted = match word.as_slice() {
                    b"beginbfchar" => 2,
                    b"beginbfrange" => 3,
                    _ => 0,
                };
                held.clear();
                continue;
            }
            if wanted == 0 {
                continue;
            }
            held.push(value);
            if held.len() < wanted {
                continue;
            }
            let code = |value: Option<&Value>| match value {
                Some(Value::Text(bytes)) => Some(
                    bytes
                        .iter()
                        .fold(0_u32, |code, byte| code << 8 | u32::from(*byte)),
                ),
                _ => None,
            };
            let (first, last) = (
                code(held.first()),
                if wanted == 3 {
                    code(held.get(1))
                } else {
                    code(held.first())
                },
            );
            if let (Some(first), Some(last)) = (first, last)
                && self.meanings.len() < PDF_WIDTHS
            {
                let meaning = match held.last() {
                    Some(Value::Text(text)) => Meaning::From(units(text)),
                    Some(Value::List(several)) => Meaning::Each(
                        several
                            .iter()
                            .map(|value| match value {
                                Value::Text(text) => units(text),
                                _ => Vec::new(),
                            })
                            .collect(),
                    ),
                    _ => Meaning::Each(Vec::new()),
                };
                self.meanings.insert(first, (last, meaning));
            }
            held.clear();
        }
    }

    fn measure(&mut self, objects: &Objects, font: &Value) {
        if !self.is_wide {
            // Only fonts of drawings have a scale of their own.
            let scale = match objects.entry(font, "FontMatrix") {
                Some(Value::List(matrix)) => matrix.first().and_then(Value::number).unwrap_or(0.001),
                _ => 0.001,
            };
            let first = objects
                .entry(font, "FirstChar")
                .and_then(Value::whole)
                .unwrap_or(0);
            let mut code = u32::try_from(first).unwrap_or(0);
            if let Some(Value::List(widths)) = objects.entry(font, "Widths") {
                for width in widths.iter().take(PDF_WIDTHS) {
                    if let Some(width) = objects.resolve(width).number() {
                        self.widths.insert(code, width * scale);
                    }
                    code = code.saturating_add(1);
                }
            }
            return;
        }
        let Some(Value::List(below)) = objects.entry(font, "DescendantFonts") else {
            return;
        };
        let Some(below) = below.first() else { return };
        self.usual_width = objects
            .entry(below, "DW")
            .and_then(Value::number)
            .unwrap_or(1_000.0)
            / 1_000.0;
        let Some(Value::List(list)) = objects.entry(below, "W") else {
            return;
        };
        let mut at = 0;
        let code = |at: usize| {
            list.get(at)
                .and_then(Value::whole)
                .and_then(|code| u32::try_from(code).ok())
        };
        while let Some(first) = code(at).filter(|_| self.widths.len() < PDF_WIDTHS) {
            let next = at.saturating_add(1);
            if let Some(Value::List(widths)) = list.get(next).map(|value| objects.resolve(value)) {
                let codes = (first..).zip(widths).take(PDF_WIDTHS);
                let widths = codes.filter_map(|(code, width)| Some((code, width.number()? / 1_000.0)));
                self.widths.extend(widths);
                at = at.saturating_add(2);
            } else {
                let end = code(next).unwrap_or(first);
                let width = list
                    .get(at.saturating_add(2))
                    .and_then(Value::number)
                    .unwrap_or(0.0)
                    / 1_000.0;
                let codes = (first..=end).take(PDF_WIDTHS);
                self.widths.extend(codes.map(|code| (code, width)));
                at = at.saturating_add(3);
            }
        }
    }

    /// Writes what a text means, code by code.
    pub(super) fn decode(&self, text: &[u8], out: &mut String, each: &mut dyn FnMut(Shown)) {
        let step = if self.is_wide { 2 } else { 1 };
        for bytes in text.chunks(step) {
            let code = bytes
                .iter()
                .fold(0_u32, |code, byte| code << 8 | u32::from(*byte));
            let is_known = self.meaning(code, out);
            each(Shown {
                width: self.widths.get(&code).copied().unwrap_or(self.usual_width),
                is_space: step == 1 && code == 32,
                is_known,
            });
        }
    }

    fn meaning(&self, code: u32, out: &mut String) -> bool {
        if let Some((first, (last, meaning))) = self.meanings.range(..=code).next_back()
            && code <= *last
        {
            let further = code.saturating_sub(*first);
            match meaning {
                Meaning::From(units) => {
                    let mut units = units.clone();
                    if let Some(unit) = units.last_mut() {
                        *unit = unit.wrapping_add(u16::try_from(further).unwrap_or(0));
                    }
                    push(&units, out);
                }
                Meaning::Each(each) => {
                    let units = usize::try_from(further).ok().and_then(|place| each.get(place));
                    push(units.map_or(&[], Vec::as_slice), out);
                }
            }
            return true;
        }
        if self.is_unicode {
            push(&[u16::try_from(code).unwrap_or(0)], out);
            return true;
        }
        if let Some(letter) = self.letters.get(&code) {
            out.push(*letter);
            return true;
        }
        if let Some(known) = self.differences.get(&code) {
            out.push_str(known.unwrap_or("\u{fffd}"));
            return known.is_some();
        }
        if self.is_wide {
            out.push(char::REPLACEMENT_CHARACTER);
            return false;
        }
        out.push(usual(u8::try_from(code).unwrap_or(0)));
        true
    }
}

fn push(units: &[u16], out: &mut String) {
    let letters = char::decode_utf16(units.iter().copied());
    out.extend(letters.map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

fn units(text: &[u8]) -> Vec<u16> {
    if let [one] = text {
        return vec![u16::from(*one)];
    }
    // A code that means more than a word is no letter.
    let (pairs, _) = text.as_chunks::<2>();
    pairs
        .iter()
        .take(16)
        .map(|pair| u16::from_be_bytes(*pair))
        .collect()
}

/// Returns the character of a byte in the encoding of Windows.
pub(super) fn usual(byte: u8) -> char {
    let high = byte
        .checked_sub(0x80)
        .and_then(|place| HIGH.get(usize::from(place)));
    high.copied().unwrap_or(char::from(byte))
}

/// Characters from 0x80 to 0x9f.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Returns the character that a name of a glyph stands for.
fn letter(name: &str) -> Option<char> {
    let name = name.split('.').next().unwrap_or_default();
    let mut letters = name.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        return Some(letter);
    }
    let digits = name.strip_prefix("uni").or_else(|| name.strip_prefix('u'));
    let code = digits.filter(|digits| {
        (4..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    if let Some(letter) = code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)) {
        return Some(letter);
    }
    let found = GLYPHS.iter().find(|(known, _)| *known == name);
    found.map(|(_, letter)| *letter)
}

/// Returns the character of a glyph that is named by its code, as those of bitmap fonts are (`a65`).
fn numbered(name: &str, code: u32) -> Option<char> {
    let digits = name.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let is_code = digits.len() < name.len() && digits.parse() == Ok(code);
    char::from_u32(code).filter(|_| is_code && (32..127).contains(&code))
}

fn ligature(name: &str) -> Option<&'static str> {
    Some(match name {
        "fi" | "f_i" => "fi",
        "fl" | "f_l" => "fl",
        "ff" | "f_f" => "ff",
        "ffi" | "f_f_i" => "ffi",
        "ffl" | "f_f_l" => "ffl",
        ".notdef" => "",
        _ => return None,
    })
}

/// Names of glyphs as Adobe lists them, for what keys, numbers and addresses are made of and for accents.
const GLYPHS: &[(&str, char)] = &[
    ("space", ' '),
    ("exclam", '!'),
    ("quotedbl", '"'),
    ("numbersign", '#'),
    ("dollar", '$'),
    ("percent", '%'),
    ("ampersand", '&'),
    ("quotesingle", '\''),
    ("parenleft", '('),
    ("parenright", ')'),
    ("asterisk", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("hyphen", '-'),
    ("period", '.'),
    ("slash", '/'),
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("colon", ':'),
    ("semicolon", ';'),
    ("less", '<'),
    ("equal", '='),
    ("greater", '>'),
    ("question", '?'),
    ("at", '@'),
    ("bracketleft", '['),
    ("backslash", '\\'),
    ("bracketright", ']'),
    ("asciicircum", '^'),
    ("underscore", '_'),
    ("grave", '`'),
    ("braceleft", '{'),
    ("bar", '|'),
    ("braceright", '}'),
    ("asciitilde", '~'),
    ("nbspace", '\u{a0}'),
    ("softhyphen", '\u{ad}'),
    ("Agrave", 'À'),
    ("Aacute", 'Á'),
    ("Acircumflex", 'Â'),
    ("Atilde", 'Ã'),
    ("Adieresis", 'Ä'),
    ("Aring", 'Å'),
    ("AE", 'Æ'),
    ("Ccedilla", 'Ç'),
    ("Egrave", 'È'),
    ("Eacute", 'É'),
    ("Ecircumflex", 'Ê'),
    ("Edieresis", 'Ë'),
    ("Igrave", 'Ì'),
    ("Iacute", 'Í'),
    ("Icircumflex", 'Î'),
    ("Idieresis", 'Ï'),
    ("Ntilde", 'Ñ'),
    ("Ograve", 'Ò'),
    ("Oacute", 'Ó'),
    ("Ocircumflex", 'Ô'),
    ("Otilde", 'Õ'),
    ("Odieresis", 'Ö'),
    ("Oslash", 'Ø'),
    ("Ugrave", 'Ù'),
    ("Uacute", 'Ú'),
    ("Ucircumflex", 'Û'),
    ("Udieresis", 'Ü'),
    ("Yacute", 'Ý'),
    ("germandbls", 'ß'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acircumflex", 'â'),
    ("atilde", 'ã'),
    ("adieresis", 'ä'),
    ("aring", 'å'),
    ("ae", 'æ'),
    ("ccedilla", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ecircumflex", 'ê'),
    ("edieresis", 'ë'),
    ("igrave", 'ì'),
    ("iacute", 'í'),
    ("icircumflex", 'î'),
    ("idieresis", 'ï'),
    ("ntilde", 'ñ'),
    ("ograve", 'ò'),
    ("oacute", 'ó'),
    ("ocircumflex", 'ô'),
    ("otilde", 'õ'),
    ("odieresis", 'ö'),
    ("oslash", 'ø'),
    ("ugrave", 'ù'),
    ("uacute", 'ú'),
    ("ucircumflex", 'û'),
    ("udieresis", 'ü'),
    ("yacute", 'ý'),
    ("ydieresis", 'ÿ'),
    ("Aogonek", 'Ą'),
    ("aogonek", 'ą'),
    ("Cacute", 'Ć'),
    ("cacute", 'ć'),
    ("Ccircumflex", 'Ĉ'),
    ("ccircumflex", 'ĉ'),
    ("Ccaron", 'Č'),
    ("ccaron", 'č'),
    ("Dcaron", 'Ď'),
    ("dcaron", 'ď'),
    ("Eogonek", 'Ę'),
    ("eogonek", 'ę'),
    ("Ecaron", 'Ě'),
    ("ecaron", 'ě'),
    ("Gcircumflex", 'Ĝ'),
    ("gcircumflex", 'ĝ'),
    ("Gcedilla", 'Ģ'),
    ("gcedilla", 'ģ'),
    ("Hcircumflex", 'Ĥ'),
    ("hcircumflex", 'ĥ'),
    ("Itilde", 'Ĩ'),
    ("itilde", 'ĩ'),
    ("Iogonek", 'Į'),
    ("iogonek", 'į'),
    ("dotlessi", 'ı'),
    ("Jcircumflex", 'Ĵ'),
    ("jcircumflex", 'ĵ'),
    ("Kcedilla", 'Ķ'),
    ("kcedilla", 'ķ'),
    ("Lacute", 'Ĺ'),
    ("lacute", 'ĺ'),
    ("Lcedilla", 'Ļ'),
    ("lcedilla", 'ļ'),
    ("Lcaron", 'Ľ'),
    ("lcaron", 'ľ'),
    ("Lslash", 'Ł'),
    ("lslash", 'ł'),
    ("Nacute", 'Ń'),
    ("nacute", 'ń'),
    ("Ncedilla", 'Ņ'),
    ("ncedilla", 'ņ'),
    ("Ncaron", 'Ň'),
    ("ncaron", 'ň'),
    ("Racute", 'Ŕ'),
    ("racute", 'ŕ'),
    ("Rcedilla", 'Ŗ'),
    ("rcedilla", 'ŗ'),
    ("Rcaron", 'Ř'),
    ("rcaron", 'ř'),
    ("Sacute", 'Ś'),
    ("sacute", 'ś'),
    ("Scircumflex", 'Ŝ'),
    ("scircumflex", 'ŝ'),
    ("Scedilla", 'Ş'),
    ("scedilla", 'ş'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Tcedilla", 'Ţ'),
    ("tcedilla", 'ţ'),
    ("Tcaron", 'Ť'),
    ("tcaron", 'ť'),
    ("Utilde", 'Ũ'),
    ("utilde", 'ũ'),
    ("Uring", 'Ů'),
    ("uring", 'ů'),
    ("Uogonek", 'Ų'),
    ("uogonek", 'ų'),
    ("Wcircumflex", 'Ŵ'),
    ("wcircumflex", 'ŵ'),
    ("Ycircumflex", 'Ŷ'),
    ("ycircumflex", 'ŷ'),
    ("Ydieresis", 'Ÿ'),
    ("Zacute", 'Ź'),
    ("zacute", 'ź'),
    ("Zcaron", 'Ž'),
    ("zcaron", 'ž'),
    ("endash", '–'),
    ("emdash", '—'),
    ("quoteleft", '‘'),
    ("quoteright", '’'),
    ("quotedblleft", '“'),
    ("quotedblright", '”'),
    ("bullet", '•'),
    ("ellipsis", '…'),
    ("Euro", '€'),
    ("minus", '−'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_glyphs_are_letters() {
        for (name, expected) in [
            ("A", 'A'),
            ("at", '@'),
            ("uni4E2D", '中'),
            ("one.alt", '1'),
            ("eacute", 'é'),
        ] {
            assert_eq!(letter(name), Some(expected), "{name}");
        }
        assert_eq!(letter("g12"), None);
        assert_eq!((numbered("a65", 65), numbered("a65", 66)), (Some('A'), None));
    }

    #[test]
    fn maps_give_codes_their_meaning() {
        let mut font = Font {
            is_wide: true,
            ..Font::default()
        };
        font.map(b"1 beginbfchar <0003> <0020> endbfchar 2 beginbfrange <0010> <0012> <0041> <0020> <0021> [<4E2D> <d83dde00>] endbfrange");
        let mut text = String::new();
        let mut unknown = 0;
        font.decode(
            &[0, 0x10, 0, 3, 0, 0x12, 0, 0x20, 0, 0x21, 0, 0x77],
            &mut text,
            &mut |shown| {
                unknown += u32::from(!shown.is_known);
            },
        );
        assert_eq!((text.as_str(), unknown), ("A C中😀\u{fffd}", 1));
    }
}
