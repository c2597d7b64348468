//! SHA-256 (FIPS 180-4) of one stream of bytes, or of two at once on one core.
//!
//! Each round of SHA-256 needs the one before, so a processor with instructions for it waits most of the time. Two streams whose rounds
//! alternate fill that time. A [`Sha256`] can be fed by itself or [`together`] with another, in pieces of any length and in any order;
//! the digest is the same.
#![cfg_attr(
    not(test),
    deny(
        clippy::panic,
        clippy::unreachable,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(target_arch = "x86_64")]
mod x86;

use sha2::block_api::compress256;

/// Bytes of a block (FIPS 180-4, section 1).
pub(crate) type Block = [u8; BLOCK_BYTES];

const BLOCK_BYTES: usize = 64;

/// First hash value (FIPS 180-4, section 5.3.3).
const FIRST: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Takes the bytes of one message in, piece by piece, and gives its digest.
#[derive(Clone, Debug)]
pub struct Sha256 {
    state: [u32; 8],
    /// Bytes that make no whole block yet.
    rest: Block,
    rest_bytes: usize,
    /// Bytes taken in, modulo 2^64 as in other implementations; the format counts to 2^61.
    taken: u64,
}

impl Default for Sha256 {
    fn default() -> Self {
        Self {
            state: FIRST,
            rest: [0; BLOCK_BYTES],
            rest_bytes: 0,
            taken: 0,
        }
    }
}

impl Sha256 {
    /// Begins a message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next bytes of the message.
    pub fn update(&mut self, bytes: &[u8]) {
        let blocks = self.blocks(bytes);
        compress256(&mut self.state, blocks);
    }

    /// Returns the digest of all that was taken in.
    pub fn finish(mut self) -> [u8; 32] {
        let bits = self.taken.wrapping_mul(8).to_be_bytes();
        // A one bit, zeros, and the length in the last eight bytes of a block (FIPS 180-4, section 5.1.1).
        let mut end = [[0; BLOCK_BYTES]; 2];
        let used = self.rest_bytes;
        let blocks = if used < BLOCK_BYTES - 8 { 1 } else { 2 };
        let all = end.as_flattened_mut();
        for (to, from) in all.iter_mut().zip(self.rest.iter().take(used).chain(&[0x80])) {
            *to = *from;
        }
        let last = end.iter_mut().take(blocks).next_back();
        if let Some((_, length)) = last.and_then(|block| block.split_last_chunk_mut()) {
            *length = bits;
        }
        compress256(&mut self.state, end.get(..blocks).unwrap_or_default());
        let mut digest = [0; 32];
        let (words, _) = digest.as_chunks_mut::<4>();
        for (to, from) in words.iter_mut().zip(self.state) {
            *to = from.to_be_bytes();
        }
        digest
    }

    /// Completes the block that was begun, keeps what makes no whole block, and returns the whole blocks between.
    fn blocks<'b>(&mut self, bytes: &'b [u8]) -> &'b [Block] {
        self.taken = self
            .taken
            .wrapping_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let mut bytes = bytes;
        if self.rest_bytes > 0 {
            let missing = BLOCK_BYTES.saturating_sub(self.rest_bytes);
            let (head, tail) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            self.keep(head);
            bytes = tail;
            if self.rest_bytes == BLOCK_BYTES {
                compress256(&mut self.state, &[self.rest]);
                self.rest_bytes = 0;
            }
        }
        let (blocks, rest) = bytes.as_chunks();
        self.keep(rest);
        blocks
    }

    fn keep(&mut self, bytes: &[u8]) {
        for (to, from) in self.rest.iter_mut().skip(self.rest_bytes).zip(bytes) {
            *to = *from;
        }
        self.rest_bytes = self.rest_bytes.saturating_add(bytes.len()).min(BLOCK_BYTES);
    }
}

