//! The name of the field in which a value stands: before it (`name = `, `"name": `, `<name>`), in the cell before it, in the list of
//! columns of an `INSERT`, or at the head of its column, in tables of commas, tabs, Markdown and HTML.
//!
//! What is found depends on a bounded part of the text before the value and on nothing else; `Rows` only remembers it.

use std::ops::Range;

/// How many names a value may have.
pub(crate) const NAMES: usize = 4;
/// LIMIT: bytes before a value in which the head of its column may stand. What lies farther away is not seen.
pub(crate) const TABLE_BYTES: usize = 8 * 1024;
/// LIMIT: bytes before a value in which its row or list may begin.
const ROW_BYTES: usize = 1024;
/// LIMIT: bytes of a row behind the value; the columns of a longer one are not counted.
const REST_BYTES: usize = 1024;
/// LIMIT: bytes of a tag before a value.
const TAG_BYTES: usize = 160;
/// Longest name.
const LONGEST: usize = 48;
/// Marks that may stand between a name or a sign and its value.
const MARKS: usize = 8;
/// Elements of HTML that say nothing about what stands in them.
const PLAIN: &[&[u8]] = &[
    b"td", b"th", b"dd", b"dt", b"li", b"span", b"p", b"div", b"b", b"strong", b"em", b"i", b"code", b"a",
    b"label", b"font", b"tr", b"br", b"small", b"pre", b"string", b"value",
];

type Name = Option<Range<usize>>;

/// What is known of the rows looked at last.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The row, what divides it, how often, and the head of its table.
    row: Option<Row>,
    /// Where the last head of a column of HTML ends, and how far it was searched for.
    head: Option<usize>,
    searched: usize,
}

#[derive(Clone, Debug)]
struct Row {
    start: usize,
    sign: u8,
    columns: usize,
    /// The first row of the table, which may be the row itself.
    top: Range<usize>,
}

impl Rows {
    /// Forgets everything: another text comes.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Returns the names of the field whose value begins at `start`.
pub(crate) fn names(bytes: &[u8], start: usize, rows: &mut Rows) -> [Name; NAMES] {
    let mut found = [const { None }; NAMES];
    let mut at = start;
    let mut opened = false;
    for _ in 0..MARKS {
        let last = at.checked_sub(1).and_then(|last| bytes.get(last)).copied();
        if !matches!(last, Some(b'"' | b'\'' | b'`' | b'\\' | b' ' | b'(' | b'[')) {
            break;
        }
        opened |= last == Some(b'(');
        at = at.saturating_sub(1);
    }
    let before = bytes.get(..at).unwrap_or_default();
    match before {
        [.., b':' | b'='] => found[0] = name_before(bytes, at.saturating_sub(1)),
        [.., b'=', b'>'] => found[0] = name_before(bytes, at.saturating_sub(2)),
        // A full-width colon.
        [.., 0xef, 0xbc, 0x9a] => found[0] = name_before(bytes, at.saturating_sub(3)),
        [.., b'>'] => in_tags(bytes, at, rows, &mut found),
        _ => {
            if opened || before.ends_with(b",") {
                found[0] = inserted(bytes, start);
            }
            if matches!(before, [] | [.., b',' | b';' | b'\t' | b'|' | b'\n']) {
                in_table(bytes, at, rows, &mut found);
            }
        }
    }
    found
}

/// Returns the name that ends before `end`, with or without quotation marks.
fn name_before(bytes: &[u8], end: usize) -> Name {
    let before = bytes.get(end.saturating_sub(LONGEST.saturating_add(MARKS))..end)?;
    let marks = before
        .iter()
        .rev()
        .take(MARKS)
        .take_while(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b' ' | b']' | b')'))
        .count();
    let end = end.saturating_sub(marks);
    let before = before.get(..before.len().saturating_sub(marks))?;
    let length = before
        .iter()
        .rev()
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || **byte >= 0x80
        })
        .count();
    let name = end.saturating_sub(length)..end;
    (length > 1).then_some(name)
}

