//! Names of columns, read out of the statement that made a table.

/// Returns the names of the stored columns in the order in which rows hold them; `by_key` where the key comes first.
pub(super) fn names(sql: &str, by_key: bool) -> Vec<String> {
    let Some(open) = sql.find('(') else {
        return Vec::new();
    };
    let body = sql.get(open.saturating_add(1)..).unwrap_or_default();
    let mut names = Vec::new();
    let mut key: Vec<String> = Vec::new();
    for part in parts(body) {
        let words = words(part);
        let Some((first, quoted)) = words.first() else {
            continue;
        };
        let upper = |at: usize| {
            words
                .get(at)
                .map(|(word, _)| word.to_ascii_uppercase())
                .unwrap_or_default()
        };
        let is_rule = !quoted
            && matches!(
                upper(0).as_str(),
                "CONSTRAINT" | "PRIMARY" | "UNIQUE" | "CHECK" | "FOREIGN"
            );
        let is_key = words.windows(2).any(|pair| match pair {
            [(one, false), (two, false)] => {
                one.eq_ignore_ascii_case("PRIMARY") && two.eq_ignore_ascii_case("KEY")
            }
            _ => false,
        });
        if is_rule {
            if let (true, Some((_, list))) = (is_key, part.split_once('(')) {
                for one in parts(list) {
                    key.extend(self::words(one).into_iter().next().map(|(word, _)| word));
                }
            }
            continue;
        }
        // A computed column is not stored, unless it says so.
        let has = |wanted: &str| {
            words
                .iter()
                .any(|(word, quoted)| !quoted && word.eq_ignore_ascii_case(wanted))
        };
        if has("AS") && !has("STORED") {
            continue;
        }
        if is_key {
            key.push(first.clone());
        }
        names.push(first.clone());
    }
    if by_key {
        key.retain(|name| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
        names.retain(|name| !key.iter().any(|part| part.eq_ignore_ascii_case(name)));
        key.append(&mut names);
        return key;
    }
    names
}

/// Cuts a list at its commas, up to the bracket that closes it.
fn parts(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut quote) = (0_usize, 0, None);
    for (at, character) in list.char_indices() {
        if let Some(close) = quote {
            if character == close {
                quote = None;
            }
            continue;
        }
        match character {
            '"' | '\'' | '`' => quote = Some(character),
            '[' => quote = Some(']'),
            '(' => depth = depth.saturating_add(1),
            ')' if depth == 0 => {
                parts.push(list.get(start..at).unwrap_or_default());
                return parts;
            }
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(list.get(start..at).unwrap_or_default());
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.push(list.get(start..).unwrap_or_default());
    parts
}

/// Lists words outside of brackets, and whether they stand in quotes.
fn words(part: &str) -> Vec<(String, bool)> {
    let mut words = Vec::new();
    let mut depth = 0_usize;
    let mut rest = part.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' | '\'' | '`' | '[' => {
                let close = if character == '[' { ']' } else { character };
                let mut word = String::new();
                while let Some(next) = rest.next() {
                    if next != close {
                        word.push(next);
                    } else if close != ']' && rest.next_if_eq(&close).is_some() {
                        word.push(close);
                    } else {
                        break;
                    }
                }
                if depth == 0 {
                    words.push((word, true));
                }
            }
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ if character.is_whitespace() || depth > 0 => {}
            _ => {
                let mut word = String::from(character);
                let stops = |next: &char| {
                    !next.is_whitespace() && !matches!(next, '(' | ')' | '"' | '\'' | '`' | '[')
                };
                while let Some(next) = rest.next_if(stops) {
                    word.push(next);
                }
                words.push((word, false));
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_that_rows_hold() {
        let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, \"a, b\" TEXT DEFAULT ('x,y'), [c d] VARCHAR(3), e AS (id + 1), \
                   f INT AS (id) STORED, 'AS' TEXT, UNIQUE (id, [c d]), CHECK (id > 0)) STRICT";
        assert_eq!(names(sql, false), ["id", "a, b", "c d", "f", "AS"]);
        assert_eq!(
            names(
                "CREATE TABLE t(a, b TEXT, c, PRIMARY KEY (C, b DESC)) WITHOUT ROWID",
                true
            ),
            ["C", "b", "a"]
        );
        assert_eq!(
            names("CREATE TABLE t(a, b TEXT PRIMARY KEY) WITHOUT ROWID", true),
            ["b", "a"]
        );
        assert_eq!(names("nonsense", false), [""; 0]);
    }
}
