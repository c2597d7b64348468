//! Data about nobody, made when the tests run: `{id:KIND}` a number with the right check, `{bad:KIND}` with a wrong one,
//! `{id:KIND:SIGN}` as it is written with a sign between its groups. The checks are written here a second time, from the
//! publications, so that a mistake of the engine is not repeated.

use crate::template::Random;

/// Makes the value of a field, if it is one of these.
pub(crate) fn make(field: &str, random: &mut Random) -> Option<String> {
    let mut parts = field.splitn(3, ':');
    let (kind, name) = (parts.next()?, parts.next().unwrap_or(""));
    let sign = parts.next().unwrap_or("");
    Some(match kind {
        "id" => written(name, &number(name, random)?, sign),
        "bad" => written(name, &spoiled(name, &number(name, random)?, random), sign),
        "given" => pick(&["Anna", "Robert", "Maria", "Thomas", "Laura", "Peter"], random),
        "family" => pick(
            &["Schmidt", "Johnson", "Kowalski", "Rossi", "Garcia", "Jansen"],
            random,
        ),
        "capital" => random.text("ABCDEFGHJKLMNPRST", 1),
        "zhname" => pick(&["张伟", "王小明", "李娜", "刘洋", "陈静"], random),
        "n" => first_not_zero(random, name.parse().ok()?),
        "o" => (random.below(200) + 41).to_string(),
        "P" => {
            let count: usize = name.parse().ok()?;
            let letters = random.text("BCDEFGHJ", 1);
            let digits = random.text("23456789", count - 1);
            let at = random.below(count.min(3));
            let mut all: Vec<char> = digits.chars().collect();
            all.insert(at, letters.chars().next()?);
            if count == 5 {
                all.into_iter().collect()
            } else {
                format!("{letters}{digits}")
            }
        }
        "date" => date(name, random),
        _ => return None,
    })
}

fn pick(all: &[&str], random: &mut Random) -> String {
    all[random.below(all.len())].to_owned()
}

fn digits(random: &mut Random, count: usize) -> String {
    // Not by chance the same digit over and over, or one after the other.
    loop {
        let text = random.text("0123456789", count);
        let mut kinds: Vec<char> = text.chars().collect();
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.len() >= count.min(9).div_ceil(2) {
            return text;
        }
    }
}

fn first_not_zero(random: &mut Random, count: usize) -> String {
    format!("{}{}", 1 + random.below(9), random.text("0123456789", count - 1))
}

fn day(random: &mut Random) -> (usize, usize, usize) {
    (
        1940 + random.below(60),
        1 + random.below(12),
        13 + random.below(16),
    )
}

fn date(sign: &str, random: &mut Random) -> String {
    let (year, month, day) = day(random);
    match sign {
        "-" => format!("{year}-{month:02}-{day:02}"),
        "zh" => format!("{year}年{month}月{day}日"),
        "en" => {
            let names = ["January", "March", "May", "October", "December"];
            format!("{day} {} {year}", names[random.below(names.len())])
        }
        "." => format!("{day:02}.{month:02}.{year}"),
        _ => format!("{month:02}/{day:02}/{year}"),
    }
}

fn values(text: &str) -> Vec<i64> {
    text.chars()
        .map(|letter| i64::from(letter.to_digit(36).unwrap()))
        .collect()
}

fn sum(text: &str, weights: &[i64]) -> i64 {
    values(text)
        .iter()
        .zip(weights)
        .map(|(value, weight)| value * weight)
        .sum()
}

fn luhn(body: &str) -> String {
    let mut total = 0;
    for (index, value) in values(body).iter().rev().enumerate() {
        let counted = if index % 2 == 0 { value * 2 } else { *value };
        total += counted / 10 + counted % 10;
    }
    format!("{body}{}", (10 - total % 10) % 10)
}

fn mod_97(text: &str) -> i64 {
    let mut rest = 0;
    for value in values(text) {
        rest = (rest * if value < 10 { 10 } else { 100 } + value) % 97;
    }
    rest
}

