//! `CatBoost` models.

use std::io;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadAt, ReadError},
    flatbuffer::{Reader, Result as FlatResult, Table, Vector},
    notes::Notes,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// What CatBoost writes by default (`.cbm`): a flat buffer with trees, features and settings, and parts behind it for
    /// categories, texts and embeddings. It is data; nothing in it is run.
    /// ## What is read
    /// The core: every split, size and offset of the trees is compared with the lists that it leads into. Of tables of categories
    /// the sizes.
    /// ## What is reported
    /// Splits, leaves and steps that do not exist, sizes that do not fit, parts that are not examined (texts, embeddings).
    /// What follows the last part is the member `[after]`.
    /// ## Limits
    /// 20,000,000 splits. Tables of categories are passed over by their sizes.
    /// ## References
    /// CatBoost `catboost/libs/model/model.cpp`, `catboost/libs/model/flatbuffers/model.fbs`, `ctr_data.cpp`.
    "catboost", "CatBoost model", extensions: &["cbm"], refines: None, dialects: []
}

const SIGNATURE: &[u8] = b"CBM1";
/// LIMIT: splits of all trees.
const SPLITS: u64 = 20_000_000;
/// The deepest symmetric tree that the library grows.
const MOST_DEEP: u32 = 16;
/// Borders that one bucket of a feature holds.
const PER_BUCKET: u64 = 254;
/// Says that a size of eight bytes follows.
const LONG: u32 = u32::MAX;

static BROKEN: AnomalyKind = AnomalyKind::damage(
    "catboost-broken",
    "a size does not fit the file",
    "大小与文件不符",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "catboost-limit",
    "more splits than are examined",
    "划分数量超过检查上限",
);
static TRAILING: AnomalyKind =
    AnomalyKind::note("catboost-trailing", "bytes follow the model", "模型之后还有字节");
static TREES: AnomalyKind = AnomalyKind::evasion(
    "catboost-trees",
    "trees lead to splits, leaves or features that the model does not have",
    "树指向模型中不存在的划分、叶子或特征",
);

/// Shows a model.
#[derive(Debug, Default)]
pub struct View {
    /// Trees.
    pub trees: u64,
    /// A part for texts or embeddings, or one of a newer version, at which the walk ended.
    pub unread_part: Option<String>,
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

    fn not_examined(&self) -> Option<(String, String)> {
        let part = self.unread_part.as_ref()?;
        Some((
            format!("part `{part}` of a CatBoost model"),
            format!("CatBoost 模型的 `{part}` 部分"),
        ))
    }
}

/// Knows a model by its signature.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    probe.head.starts_with(SIGNATURE).then_some(Score::Certain)
}

/// Shows a part of a source as a source of its own.
#[derive(Debug)]
struct Window<'a> {
    source: &'a dyn ReadAt,
    start: u64,
    size: u64,
}

impl ReadAt for Window<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset))
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        match buffer.get_mut(..left) {
            Some(target) if left > 0 => self.source.read_at(self.start.saturating_add(offset), target),
            _ => Ok(0),
        }
    }
}

/// Reads the core and walks over the parts.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut notes = Notes::default();
    let mut view = View::default();
    let mut cursor = Cursor::whole(input.source);
    match walk(input, &mut cursor, &mut view, &mut notes) {
        Ok(()) => {}
        Err(ReadError::Source(error)) => return Err(error),
        Err(error) => {
            let at = cursor.position().min(cursor.end());
            notes.push(&BROKEN, at..cursor.end(), error.to_string());
        }
    }
    view.anomalies.extend(notes.finish());
    Ok(view)
}

fn walk(
    input: &Input<'_>,
    cursor: &mut Cursor<'_>,
    view: &mut View,
    notes: &mut Notes,
) -> Result<(), ReadError> {
    cursor.skip(4)?;
    let size = length(cursor)?;
    let start = cursor.position();
    let end = start.saturating_add(size);
    let window = Window {
        source: input.source,
        start,
        size: size.min(cursor.remaining()),
    };
    let parts = core(input, &window, view)?;
    cursor.skip(size)?;
    for part in parts {
        if part != "static_provider_v1" {
            view.unread_part = Some(part);
            return Ok(());
        }
        let tables = length(cursor)?;
        if tables > cursor.remaining() / 4 {
            notes.push(
                &BROKEN,
                cursor.position()..cursor.end(),
                format!("{tables} tables"),
            );
            return Ok(());
        }
        for _ in 0..tables {
            let size = length(cursor)?;
            cursor.skip(size)?;
        }
    }
    let at = cursor.position().max(end);
    if at < cursor.end() {
        let range = at..cursor.end();
        notes.push(
            &TRAILING,
            range.clone(),
            format!("{} bytes", cursor.end().saturating_sub(at)),
        );
        view.members
            .push(Member::content("[after]", Payload::Section(range)));
    }
    Ok(())
}

