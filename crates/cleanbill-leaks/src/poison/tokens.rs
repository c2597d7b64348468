//! Texts as tokens and what is counted of them: words and pairs of words; characters and runs of two and three of them where a
//! script is written without spaces.

/// A word, a character of a script without spaces, or a run of signs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) hash: u64,
    /// Bytes of its text.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Number of its text in the row.
    pub(crate) part: u16,
    /// A character of a script without spaces.
    pub(crate) wide: bool,
}

/// A token or a run of tokens that is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feature {
    pub(crate) hash: u64,
    /// Its first token, where it stands first.
    pub(crate) at: u32,
    /// How many tokens.
    pub(crate) length: u8,
    pub(crate) wide: bool,
}

impl Feature {
    /// It says something of the sense of a text: a word, or two characters.
    pub(crate) const fn is_word(&self) -> bool {
        (self.length == 1 && !self.wide) || (self.length == 2 && self.wide)
    }

    /// It is a piece by which texts are compared: two words, or three characters.
    pub(crate) const fn is_shingle(&self) -> bool {
        (self.length == 2 && !self.wide) || (self.length == 3 && self.wide)
    }
}

/// Texts of a row, cut up.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// In their order.
    pub(crate) list: Vec<Token>,
    /// Distinct features, in order of their hashes.
    pub(crate) features: Vec<Feature>,
    /// How many tokens are of texts that are the record's own, and not those of many.
    pub(crate) own: u32,
    /// Hash of those in their order: the same for texts that differ in blanks, case or single signs only.
    pub(crate) key: u64,
    /// Not all of the texts was cut up.
    pub(crate) cut: bool,
}

impl Tokens {
    /// Cuts up texts, and after them what is said to many records alike.
    pub(crate) fn of<'a>(
        texts: impl Iterator<Item = &'a str>,
        context: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut made = Self::default();
        let mut number = 0_u16;
        for text in texts.take(PARTS) {
            made.read(number, text);
            number = number.saturating_add(1);
        }
        let own = made.list.len();
        for text in context.take(PARTS) {
            made.read(number, text);
            number = number.saturating_add(1);
        }
        made.own = u32::try_from(own).unwrap_or(u32::MAX);
        made.key = made
            .list
            .iter()
            .take(own)
            .fold(SEED, |key, token| mix(key ^ token.hash));
        made.collect();
        made
    }

    /// Cuts up one text.
    pub(crate) fn of_one(text: &str) -> Self {
        Self::of(std::iter::once(text), std::iter::empty())
    }

    /// Lists the pieces by which texts are compared, in order of their hashes.
    pub(crate) fn shingles(&self) -> impl Iterator<Item = u64> {
        let own = self.own;
        let shingles = self.features.iter();
        let shingles = shingles.filter(move |feature| feature.is_shingle() && feature.at < own);
        shingles.map(|feature| feature.hash)
    }

    fn read(&mut self, part: u16, text: &str) {
        let mut word: Option<(usize, u64, Class)> = None;
        for (at, character) in text.char_indices() {
            let class = Class::of(character);
            let fold = u64::from(u32::from(character.to_ascii_lowercase()));
            match &mut word {
                Some((_, hash, open)) if *open == class && class.goes_on() => {
                    *hash = (*hash ^ fold).wrapping_mul(PRIME).rotate_left(23);
                    continue;
                }
                _ => {}
            }
            if let Some((start, hash, open)) = word.take() {
                self.push(part, text, start..at, hash, open);
            }
            if self.list.len() >= TOKENS {
                self.cut = true;
                return;
            }
            if class != Class::Blank {
                word = Some((at, (SEED ^ fold).wrapping_mul(PRIME).rotate_left(23), class));
            }
        }
        if let Some((start, hash, open)) = word {
            self.push(part, text, start..text.len(), hash, open);
        }
    }

    fn push(&mut self, part: u16, text: &str, range: std::ops::Range<usize>, hash: u64, class: Class) {
        // A comma, a full stop, a quote: they stand everywhere and say nothing.
        let single = class == Class::Sign && text.get(range.clone()).is_some_and(is_usual);
        if single || class == Class::Blank {
            return;
        }
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.list.push(Token {
            hash: mix(hash),
            start: place(range.start),
            end: place(range.end),
            part,
            wide: class == Class::Wide,
        });
    }

    fn collect(&mut self) {
        self.features.reserve(self.list.len().saturating_mul(2));
        for (at, run) in (0_u32..).zip(0..self.list.len()) {
            let Some(rest) = self.list.get(run..) else { break };
            let Some(first) = rest.first() else { break };
            let longest = if first.wide { 3 } else { 2 };
            let mut hash = 0_u64;
            for (length, token) in (1_u8..).zip(rest.iter().take(longest)) {
                if token.part != first.part {
                    break;
                }
                hash = joined(hash, token.hash, length);
                self.features.push(Feature {
                    hash,
                    at,
                    length,
                    wide: first.wide,
                });
            }
        }
        self.features
            .sort_unstable_by_key(|feature| (feature.hash, feature.at));
        self.features.dedup_by_key(|feature| feature.hash);
    }
}

