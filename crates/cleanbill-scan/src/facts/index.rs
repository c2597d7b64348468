use std::{collections::BTreeMap, ops::Range};

use cleanbill_formats::json::{Event, Reader, Strictness};

use crate::scene::Scene;

/// LIMIT: tensors of an index that are kept; beyond, it counts as incomplete.
const TENSORS: usize = 400_000;

/// Holds what an index of shards (`model.safetensors.index.json`) names.
#[derive(Debug, Default)]
pub struct Index {
    /// Every shard with the names of its tensors and where it is first named.
    pub shards: BTreeMap<String, (Vec<String>, Range<u64>)>,
    /// Whether all of the index was read.
    pub complete: bool,
}

impl Index {
    /// Reads the object under `weight_map`.
    pub(super) fn read(scene: &Scene<'_>) -> Option<Self> {
        let mut reader = Reader::new(
            scene.source,
            0..scene.source.size(),
            Strictness::Python,
            64,
            4_096,
        );
        let mut index = Self::default();
        let (mut key, mut inside, mut kept) = (String::new(), false, 0_usize);
        loop {
            match reader.next() {
                Err(_) => break,
                Ok(None) => {
                    index.complete = kept < TENSORS;
                    break;
                }
                Ok(Some((Event::Key { .. }, _))) => key = reader.text().into_owned(),
                Ok(Some((Event::ObjectStart, _))) if reader.depth() == 2 => inside = key == "weight_map",
                Ok(Some((Event::ObjectEnd, _))) if reader.depth() < 2 => inside = false,
                Ok(Some((Event::String, range))) if inside && reader.depth() == 2 && kept < TENSORS => {
                    kept += 1;
                    let shard = index
                        .shards
                        .entry(reader.text().into_owned())
                        .or_insert_with(|| (Vec::new(), range));
                    shard.0.push(std::mem::take(&mut key));
                }
                Ok(Some(_)) => {}
            }
        }
        (!index.shards.is_empty()).then_some(index)
    }
}
