//! The text that a stream of operators shows (ISO 32000-2, 9.4), in the order in which it is written, with blanks where it moves on.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    fonts::Font,
    objects::{Reader, Value},
};
use crate::limits::{PDF_DEPTH, PDF_LIST, PDF_TEXT_BYTES};

/// Fonts by the names that a stream calls them.
pub(super) type Fonts = BTreeMap<Vec<u8>, Arc<Font>>;

/// What a stream shows.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
    /// Characters whose meaning cannot be told.
    pub(super) unknown: u64,
    /// It goes on, and was not read further.
    pub(super) is_cut: bool,
}

/// What stays the same from text to text.
#[derive(Clone, Default)]
struct State {
    font: Option<Arc<Font>>,
    size: f64,
    letter_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
}

/// Where a text goes on, and the directions in which it is written and in which lines rise.
#[derive(Clone, Copy)]
struct Matrix {
    along: (f64, f64),
    up: (f64, f64),
    place: (f64, f64),
}

impl Matrix {
    const UNIT: Self = Self {
        along: (1.0, 0.0),
        up: (0.0, 1.0),
        place: (0.0, 0.0),
    };

    fn moved(self, right: f64, rise: f64) -> Self {
        let place = (
            right.mul_add(self.along.0, rise.mul_add(self.up.0, self.place.0)),
            right.mul_add(self.along.1, rise.mul_add(self.up.1, self.place.1)),
        );
        Self { place, ..self }
    }
}

struct Show<'f> {
    fonts: &'f Fonts,
    state: State,
    kept: Vec<State>,
    matrix: Matrix,
    line: Matrix,
    /// Where the text before ended.
    pen: Option<(f64, f64)>,
    page: Page,
}

/// Reads a stream of operators.
pub(super) fn shown(bytes: &[u8], fonts: &Fonts) -> Page {
    let mut show = Show {
        fonts,
        state: State {
            scale: 1.0,
            ..State::default()
        },
        kept: Vec::new(),
        matrix: Matrix::UNIT,
        line: Matrix::UNIT,
        pen: None,
        page: Page::default(),
    };
    let mut operands: Vec<Value> = Vec::new();
    let mut at = 0;
    loop {
        let mut left = PDF_LIST;
        let mut reader = Reader {
            bytes,
            at,
            left: &mut left,
        };
        let Some(value) = reader.value(0) else {
            show.page.is_cut |= left == 0;
            break;
        };
        at = reader.at;
        let Value::Word(word) = value else {
            // Operators have six operands at most.
            if operands.len() >= 64 {
                operands.remove(0);
            }
            operands.push(value);
            continue;
        };
        if word == b"ID" {
            at = behind_picture(bytes, at);
        }
        show.operator(&word, &operands);
        operands.clear();
        if show.page.text.len() > PDF_TEXT_BYTES {
            show.page.is_cut = true;
            break;
        }
    }
    show.page
}

/// Passes over the bytes of a picture.
fn behind_picture(bytes: &[u8], at: usize) -> usize {
    let mut from = at;
    loop {
        let Some(found) = memchr::memmem::find(bytes.get(from..).unwrap_or_default(), b"EI") else {
            return bytes.len();
        };
        let place = from.saturating_add(found);
        from = place.saturating_add(2);
        let before = place.checked_sub(1).and_then(|place| bytes.get(place));
        let is_blank = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        if is_blank(before) && is_blank(bytes.get(from)) {
            return from;
        }
    }
}

