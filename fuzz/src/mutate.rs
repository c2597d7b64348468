//! Changes to an input.

use cleanbill_samples::Random;

/// Longest input that is kept.
const INPUT_BYTES: usize = 64 * 1024;

/// Numbers at which lengths and counters break.
const EXTREMES: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// Returns a changed copy of `seed`; `other` is another input of the corpus, to borrow from.
pub(crate) fn mutate(random: &mut Random, seed: &[u8], other: &[u8], words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let length = random.below(32);
        let end = (at + length).min(bytes.len());
        match random.below(11) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, random.bytes(length))),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            4 => number(random, &mut bytes, at),
            5 => {
                let from = random.below(other.len() + 1);
                let to = (from + random.below(256)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            6 | 7 => {
                if !words.is_empty() {
                    let word = random.choose(words).clone();
                    let end = (at + word.len() * random.below(2)).min(bytes.len());
                    bytes.splice(at..end, word);
                }
            }
            8 => bytes.extend_from_slice(other),
            _ if at >= bytes.len() => {}
            9 => bytes[at] = random.byte(),
            _ => bytes[at] ^= 1 << random.below(8),
        }
        bytes.truncate(INPUT_BYTES);
    }
    bytes
}

/// Writes an extreme number of some width over the bytes at `at`, or adds a little to the number there.
fn number(random: &mut Random, bytes: &mut [u8], at: usize) {
    let width = *random.choose(&[1_usize, 2, 4, 8]);
    let Some(target) = bytes.get_mut(at..at + width) else {
        return;
    };
    let mut old = [0; 8];
    old[..width].copy_from_slice(target);
    let new = match random.below(2) {
        0 => *random.choose(&EXTREMES),
        _ => u64::from_le_bytes(old)
            .wrapping_add(random.below(9) as u64)
            .wrapping_sub(4),
    };
    let new = if random.below(4) == 0 {
        new.swap_bytes()
    } else {
        new
    };
    target.copy_from_slice(&new.to_le_bytes()[..width]);
}
