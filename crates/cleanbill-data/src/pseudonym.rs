//! Pseudonyms of the form of what they stand for: digits for digits, capitals for capitals, small letters for small letters,
//! Chinese characters for Chinese characters, every sign as it was. The same value gives the same pseudonym under one key, and the
//! key leads back.
//!
//! A Feistel network over the characters that change: both halves in turn get a stream of numbers added, character by character,
//! modulo the size of the character's alphabet; the stream is HMAC-SHA-256 of the other half, the type and the form of the whole
//! value. Short values have few pseudonyms, and whoever holds pairs of value and pseudonym learns those: it hides values from
//! whoever has the copy only, as any encryption that keeps the form (NIST SP 800-38G, section 3) does.

use crate::key::Key;

/// Rounds of the network; ten, as in FF1.
const ROUNDS: u8 = 10;
/// LIMIT: characters of a value that gets a pseudonym; a longer one gets a placeholder.
const LONGEST: usize = 512;
/// LIMIT: steps of a walk; a value that takes more, one in 10^40, gets a placeholder.
const STEPS: usize = 1_000;
/// First and last Chinese character that is exchanged for another.
const HAN: (u32, u32) = (0x4e00, 0x9fff);

/// Makes pseudonyms under a key.
#[derive(Clone, Debug)]
pub struct Pseudonyms {
    key: Key,
}

/// An alphabet: its first character and how many it has.
type Alphabet = (u32, u32);

impl Pseudonyms {
    /// Takes the key.
    pub const fn new(key: Key) -> Self {
        Self { key }
    }

    /// Returns the pseudonym of a value of a type; nothing where its form cannot be kept.
    pub fn replace(&self, kind: &str, value: &[u8]) -> Option<Vec<u8>> {
        self.run(kind, value, true)
    }

    /// Returns the value of a pseudonym.
    pub fn restore(&self, kind: &str, pseudonym: &[u8]) -> Option<Vec<u8>> {
        self.run(kind, pseudonym, false)
    }

    /// A number stays one: what begins with another digit than zero never becomes what begins with zero, nor the other way round. The
    /// permutation is walked until it comes to a value of the same sort, which it does, at the latest where it began.
    fn run(&self, kind: &str, value: &[u8], forward: bool) -> Option<Vec<u8>> {
        let is_number = value.iter().all(u8::is_ascii_digit);
        let begins = |value: &[u8]| value.first() == Some(&b'0');
        let mut next = self.step(kind, value, forward)?;
        for _ in 0..STEPS {
            if !is_number || begins(&next) == begins(value) {
                return Some(next);
            }
            next = self.step(kind, &next, forward)?;
        }
        None
    }

    fn step(&self, kind: &str, value: &[u8], forward: bool) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(value).ok()?;
        let mut form = String::new();
        let mut numbers: Vec<(u32, Alphabet)> = Vec::new();
        for character in text.chars() {
            match alphabet(character) {
                Some((mark, alphabet)) => {
                    form.push(mark);
                    numbers.push((u32::from(character).saturating_sub(alphabet.0), alphabet));
                }
                // A letter of another alphabet would stay and tell.
                None if character.is_alphanumeric() => return None,
                None => form.push(character),
            }
        }
        if numbers.len() < 2 || numbers.len() > LONGEST {
            return None;
        }
        let middle = numbers.len() >> 1;
        for step in 0..ROUNDS {
            let round = if forward {
                step
            } else {
                ROUNDS.saturating_sub(1).saturating_sub(step)
            };
            let (left, right) = numbers.split_at_mut(middle);
            let (changed, other) = if round & 1 == 0 {
                (left, right)
            } else {
                (right, left)
            };
            self.round((kind, &form, round), changed, other, forward);
        }
        let mut numbers = numbers.into_iter();
        let exchanged = text.chars().map(|character| match alphabet(character) {
            Some(_) => numbers
                .next()
                .and_then(|(number, (first, _))| char::from_u32(first.saturating_add(number)))
                .unwrap_or(character),
            None => character,
        });
        Some(exchanged.collect::<String>().into_bytes())
    }

    fn round(
        &self,
        (kind, form, round): (&str, &str, u8),
        changed: &mut [(u32, Alphabet)],
        other: &[(u32, Alphabet)],
        forward: bool,
    ) {
        let other: Vec<u8> = other
            .iter()
            .flat_map(|(number, _)| number.to_be_bytes())
            .collect();
        // Eight bytes for each number keep it even: the alphabets are small beside 2^64.
        for (block, numbers) in changed.chunks_mut(4).enumerate() {
            let block = u64::try_from(block).unwrap_or(u64::MAX);
            let digest = self.key.digest(&[
                b"cleanbill pseudonym",
                kind.as_bytes(),
                form.as_bytes(),
                &[round],
                &block.to_be_bytes(),
                &other,
            ]);
            for ((number, (_, size)), bytes) in numbers.iter_mut().zip(digest.as_chunks::<8>().0) {
                let size = u64::from(*size);
                let added = u64::from_be_bytes(*bytes).checked_rem(size).unwrap_or(0);
                let added = if forward {
                    added
                } else {
                    size.saturating_sub(added)
                };
                let sum = u64::from(*number)
                    .saturating_add(added)
                    .checked_rem(size)
                    .unwrap_or(0);
                *number = u32::try_from(sum).unwrap_or(*number);
            }
        }
    }
}