/// Takes in the next bytes of two messages, in less time than one after the other where the processor can.
///
/// It pays where both have about as many bytes: what one has more is taken in by itself.
pub fn together(first: (&mut Sha256, &[u8]), second: (&mut Sha256, &[u8])) {
    let (one, one_bytes) = first;
    let (two, two_bytes) = second;
    let (one_blocks, two_blocks) = (one.blocks(one_bytes), two.blocks(two_bytes));
    let common = one_blocks.len().min(two_blocks.len());
    let (one_common, one_more) = one_blocks.split_at_checked(common).unwrap_or_default();
    let (two_common, two_more) = two_blocks.split_at_checked(common).unwrap_or_default();
    pairs(&mut one.state, one_common, &mut two.state, two_common);
    compress256(&mut one.state, one_more);
    compress256(&mut two.state, two_more);
}

/// Takes in as many blocks of one message as of the other.
fn pairs(one: &mut [u32; 8], one_blocks: &[Block], two: &mut [u32; 8], two_blocks: &[Block]) {
    #[cfg(target_arch = "x86_64")]
    if x86::pairs(one, one_blocks, two, two_blocks) {
        return;
    }
    alternately(one, one_blocks, two, two_blocks);
}

/// Goes block by block, since processors run ahead: a fifth less time than one message after the other where there are instructions.
fn alternately(one: &mut [u32; 8], one_blocks: &[Block], two: &mut [u32; 8], two_blocks: &[Block]) {
    for (one_block, two_block) in one_blocks.iter().zip(two_blocks) {
        compress256(one, std::slice::from_ref(one_block));
        compress256(two, std::slice::from_ref(two_block));
    }
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use super::*;

    fn expected(bytes: &[u8]) -> [u8; 32] {
        sha2::Sha256::digest(bytes).into()
    }

    /// Bytes that repeat nowhere.
    fn bytes(count: usize, seed: u32) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn the_digests_of_the_standard() {
        // FIPS 180-4 examples, as published with the standard.
        for (message, digest) in [
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
        ] {
            let mut hasher = Sha256::new();
            hasher.update(message.as_bytes());
            let expected: Vec<u8> = (0..32)
                .map(|at| u8::from_str_radix(&digest[at * 2..at * 2 + 2], 16).expect("hexadecimal"))
                .collect();
            assert_eq!(hasher.finish(), expected[..], "{message}");
        }
    }

    #[test]
    fn every_length_and_every_cut() {
        let message = bytes(300, 7);
        for length in 0..=message.len() {
            let message = &message[..length];
            for cut in [0, 1, 55, 56, 63, 64, 65, 127, 128, length] {
                let (head, tail) = message.split_at(cut.min(length));
                let mut hasher = Sha256::new();
                hasher.update(head);
                hasher.update(tail);
                assert_eq!(hasher.finish(), expected(message), "{length} bytes, cut at {cut}");
            }
        }
    }

    #[test]
    fn together_is_as_one_after_the_other() {
        let (first, second) = (bytes(5_000, 1), bytes(5_000, 2));
        let lengths = [0, 1, 63, 64, 65, 128, 190, 1_000, 4_999];
        for one in lengths {
            for two in lengths {
                for cut in [0, 1, 31, 64, 100, 640] {
                    let (first, second) = (&first[..one], &second[..two]);
                    let (mut a, mut b) = (Sha256::new(), Sha256::new());
                    // Cut at other places, so that what waits for a block differs.
                    let (a_head, a_tail) = first.split_at(cut.min(one));
                    let (b_head, b_tail) = second.split_at((cut / 2).min(two));
                    together((&mut a, a_head), (&mut b, b_head));
                    together((&mut b, b_tail), (&mut a, a_tail));
                    assert_eq!(a.finish(), expected(first), "{one} and {two} bytes, cut at {cut}");
                    assert_eq!(
                        b.finish(),
                        expected(second),
                        "{one} and {two} bytes, cut at {cut}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_way_to_take_blocks_agrees() {
        let (first, second) = (bytes(640, 3), bytes(640, 4));
        let (one, _) = first.as_chunks::<BLOCK_BYTES>();
        let (two, _) = second.as_chunks::<BLOCK_BYTES>();
        let mut expected = (FIRST, FIRST);
        compress256(&mut expected.0, one);
        compress256(&mut expected.1, two);
        for way in [pairs, alternately] {
            let mut found = (FIRST, FIRST);
            way(&mut found.0, one, &mut found.1, two);
            assert_eq!(found, expected);
        }
    }
}
