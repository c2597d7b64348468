//! `XGBoost` models in universal binary JSON.

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadError, size_u64, size_usize},
    notes::Notes,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// What XGBoost writes by default (`.ubj`): a tree of objects, lists and typed arrays in universal binary JSON. It is data;
    /// nothing in it is run.
    /// ## What is read
    /// Every value to the end. The nodes of each tree are followed: children must exist, stand once and never lead back.
    /// ## What is reported
    /// Values that break off, marks that the encoding does not have, children outside the tree or in a circle, lists of
    /// different length for the same nodes. What follows the model is the member `[after]`.
    /// ## Limits
    /// Values nest at most 128 levels; a tree has at most 4,000,000 nodes.
    /// ## References
    /// Universal Binary JSON, draft 12; XGBoost "Introduction to Model IO" and its JSON schema.
    "xgboost", "XGBoost model", extensions: &["ubj"], refines: None, dialects: []
}

/// LIMIT: levels that values nest; models nest some ten.
const DEPTH: usize = 128;
/// LIMIT: nodes of a tree that are followed.
const NODES: u64 = 4_000_000;
/// LIMIT: bytes of a key that are kept.
const KEY_BYTES: u64 = 64;

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "xgboost-truncated",
    "a value breaks off before its end",
    "值在结束之前中断",
);
static BROKEN: AnomalyKind = AnomalyKind::damage(
    "xgboost-broken",
    "a mark that the encoding does not have, or a negative length",
    "存在编码中没有的标记或负的长度",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "xgboost-limit",
    "values nest too deep or trees are too large to be examined",
    "嵌套过深或树过大，无法检查",
);
static TRAILING: AnomalyKind =
    AnomalyKind::note("xgboost-trailing", "bytes follow the model", "模型之后还有字节");
static CHILD: AnomalyKind = AnomalyKind::evasion(
    "xgboost-child",
    "a tree's node has a child outside the tree, or one that another node has too",
    "树节点的子节点位于树外，或同时属于另一个节点",
);
static LENGTHS: AnomalyKind = AnomalyKind::evasion(
    "xgboost-lengths",
    "lists about the same nodes are of different length",
    "描述同一批节点的列表长度不同",
);

/// Shows a model.
#[derive(Debug, Default)]
pub struct View {
    /// Trees whose nodes were followed.
    pub trees: u64,
    /// Rules broken, for the detector `booster-invalid`; they are not repeated among the anomalies.
    pub violations: Vec<Anomaly>,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn members(&self) -> &[Member] {
        &self.members
    }
}

/// Knows a model by its first key.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let keys: [&[u8]; 3] = [b"learner", b"version", b"Config"];
    let rest = probe.head.strip_prefix(b"{L\0\0\0\0\0\0\0")?;
    let (length, rest) = rest.split_first()?;
    let key = rest.get(..usize::from(*length))?;
    keys.contains(&key).then_some(Score::Certain)
}

/// Walks over every value.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        cursor: Cursor::whole(input.source),
        violations: Notes::default(),
        trees: 0,
    };
    let outcome = walk.mark().and_then(|mark| walk.value(mark, 0).map(|_| ()));
    let size = input.source.size();
    let at = walk.cursor.position().min(size);
    let mut notes = Notes::default();
    let mut members = Vec::new();
    match outcome {
        Ok(()) if at < size => {
            notes.push(&TRAILING, at..size, format!("{} bytes", size.saturating_sub(at)));
            members.push(Member::content("[after]", Payload::Section(at..size)));
        }
        Ok(()) => {}
        Err(Stop::Read(ReadError::Source(error))) => return Err(error),
        Err(Stop::Read(ReadError::Truncated { .. })) => notes.push(&TRUNCATED, at..size, ""),
        Err(Stop::Broken) => notes.push(&BROKEN, at..size, ""),
        Err(Stop::Limit) => notes.push(&LIMIT, at..size, ""),
    }
    Ok(View {
        trees: walk.trees,
        violations: walk.violations.finish(),
        anomalies: notes.finish(),
        members,
    })
}