fn alphabet(character: char) -> Option<(char, Alphabet)> {
    match character {
        '0'..='9' => Some(('0', (u32::from('0'), 10))),
        'a'..='z' => Some(('a', (u32::from('a'), 26))),
        'A'..='Z' => Some(('A', (u32::from('A'), 26))),
        _ if (HAN.0..=HAN.1).contains(&u32::from(character)) => {
            Some(('\u{4e00}', (HAN.0, HAN.1.saturating_sub(HAN.0).saturating_add(1))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn pseudonyms(key: &[u8]) -> Pseudonyms {
        Pseudonyms::new(Key::new(key).unwrap())
    }

    #[test]
    fn the_form_stays_and_the_key_leads_back() {
        let made = pseudonyms(b"a key of twenty bytes");
        for value in [
            "Jane.Doe42@example.org",
            "4111 1111 1111 1111",
            "张伟明",
            "a1",
            "+86 138-0013-8000",
        ] {
            let other = made.replace("email", value.as_bytes()).unwrap();
            assert_ne!(other, value.as_bytes());
            let other_text = std::str::from_utf8(&other).unwrap();
            assert_eq!(other_text.len(), value.len());
            for (was, is) in value.chars().zip(other_text.chars()) {
                assert_eq!(alphabet(was), alphabet(is), "{value} {other_text}");
                assert!(alphabet(was).is_some() || was == is);
            }
            assert_eq!(made.replace("email", value.as_bytes()).unwrap(), other);
            assert_eq!(made.restore("email", &other).unwrap(), value.as_bytes());
            let wrong = pseudonyms(b"another key, as long");
            assert_ne!(wrong.restore("email", &other).unwrap(), value.as_bytes());
        }
    }

    #[test]
    fn no_two_values_share_a_pseudonym() {
        let made = pseudonyms(b"a key of twenty bytes");
        let all: BTreeSet<Vec<u8>> = (0..10_000)
            .map(|number| made.replace("phone", format!("{number:04}").as_bytes()).unwrap())
            .collect();
        assert_eq!(all.len(), 10_000);
    }

    #[test]
    fn numbers_stay_numbers() {
        let made = pseudonyms(b"a key of twenty bytes");
        for number in (0..1_000).chain(10_000..10_300) {
            for value in [format!("{number}000"), format!("0{number}00")] {
                let other = made.replace("phone", value.as_bytes()).unwrap();
                assert_eq!(other.starts_with(b"0"), value.starts_with('0'), "{value}");
                assert_eq!(made.restore("phone", &other).unwrap(), value.as_bytes());
            }
        }
    }

    #[test]
    fn what_would_tell_gets_none() {
        let made = pseudonyms(b"a key of twenty bytes");
        for value in ["Иван", "7", "--", ""] {
            assert_eq!(made.replace("person_name", value.as_bytes()), None, "{value}");
        }
        assert_eq!(made.replace("email", b"\xff\xfe12"), None);
    }
}
