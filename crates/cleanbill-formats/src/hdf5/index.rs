//! What groups keep their links in, and objects their attributes: trees of versions 1 and 2, local and fractal heaps.

use super::{
    file::{File, Slice},
    rules::{BROKEN, CYCLE, SHARED, VERSION, WORK},
};
use crate::bytes::size_u64;

/// LIMIT: bytes of one node of a tree.
const NODE_BYTES: u64 = 4 << 20;
/// LIMIT: bytes of one local heap, which holds the names of one group.
const HEAP_BYTES: u64 = 64 << 20;
/// LIMIT: nesting of trees and of blocks in a heap; both grow by powers.
const DEPTH: u32 = 32;

/// One entry of a group's symbol table.
#[derive(Debug)]
pub(super) struct Symbol {
    pub(super) name: Vec<u8>,
    /// Address of the object, or the target of a soft link.
    pub(super) target: Result<u64, Vec<u8>>,
}

impl File<'_> {
    /// Calls `each` for every entry of a symbol table; stops when it says so.
    pub(super) fn symbols(
        &mut self,
        tree: u64,
        heap: u64,
        each: &mut dyn FnMut(&mut Self, Symbol) -> bool,
    ) -> Option<()> {
        let head_bytes = 8_usize
            .saturating_add(self.length_bytes.saturating_mul(2))
            .saturating_add(self.address_bytes);
        let start = self.read(heap, size_u64(head_bytes))?;
        let mut slice = Slice::new(&start);
        if slice.take(4) != Some(b"HEAP") {
            self.note(&BROKEN, heap, 4, "local heap");
            return None;
        }
        slice.skip(4)?;
        let size = self.length(&mut slice)?;
        self.length(&mut slice)?;
        let address = self.address(&mut slice)?;
        if size > HEAP_BYTES {
            self.note(&WORK, heap, 32, "local heap");
            return None;
        }
        let names = self.read(address, size)?;
        let text = |offset: u64| {
            let rest = usize::try_from(offset).ok().and_then(|at| names.get(at..))?;
            Some(Slice::new(rest).until_zero().to_vec())
        };
        let mut nodes = vec![(tree, 0_u32)];
        while let Some((at, depth)) = nodes.pop() {
            if depth > DEPTH || !self.first_time(at) {
                self.violation(&CYCLE, at, 8, "tree");
                continue;
            }
            let Some(signature) = self.read(at, 8) else {
                continue;
            };
            if signature.starts_with(b"SNOD") {
                let count = Slice::new(signature.get(6..)?).u16()?;
                let width = self.address_bytes.saturating_mul(2).saturating_add(24);
                let bytes = self.read(at.checked_add(8)?, size_u64(count.saturating_mul(width)))?;
                for entry in bytes.chunks_exact(width) {
                    let mut slice = Slice::new(entry);
                    let name = self.address(&mut slice)?;
                    let object = self.address(&mut slice)?;
                    let cached = slice.u32()?;
                    slice.skip(4)?;
                    let Some(name) = text(name) else {
                        self.note(&BROKEN, at, 8, "name");
                        continue;
                    };
                    let target = if cached == 2 {
                        let offset = slice.u32()?;
                        Err(text(offset).unwrap_or_default())
                    } else {
                        Ok(object)
                    };
                    if !each(self, Symbol { name, target }) {
                        return Some(());
                    }
                }
            } else if signature.starts_with(b"TREE") {
                let children = self.tree_children(at, &signature, self.length_bytes)?;
                nodes.extend(
                    children
                        .into_iter()
                        .rev()
                        .map(|child| (child, depth.saturating_add(1))),
                );
            } else {
                self.note(&BROKEN, at, 8, "tree");
            }
        }
        Some(())
    }

    /// Lists the children of a node of a tree of version 1.
    fn tree_children(&mut self, at: u64, signature: &[u8], key_bytes: usize) -> Option<Vec<u64>> {
        let count = Slice::new(signature.get(6..)?).u16()?;
        let skip = 8_usize.saturating_add(self.address_bytes.saturating_mul(2));
        let width = key_bytes.saturating_add(self.address_bytes);
        let bytes = self.read(
            at.checked_add(size_u64(skip))?,
            size_u64(count.saturating_mul(width)),
        )?;
        let entries = bytes.chunks_exact(width.max(1));
        entries
            .map(|entry| Slice::new(entry.get(key_bytes..)?).number(self.address_bytes))
            .collect()
    }

    /// Returns address, size and filter mask of the first chunk of a tree of version 1.
    pub(super) fn first_chunk(&mut self, tree: u64, rank: usize) -> Option<(u64, u64, u64)> {
        let key_bytes = rank.saturating_mul(8).saturating_add(8);
        let mut at = tree;
        for _ in 0..DEPTH {
            let skip = 8_usize.saturating_add(self.address_bytes.saturating_mul(2));
            let wanted = skip.saturating_add(key_bytes).saturating_add(self.address_bytes);
            let bytes = self.read_some(at, size_u64(wanted))?;
            let mut slice = Slice::new(&bytes);
            if slice.take(4) != Some(b"TREE") {
                self.note(&BROKEN, at, 8, "tree of chunks");
                return None;
            }
            slice.skip(1)?;
            let level = slice.u8()?;
            if slice.u16()? == 0 {
                return None;
            }
            slice.skip(self.address_bytes.saturating_mul(2))?;
            let size = slice.u32()?;
            let mask = slice.u32()?;
            slice.skip(key_bytes.saturating_sub(8))?;
            let child = self.address(&mut slice)?;
            if level == 0 {
                return Some((child, size, mask));
            }
            at = child;
        }
        None
    }

    /// Returns every record of a tree of version 2.
    pub(super) fn records(&mut self, address: u64) -> Option<Vec<Vec<u8>>> {
        let head = self.read(
            address,
            size_u64(
                22_usize
                    .saturating_add(self.address_bytes)
                    .saturating_add(self.length_bytes),
            ),
        )?;
        let mut slice = Slice::new(&head);
        if slice.take(4) != Some(b"BTHD") {
            self.note(&BROKEN, address, 4, "tree");
            return None;
        }
        if slice.u8()? != 0 {
            self.note(&VERSION, address, 5, "tree");
            return None;
        }
        slice.skip(1)?;
        let node_bytes = slice.u32()?;
        let record = slice.u16()?;
        let depth = slice.u16()?;
        slice.skip(2)?;
        let root = self.address(&mut slice)?;
        let root_count = slice.u16()?;
        if record == 0 || node_bytes > NODE_BYTES || depth > 16 || self.is_none(root) {
            if !self.is_none(root) {
                self.note(&BROKEN, address, 16, "tree");
            }
            return Some(Vec::new());
        }
        let sizes = sizes(node_bytes, size_u64(record), depth, size_u64(self.address_bytes));
        let mut records = Vec::new();
        let mut nodes = vec![(root, root_count, depth)];
        while let Some((at, count, level)) = nodes.pop() {
            if !self.first_time(at) {
                self.violation(&CYCLE, at, 8, "tree");
                continue;
            }
            let Some(bytes) = self.read_some(at, node_bytes) else {
                continue;
            };
            let mut slice = Slice::new(&bytes);
            let expected: &[u8] = if level == 0 { b"BTLF" } else { b"BTIN" };
            if slice.take(4) != Some(expected) {
                self.note(&BROKEN, at, 4, "node");
                continue;
            }
            slice.skip(2)?;
            for _ in 0..count {
                let Some(bytes) = slice.take(record) else {
                    self.note(&BROKEN, at, 8, "node");
                    break;
                };
                records.push(bytes.to_vec());
            }
            if level == 0 {
                continue;
            }
            let below = level.saturating_sub(1);
            let total = sizes.get(below).copied().unwrap_or((1, 0)).1;
            for _ in 0..=count {
                let (Some(child), Some(children)) =
                    (self.address(&mut slice), slice.number(sizes.first()?.0))
                else {
                    self.note(&BROKEN, at, 8, "node");
                    break;
                };
                if slice.skip(total).is_none() {
                    self.note(&BROKEN, at, 8, "node");
                    break;
                }
                nodes.push((child, usize::try_from(children).ok()?, below));
            }
        }
        Some(records)
    }

    /// Opens a fractal heap.
    pub(super) fn heap(&mut self, address: u64) -> Option<Heap> {
        let wide = self.length_bytes.saturating_mul(12);
        let bytes = self.read(
            address,
            size_u64(
                22_usize
                    .saturating_add(wide)
                    .saturating_add(self.address_bytes.saturating_mul(3)),
            ),
        )?;
        let mut slice = Slice::new(&bytes);
        if slice.take(4) != Some(b"FRHP") {
            self.note(&BROKEN, address, 4, "heap");
            return None;
        }
        slice.skip(1)?;
        let id_bytes = slice.u16()?;
        let filters = slice.u16()?;
        slice.skip(1)?;
        let most_managed = slice.u32()?;
        self.length(&mut slice)?;
        let huge = self.address(&mut slice)?;
        self.length(&mut slice)?;
        self.address(&mut slice)?;
        for _ in 0..8 {
            self.length(&mut slice)?;
        }
        let width = size_u64(slice.u16()?);
        let start = self.length(&mut slice)?;
        let most_direct = self.length(&mut slice)?;
        let bits = slice.u16()?;
        slice.skip(2)?;
        let root = self.address(&mut slice)?;
        let rows = slice.u16()?;
        if filters != 0 {
            self.note(&SHARED, address, 16, "");
            return None;
        }
        let sound = width > 0 && start.is_power_of_two() && most_direct.is_power_of_two() && bits <= 64;
        if !sound {
            self.note(&BROKEN, address, 16, "heap");
            return None;
        }
        Some(Heap {
            id_bytes,
            huge,
            width,
            start,
            most_direct,
            offset_bytes: bits.div_ceil(8),
            length_bytes: number_bytes(most_direct).min(number_bytes(most_managed)),
            root,
            rows,
            huge_list: None,
            blocks: Vec::new(),
        })
    }

    /// Returns the object that `id` names.
    pub(super) fn heap_value(&mut self, heap: &mut Heap, id: &[u8]) -> Option<Vec<u8>> {
        let mut slice = Slice::new(id);
        let first = slice.u8()?;
        match (first >> 4) & 3 {
            0 => {
                let offset = slice.number(heap.offset_bytes)?;
                let length = slice.number(heap.length_bytes)?;
                self.managed(heap, offset, length)
            }
            1 => self.huge(heap, &mut slice),
            2 => {
                let length = if heap.id_bytes > 17 {
                    let high = usize::from(first & 0x0f) << 8;
                    (high | usize::from(slice.u8()?)).saturating_add(1)
                } else {
                    usize::from(first & 0x0f).saturating_add(1)
                };
                slice.take(length).map(<[u8]>::to_vec)
            }
            _ => None,
        }
    }

    fn huge(&mut self, heap: &mut Heap, slice: &mut Slice<'_>) -> Option<Vec<u8>> {
        let direct = self.address_bytes.saturating_add(self.length_bytes);
        let (address, length);
        if slice.rest().len() >= direct {
            address = self.address(slice)?;
            length = self.length(slice)?;
        } else {
            let wanted = slice.number(slice.rest().len().min(self.length_bytes))?;
            if heap.huge_list.is_none() {
                heap.huge_list = Some(self.records(heap.huge)?);
            }
            let list = heap.huge_list.as_deref().unwrap_or_default();
            let found = list.iter().find_map(|record| {
                let mut slice = Slice::new(record);
                let address = self.address(&mut slice)?;
                let length = self.length(&mut slice)?;
                (self.length(&mut slice)? == wanted).then_some((address, length))
            });
            (address, length) = found?;
        }
        if length > HEAP_BYTES {
            self.note(&WORK, address, 16, "heap");
            return None;
        }
        self.read(address, length)
    }

    fn managed(&mut self, heap: &mut Heap, offset: u64, length: u64) -> Option<Vec<u8>> {
        let known = heap
            .blocks
            .iter()
            .find(|(_, start, size)| offset >= *start && offset < start.saturating_add(*size));
        let (address, start) = match known {
            Some((address, start, _)) => (*address, *start),
            None if heap.rows == 0 => (heap.root, 0),
            None => {
                let (address, start, size) = self.block(heap, offset)?;
                if heap.blocks.len() < BLOCKS {
                    heap.blocks.push((address, start, size));
                }
                (address, start)
            }
        };
        let within = offset.checked_sub(start)?;
        self.read(address.checked_add(within)?, length.min(heap.most_direct))
    }

    /// Finds the direct block that holds `offset`: its address, where it begins in the heap, and its size.
    fn block(&mut self, heap: &Heap, offset: u64) -> Option<(u64, u64, u64)> {
        let (mut at, mut base, mut rows) = (heap.root, 0_u64, heap.rows);
        let direct_rows = heap
            .most_direct
            .ilog2()
            .saturating_sub(heap.start.ilog2())
            .saturating_add(2);
        for _ in 0..DEPTH {
            // The row that holds it, and the row's first offset and block size.
            let (mut row, mut size, mut first) = (0_u32, heap.start, base);
            loop {
                let span = size.checked_mul(heap.width)?;
                if offset < first.checked_add(span)? {
                    break;
                }
                first = first.checked_add(span)?;
                row = row.checked_add(1)?;
                if row > 1 {
                    size = size.checked_mul(2)?;
                }
            }
            if usize::try_from(row).ok()? >= rows {
                self.note(&BROKEN, at, 8, "heap");
                return None;
            }
            let column = offset.checked_sub(first)?.checked_div(size)?;
            let prefix = 5_usize
                .saturating_add(self.address_bytes)
                .saturating_add(heap.offset_bytes);
            let entry = u64::from(row).checked_mul(heap.width)?.checked_add(column)?;
            let place = at
                .checked_add(size_u64(prefix))?
                .checked_add(entry.checked_mul(size_u64(self.address_bytes))?)?;
            if !self.read(at, 4)?.starts_with(b"FHIB") {
                self.note(&BROKEN, at, 4, "heap");
                return None;
            }
            let bytes = self.read(place, size_u64(self.address_bytes))?;
            let child = Slice::new(&bytes).number(self.address_bytes)?;
            let begins = first.checked_add(column.checked_mul(size)?)?;
            if row < direct_rows {
                return Some((child, begins, size));
            }
            rows = usize::try_from(
                size.ilog2()
                    .saturating_sub(heap.start.checked_mul(heap.width)?.checked_ilog2()?)
                    .saturating_add(1),
            )
            .ok()?;
            (at, base) = (child, begins);
        }
        None
    }
}