/// Looks at the element in which a value stands, whose tag ends before `at`.
fn in_tags(bytes: &[u8], at: usize, rows: &mut Rows, found: &mut [Name; NAMES]) {
    let Some((open, name)) = tag_before(bytes, at) else {
        return;
    };
    let text = bytes.get(name.clone()).unwrap_or_default().to_ascii_lowercase();
    if !PLAIN.contains(&text.as_slice()) {
        found[0] = Some(name);
        return;
    }
    found[1] = cell_before(bytes, open);
    if text == b"td" {
        found[2] = column_of(bytes, open, rows);
    }
}

/// Returns where the tag begins that ends before `at`, and its name.
fn tag_before(bytes: &[u8], at: usize) -> Option<(usize, Range<usize>)> {
    let before = bytes.get(at.saturating_sub(TAG_BYTES)..at)?;
    let open = memchr::memrchr(b'<', before)?;
    let open = at.saturating_sub(before.len()).saturating_add(open);
    let slash = usize::from(bytes.get(open.saturating_add(1)) == Some(&b'/'));
    let from = open.saturating_add(1).saturating_add(slash);
    let length = bytes
        .get(from..at)?
        .iter()
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':' | b'.') || **byte >= 0x80
        })
        .count();
    (length > 0).then_some((open, from..from.saturating_add(length)))
}

/// Returns the text of the cell that ends before the tag at `open`: `<td>name</td><td>`.
fn cell_before(bytes: &[u8], open: usize) -> Name {
    let before = bytes.get(open.saturating_sub(TAG_BYTES)..open)?.trim_ascii_end();
    let end = open
        .saturating_sub(TAG_BYTES.min(open))
        .saturating_add(before.len());
    let mut end = end;
    for _ in 0..2 {
        if bytes.get(..end)?.last() != Some(&b'>') {
            break;
        }
        let (close, _) = tag_before(bytes, end)?;
        end = close;
    }
    let text = bytes.get(end.saturating_sub(LONGEST)..end)?;
    let start = memchr::memrchr(b'>', text)?.saturating_add(1);
    let start = end.saturating_sub(text.len()).saturating_add(start);
    named(bytes, start..end)
}

/// Returns the head of the column of HTML in which the cell at `open` stands.
fn column_of(bytes: &[u8], open: usize, rows: &mut Rows) -> Name {
    let floor = open.saturating_sub(TABLE_BYTES);
    if open.saturating_add(8) < rows.searched {
        (rows.head, rows.searched) = (None, 0);
    }
    let from = rows.searched.max(floor);
    if open > from {
        if let Some(gap) = memchr::memmem::rfind(bytes.get(from..open)?, b"</th>") {
            rows.head = Some(from.saturating_add(gap));
        }
        // The text may be cut within what is searched for.
        rows.searched = open.saturating_sub(4);
    }
    let last = rows.head.filter(|head| *head >= floor && *head < open)?;
    let mut column = 0_usize;
    let mut at = open;
    let row = open.saturating_sub(ROW_BYTES);
    loop {
        let before = bytes.get(row..at)?;
        at = row.saturating_add(memchr::memrchr(b'<', before)?);
        match bytes.get(at.saturating_add(1)..at.saturating_add(3))? {
            b"td" | b"th" => column = column.saturating_add(1),
            b"tr" => break,
            _ => {}
        }
    }
    let start = last.saturating_sub(ROW_BYTES);
    let heads = bytes.get(start..last.saturating_add(5))?;
    let row = memchr::memmem::rfind(heads, b"<tr").unwrap_or(0);
    let mut place = row;
    for step in 0..=column {
        place = place
            .saturating_add(memchr::memmem::find(heads.get(place..)?, b"<th")?)
            .saturating_add(3);
        if step == column {
            let from = place
                .saturating_add(memchr::memchr(b'>', heads.get(place..)?)?)
                .saturating_add(1);
            let length = memchr::memchr(b'<', heads.get(from..)?)?;
            let name = start.saturating_add(from)..start.saturating_add(from).saturating_add(length);
            return named(bytes, name);
        }
    }
    None
}

