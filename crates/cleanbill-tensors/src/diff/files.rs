//! Files of two models: which stand for each other, and what changed outside of the tensors.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cleanbill_core::{
    difference::{FileChange, Kind, TensorKind},
    tensors::Gap,
    text,
};
use cleanbill_formats::bytes::{ReadAt, SourceError, read_full, size_u64, size_usize};

use super::Compared;
use crate::{
    model::{File, Model},
    tensor::Storage,
    weights::Weight,
};

/// Pairs the paths of two models, counted from the folder of their tensors; two models of one file each are a pair.
pub(super) fn paths(before: &Model, after: &Model) -> Vec<(Option<String>, Option<String>)> {
    if let ([one], [other]) = (before.files.as_slice(), after.files.as_slice()) {
        return vec![(Some(one.path.clone()), Some(other.path.clone()))];
    }
    let inner = |model: &Model| -> BTreeMap<String, String> {
        let key = |path: &str| {
            let below = path
                .strip_prefix(model.root.as_str())
                .filter(|_| !model.root.is_empty());
            below.map_or(path, |rest| rest.trim_start_matches('/')).to_owned()
        };
        model
            .files
            .iter()
            .map(|file| (key(&file.path), file.path.clone()))
            .collect()
    };
    let (old, new) = (inner(before), inner(after));
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let each = all
        .into_iter()
        .map(|key| (old.get(key).cloned(), new.get(key).cloned()));
    each.collect()
}

pub(super) fn files(
    before: &Model,
    after: &Model,
    paths: &[(Option<String>, Option<String>)],
    compared: &[Compared],
    new: &[Weight],
    gaps: &mut Vec<Gap>,
) -> Vec<FileChange> {
    let mut changes = Vec::new();
    for (one, other) in paths {
        let old_file = one.as_ref().and_then(|path| before.file(path));
        let new_file = other.as_ref().and_then(|path| after.file(path));
        let size = |file: Option<&File>| file.map(|file| file.source.size());
        let kind = match (old_file, new_file) {
            (None, _) => Kind::Added,
            (_, None) => Kind::Removed,
            (Some(old_file), Some(new_file)) => {
                let holds = after.holders.iter().find(|(index, _)| {
                    after
                        .files
                        .get(*index)
                        .is_some_and(|file| file.path == new_file.path)
                });
                let tensors_same = holds.is_none_or(|(index, _)| {
                    compared.iter().all(|one| {
                        let here = new
                            .get(one.pair.after)
                            .is_some_and(|weight| weight.tensor.file == *index);
                        !here || one.kind == TensorKind::Same
                    })
                });
                // The parts of packed weights were compared by what they mean, not byte for byte.
                let is_packed = |file: usize| {
                    let mut here = new.iter().filter(|weight| weight.tensor.file == file);
                    here.any(|weight| weight.tensor.packed().is_some())
                };
                let holds = holds.filter(|(index, _)| !is_packed(*index));
                let skip = holds.map(|(index, _)| places(after, *index)).unwrap_or_default();
                let (old, new) = (old_file.source.as_ref(), new_file.source.as_ref());
                match (tensors_same, same_bytes(old, new, &skip)) {
                    (true, Ok(true)) => Kind::Same,
                    (_, Ok(_)) => Kind::Changed,
                    (_, Err(error)) => {
                        gaps.push(Gap {
                            path: new_file.path.clone(),
                            tensor: None,
                            reason: text!("cannot be read: {error}", "无法读取：{error}"),
                        });
                        Kind::Changed
                    }
                }
            }
        };
        let path = other.clone().or_else(|| one.clone()).unwrap_or_default();
        if kind != Kind::Same && kind != Kind::Removed && after.left_out.contains(&path) {
            gaps.push(Gap {
                path: path.clone(),
                tensor: None,
                reason: text!(
                    "holds tensors that were not compared: another form of the weights, or the state of a training",
                    "含有未比较的张量：权重的另一种形式，或训练状态"
                ),
            });
        }
        changes.push(FileChange {
            path,
            kind,
            bytes: (size(old_file), size(new_file)),
        });
    }
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    changes
}

/// Lists where the tensors of a file stand, merged, so that they are not read a second time.
fn places(model: &Model, index: usize) -> Vec<std::ops::Range<u64>> {
    let Some(file) = model.files.get(index) else {
        return Vec::new();
    };
    let mut ranges: Vec<std::ops::Range<u64>> = model
        .tensors
        .iter()
        .filter(|tensor| tensor.file == index)
        .filter_map(|tensor| match &tensor.storage {
            // Only of the file itself: members of archives count from elsewhere.
            Storage::Plain { source, range, .. } if Arc::ptr_eq(source, &file.source) => Some(range.clone()),
            _ => None,
        })
        .collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges
}

/// Compares two sources, all but what stands at `skip`.
fn same_bytes(
    one: &dyn ReadAt,
    other: &dyn ReadAt,
    skip: &[std::ops::Range<u64>],
) -> Result<bool, SourceError> {
    if one.size() != other.size() {
        return Ok(false);
    }
    let mut at = 0_u64;
    let end = one.size()..one.size();
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    for hole in skip.iter().chain(std::iter::once(&end)) {
        while at < hole.start {
            let piece = size_usize(hole.start.saturating_sub(at)).min(left.len());
            let (left, right) = (
                left.get_mut(..piece).unwrap_or_default(),
                right.get_mut(..piece).unwrap_or_default(),
            );
            let count = read_full(one, at, left)?;
            if read_full(other, at, right)? != count || left != right || count == 0 {
                return Ok(false);
            }
            at = at.saturating_add(size_u64(count));
        }
        at = at.max(hole.end);
    }
    Ok(true)
}
