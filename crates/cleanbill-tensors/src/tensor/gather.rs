//! Elements that stand apart, brought into the canonical order band by band.

use cleanbill_core::text;
use cleanbill_formats::bytes::{ReadAt, read_full, size_u64, size_usize};

use super::TensorError;

/// LIMIT: bytes of one band, which is all entries with a few neighbouring first indexes.
const BAND_BYTES: u64 = 8 << 20;
/// LIMIT: bytes of a band that cannot be smaller, because it has a single first index.
const LARGEST_BAND: u64 = 64 << 20;
/// LIMIT: bytes read at once along the fastest dimension, gaps between the elements included.
const RUN_BYTES: u64 = 1 << 20;

/// Collects the elements of a strided tensor.
pub(super) struct Gather<'a> {
    source: &'a dyn ReadAt,
    start: u64,
    shape: Vec<u64>,
    strides: Vec<u64>,
    width: u64,
    /// The dimension along which elements lie closest.
    run: usize,
    /// First indexes of the next band, and how many bands take.
    next: u64,
    rows: u64,
    /// Bytes of one first index.
    row_bytes: u64,
    band: Vec<u8>,
    used: usize,
}

impl<'a> Gather<'a> {
    pub(super) fn new(
        source: &'a dyn ReadAt,
        start: u64,
        shape: &[u64],
        strides: &[u64],
        width: u64,
        from: u64,
    ) -> Result<Self, TensorError> {
        let (mut shape, mut strides) = (shape.to_vec(), strides.to_vec());
        if shape.is_empty() {
            shape.push(1);
            strides.push(1);
        }
        let row: u64 = shape
            .iter()
            .skip(1)
            .fold(width, |bytes, length| bytes.saturating_mul(*length));
        if row > LARGEST_BAND {
            return Err(TensorError::Unreadable {
                reason: text!(
                    "its elements stand apart, {row} bytes for each first index, more than is held at once",
                    "其元素不连续，每个首下标占 {row} 字节，超过一次可容纳的大小"
                ),
            });
        }
        let dense = |(index, stride): (usize, &u64)| {
            let long = shape.get(index).is_some_and(|length| *length > 1);
            (long && *stride > 0).then_some((*stride, index))
        };
        let run = strides.iter().enumerate().filter_map(dense).min();
        let row_bytes = row.max(1);
        let skipped = from.checked_div(row_bytes).unwrap_or(0);
        let mut gather = Self {
            source,
            start,
            shape,
            strides,
            width,
            run: run.map_or(0, |(_, index)| index),
            next: skipped,
            rows: BAND_BYTES.checked_div(row_bytes).unwrap_or(0).max(1),
            row_bytes,
            band: Vec::new(),
            used: 0,
        };
        let rest = from.saturating_sub(skipped.saturating_mul(row_bytes));
        if rest > 0 {
            gather.load()?;
            gather.used = size_usize(rest);
        }
        Ok(gather)
    }

    pub(super) fn fill(&mut self, mut buffer: &mut [u8]) -> Result<(), TensorError> {
        while !buffer.is_empty() {
            if self.used >= self.band.len() {
                self.load()?;
            }
            let ready = self.band.get(self.used..).unwrap_or_default();
            let count = ready.len().min(buffer.len());
            let (now, later) = buffer.split_at_mut(count);
            now.copy_from_slice(ready.get(..count).unwrap_or_default());
            self.used = self.used.saturating_add(count);
            buffer = later;
        }
        Ok(())
    }

    /// Reads the next band.
    fn load(&mut self) -> Result<(), TensorError> {
        let all = self.shape.first().copied().unwrap_or(0);
        let rows = self.rows.min(all.saturating_sub(self.next));
        if rows == 0 {
            return Err(TensorError::Truncated);
        }
        self.used = 0;
        self.band.clear();
        self.band
            .resize(size_usize(rows.saturating_mul(self.row_bytes)), 0);
        // Lengths of the band; how far apart neighbours of each dimension stand in it.
        let mut lengths = self.shape.clone();
        if let Some(first) = lengths.first_mut() {
            *first = rows;
        }
        let mut places = Vec::new();
        let mut place = self.width;
        for length in lengths.iter().rev() {
            places.push(place);
            place = place.saturating_mul(*length);
        }
        places.reverse();
        let base = self
            .strides
            .first()
            .map_or(0, |stride| stride.saturating_mul(self.next));
        let along = lengths.get(self.run).copied().unwrap_or(1);
        let mut index = vec![0_u64; lengths.len()];
        loop {
            let mut from = base;
            let mut to = 0_u64;
            for ((number, stride), place) in index.iter().zip(&self.strides).zip(&places) {
                from = from.saturating_add(number.saturating_mul(*stride));
                to = to.saturating_add(number.saturating_mul(*place));
            }
            let stride = self.strides.get(self.run).copied().unwrap_or(1);
            let step = places.get(self.run).copied().unwrap_or(self.width);
            self.line(from, to, along, stride, step)?;
            if !advance(&mut index, &lengths, self.run) {
                break;
            }
        }
        self.next = self.next.saturating_add(rows);
        Ok(())
    }