/// Returns the name of the column into which a value of `INSERT INTO ... (names) VALUES (values` goes.
fn inserted(bytes: &[u8], start: usize) -> Name {
    let before = bytes.get(start.saturating_sub(ROW_BYTES)..start)?;
    let base = start.saturating_sub(before.len());
    let mut column = 0_usize;
    let mut quoted = false;
    let mut open = None;
    for (index, byte) in before.iter().enumerate().rev() {
        match byte {
            b'\'' => quoted = !quoted,
            b',' if !quoted => column = column.saturating_add(1),
            b'(' => {
                open = Some(index);
                break;
            }
            b')' | b'\n' | b';' if !quoted => return None,
            _ => {}
        }
        // The first mark met may be the one before the value.
        if index.saturating_add(2) >= before.len() && *byte == b'\'' {
            quoted = false;
        }
    }
    let words = before.get(..open?)?.trim_ascii_end();
    let (rest, values) = words.split_at_checked(words.len().checked_sub(6)?)?;
    if !values.eq_ignore_ascii_case(b"values") {
        return None;
    }
    let list = rest.trim_ascii_end().strip_suffix(b")")?;
    let from = memchr::memrchr(b'(', list)?.saturating_add(1);
    let mut place = from;
    for (step, name) in list.get(from..)?.split(|byte| *byte == b',').enumerate() {
        if step == column {
            let name = base.saturating_add(place)..base.saturating_add(place).saturating_add(name.len());
            return named(bytes, name);
        }
        place = place.saturating_add(name.len()).saturating_add(1);
    }
    None
}

/// Looks for the head of the column in which the cell at `at` stands.
fn in_table(bytes: &[u8], at: usize, rows: &mut Rows, found: &mut [Name; NAMES]) {
    let Some(before) = bytes.get(at.saturating_sub(ROW_BYTES)..at) else {
        return;
    };
    let start = match memchr::memrchr(b'\n', before) {
        Some(gap) => at
            .saturating_sub(before.len())
            .saturating_add(gap)
            .saturating_add(1),
        None if at <= ROW_BYTES => 0,
        None => return,
    };
    let rest = bytes
        .get(at..at.saturating_add(REST_BYTES).min(bytes.len()))
        .unwrap_or_default();
    let end = at.saturating_add(memchr::memchr(b'\n', rest).unwrap_or(rest.len()));
    let divides = |byte: &u8| matches!(byte, b',' | b';' | b'\t' | b'|');
    let sign = before.last().filter(|byte| divides(byte)).copied();
    let Some(sign) = sign.or_else(|| rest.iter().take(64).copied().find(divides)) else {
        return;
    };
    let cell = |start: usize, end: usize, wanted: usize| -> Name {
        let mut column = 0_usize;
        let mut quoted = false;
        let mut from = start;
        let line = bytes.get(start..end)?;
        for (index, byte) in line.iter().enumerate() {
            if *byte == b'"' {
                quoted = !quoted;
            } else if *byte == sign && !quoted {
                let here = start.saturating_add(index);
                if column == wanted {
                    return Some(from..here);
                }
                column = column.saturating_add(1);
                from = here.saturating_add(1);
            }
        }
        (column == wanted).then_some(from..end)
    };
    let columns = count(bytes.get(start..end).unwrap_or_default(), sign);
    if columns == 0 {
        return;
    }
    let column = count(bytes.get(start..at).unwrap_or_default(), sign);
    // In Markdown the cell before may be the name: `| name | value |`.
    if sign == b'|' && column == 2 {
        found[1] = cell(start, end, 1).and_then(|name| named(bytes, name));
    }
    let floor = at.saturating_sub(TABLE_BYTES);
    let mut top = start..end;
    let mut above = None;
    while let Some(stop) = top.start.checked_sub(1).filter(|stop| *stop > floor) {
        let lines = bytes.get(floor..stop).unwrap_or_default();
        let from = match memchr::memrchr(b'\n', lines) {
            Some(gap) => floor.saturating_add(gap).saturating_add(1),
            None if floor == 0 => 0,
            None => break,
        };
        if stop.saturating_sub(from) > ROW_BYTES {
            break;
        }
        let same = |row: &&Row| row.start == from && row.sign == sign && row.columns == columns;
        let known = rows.row.as_ref().filter(same).map(|row| row.top.clone());
        if known.is_none() && count(bytes.get(from..stop).unwrap_or_default(), sign) != columns {
            break;
        }
        above = above.or(Some(from..stop));
        top = known.clone().unwrap_or(from..stop);
        if known.is_some() {
            break;
        }
    }
    rows.row = Some(Row {
        start,
        sign,
        columns,
        top: top.clone(),
    });
    let head = |row: Range<usize>| named(bytes, cell(row.start, row.end, column)?);
    // What stands above the first row must have been seen, or it may not be the first.
    let is_seen = floor == 0 || top.start > floor.saturating_add(ROW_BYTES);
    found[2] = above.and_then(head);
    found[3] = Some(top)
        .filter(|top| is_seen && top.start < start)
        .and_then(head);
}

