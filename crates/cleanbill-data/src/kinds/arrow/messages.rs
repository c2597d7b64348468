//! Messages of Arrow IPC, one after the other, within limits (Arrow columnar format, "Serialization and Interprocess
//! Communication"). A file is read as the stream that it holds between its marks.

use std::{
    collections::HashMap,
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::{
    MessageHeader, MetadataVersion, convert::try_fb_to_schema, reader, root_as_footer, root_as_message,
};
use arrow_schema::{ArrowError, SchemaRef};
use cleanbill_core::{Text, text};

use crate::{
    input::{ReadAt, count, read_range, size},
    limits::{COLUMNS, DICTIONARY_BYTES, MESSAGE_BYTES},
};

/// LIMIT: bytes of the description of a message; that of a table holds its schema.
const DESCRIPTION_BYTES: u64 = 64 << 20;
/// Farthest from the start of a file that its first message may stand.
const FILLING_BYTES: u64 = 256;
/// LIMIT: rows of a message; each row of a text column takes bytes, those of others are not looked at.
const ROWS: i64 = 64 << 20;

/// The rows of one message, still packed.
pub(super) struct Batch {
    pub(super) rows: u64,
    description: Vec<u8>,
    body: Buffer,
    schema: SchemaRef,
    dictionaries: Arc<HashMap<i64, ArrayRef>>,
}

/// What comes next.
pub(super) enum Message {
    Batch(Batch),
    /// Rows that are not read.
    Lost {
        rows: u64,
        offset: u64,
        reason: Text,
    },
    /// Nothing more can be read, for this reason.
    Broken {
        offset: u64,
        reason: Text,
    },
    End,
}

/// Reads messages.
pub(super) struct Messages {
    stream: Box<dyn Read + Send>,
    offset: u64,
    pub(super) schema: SchemaRef,
    dictionaries: Arc<HashMap<i64, ArrayRef>>,
    dictionary_bytes: u64,
    over: bool,
    batches: usize,
    /// How many batches the footer lists, where there is one.
    listed: Option<usize>,
    /// The bytes are a file, not a stream.
    pub(super) is_file: bool,
}

impl Messages {
    /// Reads up to the schema.
    pub(super) fn open(mut stream: Box<dyn Read + Send>) -> Result<Self, Text> {
        let bad = |error: &dyn std::fmt::Display| {
            text!("the schema cannot be read: {error}", "无法读取模式：{error}")
        };
        let mut start = [0; 8];
        stream.read_exact(&mut start).map_err(|error| bad(&error))?;
        let is_file = start.starts_with(b"ARROW1");
        let mut messages = Self {
            stream: if is_file {
                stream
            } else {
                Box::new(io::Cursor::new(start).chain(stream))
            },
            offset: if is_file { 8 } else { 0 },
            schema: Arc::new(arrow_schema::Schema::empty()),
            dictionaries: Arc::new(HashMap::new()),
            dictionary_bytes: 0,
            over: false,
            batches: 0,
            listed: None,
            is_file,
        };
        // Writers fill up the mark at the start as they like.
        if is_file {
            messages.pass_filling().map_err(|error| bad(&error))?;
        }
        let description = messages.description().map_err(|error| bad(&error))?;
        let description = description.ok_or_else(|| text!("there is no schema", "没有模式"))?;
        let message = root_as_message(&description).map_err(|error| bad(&error))?;
        let schema = message
            .header_as_schema()
            .ok_or_else(|| text!("there is no schema", "没有模式"))?;
        if !schema.endianness().equals_to_target_endianness() {
            return Err(text!(
                "the order of bytes is that of another system",
                "字节序与本系统不同"
            ));
        }
        let schema = try_fb_to_schema(schema).map_err(|error| bad(&error))?;
        let columns = schema.fields().len();
        if columns > COLUMNS {
            return Err(text!("{columns} columns are too many", "列数 {columns} 过多"));
        }
        messages.schema = Arc::new(schema);
        Ok(messages)
    }

    /// Passes over zeros between the mark and the first message.
    fn pass_filling(&mut self) -> io::Result<()> {
        loop {
            let word = self.take(8)?;
            if word.iter().any(|byte| *byte != 0) {
                let stream = std::mem::replace(&mut self.stream, Box::new(io::empty()));
                self.offset = self.offset.saturating_sub(8);
                self.stream = Box::new(io::Cursor::new(word).chain(stream));
                return Ok(());
            }
            if self.offset > FILLING_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }

    /// Holds what is read against the footer of a file.
    pub(super) fn expect(&mut self, bytes: &dyn ReadAt) {
        self.listed = self.is_file.then(|| listed(bytes)).flatten();
    }

    fn take(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut self.stream).take(length).read_to_end(&mut bytes)?;
        self.offset = self.offset.saturating_add(count(bytes.len()));
        if count(bytes.len()) < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }

    /// Reads the description of the next message; nothing at the end.
    fn description(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        let taken = read_some(&mut *self.stream, &mut length)?;
        self.offset = self.offset.saturating_add(count(taken));
        if taken == 0 {
            return Ok(None);
        }
        if taken < 4 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if length == [0xff; 4] {
            length.copy_from_slice(self.take(4)?.get(..4).unwrap_or(&[0; 4]));
        }
        let length = u64::from(u32::from_le_bytes(length));
        if length == 0 {
            return Ok(None);
        }
        if length > DESCRIPTION_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a description of {length} bytes is too large"),
            ));
        }
        self.take(length).map(Some)
    }

    pub(super) fn next(&mut self) -> Message {
        if self.over {
            return Message::End;
        }
        loop {
            let offset = self.offset;
            match self.step(offset) {
                Ok(Some(message)) => return message,
                Ok(None) => {}
                Err(reason) => {
                    self.over = true;
                    return Message::Broken { offset, reason };
                }
            }
        }
    }

    fn step(&mut self, offset: u64) -> Result<Option<Message>, Text> {
        let bad = |error: &dyn std::fmt::Display| {
            text!(
                "cannot be read from here on: {error}",
                "自此处起无法读取：{error}"
            )
        };
        let Some(description) = self.description().map_err(|error| bad(&error))? else {
            self.over = true;
            let (read, listed) = (self.batches, self.listed.unwrap_or(self.batches));
            if read != listed {
                return Err(text!(
                    "the footer lists {listed} batches, and {read} stand before it",
                    "文件尾列出 {listed} 个批次，而其前有 {read} 个"
                ));
            }
            return Ok(Some(Message::End));
        };
        let message = root_as_message(&description).map_err(|error| bad(&error))?;
        if message.header_type() == MessageHeader::RecordBatch {
            self.batches = self.batches.saturating_add(1);
        }
        let length = u64::try_from(message.bodyLength()).map_err(|error| bad(&error))?;
        let rows = message.header_as_record_batch().map_or(0, |batch| batch.length());
        let lost = |reason| Message::Lost {
            rows: u64::try_from(rows).unwrap_or(0),
            offset,
            reason,
        };
        if length > MESSAGE_BYTES || rows > ROWS {
            let passed = io::copy(&mut (&mut self.stream).take(length), &mut io::sink())
                .map_err(|error| bad(&error))?;
            self.offset = self.offset.saturating_add(passed);
            if message.header_type() == MessageHeader::DictionaryBatch {
                return Err(text!("a dictionary is too large", "字典过大"));
            }
            return Ok(Some(lost(text!(
                "a batch of {rows} rows and {length} bytes is too large",
                "批次有 {rows} 行、{length} 字节，过大"
            ))));
        }
        let body = self.take(length).map_err(|error| bad(&error))?;
        let packed = match message.header_type() {
            MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|one| one.data()),
            _ => message.header_as_record_batch(),
        };
        if packed.is_some_and(|batch| !lies_within(&batch, body.len())) {
            let reason = text!(
                "the buffers of a batch lie outside of it",
                "批次的缓冲区超出其范围"
            );
            if message.header_type() == MessageHeader::DictionaryBatch {
                return Err(reason);
            }
            return Ok(Some(lost(reason)));
        }
        let unpacked = packed.map_or(0, |batch| unpacked_bytes(&batch, &body));
        if unpacked > MESSAGE_BYTES {
            return Ok(Some(lost(text!(
                "a batch of {unpacked} bytes, once unpacked, is too large",
                "批次解压后为 {unpacked} 字节，过大"
            ))));
        }
        let body = Buffer::from_vec(body);
        if let Some(dictionary) = message.header_as_dictionary_batch() {
            self.dictionary_bytes = self.dictionary_bytes.saturating_add(unpacked.max(length));
            if self.dictionary_bytes > DICTIONARY_BYTES {
                return Err(text!("the dictionaries are too large", "字典过大"));
            }
            let mut dictionaries = HashMap::clone(&self.dictionaries);
            let read = || {
                reader::read_dictionary(
                    &body,
                    dictionary,
                    &self.schema,
                    &mut dictionaries,
                    &message.version(),
                )
            };
            unbroken(read).map_err(|error| bad(&error))?;
            self.dictionaries = Arc::new(dictionaries);
            return Ok(None);
        }
        if message.header_type() != MessageHeader::RecordBatch {
            return Ok(None);
        }
        Ok(Some(Message::Batch(Batch {
            rows: u64::try_from(rows).unwrap_or(0),
            body,
            schema: Arc::clone(&self.schema),
            dictionaries: Arc::clone(&self.dictionaries),
            description,
        })))
    }
}