/// Reads a size: four bytes, or eight more where they say so.
fn length(cursor: &mut Cursor<'_>) -> Result<u64, ReadError> {
    match cursor.u32_le()? {
        LONG => cursor.u64_le(),
        size => Ok(u64::from(size)),
    }
}

/// Reads the flat buffer; gives the names of the parts behind it.
fn core(input: &Input<'_>, window: &Window<'_>, view: &mut View) -> ParseResult<Vec<String>> {
    let mut reader = Reader::new(&Input {
        source: window,
        limits: input.limits,
    });
    let mut trees = Trees::default();
    let result = trees.read(&mut reader);
    let parts = reader.keep(result)?.unwrap_or_default();
    if trees.too_many {
        reader.notes.push(&LIMIT, 0..window.size, SPLITS.to_string());
    }
    view.trees = trees.count;
    if let Some(detail) = trees.wrong {
        reader.violations.push(&TREES, 0..window.size, detail);
    }
    let (violations, anomalies) = reader.finish();
    let moved = |one: Anomaly| Anomaly {
        range: one.range.start.saturating_add(window.start)..one.range.end.saturating_add(window.start),
        ..one
    };
    view.violations = violations.into_iter().map(moved).collect();
    view.anomalies = anomalies.into_iter().map(moved).collect();
    Ok(parts)
}

/// What is found of the trees.
#[derive(Default)]
struct Trees {
    count: u64,
    too_many: bool,
    wrong: Option<String>,
}

/// The lists of trees.
struct Lists {
    splits: Vector,
    sizes: Vector,
    starts: Vector,
    steps: Vector,
    leaf_ids: Vector,
    bins: Vector,
    leaves: u64,
    dimension: u64,
    /// Questions that a split may ask, and buckets of features.
    questions: u64,
    buckets: u64,
}

impl Trees {
    fn read(&mut self, reader: &mut Reader<'_>) -> FlatResult<Vec<String>> {
        let root = reader.root()?;
        let mut parts = Vec::new();
        let names = reader.vector(root, 3, 4)?;
        for index in 0..names.count.min(64) {
            let name = reader.text_element(names, index)?;
            parts.push(name.trim_end_matches('\0').to_owned());
        }
        let Some(table) = reader.child(root, 1)? else {
            return Ok(parts);
        };
        let lists = Lists::read(reader, table)?;
        self.count = lists.sizes.count;
        if lists.splits.count.max(lists.sizes.count) > SPLITS {
            self.too_many = true;
            return Ok(parts);
        }
        self.wrong = if lists.steps.count == 0 {
            lists.symmetric(reader)?
        } else {
            lists.asymmetric(reader)?
        };
        if self.wrong.is_none() {
            self.wrong = lists.bins(reader)?;
        }
        Ok(parts)
    }
}

impl Lists {
    fn read(reader: &mut Reader<'_>, table: Table) -> FlatResult<Self> {
        let (mut questions, mut buckets) = (0_u64, 0_u64);
        // Lists of features, and where each has its borders or values.
        for (list, borders) in [(5, 3), (6, 1), (7, 1), (13, 3)] {
            let features = reader.vector(table, list, 4)?;
            for index in 0..features.count {
                let feature = reader.element(features, index)?;
                let count = reader.vector(feature, borders, 4)?.count;
                questions = questions.saturating_add(count);
                buckets = buckets.saturating_add(count.div_ceil(PER_BUCKET).max(1));
            }
        }
        Ok(Self {
            splits: reader.vector(table, 1, 4)?,
            sizes: reader.vector(table, 2, 4)?,
            starts: reader.vector(table, 3, 4)?,
            steps: reader.vector(table, 10, 4)?,
            leaf_ids: reader.vector(table, 11, 4)?,
            bins: reader.vector(table, 17, 4)?,
            leaves: reader.vector(table, 8, 8)?.count,
            dimension: u64::from(reader.field_u32(table, 0)?).max(1),
            questions,
            buckets,
        })
    }

    /// Compares sizes and beginnings with the list of splits; gives what is wrong, or the size of the tree.
    fn size(&self, reader: &mut Reader<'_>, index: u64, expected: u64) -> FlatResult<Result<u64, String>> {
        let size = reader.i32(at(self.sizes, index))?;
        let start = if index < self.starts.count {
            i64::from(reader.i32(at(self.starts, index))?)
        } else {
            -1
        };
        let known = self.starts.count == 0 || u64::try_from(start) == Ok(expected);
        let Some(size) = u64::try_from(size).ok().filter(|_| known) else {
            return Ok(Err(format!("tree {index} has {size} splits from {start}")));
        };
        if expected.saturating_add(size) > self.splits.count {
            return Ok(Err(format!(
                "tree {index} ends behind the last of {} splits",
                self.splits.count
            )));
        }
        Ok(Ok(size))
    }