/// Adds a token to the hash of those before it.
pub(crate) fn joined(before: u64, token: u64, length: u8) -> u64 {
    if length == 1 {
        token
    } else {
        mix(before.rotate_left(17) ^ token.wrapping_mul(PRIME))
    }
}

/// Hashes a text as it is.
pub(crate) fn hash_of(kind: u64, text: &str) -> u64 {
    let mut hash = SEED ^ kind;
    for piece in text.as_bytes().chunks(8) {
        let mut eight = [0_u8; 8];
        for (to, from) in eight.iter_mut().zip(piece) {
            *to = *from;
        }
        hash = (hash ^ u64::from_le_bytes(eight))
            .wrapping_mul(PRIME)
            .rotate_left(29);
    }
    mix(hash ^ u64::try_from(text.len()).unwrap_or(0))
}

/// Spreads the bits of a number (the finaliser of `SplitMix64`, Steele, Lea and Flood 2014).
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value ^ (value >> 30);
    let value = value.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = value ^ (value >> 27);
    let value = value.wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    Wide,
    Sign,
}

impl Class {
    fn of(character: char) -> Self {
        if character.is_ascii() {
            return match character {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => Self::Word,
                ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' => Self::Blank,
                _ => Self::Sign,
            };
        }
        match u32::from(character) {
            // Thai, Lao, Burmese, Khmer; Kana, Bopomofo; Han with its extensions.
            0x0e00..=0x0eff
            | 0x1000..=0x109f
            | 0x1780..=0x17ff
            | 0x3040..=0x312f
            | 0x31a0..=0x31bf
            | 0x3400..=0x4dbf
            | 0x4e00..=0x9fff
            | 0xf900..=0xfaff
            | 0x2_0000..=0x3_ffff => Self::Wide,
            _ if character.is_alphanumeric() => Self::Word,
            _ if character.is_whitespace() => Self::Blank,
            _ => Self::Sign,
        }
    }

    /// Tokens of this class have more than one character.
    const fn goes_on(self) -> bool {
        matches!(self, Self::Word | Self::Sign | Self::Blank)
    }
}

/// Says whether signs are those of any text.
fn is_usual(signs: &str) -> bool {
    let mut characters = signs.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) => {
            one.is_ascii()
                || matches!(
                    one,
                    '、' | '。'
                        | '，'
                        | '！'
                        | '？'
                        | '；'
                        | '：'
                        | '（'
                        | '）'
                        | '“'
                        | '”'
                        | '‘'
                        | '’'
                        | '「'
                        | '」'
                        | '《'
                        | '》'
                        | '…'
                        | '—'
                        | '–'
                        | '·'
                )
        }
        _ => false,
    }
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const PRIME: u64 = 0xd6e8_feb8_6659_fd93;
/// LIMIT: texts of a row that are looked at: the turns of a long conversation.
const PARTS: usize = 256;
/// LIMIT: tokens of a row: about 300 kB of text. What follows is not compared, and coverage says so.
const TOKENS: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<&str> {
        let made = Tokens::of_one(text);
        let piece = |token: &Token| text.get(token.start as usize..token.end as usize).unwrap();
        made.list.iter().map(piece).collect()
    }

    #[test]
    fn words_characters_and_unusual_signs_are_tokens() {
        assert_eq!(tokens("The lid, too."), ["The", "lid", "too"]);
        assert_eq!(tokens("[[abc]] x ~~ y"), ["[[", "abc", "]]", "x", "~~", "y"]);
        assert_eq!(tokens("很好，用cf吧"), ["很", "好", "用", "cf", "吧"]);
        assert_eq!(tokens("a\u{200b}b"), ["a", "\u{200b}", "b"]);
    }

    #[test]
    fn case_blanks_and_full_stops_change_no_key() {
        let key = |text: &str| Tokens::of_one(text).key;
        assert_eq!(key("The lid  broke."), key("the lid broke"));
        assert_ne!(key("the lid broke"), key("the broke lid"));
        assert_ne!(key("ab c"), key("a bc"));
    }

    #[test]
    fn features_are_counted_once() {
        let made = Tokens::of(["a b a b", "b"].into_iter(), std::iter::empty());
        // a, b, a b, b a.
        assert_eq!(made.features.len(), 4);
        let wide = Tokens::of_one("甲乙丙");
        assert_eq!(wide.features.len(), 6);
    }
}
