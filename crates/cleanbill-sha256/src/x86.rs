//! Two messages at once by the SHA extensions of x86.
//!
//! A state is held as the instructions want it: `[a, b, e, f]` and `[c, d, g, h]`, the first in the highest word (Intel 64 and IA-32
//! Architectures Software Developer's Manual, volume 2, `SHA256RNDS2`).

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_set_epi32, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi32,
};

use crate::Block;

/// Constants of the rounds (FIPS 180-4, section 4.2.2), those of four rounds in a row.
const K: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// Takes in as many blocks of one message as of the other, and says whether this processor can.
pub(crate) fn pairs(
    one: &mut [u32; 8],
    one_blocks: &[Block],
    two: &mut [u32; 8],
    two_blocks: &[Block],
) -> bool {
    let can = is_x86_feature_detected!("sha")
        && is_x86_feature_detected!("sse4.1")
        && is_x86_feature_detected!("ssse3");
    if can {
        // SAFETY: the processor has just said that it has every feature which the function is compiled for. The function itself is
        // safe: it takes slices and arrays, and no pointer.
        #[allow(unsafe_code)]
        unsafe {
            with_instructions(one, one_blocks, two, two_blocks);
        }
    }
    can
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn with_instructions(one: &mut [u32; 8], one_blocks: &[Block], two: &mut [u32; 8], two_blocks: &[Block]) {
    let (mut a, mut b) = (Lane::new(one), Lane::new(two));
    for (one_block, two_block) in one_blocks.iter().zip(two_blocks) {
        let (a_before, b_before) = (a, b);
        let (mut a_words, mut b_words) = (words(one_block), words(two_block));
        // All but the last four steps make words for the steps that follow them.
        for (step, constants) in K.iter().enumerate() {
            let constants = vector(*constants);
            a.rounds(a_words[0], constants);
            b.rounds(b_words[0], constants);
            a_words = next(a_words, step);
            b_words = next(b_words, step);
        }
        a = a.plus(a_before);
        b = b.plus(b_before);
    }
    *one = a.state();
    *two = b.state();
}

/// The state of one message.
#[derive(Clone, Copy)]
struct Lane {
    abef: __m128i,
    cdgh: __m128i,
}

#[allow(clippy::many_single_char_names, reason = "the names of the standard")]
impl Lane {
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn new([a, b, c, d, e, f, g, h]: &[u32; 8]) -> Self {
        Self {
            abef: vector([*f, *e, *b, *a]),
            cdgh: vector([*h, *g, *d, *c]),
        }
    }

    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn state(self) -> [u32; 8] {
        let ([f, e, b, a], [h, g, d, c]) = (array(self.abef), array(self.cdgh));
        [a, b, c, d, e, f, g, h]
    }

    /// Four rounds.
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn rounds(&mut self, words: __m128i, constants: __m128i) {
        const UPPER_HALF: i32 = 0b_00_00_11_10;
        let sums = _mm_add_epi32(words, constants);
        self.cdgh = _mm_sha256rnds2_epu32(self.cdgh, self.abef, sums);
        self.abef = _mm_sha256rnds2_epu32(self.abef, self.cdgh, _mm_shuffle_epi32::<UPPER_HALF>(sums));
    }

    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn plus(self, other: Self) -> Self {
        Self {
            abef: _mm_add_epi32(self.abef, other.abef),
            cdgh: _mm_add_epi32(self.cdgh, other.cdgh),
        }
    }
}

/// Drops the four words that were used and, as long as there are steps left for them, makes the four that follow the other twelve.
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn next([used, one, two, three]: [__m128i; 4], step: usize) -> [__m128i; 4] {
    const ONE_WORD: i32 = 4;
    if step >= 12 {
        return [one, two, three, used];
    }
    let sum = _mm_add_epi32(
        _mm_sha256msg1_epu32(used, one),
        _mm_alignr_epi8::<ONE_WORD>(three, two),
    );
    [one, two, three, _mm_sha256msg2_epu32(sum, three)]
}

/// The words of a block, four in each vector.
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn words(block: &Block) -> [__m128i; 4] {
    let mut words = [[0_u32; 4]; 4];
    let (bytes, _) = block.as_chunks::<4>();
    for (to, from) in words.as_flattened_mut().iter_mut().zip(bytes) {
        *to = u32::from_be_bytes(*from);
    }
    words.map(|four| vector(four))
}

/// A vector of words, the first in the lowest place.
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn vector([zero, one, two, three]: [u32; 4]) -> __m128i {
    _mm_set_epi32(
        three.cast_signed(),
        two.cast_signed(),
        one.cast_signed(),
        zero.cast_signed(),
    )
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn array(vector: __m128i) -> [u32; 4] {
    [
        _mm_extract_epi32::<0>(vector),
        _mm_extract_epi32::<1>(vector),
        _mm_extract_epi32::<2>(vector),
        _mm_extract_epi32::<3>(vector),
    ]
    .map(i32::cast_unsigned)
}
