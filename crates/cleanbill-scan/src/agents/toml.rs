use std::ops::Range;

use cleanbill_code::jsonc::{self, Value, ValueKind};

/// Reads as much of TOML as configurations of servers use: tables, texts, lists and inline tables on one or several lines.
pub(super) fn read(text: &str) -> Value {
    let mut root: Vec<(String, Value)> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut table = 0..0;
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').take(20_000);
    while let Some(line) = lines.next() {
        let start = at;
        at += line.len();
        let bare = line.trim();
        if let Some(inner) = bare.strip_prefix('[') {
            let inner = inner
                .trim_start_matches('[')
                .split(']')
                .next()
                .unwrap_or_default();
            path = inner
                .split('.')
                .map(|part| part.trim().trim_matches(['"', '\'']).to_owned())
                .take(8)
                .collect();
            table = start..at;
            continue;
        }
        let Some((key, value)) = bare.split_once('=').filter(|_| !bare.starts_with('#')) else {
            continue;
        };
        let mut value = value.trim().to_owned();
        let open = |value: &str| value.matches(['[', '{']).count() > value.matches([']', '}']).count();
        let mut more = 0;
        while open(&value) && more < 200 {
            let Some(line) = lines.next() else { break };
            at += line.len();
            value.push('\n');
            value.push_str(line.trim());
            more += 1;
        }
        if value.starts_with('{') {
            // An inline table is an object with another sign between key and value.
            value = value
                .replace(" = ", ": ")
                .replace("\"=\"", "\":\"")
                .replace("= \"", ": \"")
                .replace("=\"", ":\"");
        }
        let Some(mut value) = jsonc::parse(&value).root else {
            continue;
        };
        value.range = start..at;
        let mut full = path.clone();
        full.extend(
            key.split('.')
                .map(|part| part.trim().trim_matches(['"', '\'']).to_owned())
                .take(8),
        );
        insert(&mut root, &full, value, &table);
    }
    Value {
        range: 0..text.len(),
        kind: ValueKind::Object(root),
    }
}

fn insert(entries: &mut Vec<(String, Value)>, path: &[String], value: Value, table: &Range<usize>) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        entries.push((first.clone(), value));
        return;
    }
    let place = entries
        .iter()
        .position(|(key, value)| key == first && matches!(value.kind, ValueKind::Object(_)));
    let place = place.unwrap_or_else(|| {
        let kind = ValueKind::Object(Vec::new());
        let range = table.clone();
        entries.push((first.clone(), Value { range, kind }));
        entries.len() - 1
    });
    if let Some((
        _,
        Value {
            kind: ValueKind::Object(inner),
            ..
        },
    )) = entries.get_mut(place)
    {
        insert(inner, rest, value, table);
    }
}
