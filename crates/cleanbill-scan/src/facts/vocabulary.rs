use std::ops::Range;

use cleanbill_formats::json::{Event, Reader, Strictness};

use crate::scene::Scene;

/// Holds the size of a tokenizer's vocabulary, as `tokenizer.json` states it.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// The largest id of any token.
    pub largest: u64,
    /// Where that id stands.
    pub range: Range<u64>,
}

impl Vocabulary {
    /// Reads the ids under `model.vocab` (a map, or a list whose places are the ids) and `added_tokens`.
    pub(super) fn read(scene: &Scene<'_>) -> Option<Self> {
        let mut reader = Reader::new(scene.source, 0..scene.source.size(), Strictness::Python, 64, 64);
        let mut path: Vec<String> = Vec::new();
        let mut key = String::new();
        let mut found: Option<Self> = None;
        let mut place = 0_u64;
        let mut keep = |id: u64, range: Range<u64>| {
            if found.as_ref().is_none_or(|found| found.largest < id) {
                found = Some(Self { largest: id, range });
            }
        };
        while let Ok(Some((event, range))) = reader.next() {
            let in_vocabulary = path.iter().map(String::as_str).eq(["", "model", "vocab"]);
            match event {
                Event::Key { .. } => key = reader.text().into_owned(),
                Event::ObjectStart | Event::ArrayStart => {
                    if in_vocabulary && event == Event::ArrayStart {
                        keep(place, range);
                        place += 1;
                    }
                    path.push(std::mem::take(&mut key));
                }
                Event::ObjectEnd | Event::ArrayEnd => {
                    path.pop();
                }
                Event::Number
                    if in_vocabulary || key == "id" && path.get(1).is_some_and(|at| at == "added_tokens") =>
                {
                    if let Ok(id) = reader.text().parse() {
                        keep(id, range);
                    }
                }
                _ => {}
            }
        }
        found
    }
}
