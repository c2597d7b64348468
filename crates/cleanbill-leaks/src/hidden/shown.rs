//! What is shown of hidden content: it is no secret, but it may hold one.

/// Characters that are shown.
const SHOWN: usize = 96;
/// Letters and digits in a row from which on a word with both may be a key, and is cut.
const KEY_LENGTH: usize = 16;
/// Characters of such a word that are shown.
const KEY_SHOWN: usize = 4;

/// Makes a text short and printable.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::new();
    let mut count = 0_usize;
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
            count = count.saturating_add(1);
        }
        let shown: String = if may_be_key(word) {
            word.chars().take(KEY_SHOWN).chain(['…']).collect()
        } else {
            word.to_owned()
        };
        for character in shown.chars() {
            if count >= SHOWN {
                out.push('…');
                return out;
            }
            count = count.saturating_add(1);
            let visible = character == '…'
                || !character.is_control()
                    && super::characters::class(character) == super::characters::Class::Plain;
            out.push(if visible { character } else { '·' });
        }
    }
    out
}

fn may_be_key(word: &str) -> bool {
    word.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '+'))
        .any(|part| {
            part.len() >= KEY_LENGTH
                && part.bytes().any(|byte| byte.is_ascii_digit())
                && part.bytes().any(|byte| byte.is_ascii_alphabetic())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_short_and_printable_and_no_key() {
        assert_eq!(printable("a\n b\u{200b}c\u{1b}d"), "a b·c·d");
        assert_eq!(printable("key sk1234567890abcdefgh now"), "key sk12… now");
        assert!(printable(&"word ".repeat(100)).chars().count() <= SHOWN + 1);
    }
}