enum Stop {
    Read(ReadError),
    Broken,
    Limit,
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// What is known of a value: how many elements a list has, and the numbers of an array of children.
struct Value {
    length: Option<u64>,
    numbers: Vec<i64>,
}

const OTHER: Value = Value {
    length: None,
    numbers: Vec::new(),
};

/// What is known of the object that may be a tree.
#[derive(Default)]
struct Tree {
    left: Option<Vec<i64>>,
    right: Option<Vec<i64>>,
    lengths: Vec<u64>,
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    violations: Notes,
    trees: u64,
}

impl Walk<'_> {
    fn value(&mut self, mark: u8, depth: usize) -> Result<Value, Stop> {
        if depth >= DEPTH {
            return Err(Stop::Limit);
        }
        let below = depth.saturating_add(1);
        match mark {
            b'{' => self.object(below),
            b'[' => self.list(below, false),
            b'S' | b'H' => {
                let length = self.length()?;
                self.cursor.skip(length)?;
                Ok(OTHER)
            }
            _ => {
                let width = width(mark).ok_or(Stop::Broken)?;
                self.cursor.skip(width)?;
                Ok(OTHER)
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Stop> {
        let start = self.cursor.position();
        let (kind, mut left) = self.announced()?;
        let mut tree = Tree::default();
        loop {
            match left {
                Some(0) => break,
                Some(more) => left = Some(more.saturating_sub(1)),
                None if self.cursor.peek(1)? == b"}" => {
                    self.cursor.skip(1)?;
                    break;
                }
                None => {}
            }
            let length = self.length()?;
            let key = self.cursor.take(size_usize(length.min(KEY_BYTES)))?;
            self.cursor.skip(length.saturating_sub(KEY_BYTES))?;
            let mark = match kind {
                Some(kind) => kind,
                None => self.mark()?,
            };
            let children = matches!(key.as_slice(), b"left_children" | b"right_children");
            let value = if mark == b'[' && children {
                self.list(depth, true)?
            } else {
                self.value(mark, depth)?
            };
            let of_nodes = children
                || matches!(
                    key.as_slice(),
                    b"parents" | b"split_indices" | b"split_conditions" | b"default_left" | b"split_type"
                );
            if let (true, Some(length)) = (of_nodes, value.length) {
                tree.lengths.push(length);
            }
            match key.as_slice() {
                b"left_children" => tree.left = Some(value.numbers),
                b"right_children" => tree.right = Some(value.numbers),
                _ => {}
            }
        }
        self.judge(&tree, start);
        Ok(OTHER)
    }

    fn judge(&mut self, tree: &Tree, start: u64) {
        let (Some(left), Some(right)) = (&tree.left, &tree.right) else {
            return;
        };
        self.trees = self.trees.saturating_add(1);
        let range = start..self.cursor.position();
        let nodes = left.len();
        if tree.lengths.iter().any(|length| *length != size_u64(nodes)) || right.len() != nodes {
            self.violations
                .push(&LENGTHS, range.clone(), format!("{nodes} nodes"));
        }
        let mut seen = vec![false; nodes];
        for child in left.iter().chain(right).copied().filter(|child| *child != -1) {
            // The first node is the root and nobody's child, so that every node has one way to it and none leads back.
            let slot = usize::try_from(child).ok().filter(|child| *child > 0);
            match slot.and_then(|child| seen.get_mut(child)) {
                Some(slot) if !*slot => *slot = true,
                _ => self
                    .violations
                    .push(&CHILD, range.clone(), format!("child {child} of {nodes} nodes")),
            }
        }
    }

    fn list(&mut self, depth: usize, keep: bool) -> Result<Value, Stop> {
        let (kind, left) = self.announced()?;
        if let (Some(kind), Some(count)) = (kind, left)
            && let Some(width) = width(kind)
        {
            let mut numbers = Vec::new();
            if keep && matches!(kind, b'i' | b'U' | b'I' | b'l' | b'L') {
                if count > NODES {
                    return Err(Stop::Limit);
                }
                for _ in 0..count {
                    numbers.push(self.number(kind)?);
                }
            } else {
                self.cursor.skip(count.checked_mul(width).ok_or(Stop::Broken)?)?;
            }
            return Ok(Value {
                length: Some(count),
                numbers,
            });
        }
        let (mut count, mut numbers) = (0_u64, Vec::new());
        loop {
            match left {
                Some(all) if count >= all => break,
                None if self.cursor.peek(1)? == b"]" => {
                    self.cursor.skip(1)?;
                    break;
                }
                _ => {}
            }
            let mark = match kind {
                Some(kind) => kind,
                None => self.mark()?,
            };
            if keep && matches!(mark, b'i' | b'U' | b'I' | b'l' | b'L') {
                if count >= NODES {
                    return Err(Stop::Limit);
                }
                numbers.push(self.number(mark)?);
            } else {
                self.value(mark, depth)?;
            }
            count = count.saturating_add(1);
        }
        Ok(Value {
            length: Some(count),
            numbers,
        })
    }

    /// Reads the type and count that a list or object may announce.
    fn announced(&mut self) -> Result<(Option<u8>, Option<u64>), Stop> {
        let mut kind = None;
        if self.cursor.peek(1)? == b"$" {
            self.cursor.skip(1)?;
            kind = Some(self.cursor.u8()?);
        }
        if self.cursor.peek(1)? != b"#" {
            return if kind.is_some() {
                Err(Stop::Broken)
            } else {
                Ok((None, None))
            };
        }
        self.cursor.skip(1)?;
        let count = self.length()?;
        // Values without bytes of their own would cost work that the file does not pay for.
        if kind.is_some_and(|kind| width(kind) == Some(0)) || count > self.cursor.remaining() {
            return Err(Stop::Broken);
        }
        Ok((kind, Some(count)))
    }

    fn mark(&mut self) -> Result<u8, Stop> {
        loop {
            match self.cursor.u8()? {
                b'N' => {}
                mark => return Ok(mark),
            }
        }
    }

    fn length(&mut self) -> Result<u64, Stop> {
        let kind = self.cursor.u8()?;
        u64::try_from(self.number(kind)?).map_err(|_| Stop::Broken)
    }

    fn number(&mut self, kind: u8) -> Result<i64, Stop> {
        Ok(match kind {
            b'i' => i64::from(i8::from_be_bytes(self.cursor.array()?)),
            b'U' => i64::from(self.cursor.u8()?),
            b'I' => i64::from(i16::from_be_bytes(self.cursor.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.cursor.array()?)),
            b'L' => i64::from_be_bytes(self.cursor.array()?),
            _ => return Err(Stop::Broken),
        })
    }
}

/// Returns how many bytes follow a mark of a plain value.
fn width(mark: u8) -> Option<u64> {
    Some(match mark {
        b'Z' | b'T' | b'F' => 0,
        b'i' | b'U' | b'C' => 1,
        b'I' => 2,
        b'l' | b'd' => 4,
        b'L' | b'D' => 8,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    fn model(left: &[i8], right: &[i8]) -> Vec<u8> {
        let mut bytes = b"{L\0\0\0\0\0\0\0\x07learner{".to_vec();
        for (key, values) in [("left_children", left), ("right_children", right)] {
            bytes.extend([b'U', u8::try_from(key.len()).unwrap()]);
            bytes.extend(key.bytes());
            bytes.extend([b'[', b'$', b'i', b'#', b'U', u8::try_from(values.len()).unwrap()]);
            bytes.extend(values.iter().flat_map(|value| value.to_be_bytes()));
        }
        bytes.extend(b"}}");
        bytes
    }

    #[test]
    fn trees_are_followed() {
        for (left, right, violations) in [
            (&[1, -1, -1][..], &[2, -1, -1][..], &[][..]),
            (&[1, -1, -1], &[9, -1, -1], &["xgboost-child"]),
            (&[1, -1, -1], &[0, -1, -1], &["xgboost-child"]),
            (&[1, -1, -1], &[1, -1, -1], &["xgboost-child"]),
            (&[-1, -1, -1], &[-1], &["xgboost-lengths"]),
        ] {
            let view = view(&model(left, right), parse);
            assert!(view.anomalies().is_empty(), "{view:?}");
            assert_eq!((view.trees, ids(&view.violations).as_slice()), (1, violations));
        }
    }

    #[test]
    fn damage_is_said() {
        let good = model(&[-1], &[-1]);
        let more = [&good[..], b"x"].concat();
        let deep = [&b"{L\0\0\0\0\0\0\0\x07learner"[..], &[b'['; 200]].concat();
        for (bytes, id) in [
            (&good[..good.len() - 2], "xgboost-truncated"),
            (&more, "xgboost-trailing"),
            (&deep, "xgboost-limit"),
            (b"{L\0\0\0\0\0\0\0\x07learnerx}", "xgboost-broken"),
        ] {
            assert_eq!(ids(view(bytes, parse).anomalies()), [id]);
        }
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&model(&[1, -1, -1], &[2, -1, -1]), parse);
    }
}
