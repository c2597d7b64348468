//! The binary form that versions before 3 wrote: parameters of fixed size, trees as records of nodes, texts with lengths.

use super::{
    Model, Stop,
    tree::{NODES, Tree},
};
use crate::bytes::{Cursor, size_usize};

/// Bytes of the parameters of a model, of its trees, of one tree, of a linear booster.
const LEARNER_BYTES: usize = 136;
const FOREST_BYTES: u64 = 160;
const TREE_BYTES: u64 = 148;
const LINEAR_BYTES: u64 = 136;
/// Bytes of a node and of what is counted for it.
const NODE_BYTES: u64 = 20;
const STATISTIC_BYTES: u64 = 16;
/// LIMIT: bytes of a name of an objective or booster.
const NAME_BYTES: u64 = 64;
/// LIMIT: trees, attributes and weights, each of which the file must pay for with bytes.
const COUNT: u64 = 10_000_000;

/// Names the places at which the head says that it is a model: after the parameters come two names with their lengths.
pub(super) fn begins(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"binf").unwrap_or(head);
    let Some((objective, rest)) = name(head.get(LEARNER_BYTES..).unwrap_or_default()) else {
        return false;
    };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-');
    let booster = name(rest).map(|(booster, _)| booster);
    objective.iter().all(plain) && matches!(booster, Some(b"gbtree" | b"gblinear" | b"dart"))
}

fn name(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = u64::from_le_bytes(*length);
    if length == 0 || length > NAME_BYTES {
        return None;
    }
    rest.split_at_checked(size_usize(length))
}

/// Walks over a model to its end.
pub(super) fn walk(cursor: &mut Cursor<'_>, model: &mut Model) -> Result<(), Stop> {
    if cursor.peek(4)? == b"binf" {
        cursor.skip(4)?;
    }
    cursor.skip(4)?;
    let features = cursor.u32_le()?;
    cursor.skip(4)?;
    let attributes = cursor.u32_le()? != 0;
    let metrics = cursor.u32_le()? != 0;
    cursor.skip(116)?;
    model.features = Some(i64::from(features)).filter(|count| *count > 0);
    text(cursor, NAME_BYTES)?;
    let booster = text(cursor, NAME_BYTES)?;
    match booster.as_slice() {
        b"gblinear" => {
            cursor.skip(LINEAR_BYTES)?;
            let weights = count(cursor)?;
            cursor.skip(weights.saturating_mul(4))?;
        }
        b"gbtree" | b"dart" => {
            forest(cursor, model)?;
            if booster == b"dart" && cursor.remaining() > 0 {
                let weights = count(cursor)?;
                cursor.skip(weights.saturating_mul(4))?;
            }
        }
        _ => return Err(Stop::Broken),
    }
    if attributes {
        for _ in 0..count(cursor)? {
            skip_text(cursor)?;
            skip_text(cursor)?;
        }
    }
    // Releases before 1.0 wrote the names of metrics here; later ones only keep the flag.
    if metrics && cursor.remaining() > 0 {
        let start = cursor.position();
        if names(cursor).is_err() {
            cursor.seek(start);
        }
    }
    Ok(())
}

fn names(cursor: &mut Cursor<'_>) -> Result<(), Stop> {
    for _ in 0..count(cursor)? {
        text(cursor, NAME_BYTES)?;
    }
    Ok(())
}

fn forest(cursor: &mut Cursor<'_>, model: &mut Model) -> Result<(), Stop> {
    let trees = u64::from(cursor.u32_le()?);
    cursor.skip(FOREST_BYTES.saturating_sub(4))?;
    if trees > COUNT || trees.saturating_mul(TREE_BYTES) > cursor.remaining() {
        return Err(Stop::Broken);
    }
    for _ in 0..trees {
        tree(cursor, model)?;
    }
    cursor.skip(trees.saturating_mul(4))?;
    Ok(())
}

fn tree(cursor: &mut Cursor<'_>, model: &mut Model) -> Result<(), Stop> {
    let start = cursor.position();
    cursor.skip(4)?;
    let nodes = u64::from(cursor.u32_le()?);
    cursor.skip(12)?;
    let leaf_vector = cursor.u32_le()?;
    cursor.skip(TREE_BYTES.saturating_sub(24))?;
    let wanted = nodes.saturating_mul(NODE_BYTES.saturating_add(STATISTIC_BYTES));
    if nodes == 0 || wanted > cursor.remaining() {
        return Err(Stop::Broken);
    }
    if nodes > NODES {
        return Err(Stop::Limit);
    }
    let (mut left, mut right, mut features) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..nodes {
        cursor.skip(4)?;
        left.push(i64::from(i32::from_le_bytes(cursor.array()?)));
        right.push(i64::from(i32::from_le_bytes(cursor.array()?)));
        // The highest bit says where missing values go.
        features.push(i64::from(cursor.u32_le()? & 0x7fff_ffff));
        cursor.skip(4)?;
    }
    cursor.skip(nodes.saturating_mul(STATISTIC_BYTES))?;
    if leaf_vector > 0 {
        let values = count(cursor)?;
        cursor.skip(values.saturating_mul(4))?;
    }
    // A leaf is known by its left child alone; what stands beside it is never followed.
    for (left, right) in left.iter().zip(&mut right) {
        if *left == -1 {
            *right = -1;
        }
    }
    let mut tree = Tree::default();
    tree.take("left_children", nodes, left);
    tree.take("right_children", nodes, right);
    tree.take("split_indices", nodes, features);
    model.tree(&tree, start..cursor.position());
    Ok(())
}

fn count(cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
    let count = cursor.u64_le()?;
    if count > COUNT || count > cursor.remaining() {
        return Err(Stop::Broken);
    }
    Ok(count)
}

fn text(cursor: &mut Cursor<'_>, most: u64) -> Result<Vec<u8>, Stop> {
    let length = cursor.u64_le()?;
    if length > most {
        return Err(Stop::Broken);
    }
    Ok(cursor.take(size_usize(length))?)
}

fn skip_text(cursor: &mut Cursor<'_>) -> Result<(), Stop> {
    let length = cursor.u64_le()?;
    cursor.skip(length)?;
    Ok(())
}
