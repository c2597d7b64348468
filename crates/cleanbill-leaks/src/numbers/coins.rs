//! Addresses of Bitcoin (base58check, BIP 173, BIP 350) and Ethereum (EIP-55).

use sha2::{Digest, Sha256};

use super::keccak::keccak256;
use crate::encodings::crc32;

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// CRC-32 of addresses that are printed everywhere: of the first block, and of specifications.
const PRINTED: &[u32] = &[0x66a7_0769, 0x042d_d0bd];

/// An address that pays to a key or a script.
pub(crate) fn is_bitcoin(text: &[u8]) -> bool {
    if PRINTED.contains(&crc32(text)) {
        return false;
    }
    match text {
        [b'1' | b'3', ..] if (26..=35).contains(&text.len()) => base58check(text) == Some(true),
        [b'b', b'c', b'1', ..] | [b'B', b'C', b'1', ..] => segwit(text) == Some(true),
        _ => false,
    }
}

fn base58check(text: &[u8]) -> Option<bool> {
    let mut bytes = [0_u8; 25];
    for byte in text {
        let digit = BASE58.iter().position(|letter| letter == byte)?;
        let mut carry = u32::try_from(digit).ok()?;
        for place in bytes.iter_mut().rev() {
            let sum = u32::from(*place).saturating_mul(58).saturating_add(carry);
            *place = u8::try_from(sum & 0xff).ok()?;
            carry = sum >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    let (body, check) = bytes.split_at_checked(21)?;
    let version = match text.first()? {
        b'1' => 0x00,
        _ => 0x05,
    };
    // Each zero byte at the start is one `1`.
    let ones = text.iter().take_while(|byte| **byte == b'1').count();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digest = Sha256::digest(Sha256::digest(body));
    Some(*body.first()? == version && ones == zeros && digest.starts_with(check))
}

fn segwit(text: &[u8]) -> Option<bool> {
    if text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let data = lower
        .strip_prefix(b"bc1")
        .filter(|_| matches!(text.len(), 42 | 62))?;
    let mut check = 1_u32;
    // The prefix, spread as the specification says.
    for value in [3, 3, 0, 2, 3] {
        check = step(check, value);
    }
    for byte in data {
        let value = BECH32.iter().position(|letter| letter == byte)?;
        check = step(check, u32::try_from(value).ok()?);
    }
    let version = *data.first()?;
    Some(match version {
        b'q' => check == 1,
        _ => check == 0x2bc8_30a3,
    })
}

fn step(check: u32, value: u32) -> u32 {
    let top = check >> 25;
    let mut next = (check & 0x01ff_ffff) << 5 ^ value;
    for (bit, generator) in [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
        .into_iter()
        .enumerate()
    {
        if top.wrapping_shr(u32::try_from(bit).unwrap_or(0)) & 1 == 1 {
            next ^= generator;
        }
    }
    next
}

/// An address of Ethereum whose letters carry the checksum.
pub(crate) fn is_ether(text: &[u8]) -> bool {
    let Some(hex) = text.strip_prefix(b"0x").filter(|hex| is_hex40(hex)) else {
        return false;
    };
    if !(hex.iter().any(u8::is_ascii_lowercase) && hex.iter().any(u8::is_ascii_uppercase)) {
        return false;
    }
    let Some(digest) = keccak256(&hex.to_ascii_lowercase()) else {
        return false;
    };
    let nibbles = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    hex.iter()
        .zip(nibbles)
        .all(|(byte, nibble)| byte.is_ascii_digit() || byte.is_ascii_uppercase() == (nibble >= 8))
}

/// An address of Ethereum without a checksum; it proves nothing by itself.
pub(crate) fn is_plain_ether(text: &[u8]) -> bool {
    let Some(hex) = text.strip_prefix(b"0x").filter(|hex| is_hex40(hex)) else {
        return false;
    };
    let one_case = !hex.iter().any(u8::is_ascii_uppercase) || !hex.iter().any(u8::is_ascii_lowercase);
    one_case && memchr::memchr_iter(b'0', hex).count() < 20
}

fn is_hex40(hex: &[u8]) -> bool {
    hex.len() == 40 && hex.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_specifications_are_valid() {
        assert!(is_bitcoin(b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"));
        assert!(is_bitcoin(
            b"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
        ));
        assert!(!is_bitcoin(b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"));
        assert!(is_bitcoin(b"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"));
        assert!(!is_bitcoin(b"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3"));
        assert!(is_ether(b"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
        assert!(!is_ether(b"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"));
    }
}