impl Show<'_> {
    fn operator(&mut self, word: &[u8], operands: &[Value]) {
        let number = |place: usize| operands.get(place).and_then(Value::number).unwrap_or(0.0);
        match word {
            b"BT" => (self.matrix, self.line) = (Matrix::UNIT, Matrix::UNIT),
            b"q" if self.kept.len() < PDF_DEPTH => self.kept.push(self.state.clone()),
            b"Q" => {
                if let Some(state) = self.kept.pop() {
                    self.state = state;
                }
            }
            b"Tf" => {
                if let Some(Value::Name(name)) = operands.first() {
                    self.state.font = self.fonts.get(name).cloned();
                }
                self.state.size = number(1);
            }
            b"Tc" => self.state.letter_space = number(0),
            b"Tw" => self.state.word_space = number(0),
            b"Tz" => self.state.scale = number(0) / 100.0,
            b"TL" => self.state.leading = number(0),
            b"Td" | b"TD" => {
                if word == b"TD" {
                    self.state.leading = -number(1);
                }
                self.go(number(0), number(1));
            }
            b"Tm" => {
                let matrix = Matrix {
                    along: (number(0), number(1)),
                    up: (number(2), number(3)),
                    place: (number(4), number(5)),
                };
                (self.matrix, self.line) = (matrix, matrix);
            }
            b"T*" => self.go(0.0, -self.state.leading),
            b"'" | b"\"" => {
                if word == b"\"" {
                    (self.state.word_space, self.state.letter_space) = (number(0), number(1));
                }
                self.go(0.0, -self.state.leading);
                if let Some(Value::Text(text)) = operands.last() {
                    self.text(text);
                }
            }
            b"Tj" => {
                if let Some(Value::Text(text)) = operands.last() {
                    self.text(text);
                }
            }
            b"TJ" => {
                let Some(Value::List(list)) = operands.last() else {
                    return;
                };
                for value in list {
                    match value {
                        Value::Text(text) => self.text(text),
                        value => {
                            let back = value.number().unwrap_or(0.0) / 1_000.0;
                            self.matrix = self.matrix.moved(-back * self.state.size * self.state.scale, 0.0);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn go(&mut self, x: f64, y: f64) {
        self.line = self.line.moved(x, y);
        self.matrix = self.line;
    }

    fn text(&mut self, text: &[u8]) {
        let Matrix { along, place, .. } = self.matrix;
        let unit = along.0.hypot(along.1);
        let size = (self.state.size * unit).abs();
        if let Some(pen) = self.pen.filter(|_| !self.page.text.is_empty()) {
            let moved = (place.0 - pen.0, place.1 - pen.1);
            let (cos, sin) = if unit > 0.0 {
                (along.0 / unit, along.1 / unit)
            } else {
                (1.0, 0.0)
            };
            let forward = moved.0.mul_add(cos, moved.1 * sin);
            let aside = moved.1.mul_add(cos, -(moved.0 * sin));
            if aside.abs() > 0.5 * size || forward < -0.5 * size {
                self.page.text.push('\n');
            } else if forward > 0.2 * size {
                self.page.text.push(' ');
            }
        }
        let mut wide = 0.0;
        let state = &self.state;
        let mut unknown = 0_u64;
        if let Some(font) = &state.font {
            font.decode(text, &mut self.page.text, &mut |shown| {
                let space = if shown.is_space { state.word_space } else { 0.0 };
                wide += (shown.width.mul_add(state.size, state.letter_space) + space) * state.scale;
                unknown = unknown.saturating_add(u64::from(!shown.is_known));
            });
        } else {
            // Without its font, a text is read as most are written.
            Font::default().decode(text, &mut self.page.text, &mut |_| wide += 0.5 * state.size);
        }
        self.page.unknown = self.page.unknown.saturating_add(unknown);
        self.matrix = self.matrix.moved(wide, 0.0);
        self.pen = Some(self.matrix.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_stand_where_the_text_moves() {
        let text = b"BT /F 10 Tf 12 TL 0 0 Td (ab) Tj 10 0 Td (cd) Tj [(e) -100 (f) -300 (g)] TJ 0 -12 Td (h) ' T* (i) Tj ET \
                     q BI /W 1 ID \x00(no) Tj EI Q BT 1 0 0 1 0 -90 Tm (j) Tj ET";
        assert_eq!(shown(text, &Fonts::new()).text, "abcdef g\nh\ni\nj");
    }
}
