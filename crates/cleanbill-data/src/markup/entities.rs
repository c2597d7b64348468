//! What `&amp;`, `&#64;` and their like stand for. Only characters: entities that a document declares itself are left as they are.

use std::{borrow::Cow, ops::Range};

/// Where a decoded character stands, and what it was written as.
#[derive(Clone, Copy, Debug)]
struct Written {
    decoded: usize,
    decoded_length: usize,
    raw: usize,
    raw_length: usize,
}

/// Leads from places in what is meant to places in what is written.
#[derive(Debug, Default)]
pub(crate) struct Places(Vec<Written>);

impl Places {
    /// Returns where a range of what is meant stands in what is written.
    pub(crate) fn raw(&self, range: &Range<usize>) -> Range<usize> {
        self.place(range.start, false)..self.place(range.end, true)
    }

    /// Says whether anything was written otherwise.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, decoded: usize, is_end: bool) -> usize {
        let before = self.0.partition_point(|one| one.decoded < decoded);
        let Some(last) = before.checked_sub(1).and_then(|last| self.0.get(last)) else {
            return decoded;
        };
        let inside = decoded.saturating_sub(last.decoded);
        if inside < last.decoded_length {
            // Within a character that is written otherwise.
            return if is_end {
                last.raw.saturating_add(last.raw_length)
            } else {
                last.raw
            };
        }
        let behind = inside.saturating_sub(last.decoded_length);
        last.raw.saturating_add(last.raw_length).saturating_add(behind)
    }
}

/// Returns what a text means.
pub(crate) fn decode(raw: &[u8]) -> (Cow<'_, [u8]>, Places) {
    if memchr::memchr(b'&', raw).is_none() {
        return (Cow::Borrowed(raw), Places::default());
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'&', raw.get(at..).unwrap_or_default()) {
        let start = at.saturating_add(next);
        decoded.extend_from_slice(raw.get(at..start).unwrap_or_default());
        let rest = raw.get(start..).unwrap_or_default();
        if let Some((character, length)) = entity(rest) {
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).as_bytes();
            places.push(Written {
                decoded: decoded.len(),
                decoded_length: bytes.len(),
                raw: start,
                raw_length: length,
            });
            decoded.extend_from_slice(bytes);
            at = start.saturating_add(length);
        } else {
            decoded.push(b'&');
            at = start.saturating_add(1);
        }
    }
    decoded.extend_from_slice(raw.get(at..).unwrap_or_default());
    (Cow::Owned(decoded), Places(places))
}

/// Reads what begins with `&`: the character and how many bytes it takes.
fn entity(text: &[u8]) -> Option<(char, usize)> {
    let body = text.get(1..text.len().min(40))?;
    if body.first() == Some(&b'#') {
        let is_hex = matches!(body.get(1), Some(b'x' | b'X'));
        let from = if is_hex { 2 } else { 1 };
        let digits = body.get(from..)?;
        let is_digit = |byte: &&u8| {
            if is_hex {
                byte.is_ascii_hexdigit()
            } else {
                byte.is_ascii_digit()
            }
        };
        let length = digits.iter().take_while(is_digit).count();
        let number = std::str::from_utf8(digits.get(..length)?).ok()?;
        let code = u32::from_str_radix(number, if is_hex { 16 } else { 10 }).ok()?;
        let semicolon = usize::from(digits.get(length) == Some(&b';'));
        let taken = 1_usize
            .saturating_add(from)
            .saturating_add(length)
            .saturating_add(semicolon);
        return Some((
            char::from_u32(code).filter(|character| *character != '\0')?,
            taken,
        ));
    }
    let length = body
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let name = body.get(..length)?;
    if body.get(length) != Some(&b';') {
        return None;
    }
    let place = NAMED
        .binary_search_by(|(known, _)| known.as_bytes().cmp(name))
        .ok()?;
    let (_, character) = NAMED.get(place)?;
    Some((*character, length.saturating_add(2)))
}

/// Writes a text as it stands between tags and in attributes.
pub(crate) fn escaped(text: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'&' => written.extend_from_slice(b"&amp;"),
            b'<' => written.extend_from_slice(b"&lt;"),
            b'>' => written.extend_from_slice(b"&gt;"),
            b'"' => written.extend_from_slice(b"&quot;"),
            b'\'' => written.extend_from_slice(b"&#39;"),
            _ => written.push(*byte),
        }
    }
    written
}

