//! Pages, cells and records (the database file format, sections 1.3 to 2.1).

use std::{borrow::Cow, sync::Arc};

use cleanbill_core::{Text, text};

use crate::{
    input::{ReadAt, count, read_range, size},
    limits::RECORD_BYTES,
};

pub(super) const INDEX_INTERIOR: u8 = 2;
const TABLE_INTERIOR: u8 = 5;
pub(super) const INDEX_LEAF: u8 = 10;
const TABLE_LEAF: u8 = 13;

/// How texts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Little,
    Big,
}

/// A database that is read page by page.
#[derive(Debug)]
pub(super) struct Database {
    bytes: Arc<dyn ReadAt>,
    pub(super) page_bytes: usize,
    /// Bytes of a page without those that are set aside.
    pub(super) usable: usize,
    pub(super) pages: u32,
    pub(super) encoding: Encoding,
    /// Some pages are maps.
    pub(super) has_maps: bool,
}

/// A page of a tree.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) number: u32,
    pub(super) kind: u8,
    pub(super) bytes: Vec<u8>,
    /// Where its header begins.
    pub(super) start: usize,
    /// Cells that go on in pages of others.
    pub(super) strays: Vec<usize>,
}

/// A cell of a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) row: Option<i64>,
    /// Where its content begins in the page, how much of it is there, and how much there is.
    pub(super) at: usize,
    pub(super) local: usize,
    total: u64,
    /// The page on which it goes on.
    pub(super) overflow: Option<u32>,
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk::<2>()?).into())
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}

