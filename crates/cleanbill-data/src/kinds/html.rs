//! Kind `html`.

use cleanbill_core::Text;

use super::{Copying, Head, Opening, Pieces};
use crate::{
    markup::{Dialect, MarkupPieces},
    outcome::Tools,
};

kind! {
    /// HTML, read as leniently as browsers do. The page is one record; what stands between tags, in attributes, scripts and comments is
    /// a value, with characters written as entities read as what they mean, under the name of its element: `p`, `a.@href`. What stands
    /// across tags, such as text that a style hides, is found in the page as it is written, with its place in the file.
    id: "html", name: "HTML",
    probe: probe, open: open, copying: Copying::Pieces, access: Stream,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    let bytes = head
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head.bytes)
        .trim_ascii_start();
    if !head.is_text() || bytes.first() != Some(&b'<') {
        return None;
    }
    let begins = |text: &[u8]| {
        bytes
            .get(..text.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    if begins(b"<!doctype html") || begins(b"<html") {
        return Some(55);
    }
    matches!(head.suffix, "html" | "htm" | "xhtml").then_some(45)
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every kind")]
fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    Ok(Box::new(MarkupPieces::new(opening.stream, Dialect::Html)))
}
