//! Searches one value of a record that is no JSON.

use cleanbill_core::{leak::LeakRecord, text};

use crate::{
    number::{Form, Raw},
    outcome::{Counter, Outcome, Problem, Tools},
    path::{self, Step},
};

/// What a value came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It was searched, or nobody wants it.
    Whole,
    /// It is no text.
    Binary,
}

/// Searches a value of the record with number `index` in the piece.
pub(crate) fn search(tools: &Tools, value: &[u8], steps: &[Step<'_>], index: u64, out: &mut Outcome) -> Seen {
    if value.is_empty() || tools.columns.is_some() && !tools.is_wanted(&path::render(steps)) {
        return Seen::Whole;
    }
    if std::str::from_utf8(value).is_err() {
        return Seen::Binary;
    }
    let hits = tools.hits(value, path::name(steps));
    if hits.is_empty() {
        return Seen::Whole;
    }
    let column = tools.path(steps);
    let mut counter = Counter::default();
    for hit in hits {
        let record = LeakRecord {
            index,
            id: None,
            column: Some(column.clone()).filter(|column| !column.is_empty()),
            line: None,
        };
        let found = tools.found(&hit, value, record, &mut counter);
        out.changes = out.changes.saturating_add(1);
        out.keep(found);
    }
    Seen::Whole
}

/// Searches a number of the record with number `index` in the piece.
pub(crate) fn number(
    tools: &Tools,
    (form, raw): (Form, Raw),
    steps: &[Step<'_>],
    index: u64,
    out: &mut Outcome,
) {
    let mut shown = Vec::new();
    if form.show(raw, tools.least(), &mut shown) {
        search(tools, &shown, steps, index, out);
    }
}

/// Searches a value of the only record; `name` is what it is called, where that says something of it.
pub(crate) fn named(tools: &Tools, value: &[u8], name: Option<&[u8]>, column: &str, out: &mut Outcome) {
    if value.is_empty() || tools.columns.is_some() && !tools.is_wanted(column) {
        return;
    }
    let mut counter = Counter::default();
    for hit in tools.hits(value, name) {
        let record = LeakRecord {
            column: Some(column.to_owned()),
            ..LeakRecord::default()
        };
        let found = tools.found(&hit, value, record, &mut counter);
        out.keep(found);
    }
}

/// Says how many values are no text.
pub(crate) fn say_binary(out: &mut Outcome, number: u64) {
    if number > 0 {
        out.problem(Problem {
            record: None,
            offset: None,
            reason: text!(
                "{number} binary values are no text and were not searched",
                "{number} 个二进制值不是文本，未搜索"
            ),
            lost: true,
        });
    }
}