/// Blocks of a heap that are remembered.
const BLOCKS: usize = 4_096;

/// Describes a fractal heap.
#[derive(Debug)]
pub(super) struct Heap {
    id_bytes: usize,
    huge: u64,
    width: u64,
    start: u64,
    most_direct: u64,
    offset_bytes: usize,
    length_bytes: usize,
    root: u64,
    rows: usize,
    huge_list: Option<Vec<Vec<u8>>>,
    blocks: Vec<(u64, u64, u64)>,
}

/// Returns how many bytes hold numbers up to `most`.
fn number_bytes(most: u64) -> usize {
    let bits = most.max(1).ilog2();
    usize::try_from((bits >> 3).saturating_add(1)).unwrap_or(8)
}

/// Returns for each level the widths of a child's own count and of the count of all below it.
fn sizes(node_bytes: u64, record: u64, depth: usize, address: u64) -> Vec<(usize, usize)> {
    const PREFIX: u64 = 10;
    let mut most = node_bytes.saturating_sub(PREFIX).checked_div(record).unwrap_or(0);
    let count_bytes = number_bytes(most);
    let mut all = most;
    let mut all_bytes = 0;
    let mut list = vec![(count_bytes, 0)];
    for _ in 0..depth {
        let pointer = address
            .saturating_add(size_u64(count_bytes))
            .saturating_add(size_u64(all_bytes));
        most = node_bytes
            .saturating_sub(PREFIX.saturating_add(pointer))
            .checked_div(record.saturating_add(pointer))
            .unwrap_or(0);
        all = most.saturating_add(1).saturating_mul(all).saturating_add(most);
        all_bytes = number_bytes(all);
        list.push((count_bytes, all_bytes));
    }
    list
}
