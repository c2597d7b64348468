//! Reads `FlatBuffers` without a schema compiler: every offset is compared with the input's size, strings are cut, and all
//! steps are counted, because hostile offsets may point at one table a million times.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, Input, Probe,
    bytes::{ReadAt, SourceError, read_range, size_u64, size_usize},
    notes::{Notes, lossy},
};

/// Bytes read at a time.
const PAGE_BYTES: u64 = 4 * 1024;
/// Pages held at once.
const PAGES: usize = 64;
/// Takes the place of a page from its number.
const PAGE_MASK: u64 = 63;
/// LIMIT: tables, vectors and strings followed in one input. Large honest models have some hundred thousand; beyond it
/// the examination ends and coverage is partial.
const STEPS: u64 = 2_000_000;
/// LIMIT: bytes kept of one string; names are shorter by far.
const TEXT_BYTES: u64 = 1_024;

pub(crate) static BROKEN: AnomalyKind = AnomalyKind::damage(
    "flatbuffer-broken",
    "an offset, length or index points outside of what it refers to",
    "偏移、长度或索引指向其所引用内容之外",
);
pub(crate) static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "flatbuffer-limit",
    "the structure has more parts than are examined",
    "结构的组成部分超过检查上限",
);
pub(crate) static MISALIGNED: AnomalyKind = AnomalyKind::note(
    "flatbuffer-misaligned",
    "a table or vector does not stand at a multiple of its alignment",
    "表或向量未按要求对齐",
);

/// Says whether `probe` begins like a `FlatBuffer` with `identifier`; words in which the letters stand by chance are passed
/// over.
pub(crate) fn begins_with(probe: &Probe<'_>, identifier: &[u8]) -> bool {
    let (Some(first), Some(letters)) = (probe.head.first_chunk::<4>(), probe.head.get(4..8)) else {
        return false;
    };
    let words = first
        .iter()
        .all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    letters == identifier && !(words && u64::from(u32::from_le_bytes(*first)) > probe.size)
}

/// Why something could not be read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The source failed.
    Source(SourceError),
    /// An offset leads outside.
    Outside {
        /// Where the offset stands.
        at: u64,
        /// What it says.
        detail: String,
    },
    /// Too many steps.
    Limit,
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

pub(crate) type Result<T> = std::result::Result<T, Fault>;

/// Stands for a table: where it begins and where its list of fields is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) at: u64,
    fields: u64,
    fields_bytes: u64,
}

/// Stands for a vector: where its first element is and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vector {
    pub(crate) at: u64,
    pub(crate) count: u64,
}

/// Holds a string, cut where it is very long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) range: Range<u64>,
}