impl Batch {
    pub(super) fn bytes(&self) -> u64 {
        count(self.body.len())
    }

    /// Unpacks the rows.
    pub(super) fn read(&self) -> Result<RecordBatch, Text> {
        let bad =
            |error: &dyn std::fmt::Display| text!("a batch cannot be read: {error}", "无法读取批次：{error}");
        let message = root_as_message(&self.description).map_err(|error| bad(&error))?;
        let batch = message
            .header_as_record_batch()
            .ok_or_else(|| text!("a batch without rows", "批次没有行"))?;
        let version: MetadataVersion = message.version();
        let schema = Arc::clone(&self.schema);
        let read =
            || reader::read_record_batch(&self.body, batch, schema, &self.dictionaries, None, &version);
        unbroken(read).map_err(|error| bad(&error))
    }
}

/// Says whether every buffer of a batch lies within its body, which the decoder takes for granted.
fn lies_within(batch: &arrow_ipc::RecordBatch<'_>, length: usize) -> bool {
    batch.buffers().iter().flatten().all(|buffer| {
        let end = buffer.offset().checked_add(buffer.length());
        let end = end.and_then(|end| usize::try_from(end).ok());
        buffer.offset() >= 0 && buffer.length() >= 0 && end.is_some_and(|end| end <= length)
    })
}

