//! Walks over the JSON of a notebook and keeps what matters.

use std::ops::Range;

use super::{BROKEN, CUT, Cell, CellKind, DEPTH, Output, REPEATED};
use crate::{
    bytes::{ReadAt, SourceError},
    json::{Event, JsonError, Reader, Strictness},
    notes::Notes,
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) version: Option<u64>,
    pub(super) kernel: String,
    pub(super) language: String,
    pub(super) cells: Vec<Cell>,
    pub(super) outputs: Vec<Output>,
    pub(super) widgets: u64,
}

/// LIMIT: bytes kept of one source; the largest honest cells are some MiB of data in a literal.
const SOURCE_BYTES: usize = 8 << 20;
/// LIMIT: bytes kept of one output; libraries that draw bring themselves along, 5 MiB and more.
const OUTPUT_BYTES: usize = 16 << 20;
/// LIMIT: bytes kept of all sources and outputs.
const ALL_BYTES: usize = 128 << 20;
/// LIMIT: cells, and outputs, that are kept.
const CELLS: usize = 100_000;
/// LIMIT: names of attachments kept of one cell.
const ATTACHMENTS: usize = 64;
/// Bytes kept of other texts.
const SHORT: usize = 256;

/// Reads `range` to its end or to where it breaks.
pub(super) fn walk(source: &dyn ReadAt, range: Range<u64>, notes: &mut Notes) -> Result<Found, SourceError> {
    let end = range.end;
    let mut reader = Reader::new(source, range, Strictness::Python, DEPTH, SHORT);
    let mut walker = Walker {
        found: Found::default(),
        open: Vec::new(),
        key: String::new(),
        cell: None,
        output: None,
        kept: 0,
        is_cut: false,
    };
    loop {
        match reader.next() {
            Ok(Some((event, place))) => walker.take(&mut reader, event, place, notes),
            Ok(None) => {
                if reader.has_more()? {
                    let at = reader.position();
                    notes.push(&BROKEN, at..end.max(at), "more follows the notebook");
                }
                break;
            }
            Err(JsonError::Source(error)) => return Err(error),
            Err(error) => {
                let at = error.offset().unwrap_or(0);
                notes.push(&BROKEN, at..end.max(at), error.to_string());
                break;
            }
        }
    }
    walker.close_output();
    walker.close_cell();
    if walker.is_cut {
        notes.push(&CUT, 0..end, "");
    }
    Ok(walker.found)
}

struct Walker {
    found: Found,
    /// Keys that the open containers stand under.
    open: Vec<String>,
    key: String,
    /// The open cell, and how many containers are open in it.
    cell: Option<(Cell, usize)>,
    output: Option<Output>,
    kept: usize,
    is_cut: bool,
}

impl Walker {
    fn take(&mut self, reader: &mut Reader<'_>, event: Event, place: Range<u64>, notes: &mut Notes) {
        match event {
            Event::ObjectStart | Event::ArrayStart => {
                self.open.push(std::mem::take(&mut self.key));
                if event == Event::ObjectStart && self.cell.is_none() && self.begins_cell() {
                    let cell = Cell {
                        kind: CellKind::Other,
                        sources: Vec::new(),
                        text: String::new(),
                        attachments: Vec::new(),
                    };
                    self.cell = Some((cell, self.open.len()));
                }
            }
            Event::ObjectEnd | Event::ArrayEnd => {
                let depth = self.open.len();
                if self.cell.as_ref().is_some_and(|(_, level)| *level == depth) {
                    self.close_output();
                    self.close_cell();
                }
                self.open.pop();
                self.key.clear();
                reader.keep(self.keep());
            }
            Event::Key { repeated } => {
                self.key = reader.text().into_owned();
                if repeated && self.matters() {
                    notes.push(&REPEATED, place, self.key.clone());
                }
                self.close_output();
                self.named();
                reader.keep(self.keep());
            }
            Event::String => {
                let text = reader.text().into_owned();
                self.is_cut |= reader.is_cut() && self.keep() > SHORT;
                self.string(text, place);
                self.value_ends();
            }
            Event::Number => {
                if self.key == "nbformat" && self.open.len() == 1 {
                    self.found.version = reader.text().parse().ok();
                }
                self.value_ends();
            }
            Event::Bool | Event::Null => self.value_ends(),
        }
    }

    /// Elements of a list stand under the list's key, which stays with its frame.
    fn value_ends(&mut self) {
        self.key.clear();
    }

    /// A cell is an object in the list `cells` of the notebook or of one of its worksheets.
    fn begins_cell(&self) -> bool {
        let mut above = self.open.iter().rev().skip(1);
        let in_cells = above.next().is_some_and(|key| key == "cells");
        match self.open.len() {
            3 => in_cells,
            5 => in_cells && self.open.get(1).is_some_and(|key| key == "worksheets"),
            _ => false,
        }
    }

