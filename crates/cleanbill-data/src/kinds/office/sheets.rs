//! Cells of Office Open XML tables.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use super::{called, parts::local};
use crate::{
    limits::SHARED_CELLS,
    markup::{Token, attributes, decode, token},
    outcome::{Outcome, Tools},
    path::{self, Step},
    values,
};

/// What the sheets of a table have in common.
#[derive(Default)]
pub(super) struct Book {
    names: Vec<String>,
    texts: Vec<u8>,
    strings: Vec<Shared>,
}

/// A string that cells have in common.
struct Shared {
    place: Range<usize>,
    /// Cells that have it.
    cells: u32,
    is_clear: bool,
}

/// A cell that is being read.
#[derive(Default)]
struct Cell {
    place: String,
    kind: Vec<u8>,
    value: Vec<u8>,
    text: Vec<u8>,
    formula: Vec<u8>,
}

impl Book {
    /// Reads the names of the sheets.
    pub(super) fn name(&mut self, bytes: &[u8]) {
        each(bytes, &mut |_, event| {
            if let Event::Open(element, range, _) = event
                && local(element) == b"sheet"
            {
                for (attribute, value) in attributes(bytes, range) {
                    if bytes.get(attribute) == Some(b"name") {
                        let value = decode(bytes.get(value).unwrap_or_default()).0;
                        self.names.push(String::from_utf8_lossy(&value).into_owned());
                    }
                }
            }
        });
    }

    /// Reads the strings that cells have in common.
    pub(super) fn share(&mut self, bytes: &[u8]) {
        let mut start = None;
        each(bytes, &mut |inner, event| match event {
            Event::Open(element, _, ends) if local(element) == b"si" => {
                start = Some(self.texts.len());
                if ends {
                    self.strings.push(Shared::new(self.texts.len()..self.texts.len()));
                }
            }
            Event::Close(element) if local(element) == b"si" => {
                if let Some(start) = start.take() {
                    self.strings.push(Shared::new(start..self.texts.len()));
                }
            }
            Event::Text(raw) if local(inner) == b"t" => self.texts.extend_from_slice(&decode(raw).0),
            _ => {}
        });
    }

    /// Searches a sheet.
    pub(super) fn sheet(
        &mut self,
        tools: &Tools,
        bytes: &[u8],
        part: &str,
        number: usize,
        out: &mut Outcome,
    ) {
        let name = self.names.get(number).cloned().unwrap_or_else(|| called(part));
        let mut heads: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut row = 0_u64;
        let mut cell: Option<Cell> = None;
        each(bytes, &mut |inner, event| match event {
            Event::Open(element, range, ends) if local(element) == b"c" => {
                let mut new = Cell::default();
                for (attribute, value) in attributes(bytes, range) {
                    let value = bytes.get(value).unwrap_or_default();
                    match bytes.get(attribute) {
                        Some(b"r") => new.place = path::short(value),
                        Some(b"t") => new.kind = value.to_vec(),
                        _ => {}
                    }
                }
                cell = (!ends).then_some(new);
            }
            Event::Open(element, _, _) if local(element) == b"row" => row = row.saturating_add(1),
            Event::Close(element) if local(element) == b"c" => {
                if let Some(cell) = cell.take() {
                    self.cell(tools, &cell, (&name, row <= 1), &mut heads, out);
                }
            }
            Event::Text(raw) => {
                let value = decode(raw).0;
                match (&mut cell, local(inner)) {
                    (Some(cell), b"v") => cell.value.extend_from_slice(&value),
                    (Some(cell), b"t") => cell.text.extend_from_slice(&value),
                    (Some(cell), b"f") => cell.formula.extend_from_slice(&value),
                    (None, element) if !value.trim_ascii().is_empty() => {
                        let steps = [Step::named(&name), Step::Key(Cow::Borrowed(element))];
                        values::search(tools, String::from_utf8_lossy(&value).as_bytes(), &steps, 0, out);
                    }
                    _ => {}
                }
            }
            _ => {}
        });
    }