/// Names of characters that stand in keys, addresses and names, and of those that nobody sees, in order.
static NAMED: &[(&str, char)] = &[
    ("AElig", '\u{c6}'),
    ("AMP", '\u{26}'),
    ("Aacute", '\u{c1}'),
    ("Abreve", '\u{102}'),
    ("Acirc", '\u{c2}'),
    ("Agrave", '\u{c0}'),
    ("Amacr", '\u{100}'),
    ("Aogon", '\u{104}'),
    ("ApplyFunction", '\u{2061}'),
    ("Aring", '\u{c5}'),
    ("Atilde", '\u{c3}'),
    ("Auml", '\u{c4}'),
    ("COPY", '\u{a9}'),
    ("Cacute", '\u{106}'),
    ("Ccaron", '\u{10c}'),
    ("Ccedil", '\u{c7}'),
    ("Ccirc", '\u{108}'),
    ("Cdot", '\u{10a}'),
    ("Cedilla", '\u{b8}'),
    ("CenterDot", '\u{b7}'),
    ("CloseCurlyDoubleQuote", '\u{201d}'),
    ("CloseCurlyQuote", '\u{2019}'),
    ("Dcaron", '\u{10e}'),
    ("DiacriticalAcute", '\u{b4}'),
    ("DiacriticalGrave", '\u{60}'),
    ("Dot", '\u{a8}'),
    ("DoubleDot", '\u{a8}'),
    ("Dstrok", '\u{110}'),
    ("ENG", '\u{14a}'),
    ("ETH", '\u{d0}'),
    ("Eacute", '\u{c9}'),
    ("Ecaron", '\u{11a}'),
    ("Ecirc", '\u{ca}'),
    ("Edot", '\u{116}'),
    ("Egrave", '\u{c8}'),
    ("Emacr", '\u{112}'),
    ("Eogon", '\u{118}'),
    ("Euml", '\u{cb}'),
    ("GT", '\u{3e}'),
    ("Gbreve", '\u{11e}'),
    ("Gcedil", '\u{122}'),
    ("Gcirc", '\u{11c}'),
    ("Gdot", '\u{120}'),
    ("Hat", '\u{5e}'),
    ("Hcirc", '\u{124}'),
    ("Hstrok", '\u{126}'),
    ("IJlig", '\u{132}'),
    ("Iacute", '\u{cd}'),
    ("Icirc", '\u{ce}'),
    ("Idot", '\u{130}'),
    ("Igrave", '\u{cc}'),
    ("Imacr", '\u{12a}'),
    ("InvisibleComma", '\u{2063}'),
    ("InvisibleTimes", '\u{2062}'),
    ("Iogon", '\u{12e}'),
    ("Itilde", '\u{128}'),
    ("Iuml", '\u{cf}'),
    ("Jcirc", '\u{134}'),
    ("Kcedil", '\u{136}'),
    ("LT", '\u{3c}'),
    ("Lacute", '\u{139}'),
    ("Lcaron", '\u{13d}'),
    ("Lcedil", '\u{13b}'),
    ("Lmidot", '\u{13f}'),
    ("Lstrok", '\u{141}'),
    ("MediumSpace", '\u{205f}'),
    ("Nacute", '\u{143}'),
    ("Ncaron", '\u{147}'),
    ("Ncedil", '\u{145}'),
    ("NegativeMediumSpace", '\u{200b}'),
    ("NegativeThickSpace", '\u{200b}'),
    ("NegativeThinSpace", '\u{200b}'),
    ("NegativeVeryThinSpace", '\u{200b}'),
    ("NewLine", '\u{a}'),
    ("NoBreak", '\u{2060}'),
    ("NonBreakingSpace", '\u{a0}'),
    ("Ntilde", '\u{d1}'),
    ("OElig", '\u{152}'),
    ("Oacute", '\u{d3}'),
    ("Ocirc", '\u{d4}'),
    ("Odblac", '\u{150}'),
    ("Ograve", '\u{d2}'),
    ("Omacr", '\u{14c}'),
    ("OpenCurlyDoubleQuote", '\u{201c}'),
    ("OpenCurlyQuote", '\u{2018}'),
    ("Oslash", '\u{d8}'),
    ("Otilde", '\u{d5}'),
    ("Ouml", '\u{d6}'),
    ("PlusMinus", '\u{b1}'),
    ("QUOT", '\u{22}'),
    ("REG", '\u{ae}'),
    ("Racute", '\u{154}'),
    ("Rcaron", '\u{158}'),
    ("Rcedil", '\u{156}'),
    ("Sacute", '\u{15a}'),
    ("Scaron", '\u{160}'),
    ("Scedil", '\u{15e}'),
    ("Scirc", '\u{15c}'),
    ("THORN", '\u{de}'),
    ("TRADE", '\u{2122}'),
    ("Tab", '\u{9}'),
    ("Tcaron", '\u{164}'),
    ("Tcedil", '\u{162}'),
    ("ThinSpace", '\u{2009}'),
    ("Tstrok", '\u{166}'),
    ("Uacute", '\u{da}'),
    ("Ubreve", '\u{16c}'),
    ("Ucirc", '\u{db}'),
    ("Udblac", '\u{170}'),
    ("Ugrave", '\u{d9}'),
    ("Umacr", '\u{16a}'),
    ("UnderBar", '\u{5f}'),
    ("Uogon", '\u{172}'),
    ("Uring", '\u{16e}'),
    ("Utilde", '\u{168}'),
    ("Uuml", '\u{dc}'),
    ("VerticalLine", '\u{7c}'),
    ("VeryThinSpace", '\u{200a}'),
    ("Wcirc", '\u{174}'),
    ("Yacute", '\u{dd}'),
    ("Ycirc", '\u{176}'),
    ("Yuml", '\u{178}'),
    ("Zacute", '\u{179}'),
    ("Zcaron", '\u{17d}'),
    ("Zdot", '\u{17b}'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("aacute", '\u{e1}'),
    ("abreve", '\u{103}'),
    ("acirc", '\u{e2}'),
    ("acute", '\u{b4}'),
    ("aelig", '\u{e6}'),
    ("af", '\u{2061}'),
    ("agrave", '\u{e0}'),
    ("amacr", '\u{101}'),
    ("amp", '\u{26}'),
    ("angst", '\u{c5}'),
    ("aogon", '\u{105}'),
    ("apos", '\u{27}'),
    ("aring", '\u{e5}'),
    ("ast", '\u{2a}'),
    ("atilde", '\u{e3}'),
    ("auml", '\u{e4}'),
    ("brvbar", '\u{a6}'),
    ("bsol", '\u{5c}'),
    ("cacute", '\u{107}'),
    ("ccaron", '\u{10d}'),
    ("ccedil", '\u{e7}'),
    ("ccirc", '\u{109}'),
    ("cdot", '\u{10b}'),
    ("cedil", '\u{b8}'),
    ("cent", '\u{a2}'),
    ("centerdot", '\u{b7}'),
    ("circledR", '\u{ae}'),
    ("colon", '\u{3a}'),
    ("comma", '\u{2c}'),
    ("commat", '\u{40}'),
    ("copy", '\u{a9}'),
    ("curren", '\u{a4}'),
    ("dash", '\u{2010}'),
    ("dcaron", '\u{10f}'),
    ("deg", '\u{b0}'),
    ("die", '\u{a8}'),
    ("div", '\u{f7}'),
    ("divide", '\u{f7}'),
    ("dollar", '\u{24}'),
    ("dstrok", '\u{111}'),
    ("eacute", '\u{e9}'),
    ("ecaron", '\u{11b}'),
    ("ecirc", '\u{ea}'),
    ("edot", '\u{117}'),
    ("egrave", '\u{e8}'),
    ("emacr", '\u{113}'),
    ("emsp", '\u{2003}'),
    ("eng", '\u{14b}'),
    ("ensp", '\u{2002}'),
    ("eogon", '\u{119}'),
    ("equals", '\u{3d}'),
    ("eth", '\u{f0}'),
    ("euml", '\u{eb}'),
    ("euro", '\u{20ac}'),
    ("excl", '\u{21}'),
    ("frac12", '\u{bd}'),
    ("frac14", '\u{bc}'),
    ("frac34", '\u{be}'),
    ("gbreve", '\u{11f}'),
    ("gcirc", '\u{11d}'),
    ("gdot", '\u{121}'),
    ("grave", '\u{60}'),
    ("gt", '\u{3e}'),
    ("hairsp", '\u{200a}'),
    ("half", '\u{bd}'),
    ("hcirc", '\u{125}'),
    ("hellip", '\u{2026}'),
    ("hstrok", '\u{127}'),
    ("hyphen", '\u{2010}'),
    ("iacute", '\u{ed}'),
    ("ic", '\u{2063}'),
    ("icirc", '\u{ee}'),
    ("iexcl", '\u{a1}'),
    ("igrave", '\u{ec}'),
    ("ijlig", '\u{133}'),
    ("imacr", '\u{12b}'),
    ("imath", '\u{131}'),
    ("inodot", '\u{131}'),
    ("iogon", '\u{12f}'),
    ("iquest", '\u{bf}'),
    ("it", '\u{2062}'),
    ("itilde", '\u{129}'),
    ("iuml", '\u{ef}'),
    ("jcirc", '\u{135}'),
    ("kcedil", '\u{137}'),
    ("kgreen", '\u{138}'),
    ("lacute", '\u{13a}'),
    ("laquo", '\u{ab}'),
    ("lbrace", '\u{7b}'),
    ("lbrack", '\u{5b}'),
    ("lcaron", '\u{13e}'),
    ("lcedil", '\u{13c}'),
    ("lcub", '\u{7b}'),
    ("ldquo", '\u{201c}'),
    ("lmidot", '\u{140}'),
    ("lowbar", '\u{5f}'),
    ("lpar", '\u{28}'),
    ("lrm", '\u{200e}'),
    ("lsqb", '\u{5b}'),
    ("lsquo", '\u{2018}'),
    ("lstrok", '\u{142}'),
    ("lt", '\u{3c}'),
    ("macr", '\u{af}'),
    ("mdash", '\u{2014}'),
    ("micro", '\u{b5}'),
    ("midast", '\u{2a}'),
    ("middot", '\u{b7}'),
    ("mldr", '\u{2026}'),
    ("nacute", '\u{144}'),
    ("napos", '\u{149}'),
    ("nbsp", '\u{a0}'),
    ("ncaron", '\u{148}'),
    ("ncedil", '\u{146}'),
    ("ndash", '\u{2013}'),
    ("not", '\u{ac}'),
    ("ntilde", '\u{f1}'),
    ("num", '\u{23}'),
    ("oacute", '\u{f3}'),
    ("ocirc", '\u{f4}'),
    ("odblac", '\u{151}'),
    ("oelig", '\u{153}'),
    ("ograve", '\u{f2}'),
    ("omacr", '\u{14d}'),
    ("ordf", '\u{aa}'),
    ("ordm", '\u{ba}'),
    ("oslash", '\u{f8}'),
    ("otilde", '\u{f5}'),
    ("ouml", '\u{f6}'),
    ("para", '\u{b6}'),
    ("percnt", '\u{25}'),
    ("period", '\u{2e}'),
    ("plus", '\u{2b}'),
    ("plusmn", '\u{b1}'),
    ("pm", '\u{b1}'),
    ("pound", '\u{a3}'),
    ("quest", '\u{3f}'),
    ("quot", '\u{22}'),
    ("racute", '\u{155}'),
    ("raquo", '\u{bb}'),
    ("rbrace", '\u{7d}'),
    ("rbrack", '\u{5d}'),
    ("rcaron", '\u{159}'),
    ("rcedil", '\u{157}'),
    ("rcub", '\u{7d}'),
    ("rdquo", '\u{201d}'),
    ("rdquor", '\u{201d}'),
    ("reg", '\u{ae}'),
    ("rlm", '\u{200f}'),
    ("rpar", '\u{29}'),
    ("rsqb", '\u{5d}'),
    ("rsquo", '\u{2019}'),
    ("rsquor", '\u{2019}'),
    ("sacute", '\u{15b}'),
    ("scaron", '\u{161}'),
    ("scedil", '\u{15f}'),
    ("scirc", '\u{15d}'),
    ("sect", '\u{a7}'),
    ("semi", '\u{3b}'),
    ("shy", '\u{ad}'),
    ("sol", '\u{2f}'),
    ("strns", '\u{af}'),
    ("sup1", '\u{b9}'),
    ("sup2", '\u{b2}'),
    ("sup3", '\u{b3}'),
    ("szlig", '\u{df}'),
    ("tcaron", '\u{165}'),
    ("tcedil", '\u{163}'),
    ("thinsp", '\u{2009}'),
    ("thorn", '\u{fe}'),
    ("times", '\u{d7}'),
    ("trade", '\u{2122}'),
    ("tstrok", '\u{167}'),
    ("uacute", '\u{fa}'),
    ("ubreve", '\u{16d}'),
    ("ucirc", '\u{fb}'),
    ("udblac", '\u{171}'),
    ("ugrave", '\u{f9}'),
    ("umacr", '\u{16b}'),
    ("uml", '\u{a8}'),
    ("uogon", '\u{173}'),
    ("uring", '\u{16f}'),
    ("utilde", '\u{169}'),
    ("uuml", '\u{fc}'),
    ("verbar", '\u{7c}'),
    ("vert", '\u{7c}'),
    ("wcirc", '\u{175}'),
    ("yacute", '\u{fd}'),
    ("ycirc", '\u{177}'),
    ("yen", '\u{a5}'),
    ("yuml", '\u{ff}'),
    ("zacute", '\u{17a}'),
    ("zcaron", '\u{17e}'),
    ("zdot", '\u{17c}'),
    ("zwj", '\u{200d}'),
    ("zwnj", '\u{200c}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order() {
        assert!(NAMED.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn places_lead_back() {
        let raw = b"a&commat;b &unknown; &#x4E2D;&amp c&#0;&zwj;";
        let (decoded, places) = decode(raw);
        let text = String::from_utf8(decoded.to_vec()).expect("UTF-8");
        assert_eq!(text, "a@b &unknown; \u{4e2d}&amp c&#0;\u{200d}");
        for (start, character) in text.char_indices() {
            let range = start..start + character.len_utf8();
            let written = &raw[places.raw(&range)];
            assert_eq!(decode(written).0.as_ref(), &decoded[range], "{start}");
        }
    }
}
