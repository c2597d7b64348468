//! Kind `avro`.

mod schema;

use std::{io::Read, sync::Arc};

use cleanbill_core::{Text, text};

use super::{Copying, Head, Next, Opening, Piece, Pieces, text::broken};
use crate::{
    blocks::{Blocks, Cut},
    input::{Packing, count},
    limits::{AVRO_BLOCK_BYTES, AVRO_TYPES, BLOCK_BYTES, RECORD_BYTES},
    number::Raw,
    outcome::{Outcome, Problem, Tools},
    path,
    values::{self, Seen},
};
use schema::{Leaf, Schema, long};

kind! {
    /// Avro object container files, packed by nothing, deflate, Snappy, Zstandard, bzip2 or xz. Texts, symbols, keys of maps, and bytes that
    /// are UTF-8 are searched, whole numbers of seven digits or more, days and points in time, in records, lists, maps and unions as well, under the path that the same record has in JSON. A block that is
    /// broken, or of more than 64 MiB, is passed over to the next one. No copy is made.
    id: "avro", name: "Avro",
    probe: probe, open: open, copying: Copying::None, access: Stream,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    head.bytes.starts_with(MAGIC).then_some(100)
}

const MAGIC: &[u8] = b"Obj\x01";
const MARK: usize = 16;

/// Names how blocks are packed.
#[derive(Clone, Copy, Debug)]
enum Codec {
    Plain,
    Deflate,
    Snappy,
    Packed(Packing),
}

struct Objects {
    blocks: Blocks,
    schema: Arc<Schema>,
    codec: Codec,
    mark: [u8; MARK],
    at: u64,
}

/// A block as it is stored.
struct Block {
    objects: u64,
    at: u64,
    bytes: Vec<u8>,
}

fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let mut blocks = Blocks::new(opening.stream);
    // The header ends where it ends.
    let mut wanted = 64 << 10;
    let (schema, codec, mark, length) = loop {
        let held = blocks.fill(wanted);
        match header(held) {
            Some(Ok(header)) => break header,
            Some(Err(reason)) => return Err(reason),
            None if held.len() < wanted || wanted >= RECORD_BYTES => {
                return Err(text!("the header is cut", "文件头不完整"));
            }
            None => wanted = wanted.saturating_mul(2),
        }
    };
    blocks.take(length);
    Ok(Box::new(Objects {
        blocks,
        schema: Arc::new(schema),
        codec,
        mark,
        at: count(length),
    }))
}

/// Schema, codec, mark and length.
type Header = (Schema, Codec, [u8; MARK], usize);

/// Reads the header; nothing where there is more of it.
fn header(bytes: &[u8]) -> Option<Result<Header, Text>> {
    let mut at = MAGIC.len();
    let (mut schema, mut codec) = (None, Codec::Plain);
    loop {
        let mut entries = long(bytes, &mut at)?;
        if entries == 0 {
            break;
        }
        if entries < 0 {
            long(bytes, &mut at)?;
            entries = entries.saturating_neg();
        }
        for _ in 0..entries {
            let key = schema::bytes(bytes, &mut at)?;
            let value = schema::bytes(bytes, &mut at)?;
            match key {
                b"avro.schema" => schema = Some(value),
                b"avro.codec" => {
                    codec = match value {
                        b"null" | b"" => Codec::Plain,
                        b"deflate" => Codec::Deflate,
                        b"snappy" => Codec::Snappy,
                        b"zstandard" => Codec::Packed(Packing::Zstd),
                        b"bzip2" => Codec::Packed(Packing::Bzip2),
                        b"xz" => Codec::Packed(Packing::Xz),
                        other => {
                            let name = path::short(other);
                            return Some(Err(text!(
                                "packed by `{name}`, which is not read",
                                "使用 `{name}` 压缩，无法读取"
                            )));
                        }
                    };
                }
                _ => {}
            }
        }
    }
    let mark = *bytes.get(at..)?.first_chunk::<MARK>()?;
    let Some(read) = schema.and_then(Schema::read) else {
        return Some(Err(text!(
            "the schema cannot be read, so no record can",
            "模式无法读取，因此记录均无法读取"
        )));
    };
    Some(Ok((read, codec, mark, at.saturating_add(MARK))))
}

