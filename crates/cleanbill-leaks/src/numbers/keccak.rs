//! Keccak-256 with its original padding, as Ethereum uses it, for texts of less than one block.

/// Bytes of one block at this security.
const BLOCK_BYTES: usize = 136;
const ROUNDS: usize = 24;

/// Returns the digest of `text`, which must be shorter than 136 bytes.
pub(crate) fn keccak256(text: &[u8]) -> Option<[u8; 32]> {
    let mut block = [0_u8; BLOCK_BYTES];
    block.get_mut(..text.len())?.copy_from_slice(text);
    *block.get_mut(text.len())? ^= 0x01;
    *block.last_mut()? ^= 0x80;
    let mut lanes = [0_u64; 25];
    let (words, _) = block.as_chunks::<8>();
    for (lane, word) in lanes.iter_mut().zip(words) {
        *lane = u64::from_le_bytes(*word);
    }
    let mut feedback = 1_u8;
    for _ in 0..ROUNDS {
        lanes = round(&lanes, constant(&mut feedback));
    }
    let mut digest = [0_u8; 32];
    let (places, _) = digest.as_chunks_mut::<8>();
    for (place, lane) in places.iter_mut().zip(lanes) {
        *place = lane.to_le_bytes();
    }
    Some(digest)
}

fn round(lanes: &[u64; 25], constant: u64) -> [u64; 25] {
    let lane = |x: usize, y: usize| {
        let place = (y % 5).saturating_mul(5).saturating_add(x % 5);
        lanes.get(place).copied().unwrap_or(0)
    };
    let column = |x: usize| (0..5).fold(0, |parity, y| parity ^ lane(x, y));
    let mut turned = [0_u64; 25];
    for y in 0..5_usize {
        for x in 0..5_usize {
            let mixed = lane(x, y) ^ column(x.saturating_add(4)) ^ column(x.saturating_add(1)).rotate_left(1);
            // The lane moves to (y, 2x + 3y).
            let row = x.saturating_mul(2).saturating_add(y.saturating_mul(3)) % 5;
            if let Some(place) = turned.get_mut(row.saturating_mul(5).saturating_add(y)) {
                *place = mixed.rotate_left(offset(x, y));
            }
        }
    }
    let at = |x: usize, y: usize| {
        let place = y.saturating_mul(5).saturating_add(x % 5);
        turned.get(place).copied().unwrap_or(0)
    };
    let mut out = [0_u64; 25];
    for (place, value) in out.iter_mut().enumerate() {
        let (x, y) = (place % 5, place.checked_div(5).unwrap_or(0));
        *value = at(x, y) ^ (!at(x.saturating_add(1), y) & at(x.saturating_add(2), y));
    }
    if let Some(first) = out.first_mut() {
        *first ^= constant;
    }
    out
}

/// Returns by how much a lane is turned: triangular numbers along a walk over the lanes.
fn offset(x: usize, y: usize) -> u32 {
    let (mut at_x, mut at_y) = (1_usize, 0_usize);
    for step in 0..24_u32 {
        if (at_x, at_y) == (x, y) {
            let next = step.saturating_add(1);
            let triangle = next.saturating_mul(next.saturating_add(1)).checked_div(2);
            return triangle.unwrap_or(0) % 64;
        }
        let row = at_x.saturating_mul(2).saturating_add(at_y.saturating_mul(3)) % 5;
        (at_x, at_y) = (at_y, row);
    }
    0
}

/// Returns the next constant: bits of a shift register at the places 2^j - 1.
fn constant(feedback: &mut u8) -> u64 {
    let mut constant = 0_u64;
    for shift in [0_u32, 1, 3, 7, 15, 31, 63] {
        if *feedback & 1 == 1 {
            constant |= 1_u64.wrapping_shl(shift);
        }
        let carry = *feedback & 0x80 != 0;
        *feedback <<= 1;
        if carry {
            *feedback ^= 0x71;
        }
    }
    constant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_that_are_published() {
        let hex = |text: &[u8]| {
            let digest = keccak256(text).unwrap();
            digest
                .iter()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
        };
        assert_eq!(
            hex(b""),
            "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        );
        assert_eq!(
            hex(b"abc"),
            "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
        );
    }
}