    /// Returns how deep within the cell we are; 1 for the cell's own keys.
    fn within(&self) -> Option<usize> {
        let (_, level) = self.cell.as_ref()?;
        self.open.len().checked_sub(*level)?.checked_add(1)
    }

    fn matters(&self) -> bool {
        self.open.len() == 1
            || self.within() == Some(1)
            || self.within() == Some(4) && mime(&self.key).is_some()
    }

    /// Returns the key that the next value stands under: its own, or that of the list that it is in.
    fn under(&self) -> &str {
        if self.key.is_empty() {
            self.open.last().map_or("", String::as_str)
        } else {
            &self.key
        }
    }

    fn keep(&self) -> usize {
        match self.within() {
            _ if self.kept >= ALL_BYTES => SHORT,
            Some(1 | 2) if is_source(self.under()) => SOURCE_BYTES,
            Some(2..=5) if mime(self.under()).is_some() => OUTPUT_BYTES,
            _ => SHORT,
        }
    }

    /// Sees a key that tells something by itself.
    fn named(&mut self) {
        let parent = self.open.last().map_or("", String::as_str);
        let attached = parent == "attachments" && self.within() == Some(2);
        if self.key.starts_with("application/vnd.jupyter.widget-view") {
            self.found.widgets = self.found.widgets.saturating_add(1);
        }
        if let Some((cell, _)) = &mut self.cell
            && attached
            && cell.attachments.len() < ATTACHMENTS
        {
            cell.attachments.push(self.key.clone());
        }
    }

    fn string(&mut self, text: String, place: Range<u64>) {
        let length = self.open.len();
        let within = self.within();
        let under = self.under().to_owned();
        let parent = self.open.last().map_or("", String::as_str);
        match within {
            None if length == 3 && parent == "kernelspec" => match under.as_str() {
                "name" => self.found.kernel = text,
                "language" => self.language(text),
                _ => {}
            },
            None if length == 3 && parent == "language_info" && under == "name" => self.language(text),
            Some(1 | 2) if is_source(&under) => self.source(&text, place),
            Some(1) if under == "cell_type" => {
                if let Some((cell, _)) = &mut self.cell {
                    cell.kind = match text.as_str() {
                        "code" => CellKind::Code,
                        "markdown" | "heading" | "html" => CellKind::Markdown,
                        _ => CellKind::Other,
                    };
                }
            }
            Some(1) if under == "language" => self.language(text),
            Some(2..=5) => {
                if let Some(mime) = mime(&under) {
                    self.output(mime, &text, place);
                }
            }
            _ => {}
        }
    }

    /// Of several words for the language one that says Python counts most, since some front end goes by it.
    fn language(&mut self, text: String) {
        let python = |name: &str| name.to_ascii_lowercase().contains("python");
        if self.found.language.is_empty() || python(&text) {
            self.found.language = text;
        }
    }

    fn source(&mut self, text: &str, place: Range<u64>) {
        if self.kept >= ALL_BYTES || self.found.cells.len() >= CELLS {
            self.is_cut = true;
            return;
        }
        self.kept = self.kept.saturating_add(text.len());
        if let Some((cell, _)) = &mut self.cell {
            cell.text.push_str(text);
            cell.sources.push(place);
        }
    }

    fn output(&mut self, mime: &'static str, text: &str, place: Range<u64>) {
        if self.kept >= ALL_BYTES || self.found.outputs.len() >= CELLS {
            self.is_cut = true;
            return;
        }
        self.kept = self.kept.saturating_add(text.len());
        if let Some(output) = &mut self.output {
            output.text.push_str(text);
            output.range.end = place.end;
            return;
        }
        self.output = Some(Output {
            cell: self.found.cells.len(),
            mime,
            text: text.to_owned(),
            range: place,
        });
    }

    fn close_output(&mut self) {
        self.found.outputs.extend(self.output.take());
    }

    fn close_cell(&mut self) {
        let Some((cell, _)) = self.cell.take() else { return };
        if self.found.cells.len() < CELLS {
            self.found.cells.push(cell);
        } else {
            self.is_cut = true;
        }
    }
}

/// Keys under which versions of the format keep a cell's text.
fn is_source(key: &str) -> bool {
    matches!(key, "source" | "input" | "code")
}

/// Knows what a browser would run or render. Version 3 writes short names.
fn mime(key: &str) -> Option<&'static str> {
    let key = key.split(';').next().unwrap_or_default().trim();
    Some(match key.to_ascii_lowercase().as_str() {
        "text/html" | "html" | "application/xhtml+xml" => "text/html",
        "image/svg+xml" | "svg" => "image/svg+xml",
        "application/javascript"
        | "text/javascript"
        | "application/x-javascript"
        | "javascript"
        | "text/ecmascript"
        | "application/ecmascript" => "application/javascript",
        _ => return None,
    })
}
