//! Kind `xml`.

use cleanbill_core::Text;

use super::{Copying, Head, Opening, Pieces};
use crate::{
    markup::{Dialect, MarkupPieces},
    outcome::Tools,
};

kind! {
    /// XML: feeds, configuration, dumps, drawings. The document is one record; what stands between tags, in attributes, comments and
    /// declarations is a value, with characters written as entities read as what they mean, under a path such as
    /// `feed.entry[2].title`, `feed.entry[2].link.@href` or `feed.#comment` (the first element of a name has no number). Entities that a
    /// document declares are not expanded and nothing is fetched. What stands across tags is found in the document as it is written.
    id: "xml", name: "XML",
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
    if bytes.starts_with(b"<?xml") {
        return Some(50);
    }
    let is_named = matches!(
        head.suffix,
        "xml"
            | "svg"
            | "rss"
            | "atom"
            | "rdf"
            | "xsd"
            | "xsl"
            | "xslt"
            | "kml"
            | "gpx"
            | "plist"
            | "xlf"
            | "xliff"
            | "tmx"
    );
    is_named.then_some(45)
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every kind")]
fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    Ok(Box::new(MarkupPieces::new(opening.stream, Dialect::Xml)))
}
