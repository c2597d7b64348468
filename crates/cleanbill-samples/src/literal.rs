//! Words, numbers and byte strings.

/// One word after a key: a bare word, a quoted text, or both (`repeat:3:"ab"`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argument {
    bare: String,
    quoted: Option<Vec<u8>>,
}

type Result<T> = std::result::Result<T, String>;

impl Argument {
    /// Returns the bare word, empty for a quoted text.
    pub(crate) fn word(&self) -> &str {
        &self.bare
    }

    /// Returns the word or the quoted text.
    pub(crate) fn name(&self) -> Vec<u8> {
        self.quoted
            .clone()
            .unwrap_or_else(|| self.bare.clone().into_bytes())
    }

    /// Returns the word or the quoted text, which must be UTF-8.
    pub(crate) fn text(&self) -> Result<String> {
        String::from_utf8(self.name()).map_err(|_| "text must be valid UTF-8 here".to_owned())
    }

    pub(crate) fn number(&self) -> Result<u64> {
        let number = self.signed()?;
        u64::try_from(number).map_err(|_| format!("`{}` is not a number from 0 to 2^64-1", self.bare))
    }

    pub(crate) fn signed(&self) -> Result<i128> {
        let digits = self.bare.replace('_', "");
        let (sign, digits) = digits
            .strip_prefix('-')
            .map_or((1, digits.as_str()), |digits| (-1, digits));
        let magnitude = match digits.strip_prefix("0x") {
            Some(digits) => i128::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        match (magnitude, &self.quoted) {
            (Ok(magnitude), None) => Ok(sign * magnitude),
            _ => Err(format!("`{}` is not a number", self.bare)),
        }
    }

    /// Returns the bytes of `"text"`, `hex:0a0b`, `repeat:COUNT:"text"` or `repeat:COUNT:hex:0a`.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let Some(rest) = self.bare.strip_prefix("repeat:") else {
            return plain_bytes(&self.bare, self.quoted.as_deref());
        };
        let (count, what) = rest.split_once(':').ok_or("`repeat:` needs a count and bytes")?;
        let count: usize = count.parse().map_err(|_| format!("`{count}` is not a count"))?;
        Ok(plain_bytes(what, self.quoted.as_deref())?.repeat(count))
    }
}

fn plain_bytes(bare: &str, quoted: Option<&[u8]>) -> Result<Vec<u8>> {
    match (bare.strip_prefix("hex:"), quoted) {
        (Some(digits), None) => hex(digits),
        (None, Some(quoted)) if bare.is_empty() => Ok(quoted.to_vec()),
        _ => Err(format!(
            "`{bare}` is not `\"text\"`, `hex:` or `repeat:COUNT:` bytes"
        )),
    }
}

/// Reads hexadecimal digits.
pub(crate) fn hex(digits: &str) -> Result<Vec<u8>> {
    let nibbles: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
    let nibbles =
        nibbles.ok_or_else(|| format!("`{digits}` holds something other than hexadecimal digits"))?;
    if nibbles.len() % 2 != 0 {
        return Err(format!("`{digits}` has an odd number of digits"));
    }
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).unwrap_or(0);
    Ok(nibbles.chunks_exact(2).map(byte).collect())
}

/// Splits text into words.
pub(crate) fn arguments(text: &str) -> Result<Vec<Argument>> {
    let mut arguments = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find([' ', '"']).unwrap_or(rest.len());
        let (bare, after) = rest.split_at(end);
        let (quoted, after) = match after.strip_prefix('"') {
            None => (None, after),
            Some(after) => {
                let (bytes, after) = unquote(after)?;
                (Some(bytes), after)
            }
        };
        arguments.push(Argument {
            bare: bare.to_owned(),
            quoted,
        });
        rest = after.trim_start();
    }
    Ok(arguments)
}

/// Reads a quoted text whose first quote is already taken; returns its bytes and what follows.
fn unquote(text: &str) -> Result<(Vec<u8>, &str)> {
    let mut bytes = Vec::new();
    let mut characters = text.chars();
    loop {
        let character = characters.next().ok_or("quoted text does not end")?;
        match character {
            '"' => return Ok((bytes, characters.as_str())),
            '\\' => match characters.next() {
                Some('n') => bytes.push(b'\n'),
                Some('r') => bytes.push(b'\r'),
                Some('t') => bytes.push(b'\t'),
                Some('0') => bytes.push(0),
                Some('\\') => bytes.push(b'\\'),
                Some('"') => bytes.push(b'"'),
                Some('x') => {
                    let digits: String = characters.by_ref().take(2).collect();
                    bytes.extend(hex(&digits)?);
                }
                Some('u') => {
                    let digits: String = characters.by_ref().skip(1).take_while(|&c| c != '}').collect();
                    let point = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    let point = point.ok_or_else(|| format!("`\\u{{{digits}}}` is no character"))?;
                    bytes.extend(point.to_string().into_bytes());
                }
                other => return Err(format!("unknown escape `\\{}`", other.unwrap_or(' '))),
            },
            other => {
                let mut buffer = [0; 4];
                bytes.extend_from_slice(other.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }
}

/// Writes bytes as a quoted text that [`arguments`] reads back.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                // Invisible characters would not survive review.
                other if other.is_control() || (!other.is_ascii() && !other.is_alphanumeric()) => {
                    out.extend(other.escape_unicode());
                }
                other => out.push(other),
            }
        }
        for byte in chunk.invalid() {
            out.push_str("\\x");
            out.push_str(&digits(&[*byte]));
        }
    }
    out.push('"');
    out
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn digits(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Vec<u8>> {
        arguments(text)?
            .iter()
            .map(Argument::bytes)
            .collect::<Result<Vec<_>>>()
            .map(|all| all.concat())
    }

    #[test]
    fn bytes_can_be_written_in_four_ways() {
        assert_eq!(
            check(r#""a b" hex:00ff repeat:2:"xy" repeat:3:hex:01"#).unwrap(),
            b"a b\0\xffxyxy\x01\x01\x01"
        );
        assert_eq!(check(r#""\n\x80\u{e9}\\\"""#).unwrap(), b"\n\x80\xc3\xa9\\\"");
        assert_eq!(
            check("abc").unwrap_err(),
            "`abc` is not `\"text\"`, `hex:` or `repeat:COUNT:` bytes"
        );
        assert!(check("hex:012").is_err() && check("\"open").is_err() && check("repeat:x:\"a\"").is_err());
    }

    #[test]
    fn every_byte_survives_quoting() {
        let all: Vec<u8> = (0..=255).chain("é€\u{202e}".bytes()).collect();
        assert_eq!(check(&quote(&all)).unwrap(), all);
    }

    #[test]
    fn numbers_may_be_hexadecimal_and_grouped() {
        let number = |text: &str| arguments(text).unwrap()[0].signed();
        assert_eq!(number("0xff"), Ok(255));
        assert_eq!(number("-1_000"), Ok(-1000));
        assert!(number("\"1\"").is_err());
    }
}