impl Objects {
    fn take(&mut self, length: usize) -> Vec<u8> {
        self.blocks.fill(length);
        let Cut::Block { bytes, .. } = self.blocks.take(length) else {
            return Vec::new();
        };
        self.at = self.at.saturating_add(count(bytes.len()));
        bytes
    }

    fn problem(&self, reason: Text) -> Problem {
        Problem {
            record: None,
            offset: Some(self.at),
            reason,
            lost: true,
        }
    }

    /// Goes on behind the next mark between blocks.
    fn find_mark(&mut self) {
        loop {
            let held = self.blocks.fill(1 << 20);
            if let Some(found) = memchr::memmem::find(held, &self.mark) {
                self.take(found.saturating_add(MARK));
                return;
            }
            if held.len() < 1 << 20 {
                let rest = held.len();
                self.take(rest);
                return;
            }
            self.take((1 << 20) - MARK);
        }
    }

    /// Reads the next block; nothing at the end.
    fn block(&mut self) -> Option<Result<Block, Problem>> {
        let head = self.blocks.fill(20);
        if head.is_empty() {
            let error = self.blocks.is_broken()?;
            let problem = broken(self.at, error);
            self.blocks = Blocks::new(Box::new(std::io::empty()));
            return Some(Err(problem));
        }
        let mut at = 0;
        let numbers = long(head, &mut at).zip(long(head, &mut at));
        let numbers = numbers
            .and_then(|(objects, bytes)| Some((u64::try_from(objects).ok()?, usize::try_from(bytes).ok()?)));
        let Some((objects, length)) = numbers else {
            let problem = self.problem(text!(
                "the start of a block is broken; what follows up to the next block was not searched",
                "数据块开头已损坏；到下一数据块之前的内容未搜索"
            ));
            self.find_mark();
            return Some(Err(problem));
        };
        if length > AVRO_BLOCK_BYTES {
            let problem = self.problem(text!(
                "a block of {length} bytes is too large to be examined",
                "长度为 {length} 字节的数据块过大，未检查"
            ));
            self.find_mark();
            return Some(Err(problem));
        }
        let whole = at.saturating_add(length).saturating_add(MARK);
        let block = self.blocks.fill(whole);
        let end = at.saturating_add(length);
        if block.get(end..whole) != Some(&self.mark) {
            let problem = self.problem(text!(
                "a block does not end where it says; it was not searched",
                "数据块未在其声明处结束；未搜索"
            ));
            // The mark may stand within.
            self.find_mark();
            return Some(Err(problem));
        }
        let place = self.at;
        self.take(at);
        let bytes = self.take(length);
        self.take(MARK);
        Some(Ok(Block {
            objects,
            at: place,
            bytes,
        }))
    }
}

impl Pieces for Objects {
    fn next(&mut self, _: &Tools) -> Next {
        let mut batch = Vec::new();
        let mut cost = 0_usize;
        let mut said = None;
        while cost < BLOCK_BYTES && batch.len() < 1_024 {
            match self.block() {
                Some(Ok(block)) => {
                    cost = cost.saturating_add(block.bytes.len());
                    batch.push(block);
                }
                Some(Err(problem)) => {
                    said = Some(problem);
                    break;
                }
                None => break,
            }
        }
        if batch.is_empty() {
            return said.map_or(Next::End, Next::Problem);
        }
        let (schema, codec) = (Arc::clone(&self.schema), self.codec);
        Next::Piece(Piece {
            // Packed blocks are often a few times smaller.
            cost: count(cost).saturating_mul(4),
            work: Box::new(move |tools| {
                let mut out = Outcome::default();
                for block in batch {
                    search(tools, &schema, codec, &block, &mut out);
                }
                if let Some(problem) = said {
                    out.problem(problem);
                }
                out
            }),
        })
    }
}