fn iban(country: &str, body: &str) -> String {
    let check = 98 - mod_97(&format!("{body}{country}00"));
    format!("{country}{check:02}{body}")
}

fn mod_11_10(body: &str) -> String {
    let mut product = 10;
    for value in values(body) {
        let step = (value + product) % 10;
        product = (if step == 0 { 10 } else { step }) * 2 % 11;
    }
    format!("{body}{}", (11 - product) % 10)
}

/// Makes a number, and another one where its check digit does not exist.
fn number(name: &str, random: &mut Random) -> Option<String> {
    loop {
        let made = attempt(name, random)?;
        if !made.is_empty() {
            return Some(made);
        }
    }
}

fn attempt(name: &str, random: &mut Random) -> Option<String> {
    let with_mod_11 = |body: String, weights: &[i64]| match sum(&body, weights) % 11 {
        10 => String::new(),
        rest => format!("{body}{rest}"),
    };
    Some(match name {
        "visa" => luhn(&format!("4539{}", digits(random, 11))),
        "mastercard" => luhn(&format!("5{}{}", 1 + random.below(5), digits(random, 13))),
        "amex" => luhn(&format!("37{}", digits(random, 12))),
        "unionpay" => luhn(&format!("6222{}", digits(random, 14))),
        "imei" => luhn(&format!("35{}", digits(random, 12))),
        "iban_de" => iban("DE", &digits(random, 18)),
        "iban_gb" => iban("GB", &format!("NWBK{}", digits(random, 14))),
        "iban_fr" => iban("FR", &format!("{}A{}", digits(random, 12), digits(random, 10))),
        "ssn" => format!(
            "{}{}{}",
            210 + random.below(400),
            12 + random.below(80),
            1234 + random.below(8000)
        ),
        "itin" => format!(
            "9{}{}{}",
            10 + random.below(80),
            70 + random.below(18),
            1234 + random.below(8000)
        ),
        "sin" => luhn(&format!("{}{}", 1 + random.below(7), digits(random, 7))),
        "nino" => format!(
            "{}{}{}",
            pick(&["AB", "CE", "JG", "SP", "WK"], random),
            digits(random, 6),
            random.text("ABCD", 1)
        ),
        "nhs" => {
            let body = first_not_zero(random, 9);
            match (11 - sum(&body, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 {
                10 => String::new(),
                check => format!("{body}{check}"),
            }
        }
        "idnr" => {
            // Nine digits apart, one of them twice.
            let mut all: Vec<char> = "1234567890".chars().collect();
            for index in (1..10).rev() {
                all.swap(index, random.below(index + 1));
            }
            all[9] = all[random.below(8)];
            if all[0] == '0' {
                return Some(String::new());
            }
            mod_11_10(&all.iter().collect::<String>())
        }
        "nir" => {
            let body = format!(
                "{}{:02}{:02}{:02}{}",
                1 + random.below(2),
                40 + random.below(59),
                1 + random.below(12),
                1 + random.below(90),
                digits(random, 6)
            );
            format!("{body}{:02}", 97 - body.parse::<u64>().unwrap() % 97)
        }
        "dni" | "nie" => {
            let letters: Vec<char> = "TRWAGMYFPDXBNJZSQVHLCKE".chars().collect();
            let first = random.below(3);
            let body = digits(random, 7);
            let (prefix, value) = if name == "nie" {
                (["X", "Y", "Z"][first].to_owned(), format!("{first}{body}"))
            } else {
                let digit = first + 3;
                (digit.to_string(), format!("{digit}{body}"))
            };
            format!("{prefix}{body}{}", letters[value.parse::<usize>().unwrap() % 23])
        }
        "cf" => {
            let body = format!(
                "{}{:02}{}{:02}{}{}",
                random.text("BCDFGLMNPRST", 6),
                random.below(100),
                random.text("ABCDEHLMPRST", 1),
                10 + random.below(19),
                random.text("ABCDEFGHIL", 1),
                digits(random, 3)
            );
            let odd = [
                1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
            ];
            let mut total = 0;
            for (index, value) in values(&body).into_iter().enumerate() {
                let place = if value < 10 { value } else { value - 10 };
                total += if index % 2 == 0 {
                    odd[usize::try_from(place).unwrap()]
                } else {
                    place
                };
            }
            format!("{body}{}", char::from(b'A' + u8::try_from(total % 26).unwrap()))
        }
        "bsn" => with_mod_11(
            format!("{}{}", 1 + random.below(9), digits(random, 7)),
            &[9, 8, 7, 6, 5, 4, 3, 2],
        ),
        "pesel" => {
            let (year, month, day) = day(random);
            let body = format!("{:02}{month:02}{day:02}{}", year % 100, digits(random, 4));
            let total = sum(&body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
            format!("{body}{}", (10 - total % 10) % 10)
        }
        "tckn" => {
            let body = format!("{}{}", 1 + random.below(9), digits(random, 8));
            let all = values(&body);
            let odd: i64 = all.iter().step_by(2).sum();
            let even: i64 = all.iter().skip(1).step_by(2).sum();
            let tenth = (odd * 7 - even).rem_euclid(10);
            format!("{body}{tenth}{}", (odd + even + tenth) % 10)
        }
        "cpf" => {
            let mut body = digits(random, 9);
            for first in [10, 11] {
                let weights: Vec<i64> = (2..=first).rev().collect();
                let check = sum(&body, &weights) * 10 % 11 % 10;
                body.push_str(&check.to_string());
            }
            body
        }
        "tfn" => {
            let body = format!("{}{}", 1 + random.below(9), digits(random, 7));
            // The weight of the last digit is 10, which is -1 of 11.
            with_mod_11(body, &[1, 4, 3, 7, 5, 8, 6, 9])
        }
        "mynumber" => {
            let body = digits(random, 11);
            let rest = sum(&body, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
            format!("{body}{}", if rest <= 1 { 0 } else { 11 - rest })
        }
        "rrn" => {
            let (year, month, day) = day(random);
            let body = format!(
                "{:02}{month:02}{day:02}{}{}",
                year % 100,
                1 + random.below(2),
                digits(random, 5)
            );
            let total = sum(&body, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
            format!("{body}{}", (11 - total % 11) % 10)
        }
        "nric" => {
            let body = digits(random, 7);
            let rest = sum(&body, &[2, 7, 6, 5, 4, 3, 2]) % 11;
            let letters = "JZIHGFEDCBA".as_bytes();
            format!("S{body}{}", char::from(letters[usize::try_from(rest).unwrap()]))
        }
        "hkid" => {
            let body = format!("{}{}", random.text("ABCDEFGHKMPRVYZ", 1), digits(random, 6));
            let total = 36 * 9 + sum(&body, &[8, 7, 6, 5, 4, 3, 2]);
            match (11 - total % 11) % 11 {
                10 => format!("{body}A"),
                check => format!("{body}{check}"),
            }
        }
        "twid" => {
            let letters = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
            let place = random.below(26);
            let code = i64::try_from(place).unwrap() + 10;
            let body = format!("{}{}", 1 + random.below(2), digits(random, 7));
            let total = code / 10 + code % 10 * 9 + sum(&body, &[8, 7, 6, 5, 4, 3, 2, 1]);
            format!("{}{body}{}", &letters[place..=place], (10 - total % 10) % 10)
        }
        "cnid" => {
            let (year, month, day) = day(random);
            let regions = ["110105", "310115", "440305", "330106", "510107", "420111"];
            let body = format!(
                "{}{year}{month:02}{day:02}{}",
                pick(&regions, random),
                random.text("0123456789", 3)
            );
            let rest = sum(&body, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
            format!(
                "{body}{}",
                char::from(b"10X98765432"[usize::try_from(rest).unwrap()])
            )
        }
        "uscc" => {
            let letters = "0123456789ABCDEFGHJKLMNPQRTUWXY";
            let body = format!("9111010{}{}", random.below(10), random.text(letters, 9));
            let mut power = 1;
            let mut total = 0;
            for letter in body.chars() {
                total += letters.find(letter).unwrap() * power;
                power = power * 3 % 31;
            }
            let check = (31 - total % 31) % 31;
            format!("{body}{}", &letters[check..=check])
        }
        "aadhaar" => verhoeff(&format!("{}{}", 2 + random.below(8), digits(random, 10))),
        "pan" => format!(
            "{}P{}{}{}",
            random.text("ABCDEFGHKLMNPRST", 3),
            random.text("ABCDEFGHKLMNPRST", 1),
            1234 + random.below(8000),
            random.text("ABCDEFGHKLMNPRST", 1)
        ),
        "vat_de" => format!(
            "DE{}",
            mod_11_10(&format!("{}{}", 1 + random.below(9), digits(random, 7)))
        ),
        "vat_it" => format!("IT{}", luhn(&digits(random, 10))),
        "vat_fr" => {
            let siren = luhn(&digits(random, 8));
            let key = (12 + 3 * (siren.parse::<u64>().unwrap() % 97)) % 97;
            format!("FR{key:02}{siren}")
        }
        "vat_at" => {
            let body = digits(random, 7);
            let mut total = 4;
            for (index, value) in values(&body).into_iter().enumerate() {
                let counted = if index % 2 == 1 { value * 2 } else { value };
                total += counted / 10 + counted % 10;
            }
            format!("ATU{body}{}", (10 - total % 10) % 10)
        }
        "vat_nl" => {
            let body = with_mod_11(
                format!("{}{}", 1 + random.below(9), digits(random, 7)),
                &[9, 8, 7, 6, 5, 4, 3, 2],
            );
            if body.is_empty() {
                body
            } else {
                format!("NL{body}B01")
            }
        }
        "btc" => base58check(0, random),
        "btc3" => base58check(5, random),
        "segwit" => bech32(0, 32, 1, random),
        "taproot" => bech32(1, 52, 0x2bc8_30a3, random),
        // The keys are published test vectors of EIP-55.
        "eth" => pick(
            &[
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
                "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
                "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
            ],
            random,
        ),
        _ => return None,
    })
}

/// Changes the last sign, where that is the check, or another.
fn spoiled(name: &str, text: &str, random: &mut Random) -> String {
    let mut bytes = text.as_bytes().to_vec();
    // The first two digits of an account are its check; an address of Ethereum carries it in the case of letters.
    let at = match name {
        "iban_de" | "iban_gb" | "iban_fr" => 3,
        _ => bytes.len() - 1,
    };
    let old = bytes[at];
    bytes[at] = match (name, old) {
        ("eth", _) => {
            let letter = bytes.iter().rposition(u8::is_ascii_alphabetic).unwrap();
            bytes[letter] ^= 0x20;
            bytes[at]
        }
        ("cnid", b'X') => b'0' + u8::try_from(random.below(10)).unwrap(),
        ("segwit", b'q') => b'p',
        ("segwit", _) => b'q',
        (_, b'9') => b'0',
        (_, b'Z') => b'A',
        (_, b'z') => b'a',
        _ => old + 1,
    };
    // Letters that are not given out would be refused for that.
    if name == "btc" && matches!(bytes[at], b'0' | b'I' | b'O' | b'l') {
        bytes[at] = b'2';
    }
    String::from_utf8(bytes).unwrap()
}

/// Writes a number in the groups of its country.
fn written(name: &str, text: &str, sign: &str) -> String {
    if sign.is_empty() {
        return text.to_owned();
    }
    let groups: &[usize] = match name {
        "ssn" | "itin" => &[3, 2, 4],
        "sin" | "tfn" => &[3, 3, 3],
        "nino" => &[2, 2, 2, 2, 1],
        "nhs" => &[3, 3, 4],
        "idnr" => &[2, 3, 3, 3],
        "nir" => &[1, 2, 2, 2, 3, 3, 2],
        "dni" => &[8, 1],
        "nie" => &[1, 7, 1],
        "rrn" => &[6, 7],
        "hkid" => &[7, 1],
        "cpf" => &[3, 3, 3, 2],
        "vat_de" => &[2, 9],
        _ => &[4, 4, 4, 4, 4, 4, 4, 4, 4],
    };
    let mut out = String::new();
    let mut rest = text;
    for (index, length) in groups.iter().enumerate() {
        if rest.is_empty() {
            break;
        }
        if index > 0 {
            out.push_str(if name == "cpf" && index == 3 { "-" } else { sign });
        }
        let (group, more) = rest.split_at((*length).min(rest.len()));
        out.push_str(group);
        rest = more;
    }
    if sign == "(" {
        out.push(')');
    }
    out
}

/// Verhoeff's check digit by the tables of his scheme.
fn verhoeff(body: &str) -> String {
    const PRODUCT: [&str; 10] = [
        "0123456789",
        "1234067895",
        "2340178956",
        "3401289567",
        "4012395678",
        "5987604321",
        "6598710432",
        "7659821043",
        "8765932104",
        "9876543210",
    ];
    const PERMUTED: [&str; 8] = [
        "0123456789",
        "1576283094",
        "5803796142",
        "8916043527",
        "9453126870",
        "4286573901",
        "2793806415",
        "7046913258",
    ];
    let at = |table: &str, place: usize| usize::from(table.as_bytes()[place] - b'0');
    let mut total = 0;
    for (index, value) in values(body).into_iter().rev().enumerate() {
        let permuted = at(PERMUTED[(index + 1) % 8], usize::try_from(value).unwrap());
        total = at(PRODUCT[total], permuted);
    }
    let inverse = (0..10).find(|value| at(PRODUCT[total], *value) == 0).unwrap();
    format!("{body}{inverse}")
}

fn base58check(version: u8, random: &mut Random) -> String {
    use sha2::{Digest, Sha256};
    let letters = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = vec![version];
    bytes.extend((0..20).map(|_| random.byte() | 1));
    let digest = Sha256::digest(Sha256::digest(&bytes));
    bytes.extend(&digest[..4]);
    let mut text = Vec::new();
    let mut number = bytes.clone();
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest * 256 + u32::from(*byte);
            *byte = u8::try_from(value / 58).unwrap();
            rest = value % 58;
        }
        text.push(letters[rest as usize]);
    }
    text.extend(bytes.iter().take_while(|byte| **byte == 0).map(|_| b'1'));
    text.reverse();
    String::from_utf8(text).unwrap()
}

fn bech32(version: u32, count: usize, constant: u32, random: &mut Random) -> String {
    let letters = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let mut data = vec![version];
    data.extend((0..count).map(|_| u32::try_from(random.below(32)).unwrap()));
    let checksum = |values: &[u32]| {
        let mut check = 1_u32;
        for value in [3, 3, 0, 2, 3].iter().chain(values) {
            let top = check >> 25;
            check = (check & 0x01ff_ffff) << 5 ^ value;
            let generators = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
            for (bit, generator) in generators.iter().enumerate() {
                if top >> bit & 1 == 1 {
                    check ^= generator;
                }
            }
        }
        check
    };
    let mut longer = data.clone();
    longer.extend([0; 6]);
    let check = checksum(&longer) ^ constant;
    data.extend((0..6).map(|index| check >> (5 * (5 - index)) & 31));
    let text: String = data
        .iter()
        .map(|value| char::from(letters[*value as usize]))
        .collect();
    format!("bc1{text}")
}