    fn cell(
        &mut self,
        tools: &Tools,
        cell: &Cell,
        (sheet, is_first): (&str, bool),
        heads: &mut BTreeMap<String, Vec<u8>>,
        out: &mut Outcome,
    ) {
        let letters: String = cell.place.chars().take_while(char::is_ascii_alphabetic).collect();
        let head = heads.get(&letters).map(Vec::as_slice);
        let column = path::render(&[Step::named(sheet), Step::named(&cell.place)]);
        let formula = cell.formula.as_slice();
        for value in [cell.text.as_slice(), formula] {
            values::named(tools, value, head, &column, out);
        }
        let number = std::str::from_utf8(&cell.value)
            .ok()
            .and_then(|value| value.trim().parse::<usize>().ok());
        let shared = number
            .filter(|_| cell.kind == b"s")
            .and_then(|number| self.strings.get_mut(number));
        let Some(shared) = shared else {
            values::named(tools, &plain_number(&cell.value), head, &column, out);
            if is_first {
                let text = if cell.text.is_empty() {
                    &cell.value
                } else {
                    &cell.text
                };
                heads.insert(letters, text.clone());
            }
            return;
        };
        let text = self.texts.get(shared.place.clone()).unwrap_or_default();
        shared.cells = shared.cells.saturating_add(1);
        if text.len() <= 256 {
            values::named(tools, text, head, &column, out);
        } else if !shared.is_clear && shared.cells <= SHARED_CELLS {
            let known = out.found.len();
            values::named(tools, text, None, &column, out);
            shared.is_clear = out.found.len() == known;
        }
        if is_first {
            heads.insert(
                letters,
                text.get(..text.len().min(64)).unwrap_or_default().to_vec(),
            );
        }
    }

    /// Searches the strings that no cell has.
    pub(super) fn unused(&self, tools: &Tools, out: &mut Outcome) {
        for (number, shared) in self.strings.iter().enumerate() {
            if shared.cells == 0 {
                let text = self.texts.get(shared.place.clone()).unwrap_or_default();
                let column = format!("sharedStrings[{number}]");
                values::named(tools, text, None, &column, out);
            }
        }
    }
}

impl Shared {
    const fn new(place: Range<usize>) -> Self {
        Self {
            place,
            cells: 0,
            is_clear: false,
        }
    }
}

/// Writes a number without an exponent, as whole numbers of many digits are stored.
fn plain_number(value: &[u8]) -> Cow<'_, [u8]> {
    let text = std::str::from_utf8(value).unwrap_or_default();
    if !text.contains(['E', 'e']) {
        return Cow::Borrowed(value);
    }
    match text.trim().parse::<f64>() {
        Ok(number) if number.abs() < 1e18 && number.fract() == 0.0 => {
            Cow::Owned(format!("{number:.0}").into_bytes())
        }
        _ => Cow::Borrowed(value),
    }
}

enum Event<'a> {
    Open(&'a [u8], Range<usize>, bool),
    Close(&'a [u8]),
    Text(&'a [u8]),
}

/// Goes over the tokens of a part, with the innermost element.
fn each<'a>(bytes: &'a [u8], show: &mut dyn FnMut(&'a [u8], Event<'a>)) {
    let mut inner: &[u8] = &[];
    let mut at = 0;
    while at < bytes.len() {
        let Some((token, end)) = token(bytes, at, true) else {
            break;
        };
        match token {
            Token::Open {
                name,
                attributes,
                ends,
            } => {
                let name = bytes.get(name).unwrap_or_default();
                if !ends {
                    inner = name;
                }
                show(inner, Event::Open(name, attributes, ends));
            }
            Token::Close { name } => {
                inner = &[];
                show(inner, Event::Close(bytes.get(name).unwrap_or_default()));
            }
            Token::Text(range) | Token::Plain(range) => {
                show(inner, Event::Text(bytes.get(range).unwrap_or_default()));
            }
            Token::Comment(_) | Token::Other(_) => {}
        }
        at = end.max(at.saturating_add(1));
    }
}