/// Reads one `FlatBuffer`.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    source: &'a dyn ReadAt,
    size: u64,
    steps: u64,
    pages: Vec<(u64, Vec<u8>)>,
    /// Rules broken, for a detector; each one also ends what depends on it.
    pub(crate) violations: Notes,
    pub(crate) notes: Notes,
    misaligned: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(input: &Input<'a>) -> Self {
        let source = input.source;
        Self {
            source,
            size: source.size(),
            steps: 0,
            pages: (0..PAGES).map(|_| (u64::MAX, Vec::new())).collect(),
            violations: Notes::default(),
            notes: Notes::default(),
            misaligned: false,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Keeps what went wrong and goes on; fails only where the source did.
    pub(crate) fn keep<T>(&mut self, result: Result<T>) -> std::result::Result<Option<T>, SourceError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Fault::Source(error)) => Err(error),
            Err(Fault::Outside { at, detail }) => {
                self.broken(at, detail);
                Ok(None)
            }
            Err(Fault::Limit) => {
                if !self.notes.list().iter().any(|one| one.kind.id == TOO_MANY.id) {
                    self.notes.push(&TOO_MANY, 0..self.size, STEPS.to_string());
                }
                Ok(None)
            }
        }
    }

    /// Notes that something at `at` leads outside.
    pub(crate) fn broken(&mut self, at: u64, detail: impl Into<String>) {
        let detail = detail.into();
        let range = at.min(self.size)..at.saturating_add(4).min(self.size);
        if self.violations.list().is_empty() {
            self.notes.push(&BROKEN, range.clone(), detail.clone());
        }
        self.violations.push(&BROKEN, range, detail);
    }

    /// Gives violations and anomalies.
    pub(crate) fn finish(mut self) -> (Vec<Anomaly>, Vec<Anomaly>) {
        if self.misaligned {
            self.notes.push(&MISALIGNED, 0..self.size, "");
        }
        (self.violations.finish(), self.notes.finish())
    }

    pub(crate) fn array<const N: usize>(&mut self, at: u64) -> Result<[u8; N]> {
        let mut out = [0; N];
        for (index, slot) in out.iter_mut().enumerate() {
            *slot = self.byte(at.saturating_add(size_u64(index)))?;
        }
        Ok(out)
    }

    fn byte(&mut self, at: u64) -> Result<u8> {
        if at >= self.size {
            let detail = format!("byte {at} of {}", self.size);
            return Err(Fault::Outside { at, detail });
        }
        let number = at / PAGE_BYTES;
        let start = number.saturating_mul(PAGE_BYTES);
        let slot = size_usize(number & PAGE_MASK);
        let Some((held, bytes)) = self.pages.get_mut(slot) else {
            return Err(Fault::Limit);
        };
        if *held != number {
            *bytes = read_range(self.source, start..start.saturating_add(PAGE_BYTES), PAGE_BYTES)?;
            *held = number;
        }
        let offset = size_usize(at.saturating_sub(start));
        let outside = || Fault::Outside {
            at,
            detail: "the source is shorter than when it was opened".to_owned(),
        };
        bytes.get(offset).copied().ok_or_else(outside)
    }

    pub(crate) fn u8(&mut self, at: u64) -> Result<u8> {
        self.byte(at)
    }

    pub(crate) fn u16(&mut self, at: u64) -> Result<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, at: u64) -> Result<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(crate) fn i32(&mut self, at: u64) -> Result<i32> {
        self.array(at).map(i32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, at: u64) -> Result<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    fn step(&mut self) -> Result<()> {
        self.steps = self.steps.saturating_add(1);
        if self.steps > STEPS {
            Err(Fault::Limit)
        } else {
            Ok(())
        }
    }

    /// Follows the unsigned offset that stands at `at`.
    fn follow(&mut self, at: u64) -> Result<u64> {
        self.step()?;
        let offset = u64::from(self.u32(at)?);
        let target = at.saturating_add(offset);
        if offset == 0 || target.saturating_add(4) > self.size {
            let detail = format!("offset {offset} at {at}, {} bytes in all", self.size);
            return Err(Fault::Outside { at, detail });
        }
        self.misaligned |= !target.is_multiple_of(4);
        Ok(target)
    }

    /// Reads the outermost table, whose offset stands first.
    pub(crate) fn root(&mut self) -> Result<Table> {
        let at = self.follow(0)?;
        self.table(at)
    }

    /// Reads the table at `at`.
    pub(crate) fn table(&mut self, at: u64) -> Result<Table> {
        self.step()?;
        let back = i64::from(self.i32(at)?);
        let outside = |at: u64| Fault::Outside {
            at,
            detail: format!("list of fields of the table at {at}"),
        };
        let fields = at
            .checked_add_signed(back.saturating_neg())
            .ok_or_else(|| outside(at))?;
        let fields_bytes = u64::from(self.u16(fields)?);
        let inline = u64::from(self.u16(fields.saturating_add(2))?);
        let ends = fields.saturating_add(fields_bytes).max(at.saturating_add(inline));
        if fields_bytes < 4 || inline < 4 || ends > self.size {
            return Err(outside(at));
        }
        Ok(Table {
            at,
            fields,
            fields_bytes,
        })
    }

    /// Returns where field `index` stands, if the table has it.
    pub(crate) fn field(&mut self, table: Table, index: u64) -> Result<Option<u64>> {
        let slot = index.saturating_mul(2).saturating_add(4);
        if slot.saturating_add(2) > table.fields_bytes {
            return Ok(None);
        }
        let offset = u64::from(self.u16(table.fields.saturating_add(slot))?);
        Ok((offset > 0).then(|| table.at.saturating_add(offset)))
    }

    pub(crate) fn field_u8(&mut self, table: Table, index: u64) -> Result<u8> {
        match self.field(table, index)? {
            Some(at) => self.u8(at),
            None => Ok(0),
        }
    }

    pub(crate) fn field_u32(&mut self, table: Table, index: u64) -> Result<u32> {
        match self.field(table, index)? {
            Some(at) => self.u32(at),
            None => Ok(0),
        }
    }

    pub(crate) fn field_u64(&mut self, table: Table, index: u64) -> Result<u64> {
        match self.field(table, index)? {
            Some(at) => self.u64(at),
            None => Ok(0),
        }
    }

    pub(crate) fn child(&mut self, table: Table, index: u64) -> Result<Option<Table>> {
        match self.field(table, index)? {
            Some(at) => {
                let at = self.follow(at)?;
                self.table(at).map(Some)
            }
            None => Ok(None),
        }
    }

    /// Reads a vector whose elements have `width` bytes; an absent one is empty.
    pub(crate) fn vector(&mut self, table: Table, index: u64, width: u64) -> Result<Vector> {
        let Some(at) = self.field(table, index)? else {
            return Ok(Vector { at: 0, count: 0 });
        };
        let at = self.follow(at)?;
        let count = u64::from(self.u32(at)?);
        let first = at.saturating_add(4);
        if first.saturating_add(count.saturating_mul(width)) > self.size {
            let detail = format!("{count} elements at {first}, {} bytes in all", self.size);
            return Err(Fault::Outside { at, detail });
        }
        Ok(Vector { at: first, count })
    }

    /// Reads element `index` of a vector of tables.
    pub(crate) fn element(&mut self, vector: Vector, index: u64) -> Result<Table> {
        let at = self.follow(vector.at.saturating_add(index.saturating_mul(4)))?;
        self.table(at)
    }

    /// Reads element `index` of a vector of strings, cut where it is very long.
    pub(crate) fn text_element(&mut self, vector: Vector, index: u64) -> Result<String> {
        let at = self.follow(vector.at.saturating_add(index.saturating_mul(4)))?;
        let count = u64::from(self.u32(at)?);
        let first = at.saturating_add(4);
        if first.saturating_add(count) > self.size {
            let detail = format!("text of {count} bytes at {first}");
            return Err(Fault::Outside { at, detail });
        }
        Ok(self.text_of(Vector { at: first, count })?.text)
    }

    /// Reads a string field; an absent one is empty.
    pub(crate) fn text(&mut self, table: Table, index: u64) -> Result<Text> {
        let vector = self.vector(table, index, 1)?;
        self.text_of(vector)
    }

    /// Reads the first bytes of a vector as text.
    pub(crate) fn text_of(&mut self, vector: Vector) -> Result<Text> {
        let range = vector.at..vector.at.saturating_add(vector.count);
        let bytes = read_range(self.source, range.clone(), TEXT_BYTES)?;
        let text = lossy(&bytes);
        Ok(Text { text, range })
    }

    /// Reads the first bytes of a range.
    pub(crate) fn bytes(&mut self, range: Range<u64>, most: u64) -> Result<Vec<u8>> {
        self.step()?;
        Ok(read_range(self.source, range, most)?)
    }

    /// Reads the 32-bit numbers of a vector, the first `most`.
    pub(crate) fn numbers(&mut self, vector: Vector, most: u64) -> Result<Vec<i32>> {
        let mut numbers = Vec::new();
        for index in 0..vector.count.min(most) {
            numbers.push(self.i32(vector.at.saturating_add(index.saturating_mul(4)))?);
        }
        Ok(numbers)
    }
}
