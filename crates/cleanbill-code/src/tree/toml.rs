use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::{Budget, Entry, Kind, MAX_DEPTH, Node, NoteKind, Syntax, Tree};

/// Reads TOML; what is broken is left out, the rest is kept.
pub(super) fn parse(text: &str) -> Tree {
    let mut budget = Budget::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let kind = match error.message() {
            message if message.contains("duplicate") => NoteKind::DuplicateKey,
            _ => NoteKind::Broken,
        };
        budget.note(kind, error.span().unwrap_or(0..text.len()), error.message());
    }
    let span = table.span();
    let root = map(table.get_ref(), span, 0, &mut budget);
    budget.finish(Syntax::Toml, root.into_iter().collect())
}

fn map(table: &DeTable<'_>, span: Range<usize>, depth: usize, budget: &mut Budget) -> Option<Node> {
    if depth >= MAX_DEPTH {
        budget.note(NoteKind::Limit, span, "nested deeper than is read");
        return None;
    }
    if !budget.take(0, &span) {
        return None;
    }
    let mut entries: Vec<Entry> = Vec::new();
    for (key, value) in table {
        let Some(node) = node(value.get_ref(), value.span(), depth, budget) else {
            continue;
        };
        entries.push(Entry {
            key: key.get_ref().as_ref().into(),
            key_span: key.span(),
            value: node,
        });
    }
    entries.sort_by_key(|entry| entry.key_span.start);
    Some(Node {
        kind: Kind::Map(entries),
        span,
        tag: None,
    })
}

fn node(value: &DeValue<'_>, span: Range<usize>, depth: usize, budget: &mut Budget) -> Option<Node> {
    let text = match value {
        DeValue::Table(table) => return map(table, span, depth.saturating_add(1), budget),
        DeValue::Array(array) => {
            if depth >= MAX_DEPTH || !budget.take(0, &span) {
                return None;
            }
            let below = depth.saturating_add(1);
            let items = array
                .iter()
                .filter_map(|item| node(item.get_ref(), item.span(), below, budget));
            return Some(Node {
                kind: Kind::List(items.collect()),
                span,
                tag: None,
            });
        }
        DeValue::String(text) => text.as_ref().to_owned(),
        DeValue::Integer(number) => match number.radix() {
            10 => number.as_str().to_owned(),
            radix => i64::from_str_radix(number.as_str(), radix)
                .map_or_else(|_| number.as_str().to_owned(), |number| number.to_string()),
        },
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => time.to_string(),
    };
    if !budget.take(text.len(), &span) {
        return None;
    }
    Some(Node::scalar(&text, matches!(value, DeValue::String(_)), span))
}
