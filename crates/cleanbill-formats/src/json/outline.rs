//! The outermost keys of JSON, for probes.

use std::borrow::Cow;

use super::{Event, Reader, Strictness};
use crate::{
    Probe,
    bytes::{size_u64, view_range},
};

/// LIMIT: first part of JSON in which probes look for keys.
const OUTLINE: u64 = 16 << 20;
/// LIMIT: depth to which probes follow values, keys that they keep, and bytes of each.
const OUTLINE_DEPTH: usize = 990;
const OUTLINE_KEYS: usize = 256;
const OUTLINE_KEY: usize = 64;
/// Lists the outermost keys of JSON that holds one of `words`, within its first part; `None` where it is no object, or holds none
/// of them. Probes ask for it, and most files end at the first letter.
pub(crate) fn outline(probe: &Probe<'_>, words: &[&[u8]]) -> Option<Vec<String>> {
    let text = probe.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(probe.head);
    if text
        .trim_ascii_start()
        .first()
        .is_some_and(|first| *first != b'{')
    {
        return None;
    }
    let start = size_u64(probe.head.len().saturating_sub(text.len()));
    let part = if size_u64(probe.head.len()) >= probe.size {
        Cow::Borrowed(probe.head)
    } else {
        view_range(probe.source, 0..OUTLINE, OUTLINE).ok()?
    };
    // A key may be written with escapes: of small letters and of the line between words.
    let escapes: [&[u8]; 4] = [b"\\u006", b"\\u007", b"\\u005f", b"\\u005F"];
    let has = |word: &&[u8]| memchr::memmem::find(&part, word).is_some();
    let spelled = || has(&b"\\u00".as_slice()) && escapes.iter().any(has);
    if !words.iter().any(has) && !spelled() {
        return None;
    }
    let mut reader = Reader::new(
        &part,
        start..OUTLINE,
        Strictness::Python,
        OUTLINE_DEPTH,
        OUTLINE_KEY,
    );
    let mut keys = Vec::new();
    // What breaks off or goes wrong ends the list and not the question.
    while let Ok(Some((event, _))) = reader.next() {
        if matches!(event, Event::Key { .. }) && reader.depth() == 1 && keys.len() < OUTLINE_KEYS {
            keys.push(reader.text().into_owned());
        }
    }
    Some(keys)
}
