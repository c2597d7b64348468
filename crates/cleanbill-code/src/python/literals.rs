//! Reads the literals of Python: texts that stand side by side, the fields within them, and numbers.

use std::ops::Range;

use super::{
    Trouble, TroubleKind,
    lexer::{self, Kind, Part},
    parser::Parser,
    text,
    tree::{Expression, Id},
};

impl Parser<'_> {
    /// Reads literals that stand side by side, which Python joins.
    pub(super) fn text_literal(&mut self, start: usize) -> Id {
        let mut parts: Vec<Id> = Vec::new();
        let mut plain = String::new();
        let mut bytes: Option<Vec<u8>> = None;
        while self.kind() == Kind::Text {
            let token = self.next();
            let literal = text::Literal::of(self.text, token.range());
            if literal.bytes {
                text::unescape_bytes(
                    self.slice(literal.body),
                    literal.raw,
                    bytes.get_or_insert_default(),
                );
            } else if literal.format {
                for part in lexer::parts(self.text.as_bytes(), literal.body) {
                    match part {
                        Part::Literal(range) => text::unescape(self.slice(range), literal.raw, &mut plain),
                        Part::Field(range) => {
                            let before = Expression::Text(std::mem::take(&mut plain));
                            parts.push(self.node(before, start, 1));
                            self.field(range, &mut parts);
                        }
                    }
                }
            } else {
                text::unescape(self.slice(literal.body), literal.raw, &mut plain);
            }
        }
        if let Some(bytes) = bytes {
            return self.node(Expression::Bytes(bytes), start, 1);
        }
        if parts.is_empty() {
            return self.node(Expression::Text(plain), start, 1);
        }
        parts.push(self.node(Expression::Text(plain), start, 1));
        let depth = self.deepest(&parts);
        self.node(Expression::Format(parts), start, depth)
    }

    /// Reads one field of an f-string: its expression, and those in its format.
    fn field(&mut self, range: Range<usize>, parts: &mut Vec<Id>) {
        let inner = lexer::tokens(self.text, range, true);
        let deep = |trouble: &&Trouble| trouble.kind == TroubleKind::TooDeep;
        self.troubles.extend(inner.troubles.iter().find(deep));
        let tokens = std::mem::replace(&mut self.tokens, inner.list);
        let at = std::mem::replace(&mut self.at, 0);
        parts.push(self.expressions());
        while self.kind() != Kind::End {
            if self.take("{") {
                parts.push(self.expressions());
            } else {
                self.next();
            }
        }
        self.tokens = tokens;
        self.at = at;
    }
}

/// Reads a whole number, in any base; none where it is larger than 64 bits or no whole number.
pub(super) fn number(text: &str) -> Option<i64> {
    let plain: String = text
        .chars()
        .filter(|c| *c != '_')
        .collect::<String>()
        .to_ascii_lowercase();
    let plain = plain.trim_end_matches('l');
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            return i64::from_str_radix(digits, radix).ok();
        }
    }
    plain.parse().ok()
}
