//! Reads the Python literals that stand in the header of an array file. Nothing is evaluated; text that is no literal, or
//! that nests deep, is an error with its place.

/// Holds a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    /// Text.
    Text(String),
    /// Whole number; `None` where it does not fit.
    Number(Option<i64>),
    /// `True` or `False`.
    Bool(bool),
    /// `None`, a number with a fraction, bytes.
    Other,
    /// Tuple.
    Tuple(Vec<Self>),
    /// List or set.
    List(Vec<Self>),
    /// Dictionary.
    Dictionary(Vec<(Self, Self)>),
}

/// Says where and why the text is no literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LiteralError {
    pub(super) at: usize,
    pub(super) fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Ends early, or has a character where none belongs.
    Syntax,
    /// A name, call or operator: more than a literal.
    Code,
    /// Nested too deep.
    Depth,
}

/// Honest headers nest a dictionary, lists of fields and tuples.
const DEPTH: usize = 32;

/// Reads `bytes` as one literal.
pub(super) fn read(bytes: &[u8]) -> Result<Literal, LiteralError> {
    let mut reader = Reader { bytes, at: 0 };
    let literal = reader.value(0)?;
    reader.white_space();
    match reader.peek() {
        None => Ok(literal),
        Some(byte) => Err(reader.unexpected(byte)),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn bump(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')) {
            self.bump();
        }
    }

    fn fail(&self, fault: Fault) -> LiteralError {
        LiteralError { at: self.at, fault }
    }

    fn unexpected(&self, byte: u8) -> LiteralError {
        let code = byte.is_ascii_alphabetic()
            || matches!(byte, b'_' | b'(' | b'.' | b'*' | b'+' | b'/' | b'%' | b'@');
        self.fail(if code { Fault::Code } else { Fault::Syntax })
    }

    fn value(&mut self, depth: usize) -> Result<Literal, LiteralError> {
        if depth > DEPTH {
            return Err(self.fail(Fault::Depth));
        }
        self.white_space();
        let byte = self.peek().ok_or(self.fail(Fault::Syntax))?;
        match byte {
            b'{' => self.dictionary(depth),
            b'(' => {
                let (items, comma) = self.items(b')', depth)?;
                // Parentheses around one value without a comma are just parentheses.
                match <[Literal; 1]>::try_from(items) {
                    Ok([one]) if !comma => Ok(one),
                    Ok(one) => Ok(Literal::Tuple(one.into())),
                    Err(items) => Ok(Literal::Tuple(items)),
                }
            }
            b'[' => self.items(b']', depth).map(|(items, _)| Literal::List(items)),
            b'\'' | b'"' => self.text(byte),
            b'-' | b'+' | b'0'..=b'9' | b'.' => self.number(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            _ => Err(self.fail(Fault::Syntax)),
        }
    }

    fn items(&mut self, close: u8, depth: usize) -> Result<(Vec<Literal>, bool), LiteralError> {
        self.bump();
        let mut items = Vec::new();
        let mut comma = false;
        loop {
            self.white_space();
            if self.peek() == Some(close) {
                self.bump();
                return Ok((items, comma));
            }
            if !items.is_empty() && !comma {
                return Err(self
                    .peek()
                    .map_or(self.fail(Fault::Syntax), |byte| self.unexpected(byte)));
            }
            items.push(self.value(depth.saturating_add(1))?);
            self.white_space();
            comma = self.peek() == Some(b',');
            if comma {
                self.bump();
            }
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Literal, LiteralError> {
        self.bump();
        let mut entries = Vec::new();
        let mut comma = true;
        loop {
            self.white_space();
            if self.peek() == Some(b'}') {
                self.bump();
                return Ok(Literal::Dictionary(entries));
            }
            if !comma {
                return Err(self
                    .peek()
                    .map_or(self.fail(Fault::Syntax), |byte| self.unexpected(byte)));
            }
            let key = self.value(depth.saturating_add(1))?;
            self.white_space();
            match self.peek() {
                Some(b':') => self.bump(),
                Some(byte) => return Err(self.unexpected(byte)),
                None => return Err(self.fail(Fault::Syntax)),
            }
            let value = self.value(depth.saturating_add(1))?;
            entries.push((key, value));
            self.white_space();
            comma = self.peek() == Some(b',');
            if comma {
                self.bump();
            }
        }
    }

    fn text(&mut self, quote: u8) -> Result<Literal, LiteralError> {
        self.bump();
        let mut text = Vec::new();
        loop {
            let byte = self.peek().ok_or(self.fail(Fault::Syntax))?;
            self.bump();
            match byte {
                _ if byte == quote => break,
                b'\\' => {
                    let escaped = self.peek().ok_or(self.fail(Fault::Syntax))?;
                    self.bump();
                    match escaped {
                        b'n' => text.push(b'\n'),
                        b't' => text.push(b'\t'),
                        b'x' | b'u' | b'U' | b'N' | b'0'..=b'7' => {
                            // The names that matter have no escapes; what stands for the character is kept.
                            text.push(b'\\');
                            text.push(escaped);
                        }
                        _ => text.push(escaped),
                    }
                }
                b'\n' => return Err(self.fail(Fault::Syntax)),
                _ => text.push(byte),
            }
        }
        Ok(Literal::Text(String::from_utf8_lossy(&text).into_owned()))
    }

    fn number(&mut self) -> Result<Literal, LiteralError> {
        let start = self.at;
        if matches!(self.peek(), Some(b'-' | b'+')) {
            self.bump();
        }
        let mut whole = true;
        while let Some(byte) = self.peek() {
            match byte {
                b'0'..=b'9' => {}
                b'.' | b'e' | b'E' | b'j' | b'x' | b'o' | b'b' | b'_' | b'a' | b'c' | b'd' | b'f' => {
                    whole = false;
                }
                _ => break,
            }
            self.bump();
        }
        let digits = self.bytes.get(start..self.at).unwrap_or_default();
        // Python 2 wrote an L after long numbers.
        if self.peek() == Some(b'L') {
            self.bump();
        }
        if !whole {
            return Ok(Literal::Other);
        }
        if !digits.iter().any(u8::is_ascii_digit) {
            return Err(self.fail(Fault::Syntax));
        }
        let number = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse().ok());
        Ok(Literal::Number(number))
    }

    fn word(&mut self) -> Result<Literal, LiteralError> {
        let start = self.at;
        while let Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9') = self.peek() {
            self.bump();
        }
        let word = self.bytes.get(start..self.at).unwrap_or_default();
        if let Some(quote @ (b'\'' | b'"')) = self.peek()
            && word.len() <= 2
            && word.iter().all(|byte| b"uUbBrR".contains(byte))
        {
            let text = self.text(quote)?;
            return Ok(if word.contains(&b'b') || word.contains(&b'B') {
                Literal::Other
            } else {
                text
            });
        }
        match word {
            b"True" => Ok(Literal::Bool(true)),
            b"False" => Ok(Literal::Bool(false)),
            b"None" => Ok(Literal::Other),
            _ => {
                self.at = start;
                Err(self.fail(Fault::Code))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read() {
        let text = b"{'a': [('x', '<f4', (2,)), (u'y', \"|O\")], 'b': True, 'c': (3L, -1,), 'd': (5)} \n";
        let Literal::Dictionary(entries) = read(text).unwrap() else {
            panic!()
        };
        assert_eq!(entries.len(), 4);
        assert_eq!(
            entries[2].1,
            Literal::Tuple(vec![Literal::Number(Some(3)), Literal::Number(Some(-1))])
        );
        assert_eq!(entries[3].1, Literal::Number(Some(5)));
    }

    #[test]
    fn code_is_told_from_broken_literals() {
        for text in [
            "__import__('os')",
            "{'a': f(1)}",
            "(1+2)",
            "[x for x in y]",
            "'a'.b",
            "1 if 2 else 3",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err().fault, Fault::Code, "{text}");
        }
        for text in ["", "{", "{'a'}", "'a", "(1,", "{'a': }", "$", "-"] {
            assert_eq!(read(text.as_bytes()).unwrap_err().fault, Fault::Syntax, "{text}");
        }
        assert_eq!(read(&[b'('; 10_000]).unwrap_err().fault, Fault::Depth);
    }
}