    fn question(&self, reader: &mut Reader<'_>, index: u64) -> FlatResult<Option<String>> {
        let split = reader.i32(at(self.splits, index))?;
        let known = u64::try_from(split).is_ok_and(|split| split < self.questions);
        Ok((!known).then(|| format!("split {split} of {} questions", self.questions)))
    }

    fn symmetric(&self, reader: &mut Reader<'_>) -> FlatResult<Option<String>> {
        let (mut place, mut leaves) = (0_u64, 0_u64);
        for index in 0..self.sizes.count {
            let size = match self.size(reader, index, place)? {
                Ok(size) => size,
                Err(wrong) => return Ok(Some(wrong)),
            };
            place = place.saturating_add(size);
            let Some(depth) = u32::try_from(size).ok().filter(|depth| *depth <= MOST_DEEP) else {
                return Ok(Some(format!("tree {index} is {size} levels deep")));
            };
            leaves = leaves.saturating_add(1_u64.checked_shl(depth).unwrap_or(u64::MAX));
        }
        for index in 0..self.splits.count {
            if let Some(wrong) = self.question(reader, index)? {
                return Ok(Some(wrong));
            }
        }
        let wanted = leaves.saturating_mul(self.dimension);
        Ok((wanted != self.leaves).then(|| format!("{} values for {wanted} of leaves", self.leaves)))
    }

    fn asymmetric(&self, reader: &mut Reader<'_>) -> FlatResult<Option<String>> {
        if self.steps.count != self.splits.count || self.leaf_ids.count != self.splits.count {
            return Ok(Some(format!(
                "{} steps of {} splits",
                self.steps.count, self.splits.count
            )));
        }
        let mut place = 0_u64;
        for index in 0..self.sizes.count {
            let size = match self.size(reader, index, place)? {
                Ok(size) => size,
                Err(wrong) => return Ok(Some(wrong)),
            };
            for node in place..place.saturating_add(size) {
                let left = u64::from(reader.u16(at(self.steps, node))?);
                let right = u64::from(reader.u16(at(self.steps, node).saturating_add(2))?);
                if node.saturating_add(left.max(right)) >= place.saturating_add(size) {
                    return Ok(Some(format!(
                        "a step of {} from node {node} of tree {index}",
                        left.max(right)
                    )));
                }
                if left == 0 || right == 0 {
                    let leaf = u64::from(reader.u32(at(self.leaf_ids, node))?);
                    if leaf.saturating_add(self.dimension) > self.leaves {
                        return Ok(Some(format!("leaf {leaf} of {} values", self.leaves)));
                    }
                }
                if (left != 0 || right != 0)
                    && let Some(wrong) = self.question(reader, node)?
                {
                    return Ok(Some(wrong));
                }
            }
            place = place.saturating_add(size);
        }
        Ok(None)
    }

    /// Compares the prepared form of splits, which newer versions write too, with the features.
    fn bins(&self, reader: &mut Reader<'_>) -> FlatResult<Option<String>> {
        if self.bins.count != 0 && self.bins.count != self.splits.count {
            return Ok(Some(format!(
                "{} prepared of {} splits",
                self.bins.count, self.splits.count
            )));
        }
        for index in 0..self.bins.count {
            let bucket = u64::from(reader.u16(at(self.bins, index))?);
            if bucket >= self.buckets.max(1) {
                return Ok(Some(format!("bucket {bucket} of {}", self.buckets)));
            }
        }
        Ok(None)
    }
}

/// Returns where element `index` of four bytes stands.
fn at(vector: Vector, index: u64) -> u64 {
    vector.at.saturating_add(index.saturating_mul(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    #[test]
    fn sizes_are_compared_with_the_file() {
        for (bytes, expected) in [
            (
                &b"CBM1\x64\0\0\0abcdefgh"[..],
                &["flatbuffer-broken", "catboost-broken"][..],
            ),
            (b"CBM1", &["catboost-broken"]),
        ] {
            assert_eq!(ids(view(bytes, parse).anomalies()), expected);
        }
    }

    #[test]
    fn damage_never_panics() {
        never_panics(
            b"CBM1\x20\0\0\0\x14\0\0\0\0\0\0\0\0\0\x0a\0\x10\0\x04\0\x08\0\x0c\0\x0a\0\0\0\x2c\0\0\0",
            parse,
        );
    }
}