fn unpack(codec: Codec, bytes: &[u8]) -> Result<Vec<u8>, Text> {
    let failed = |error: &dyn std::fmt::Display| {
        text!("a block cannot be unpacked: {error}", "数据块无法解压：{error}")
    };
    let limit = count(AVRO_BLOCK_BYTES);
    let large = || {
        text!(
            "a block unpacks to more than {limit} bytes and was not searched",
            "数据块解压后超过 {limit} 字节，未搜索"
        )
    };
    let reader: Box<dyn Read> = match codec {
        Codec::Plain => return Ok(bytes.to_vec()),
        Codec::Snappy => {
            let body = bytes.get(..bytes.len().saturating_sub(4)).unwrap_or_default();
            let length = snap::raw::decompress_len(body).map_err(|error| failed(&error))?;
            if length > AVRO_BLOCK_BYTES {
                return Err(large());
            }
            return snap::raw::Decoder::new()
                .decompress_vec(body)
                .map_err(|error| failed(&error));
        }
        Codec::Deflate => Box::new(flate2::read::DeflateDecoder::new(bytes)),
        Codec::Packed(packing) => packing.unpack(Box::new(std::io::Cursor::new(bytes.to_vec()))),
    };
    let mut unpacked = Vec::new();
    reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut unpacked)
        .map_err(|error| failed(&error))?;
    if count(unpacked.len()) > limit {
        return Err(large());
    }
    Ok(unpacked)
}

fn search(tools: &Tools, schema: &Schema, codec: Codec, block: &Block, out: &mut Outcome) {
    let first = out.records;
    out.records = first.saturating_add(block.objects);
    let lost = |record, reason| Problem {
        record,
        offset: Some(block.at),
        reason,
        lost: true,
    };
    let bytes = match unpack(codec, &block.bytes) {
        Ok(bytes) => bytes,
        Err(reason) => {
            out.problem(lost(Some(first), reason));
            return;
        }
    };
    out.bytes = out.bytes.saturating_add(count(bytes.len()));
    let (mut at, mut binary) = (0, 0_u64);
    let mut left = work(bytes.len());
    for object in 0..block.objects {
        let (index, start, had) = (first.saturating_add(object), at, out.found.len());
        let read = schema.walk(&bytes, &mut at, &mut left, &mut |steps, leaf| match leaf {
            Leaf::Text(value) | Leaf::Bytes(value) => {
                let seen = values::search(tools, value, steps, index, out);
                binary = binary.saturating_add(u64::from(seen == Seen::Binary));
            }
            Leaf::Number(form, raw) => values::number(tools, (form, raw), steps, index, out),
        });
        if out.found.len() > had
            && let Some(field) = &tools.id_field
        {
            let id = identify(schema, &bytes, start, field);
            for found in out.found.get_mut(had..).unwrap_or_default() {
                found.record.id.clone_from(&id);
            }
        }
        if read.is_none() {
            let reason = text!(
                "the block cannot be read from this record on",
                "自该记录起数据块无法读取"
            );
            out.problem(lost(Some(index), reason));
            at = bytes.len();
            break;
        }
        // Records that take no bytes are all the same.
        if at == start {
            break;
        }
    }
    let left = bytes.len().saturating_sub(at);
    if left > 0 {
        out.problem(lost(
            None,
            text!(
                "{left} bytes behind the last record of a block were not searched",
                "数据块最后一条记录之后的 {left} 字节未搜索"
            ),
        ));
    }
    values::say_binary(out, binary);
}

/// Returns how many values a block may hold. Almost all take a byte at least.
fn work(bytes: usize) -> usize {
    bytes.saturating_mul(64).saturating_add(AVRO_TYPES)
}

/// Returns the value of a field of the record at `at`.
fn identify(schema: &Schema, bytes: &[u8], mut at: usize, field: &str) -> Option<String> {
    let mut id = None;
    let _ = schema.walk(bytes, &mut at, &mut work(bytes.len()), &mut |steps, leaf| {
        if id.is_none() && path::render(steps) == field {
            id = match leaf {
                Leaf::Text(value) | Leaf::Bytes(value) => Some(path::short(value)),
                Leaf::Number(_, Raw::Whole(number)) => Some(number.to_string()),
                Leaf::Number(_, Raw::Float(number)) => Some(number.to_string()),
            };
        }
    });
    id
}
