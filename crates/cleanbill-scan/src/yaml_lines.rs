//! Values of single keys in YAML and JSON, found line by line; for configurations whose tree is not asked for.

use std::ops::Range;

/// Finds every value of the key `key`, however it is quoted, with where it stands in `text`.
pub(crate) fn values(text: &str, key: &str) -> Vec<(String, Range<u64>)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(key) {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + key.len()..).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let opened = line.trim_end_matches(['"', '\'', '?', ' ']);
        let starts = opened.is_empty() || opened.ends_with(['{', ',', '-', '[', '\t']);
        if !starts || line.trim_start().starts_with('#') {
            continue;
        }
        let rest = after.trim_start_matches(['"', '\'']).trim_start();
        let Some(rest) = rest.strip_prefix(':') else {
            continue;
        };
        if !rest.starts_with([' ', '\n', '\r', '\t', '"', '\'']) {
            continue;
        }
        let value = value(text, rest);
        found.push((value, at as u64..(at + key.len()) as u64));
    }
    found
}

fn value(text: &str, rest: &str) -> String {
    let mut rest = rest.trim_start();
    // Tags and anchors stand before the value; a block indicator means that it stands on the next line.
    loop {
        let word = rest.split_whitespace().next().unwrap_or_default();
        if word.starts_with(['!', '&'])
            || matches!(
                word.as_bytes(),
                [b'|' | b'>'] | [b'|' | b'>', b'-' | b'+' | b'1'..=b'9']
            )
        {
            rest = rest.get(word.len()..).unwrap_or_default().trim_start();
        } else {
            break;
        }
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        return unescape(quoted);
    }
    if let Some(quoted) = rest.strip_prefix('\'') {
        return quoted.split('\'').next().unwrap_or_default().to_owned();
    }
    let line = rest.lines().next().unwrap_or_default();
    let plain = line.split(" #").next().unwrap_or_default();
    let plain = plain.split([',', '}', ']']).next().unwrap_or_default().trim();
    if let Some(anchor) = plain.strip_prefix('*') {
        let marked = format!("&{anchor} ");
        let target = text
            .split_once(&marked)
            .map(|(_, after)| after.lines().next().unwrap_or_default());
        return target
            .unwrap_or(plain)
            .trim()
            .trim_matches(['"', '\''])
            .to_owned();
    }
    plain.to_owned()
}

/// Reads a text in double quotes up to its end.
fn unescape(quoted: &str) -> String {
    let mut out = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => {
                let digits = match characters.next() {
                    Some('x') => 2,
                    Some('u') => 4,
                    Some('U') => 8,
                    Some(other) => {
                        out.push(other);
                        continue;
                    }
                    None => break,
                };
                let code: String = characters.by_ref().take(digits).collect();
                out.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_however_it_is_written() {
        for text in [
            "k: os.system",
            "a: {k: os.system, b: 1}",
            "\"k\": \"os.system\"",
            "{\"k\":\"os.system\"}",
            "- k: 'os.system'  # x",
            "k: \"\\x6fs.system\"",
            "k: >-\n  os.system\n",
            "k:\n  os.system\nb: 1",
            "a: &x os.system\nk: *x\n",
            "k: !!str os.system",
        ] {
            let found: Vec<String> = values(text, "k").into_iter().map(|(value, _)| value).collect();
            assert_eq!(found, ["os.system"], "{text}");
        }
        assert!(values("# k: x\nok: 1\nk:v", "k").is_empty());
    }
}
