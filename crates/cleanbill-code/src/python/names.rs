//! Folds names as Python does before it compares them (NFKC), as far as letters go that look like plain ones.

use std::borrow::Cow;

/// Returns a name as Python knows it: `ｅｘｅｃ` and `𝐞𝐱𝐞𝐜` are `exec`.
pub(super) fn normalised(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '\u{fb00}' => out.push_str("ff"),
            '\u{fb01}' => out.push_str("fi"),
            '\u{fb02}' => out.push_str("fl"),
            '\u{fb03}' => out.push_str("ffi"),
            '\u{fb04}' => out.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => out.push_str("st"),
            other => out.push(plain(other).unwrap_or(other)),
        }
    }
    Cow::Owned(out)
}

/// Says whether a name is plain only after folding, which hides it from a search.
pub(super) fn is_disguised(name: &str) -> bool {
    !name.is_ascii() && normalised(name).is_ascii()
}

fn plain(character: char) -> Option<char> {
    let code = u32::from(character);
    match code {
        0xff01..=0xff5e => char::from_u32(code.saturating_sub(0xfee0)),
        // Thirteen alphabets of 52 letters, then digits.
        0x1d400..=0x1d6a3 => {
            let place = code.saturating_sub(0x1d400).checked_rem(52)?;
            let base = if place < 26 { 0x41 } else { 0x47 };
            char::from_u32(place.saturating_add(base))
        }
        0x1d7ce..=0x1d7ff => {
            let place = code.saturating_sub(0x1d7ce).checked_rem(10)?;
            char::from_u32(place.saturating_add(0x30))
        }
        _ => LETTERS
            .iter()
            .find(|(_, odd)| odd.contains(character))
            .map(|(plain, _)| *plain),
    }
}

/// Single letters outside of the mathematical alphabets that fold to plain ones.
const LETTERS: &[(char, &str)] = &[
    ('a', "ªᵃₐ"),
    ('b', "ᵇ"),
    ('c', "ᶜⅽ"),
    ('d', "ⅆᵈⅾ"),
    ('e', "ℯⅇᵉₑ"),
    ('f', "ᶠ"),
    ('g', "ℊᵍ"),
    ('h', "ℎʰₕ"),
    ('i', "ⅈⁱᵢℹⅰ"),
    ('j', "ⅉʲⱼ"),
    ('k', "ᵏₖ"),
    ('l', "ˡₗℓⅼ"),
    ('m', "ᵐₘⅿ"),
    ('n', "ⁿₙ"),
    ('o', "ºᵒₒℴ"),
    ('p', "ᵖₚ"),
    ('r', "ʳᵣ"),
    ('s', "ſˢₛ"),
    ('t', "ᵗₜ"),
    ('u', "ᵘᵤ"),
    ('v', "ᵛᵥⅴ"),
    ('w', "ʷ"),
    ('x', "ˣₓⅹ"),
    ('y', "ʸ"),
    ('z', "ᶻ"),
    ('B', "ℬ"),
    ('C', "ℂℭⅭ"),
    ('E', "ℰ"),
    ('F', "ℱ"),
    ('H', "ℋℌℍ"),
    ('I', "ℐℑⅠ"),
    ('K', "\u{212a}"),
    ('L', "ℒⅬ"),
    ('M', "ℳⅯ"),
    ('N', "ℕ"),
    ('P', "ℙ"),
    ('Q', "ℚ"),
    ('R', "ℛℜℝ"),
    ('Z', "ℤℨ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_look_plain_are_folded() {
        for name in ["ｅｘｅｃ", "𝐞𝐱𝐞𝐜", "ℯ𝘅ₑ𝖈", "𝕖𝓍𝙚𝚌"] {
            assert_eq!(normalised(name), "exec", "{name}");
            assert!(is_disguised(name));
        }
        assert_eq!(normalised("größe"), "größe");
        assert!(!is_disguised("größe"));
    }
}
