//! Tokens of the form of real ones, made up from a number so that none stands in a file.

/// Makes a token of the right form with the right checksum; equal seeds give equal tokens.
pub fn token(seed: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let digit = |number: u32| char::from(DIGITS[number as usize % 62]);
    let body: String = (0..30)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            digit(state >> 16)
        })
        .collect();
    let mut sum = u32::MAX;
    for byte in body.bytes() {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(sum & 1));
        }
    }
    let mut sum = !sum;
    let mut check = String::new();
    for _ in 0..6 {
        check.insert(0, digit(sum));
        sum /= 62;
    }
    format!("{}_{body}{check}", ["g", "hp"].concat())
}
