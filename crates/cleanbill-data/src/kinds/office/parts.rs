//! Parts of documents: paragraphs, and what stands beside them.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    limits::DEPTH,
    markup::{Token, attributes, decode, token},
    outcome::Outcome,
    outcome::Tools,
    path::{self, Step},
    values,
};

/// A paragraph that is open.
struct Paragraph {
    element: Vec<u8>,
    number: u64,
    text: Vec<u8>,
}

/// Searches a part that is called `name` in paths.
pub(super) fn search(tools: &Tools, bytes: &[u8], name: &str, out: &mut Outcome) {
    let mut open: Vec<Paragraph> = Vec::new();
    let mut inner: Vec<&[u8]> = Vec::new();
    let mut numbers: BTreeMap<&[u8], u64> = BTreeMap::new();
    let mut at = 0;
    while at < bytes.len() {
        let Some((token, end)) = token(bytes, at, true) else {
            break;
        };
        match token {
            Token::Text(range) | Token::Plain(range) => {
                let raw = bytes.get(range).unwrap_or_default();
                let element = inner.last().copied().unwrap_or_default();
                match open.last_mut() {
                    Some(paragraph) if is_written(element) => {
                        paragraph.text.extend_from_slice(&decode(raw).0);
                    }
                    Some(_) if !is_note(element) => {}
                    _ => beside(tools, raw, name, &[local(element)], out),
                }
            }
            Token::Comment(range) | Token::Other(range) => {
                beside(
                    tools,
                    bytes.get(range).unwrap_or_default(),
                    name,
                    &[b"#comment"],
                    out,
                );
            }
            Token::Open {
                name: element,
                attributes: range,
                ends,
            } => {
                let element = bytes.get(element).unwrap_or_default();
                for (attribute, value) in attributes(bytes, range) {
                    let attribute = bytes.get(attribute).unwrap_or_default();
                    if SAYING.contains(&local(attribute)) {
                        let value = bytes.get(value).unwrap_or_default();
                        beside(tools, value, name, &[local(element), local(attribute)], out);
                    }
                }
                if matches!(local(element), b"tab" | b"br" | b"cr" | b"s" | b"line-break")
                    && let Some(paragraph) = open.last_mut()
                {
                    paragraph.text.push(b' ');
                }
                if !ends {
                    if inner.len() < 8 * DEPTH {
                        inner.push(element);
                    }
                    if matches!(local(element), b"p" | b"h" | b"comment" | b"si") && open.len() < DEPTH {
                        let next = numbers.entry(local(element)).or_default();
                        open.push(Paragraph {
                            element: element.to_vec(),
                            number: *next,
                            text: Vec::new(),
                        });
                        *next = next.saturating_add(1);
                    }
                }
            }
            Token::Close { name: element } => {
                let element = bytes.get(element).unwrap_or_default();
                if inner.last() == Some(&element) {
                    inner.pop();
                }
                if let Some(paragraph) = open.pop_if(|paragraph| paragraph.element == element) {
                    said(tools, &paragraph, name, out);
                }
            }
        }
        at = end.max(at.saturating_add(1));
    }
    for paragraph in open {
        said(tools, &paragraph, name, out);
    }
}

fn said(tools: &Tools, paragraph: &Paragraph, name: &str, out: &mut Outcome) {
    let element = local(&paragraph.element);
    let steps = [
        Step::named(name),
        Step::Key(Cow::Borrowed(element)),
        Step::Index(paragraph.number),
    ];
    let value = String::from_utf8_lossy(&paragraph.text);
    if !value.trim().is_empty() {
        // The name of its element says nothing of a paragraph.
        values::named(tools, value.as_bytes(), None, &path::render(&steps), out);
    }
}

/// Searches a text that stands in no paragraph.
fn beside(tools: &Tools, raw: &[u8], name: &str, inner: &[&[u8]], out: &mut Outcome) {
    if raw.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    let mut steps = vec![Step::named(name)];
    steps.extend(inner.iter().map(|step| Step::Key(Cow::Borrowed(*step))));
    let value = decode(raw).0;
    values::search(tools, String::from_utf8_lossy(&value).as_bytes(), &steps, 0, out);
}

/// Returns a name without its prefix.
pub(super) fn local(name: &[u8]) -> &[u8] {
    let colon = memchr::memchr(b':', name).map_or(0, |colon| colon.saturating_add(1));
    name.get(colon..).unwrap_or_default()
}

/// Says whether characters of an element are written text and no setting of the layout.
fn is_written(element: &[u8]) -> bool {
    element.starts_with(b"text:")
        || matches!(
            local(element),
            b"t" | b"delText" | b"instrText" | b"delInstrText" | b"a"
        )
}

/// Says whether an element within a paragraph is about a note and no part of the paragraph.
fn is_note(element: &[u8]) -> bool {
    element.starts_with(b"dc:") || element.starts_with(b"meta:")
}

/// Attributes that hold what people wrote.
const SAYING: &[&[u8]] = &[
    b"alias",
    b"author",
    b"creator",
    b"data",
    b"descr",
    b"displayName",
    b"email",
    b"href",
    b"initials",
    b"name",
    b"providerId",
    b"string-value",
    b"tag",
    b"target",
    b"text",
    b"title",
    b"tooltip",
    b"userId",
    b"userName",
    b"value",
];