/// Reads a number of variable length.
pub(super) fn number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for place in 0..9 {
        let byte = *bytes.get(*at)?;
        *at = at.saturating_add(1);
        if place == 8 {
            return Some(value << 8 | u64::from(byte));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(value)
}

impl Database {
    pub(super) fn open(bytes: Arc<dyn ReadAt>) -> Result<Self, Text> {
        let broken = || text!("the header of the database is broken", "数据库文件头已损坏");
        let head = read_range(&*bytes, 0, 100)
            .map_err(|error| text!("cannot be read: {error}", "无法读取：{error}"))?;
        let page_bytes = match short(&head, 16).ok_or_else(broken)? {
            1 => 65_536,
            other => other,
        };
        let usable = page_bytes.saturating_sub(head.get(20).copied().unwrap_or(0).into());
        if !page_bytes.is_power_of_two() || page_bytes < 512 || usable < 480 {
            return Err(broken());
        }
        let pages = bytes.size().div_ceil(count(page_bytes));
        Ok(Self {
            pages: u32::try_from(pages).map_err(|_| broken())?,
            page_bytes,
            usable,
            encoding: match word(&head, 56) {
                Some(2) => Encoding::Little,
                Some(3) => Encoding::Big,
                _ => Encoding::Utf8,
            },
            has_maps: word(&head, 52).is_some_and(|root| root > 0),
            bytes,
        })
    }

    /// Reads the bytes of a page.
    pub(super) fn bytes_of(&self, number: u32) -> Result<Vec<u8>, Text> {
        let at = u64::from(number)
            .saturating_sub(1)
            .saturating_mul(count(self.page_bytes));
        read_range(&*self.bytes, at, count(self.page_bytes)).map_err(|error| {
            text!(
                "page {number} cannot be read: {error}",
                "页 {number} 无法读取：{error}"
            )
        })
    }

    /// Reads a page of a tree.
    pub(super) fn page(&self, number: u32) -> Result<Page, Text> {
        let bytes = self.bytes_of(number)?;
        let start = if number == 1 { 100 } else { 0 };
        let kind = bytes.get(start).copied().unwrap_or(0);
        let is_whole = bytes.len() == self.page_bytes;
        if !is_whole || !matches!(kind, INDEX_INTERIOR | TABLE_INTERIOR | INDEX_LEAF | TABLE_LEAF) {
            return Err(text!(
                "page {number} is no page of a table; what is below it was not read",
                "页 {number} 不是表的页；其下内容未读取"
            ));
        }
        Ok(Page {
            number,
            kind,
            bytes,
            start,
            strays: Vec::new(),
        })
    }

    /// Returns the page on which a long row goes on after this one.
    pub(super) fn next_overflow(&self, number: u32) -> Option<u32> {
        let at = u64::from(number)
            .checked_sub(1)?
            .saturating_mul(count(self.page_bytes));
        let bytes = read_range(&*self.bytes, at, 4).ok()?;
        word(&bytes, 0).filter(|next| *next > 0)
    }

    /// Counts the further pages of a row.
    pub(super) fn pages_of(&self, cell: &Cell) -> u64 {
        cell.total
            .saturating_sub(count(cell.local))
            .div_ceil(count(self.usable.saturating_sub(4)))
    }

    /// Returns the whole content of a cell; nothing where a part is missing, or where it is too large.
    pub(super) fn payload<'p>(&self, page: &'p Page, cell: &Cell) -> Option<Cow<'p, [u8]>> {
        let local = page.bytes.get(cell.at..cell.at.saturating_add(cell.local))?;
        if cell.total == count(cell.local) {
            return Some(Cow::Borrowed(local));
        }
        if cell.total > count(RECORD_BYTES) || page.strays.contains(&cell.at) {
            return None;
        }
        let total = size(cell.total);
        let mut whole = local.to_vec();
        let mut next = cell.overflow;
        while whole.len() < total {
            let bytes = self.bytes_of(next.filter(|next| *next <= self.pages)?).ok()?;
            let wanted = total
                .saturating_sub(whole.len())
                .min(self.usable.saturating_sub(4));
            whole.extend_from_slice(bytes.get(4..wanted.saturating_add(4))?);
            next = word(&bytes, 0).filter(|next| *next > 0);
        }
        Some(Cow::Owned(whole))
    }

    /// Returns how many bytes of a row of `total` bytes stand in its page.
    fn local(&self, total: u64, kind: u8) -> usize {
        let usable = self.usable;
        let share = |over: usize, by: usize| {
            (usable.saturating_sub(12).saturating_mul(over) / 255).saturating_sub(by)
        };
        let most = if kind == TABLE_LEAF {
            usable.saturating_sub(35)
        } else {
            share(64, 23)
        };
        if total <= count(most) {
            return size(total);
        }
        let least = share(32, 23);
        let rest = total
            .saturating_sub(count(least))
            .checked_rem(count(usable.saturating_sub(4)))
            .unwrap_or(0);
        let kept = least.saturating_add(size(rest));
        if kept <= most { kept } else { least }
    }

    /// Reads the cell at a place of a page.
    pub(super) fn cell(&self, bytes: &[u8], kind: u8, at: usize) -> Option<Cell> {
        let mut at = match kind {
            INDEX_INTERIOR => at.saturating_add(4),
            _ => at,
        };
        let total = number(bytes, &mut at)?;
        let row = if kind == TABLE_LEAF {
            Some(number(bytes, &mut at)?.cast_signed())
        } else {
            None
        };
        let local = self.local(total, kind);
        let end = at.saturating_add(local);
        bytes.get(at..end)?;
        let overflow = if count(local) < total {
            Some(word(bytes, end)?)
        } else {
            None
        };
        Some(Cell {
            row,
            at,
            local,
            total,
            overflow,
        })
    }
}

impl Page {
    /// Says whether cells of this page are rows.
    pub(super) const fn holds_rows(&self) -> bool {
        self.kind != TABLE_INTERIOR
    }

    const fn header(&self) -> usize {
        if matches!(self.kind, INDEX_INTERIOR | TABLE_INTERIOR) {
            12
        } else {
            8
        }
    }

    /// Returns where the list of cells begins, and how many there are.
    pub(super) fn list(&self) -> (usize, usize) {
        let number = short(&self.bytes, self.start.saturating_add(3)).unwrap_or(0);
        (self.start.saturating_add(self.header()), number)
    }

    fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let (list, number) = self.list();
        (0..number).map_while(move |cell| short(&self.bytes, list.saturating_add(cell.saturating_mul(2))))
    }

    /// Lists the cells that can be read.
    pub(super) fn cells<'p>(&'p self, database: &'p Database) -> impl Iterator<Item = Cell> + 'p {
        let places = self.places().filter(|_| self.holds_rows());
        places.filter_map(|at| database.cell(&self.bytes, self.kind, at))
    }

    /// Lists the pages below this one.
    pub(super) fn below(&self) -> Vec<u32> {
        if !matches!(self.kind, INDEX_INTERIOR | TABLE_INTERIOR) {
            return Vec::new();
        }
        let mut below: Vec<u32> = self.places().filter_map(|at| word(&self.bytes, at)).collect();
        below.extend(word(&self.bytes, self.start.saturating_add(8)));
        below
    }

    /// Returns where the content of cells begins.
    pub(super) fn content(&self) -> usize {
        match short(&self.bytes, self.start.saturating_add(5)) {
            Some(0) | None => 65_536,
            Some(at) => at,
        }
    }

    /// Lists the free blocks between cells: where they begin and how long they are.
    pub(super) fn free_blocks(&self) -> Vec<(usize, usize)> {
        let mut blocks = Vec::new();
        let mut at = short(&self.bytes, self.start.saturating_add(1)).unwrap_or(0);
        while at > 0 {
            let (Some(next), Some(length)) =
                (short(&self.bytes, at), short(&self.bytes, at.saturating_add(2)))
            else {
                break;
            };
            // Blocks stand in order, one beside the other.
            let room = if next > at {
                next.saturating_sub(at)
            } else {
                length
            };
            blocks.push((at, length.min(room)));
            if next <= at {
                break;
            }
            at = next;
        }
        blocks
    }
}

/// A value of a record.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Null,
    Number(i64),
    Text(Cow<'a, [u8]>),
    Blob(Cow<'a, [u8]>),
    Float(f64),
    /// What no version writes.
    Other,
}

/// Returns how many bytes a value of a type takes.
pub(super) const fn length(kind: u64) -> Option<u64> {
    Some(match kind {
        0 | 8 | 9 => 0,
        1..=4 => kind,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => kind.saturating_sub(12) >> 1,
    })
}

/// Shows the values of a record in order; nothing where it is broken.
pub(super) fn record<'a>(
    payload: &'a [u8],
    encoding: Encoding,
    show: &mut dyn FnMut(Value<'a>),
) -> Option<()> {
    let mut at = 0;
    let header = size(number(payload, &mut at)?);
    let types = payload.get(..header)?;
    let mut body = header;
    while at < header {
        let kind = number(types, &mut at)?;
        let end = body.checked_add(size(length(kind)?))?;
        show(value(kind, payload.get(body..end)?, encoding));
        body = end;
    }
    Some(())
}

/// Makes a value of its bytes.
pub(super) fn value(kind: u64, bytes: &[u8], encoding: Encoding) -> Value<'_> {
    match kind {
        0 => Value::Null,
        8 => Value::Number(0),
        9 => Value::Number(1),
        1..=6 => {
            let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
            let start = if is_negative { -1_i64 } else { 0 };
            Value::Number(
                bytes
                    .iter()
                    .fold(start, |number, byte| number << 8 | i64::from(*byte)),
            )
        }
        7 => bytes
            .first_chunk()
            .map_or(Value::Other, |bytes| Value::Float(f64::from_be_bytes(*bytes))),
        kind if kind >= 13 && kind & 1 == 1 => Value::Text(match encoding {
            Encoding::Utf8 => Cow::Borrowed(bytes),
            Encoding::Little => Cow::Owned(wide(bytes, u16::from_le_bytes)),
            Encoding::Big => Cow::Owned(wide(bytes, u16::from_be_bytes)),
        }),
        kind if kind >= 12 => Value::Blob(Cow::Borrowed(bytes)),
        _ => Value::Other,
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: String = char::decode_utf16(units)
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.into_bytes()
}