/// Decodes; where the decoder breaks down, the batch is to blame: it takes much for granted that a hostile one does not keep.
fn unbroken<T>(decode: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(ArrowError::IpcError("its parts contradict each other".to_owned())))
}

/// Adds up what the buffers of a batch say that they unpack to.
fn unpacked_bytes(batch: &arrow_ipc::RecordBatch<'_>, body: &[u8]) -> u64 {
    let buffers = batch.buffers();
    let mut total = 0_u64;
    for buffer in buffers.iter().flatten() {
        let stored = u64::try_from(buffer.length()).unwrap_or(u64::MAX);
        let start = size(u64::try_from(buffer.offset()).unwrap_or(u64::MAX));
        let says = body
            .get(start..)
            .and_then(|rest| rest.first_chunk::<8>())
            .filter(|_| batch.compression().is_some() && stored >= 8)
            .and_then(|bytes| u64::try_from(i64::from_le_bytes(*bytes)).ok());
        total = total.saturating_add(says.unwrap_or(stored));
    }
    total
}

/// Returns how many batches the footer lists.
fn listed(bytes: &dyn ReadAt) -> Option<usize> {
    let end = bytes.size().checked_sub(10)?;
    let tail = read_range(bytes, end, 10).ok()?;
    let (length, mark) = tail.split_first_chunk::<4>()?;
    let length = u64::from(u32::from_le_bytes(*length));
    if mark != b"ARROW1" || length > DESCRIPTION_BYTES {
        return None;
    }
    let footer = read_range(bytes, end.checked_sub(length)?, length).ok()?;
    Some(root_as_footer(&footer).ok()?.recordBatches()?.len())
}

fn read_some(stream: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0_usize;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest) {
            Ok(0) => break,
            Ok(taken) => filled = filled.saturating_add(taken),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
