//! Near duplicates: signatures whose agreement estimates the Jaccard similarity of two texts, and keys under which similar texts
//! meet. One hash of each shingle fills all places of a signature (one permutation hashing, Li, Owen and Zhang 2012; empty places
//! are filled by the rule of Shrivastava 2017); bands of four places are keys (Broder 1997; Leskovec, Rajaraman and Ullman, Mining
//! of Massive Datasets, 3.4).

use super::tokens::{Tokens, mix};

/// A sketch of a text.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    pub(crate) signature: [u8; PLACES],
    pub(crate) bands: [u64; BANDS],
}

impl Sketch {
    /// Sketches texts that are long enough to be compared.
    pub(crate) fn of(tokens: &Tokens) -> Option<Self> {
        let mut least = [u64::MAX; PLACES];
        let mut shingles = 0_usize;
        for shingle in tokens.shingles() {
            shingles = shingles.saturating_add(1);
            let hash = mix(shingle);
            if let Some(place) = least.get_mut(usize::try_from(hash >> 59).unwrap_or(0)) {
                *place = (*place).min(hash << 5);
            }
        }
        if shingles < LEAST {
            return None;
        }
        let drawn = least;
        for (place, value) in (0_u64..).zip(least.iter_mut()) {
            let mut try_again = 0_u64;
            while *value == u64::MAX {
                try_again = try_again.saturating_add(1);
                let other = mix(place << 32 | try_again) >> 59;
                *value = drawn
                    .get(usize::try_from(other).unwrap_or(0))
                    .copied()
                    .unwrap_or(0);
            }
        }
        let mut sketch = Self {
            signature: [0; PLACES],
            bands: [0; BANDS],
        };
        for (byte, value) in sketch.signature.iter_mut().zip(least) {
            *byte = u8::try_from(mix(value) >> 56).unwrap_or(0);
        }
        let bands = sketch.bands.iter_mut().zip(least.chunks(PLACES / BANDS));
        for (number, (band, values)) in (1_u64..).zip(bands) {
            *band = values
                .iter()
                .fold(mix(number), |key, value| mix(key.rotate_left(7) ^ value));
        }
        Some(sketch)
    }
}

/// Counts the places of two signatures that agree: 32 times the similarity, with a standard deviation of 2.8 at most.
pub(crate) fn agreement(left: &[u8; PLACES], right: &[u8; PLACES]) -> u32 {
    let same = left.iter().zip(right).filter(|(left, right)| left == right);
    u32::try_from(same.count()).unwrap_or(0)
}

/// Places of a signature.
pub(crate) const PLACES: usize = 32;
/// Keys of a text. Two texts of similarity s have one in common with probability 1 - (1 - s^4)^8: 0.98 at 0.8, 0.89 at 0.7.
pub(crate) const BANDS: usize = 8;
/// LIMIT: shingles of a text that is compared; shorter ones are alike by chance.
const LEAST: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(text: &str) -> Option<Sketch> {
        Sketch::of(&Tokens::of_one(text))
    }

    fn numbered(from: u32, to: u32) -> String {
        let words: Vec<String> = (from..to).map(|number| format!("w{number} ")).collect();
        words.concat()
    }

    #[test]
    fn agreement_estimates_similarity() {
        let base = sketch(&numbered(0, 400)).unwrap();
        // 300 of 500 pairs of words in common.
        let half = sketch(&numbered(100, 500)).unwrap();
        let other = sketch(&numbered(1_000, 1_400)).unwrap();
        assert_eq!(agreement(&base.signature, &base.signature), 32);
        let seen = agreement(&base.signature, &half.signature);
        assert!((12..=26).contains(&seen), "{seen}");
        assert!(agreement(&base.signature, &other.signature) <= 3);
    }

    #[test]
    fn similar_texts_meet_and_others_do_not() {
        let base = numbered(0, 60);
        let (left, right) = (sketch(&base), sketch(&base.replace("w30 ", "else ")));
        let (left, right) = (left.unwrap(), right.unwrap());
        assert!(left.bands.iter().any(|band| right.bands.contains(band)));
        let other = sketch(&numbered(500, 560)).unwrap();
        assert!(!left.bands.iter().any(|band| other.bands.contains(band)));
    }

    #[test]
    fn short_texts_are_not_compared() {
        assert!(sketch("too short to say").is_none());
    }
}