    /// Reads `count` elements that lie `stride` apart and writes them `step` bytes apart.
    fn line(&mut self, from: u64, to: u64, count: u64, stride: u64, step: u64) -> Result<(), TensorError> {
        let width = size_usize(self.width);
        let gap = stride.saturating_mul(self.width).max(self.width);
        let piece = RUN_BYTES.checked_div(gap).unwrap_or(0).max(1);
        let mut done = 0_u64;
        let mut read = Vec::new();
        while done < count {
            let now = piece.min(count.saturating_sub(done));
            let bytes = now
                .saturating_sub(1)
                .saturating_mul(gap)
                .saturating_add(self.width);
            read.resize(size_usize(bytes), 0);
            let element = from.saturating_add(done.saturating_mul(stride));
            let at = self.start.saturating_add(element.saturating_mul(self.width));
            if read_full(self.source, at, &mut read)? < read.len() {
                return Err(TensorError::Truncated);
            }
            let target = size_usize(to.saturating_add(done.saturating_mul(step)));
            let pieces = read.chunks(size_usize(gap));
            let places = self.band.get_mut(target..).unwrap_or_default();
            for (piece, place) in pieces.zip(places.chunks_mut(size_usize(step))) {
                if let (Some(piece), Some(place)) = (piece.get(..width), place.get_mut(..width)) {
                    place.copy_from_slice(piece);
                }
            }
            done = done.saturating_add(now);
        }
        debug_assert!(size_u64(self.band.len()) <= LARGEST_BAND.max(BAND_BYTES));
        Ok(())
    }
}

/// Counts on to the next index, all but that of `run`; says whether there is one.
fn advance(index: &mut [u64], lengths: &[u64], run: usize) -> bool {
    for place in (0..index.len()).rev().filter(|place| *place != run) {
        let (Some(number), Some(length)) = (index.get_mut(place), lengths.get(place)) else {
            return false;
        };
        *number = number.saturating_add(1);
        if *number < *length {
            return true;
        }
        *number = 0;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(shape: &[u64], strides: &[u64], from: u64) -> Vec<u8> {
        let source: Vec<u8> = (0..200).collect();
        let total: u64 = shape.iter().product();
        let mut out = vec![0; size_usize(total.saturating_sub(from))];
        let mut gather = Gather::new(&source, 2, shape, strides, 1, from).unwrap();
        gather.fill(&mut out).unwrap();
        out
    }

    #[test]
    fn strides_are_followed() {
        assert_eq!(gathered(&[2, 3], &[1, 2], 0), [2, 4, 6, 3, 5, 7]);
        assert_eq!(gathered(&[2, 3], &[3, 1], 0), [2, 3, 4, 5, 6, 7]);
        assert_eq!(gathered(&[2, 2, 2], &[1, 8, 4], 0), [2, 6, 10, 14, 3, 7, 11, 15]);
        // An expanded dimension repeats.
        assert_eq!(gathered(&[2, 2], &[0, 5], 0), [2, 7, 2, 7]);
        assert_eq!(gathered(&[2, 3], &[1, 2], 4), [5, 7]);
        assert_eq!(gathered(&[], &[], 0), [2]);
    }

    #[test]
    fn what_lies_outside_is_refused() {
        let source = vec![0_u8; 10];
        let mut gather = Gather::new(&source, 0, &[2, 10], &[1, 2], 1, 0).unwrap();
        assert!(matches!(gather.fill(&mut [0; 20]), Err(TensorError::Truncated)));
        let wide = Gather::new(&source, 0, &[2, 1 << 40], &[1, 2], 1, 0);
        assert!(matches!(wide.err(), Some(TensorError::Unreadable { .. })));
    }
}