/// Counts the signs that divide a row.
fn count(row: &[u8], sign: u8) -> usize {
    let mut quoted = false;
    let mut count = 0_usize;
    for byte in row {
        if *byte == b'"' {
            quoted = !quoted;
        } else if *byte == sign && !quoted {
            count = count.saturating_add(1);
        }
    }
    count
}

/// Returns a cell without blanks and marks where it may be a name.
fn named(bytes: &[u8], cell: Range<usize>) -> Name {
    let text = bytes.get(cell.clone())?;
    let outer = |byte: &u8| matches!(byte, b' ' | b'"' | b'\'' | b'*' | b'`' | b'\r');
    let start = cell
        .start
        .saturating_add(text.iter().take_while(|byte| outer(byte)).count());
    let end = cell
        .end
        .saturating_sub(text.iter().rev().take_while(|byte| outer(byte)).count());
    is_name(bytes.get(start..end)?).then_some(start..end)
}

/// Says whether a text may be the name of a field: short, with letters, and hardly a digit.
fn is_name(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = text
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
        .count();
    text.len() <= LONGEST && letters >= 2 && digits <= 2
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]
mod tests {
    use super::*;

    fn check(text: &str) -> Vec<String> {
        let start = text.find('5').unwrap();
        names(text.as_bytes(), start, &mut Rows::default())
            .into_iter()
            .flatten()
            .map(|range| text[range].to_owned())
            .collect()
    }

    #[test]
    fn names_are_found_where_people_write_them() {
        for (text, name) in [
            ("tax_id=5", "tax_id"),
            ("\"tax_id\" : \"5", "tax_id"),
            ("\\\"tax_id\\\": \\\"5", "tax_id"),
            ("config['tax_id'] = '5", "tax_id"),
            ("'tax_id' => '5", "tax_id"),
            ("税号：5", "税号"),
            ("<tax-id>5", "tax-id"),
            ("<td>Tax ID</td> <td>5", "Tax ID"),
            (
                "<tr><th>id<th class=\"x\">Tax ID</th></tr>\n<tr><td>1</td><td>5",
                "Tax ID",
            ),
            ("| Tax ID | 5 |", "Tax ID"),
            ("INSERT INTO p (id, tax_id, x) VALUES ('a,b', '5", "tax_id"),
        ] {
            assert!(
                check(text).contains(&name.to_owned()),
                "{text}: {:?}",
                check(text)
            );
        }
        for text in ["a 5", "5", "x, 5", "is 5", "f(5", ": 5", "id,name\nx 5"] {
            assert_eq!(check(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn the_head_of_a_column_is_found_from_every_row() {
        for text in [
            "a line, before, it, all\nid,tax_id,name\n1,#,x\n2,#,y\n3,#,z\n",
            "id\ttax_id\n1\t#\n2\t#",
            "tax_id;x\n#;1\n#;2\n",
            "| id | tax_id |\n|----|----|\n| 1 | # |\n| 2 | # |\n",
            "id,note,tax_id\n1,\"a, b\",\"#\"\n2,c,\"#\"",
            "<table><tr><th>id</th><th>tax_id</th></tr><tr><td>1</td><td>#</td></tr><tr><td>2</td><td>#</td></tr>",
        ] {
            let mut rows = Rows::default();
            for (at, _) in text.match_indices('#') {
                let alone = names(text.as_bytes(), at, &mut Rows::default());
                assert_eq!(names(text.as_bytes(), at, &mut rows), alone, "{text} at {at}");
                let all: Vec<&str> = alone.into_iter().flatten().map(|range| &text[range]).collect();
                assert!(all.contains(&"tax_id"), "{text} at {at}: {all:?}");
            }
        }
        let far = format!("id,tax_id\n{}2,#", "1,2\n".repeat(4_000));
        let at = far.find('#').unwrap();
        assert_eq!(
            names(far.as_bytes(), at, &mut Rows::default()),
            [const { None }; NAMES]
        );
    }
}
