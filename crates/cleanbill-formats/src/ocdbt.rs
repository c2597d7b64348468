//! The database that `TensorStore` keeps arrays in.

use std::{io::Read, ops::Range, sync::Arc};

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadError, SequentialReader, read_range, size_u64, size_usize},
    codec::Codec,
    notes::{Notes, lossy},
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// OCDBT, the database in which TensorStore keeps arrays, and Orbax checkpoints with it: `manifest.ocdbt`, and files below
    /// `d/` with values and with the nodes that lead to them. It is data; nothing in it is run.
    /// ## What is read
    /// The manifest, and data files that begin with a node: each node is decompressed, and the names of the data files that
    /// it leads to are kept. Values that stand in a node are members.
    /// ## What is reported
    /// Lengths that do not fit, data that cannot be decompressed, nodes of a newer version. What follows the last node of a
    /// file is not examined.
    /// ## Limits
    /// A node has at most 64 MiB; 100,000 nodes of a file, 100,000 names and 200,000 values are kept. Data files that begin with a
    /// value, as most do, are not recognised. Checksums are not compared.
    /// ## References
    /// TensorStore "OCDBT storage format".
    "ocdbt", "OCDBT database of TensorStore", extensions: &["ocdbt"], refines: None, dialects: []
}

const MANIFEST: u32 = 0x0cdb_3a2a;
const VERSIONS: u32 = 0x0cdb_1234;
const KEYS: u32 = 0x0cdb_20de;
/// LIMIT: bytes of a node, decompressed; `TensorStore` makes them of some 8 MiB by default.
const NODE_BYTES: u64 = 64 << 20;
/// LIMIT: nodes of a file.
const NODES: u64 = 100_000;
/// LIMIT: names of data files that are kept.
const FILES: usize = 100_000;
/// LIMIT: values within nodes that become members.
const VALUES: usize = 200_000;
/// LIMIT: bytes of a key that are kept.
const KEY_BYTES: usize = 1_024;
/// Bytes before the version: signature and length; bytes of the checksum at the end.
const HEADER_BYTES: u64 = 12;
const CHECKSUM_BYTES: u64 = 4;

static BROKEN: AnomalyKind = AnomalyKind::damage(
    "ocdbt-broken",
    "a length does not fit, or a node cannot be decompressed",
    "长度不符，或节点无法解压",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "ocdbt-limit",
    "nodes, names or values are too many or too large to be examined",
    "节点、名称或值过多或过大，无法检查",
);
/// Names a data file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Path, relative to the database.
    pub path: String,
    /// The node that names it.
    pub range: Range<u64>,
}

/// Shows a manifest or a data file.
#[derive(Debug, Default)]
pub struct View {
    /// Nodes read.
    pub nodes: u64,
    /// Data files that they lead to.
    pub files: Vec<DataFile>,
    /// Why something was not read that is no damage, in English and Simplified Chinese.
    unread: Option<(&'static str, &'static str)>,
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
        self.unread.map(|(en, zh)| (en.to_owned(), zh.to_owned()))
    }
}

const NEWER: (&str, &str) = (
    "node of a version or compression that is not known",
    "版本或压缩方式未知的节点",
);
const VALUES_FOLLOW: (&str, &str) = ("values behind the nodes of a data file", "数据文件中节点之后的值");

fn signature(head: &[u8]) -> Option<u32> {
    let word = u32::from_be_bytes(*head.first_chunk()?);
    matches!(word, MANIFEST | VERSIONS | KEYS).then_some(word)
}

/// Knows a file by the signature of its first node.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    signature(probe.head).map(|_| Score::Certain)
}

/// Reads one node after the other.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut notes = Notes::default();
    let mut view = View::default();
    let size = input.source.size();
    let mut at = 0_u64;
    while at < size {
        let head = read_range(input.source, at..size, HEADER_BYTES)?;
        let (Some(kind), Some(length)) = (
            signature(&head),
            head.get(4..12).and_then(|bytes| bytes.first_chunk::<8>()),
        ) else {
            if at == 0 {
                notes.push(&BROKEN, at..size, "");
            } else {
                view.unread = Some(VALUES_FOLLOW);
            }
            break;
        };
        let length = u64::from_le_bytes(*length);
        let end = at.saturating_add(length);
        if length < HEADER_BYTES.saturating_add(CHECKSUM_BYTES) || end > size {
            notes.push(&BROKEN, at..size, format!("node of {length} bytes"));
            break;
        }
        if view.nodes >= NODES {
            notes.push(&LIMIT, at..size, NODES.to_string());
            break;
        }
        view.nodes = view.nodes.saturating_add(1);
        let body = at.saturating_add(HEADER_BYTES)..end.saturating_sub(CHECKSUM_BYTES);
        node(input, kind, &body, &mut view, &mut notes)?;
        at = end;
    }
    view.anomalies = notes.finish();
    Ok(view)
}

/// Why a node was not read to its end.
enum Stop {
    Read(ReadError),
    Wrong,
    Unknown,
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

fn node(
    input: &Input<'_>,
    kind: u32,
    range: &Range<u64>,
    view: &mut View,
    notes: &mut Notes,
) -> ParseResult<()> {
    let mut cursor = Cursor::new(input.source, range.clone());
    let compression = match opening(&mut cursor) {
        Ok(compression) => compression,
        Err(Stop::Read(ReadError::Source(error))) => return Err(error),
        Err(Stop::Unknown) => {
            view.unread = Some(NEWER);
            return Ok(());
        }
        Err(_) => {
            notes.push(&BROKEN, range.clone(), "");
            return Ok(());
        }
    };
    let packed = cursor.position()..range.end;
    let body = if compression == 0 {
        read_range(input.source, packed, NODE_BYTES)?
    } else {
        let mut out = Vec::new();
        let stream = SequentialReader::new(input.source, packed.clone());
        let decoded = Codec::Zstd
            .decoder(stream)
            .and_then(|decoder| decoder.take(NODE_BYTES).read_to_end(&mut out));
        if decoded.is_err() {
            notes.push(&BROKEN, packed, "zstd");
            return Ok(());
        }
        out
    };
    if size_u64(body.len()) >= NODE_BYTES {
        notes.push(&LIMIT, range.clone(), "");
        return Ok(());
    }
    let mut cursor = Cursor::whole(&body);
    let read = match kind {
        MANIFEST => manifest(&mut cursor, range, view, notes),
        VERSIONS => cursor
            .skip(2)
            .map_err(Stop::from)
            .and_then(|()| files(&mut cursor, range, view, notes)),
        _ => keys(&mut cursor, range, view, notes),
    };
    match read {
        Ok(()) => {}
        Err(Stop::Read(ReadError::Source(error))) => return Err(error),
        Err(Stop::Unknown) => view.unread = Some(NEWER),
        Err(_) => notes.push(&BROKEN, range.clone(), ""),
    }
    Ok(())
}

/// Reads version and compression.
fn opening(cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
    if varint(cursor)? != 0 {
        return Err(Stop::Unknown);
    }
    match varint(cursor)? {
        known @ (0 | 1) => Ok(known),
        _ => Err(Stop::Unknown),
    }
}

fn manifest(
    cursor: &mut Cursor<'_>,
    range: &Range<u64>,
    view: &mut View,
    notes: &mut Notes,
) -> Result<(), Stop> {
    cursor.skip(16)?;
    let kind = varint(cursor)?;
    varint(cursor)?;
    varint(cursor)?;
    cursor.skip(1)?;
    match varint(cursor)? {
        0 => {}
        1 => cursor.skip(4)?,
        _ => return Err(Stop::Unknown),
    }
    match kind {
        0 => files(cursor, range, view, notes),
        1 => Ok(()),
        _ => Err(Stop::Unknown),
    }
}

/// Reads the names of data files, each of which shares its first bytes with the one before.
fn files(
    cursor: &mut Cursor<'_>,
    range: &Range<u64>,
    view: &mut View,
    notes: &mut Notes,
) -> Result<(), Stop> {
    let count = counted(cursor)?;
    let mut prefixes = vec![0];
    for _ in 1..count {
        prefixes.push(varint(cursor)?);
    }
    let suffixes = varints(cursor, count)?;
    varints(cursor, count)?;
    let mut path: Vec<u8> = Vec::new();
    for (prefix, suffix) in prefixes.into_iter().zip(suffixes) {
        if prefix > size_u64(path.len())
            || suffix > cursor.remaining()
            || prefix.saturating_add(suffix) > 0xffff
        {
            return Err(Stop::Wrong);
        }
        path.truncate(size_usize(prefix));
        path.extend(cursor.take(size_usize(suffix))?);
        let path = lossy(&path);
        if view.files.iter().rev().take(64).any(|known| known.path == path) {
            continue;
        }
        if view.files.len() >= FILES {
            notes.push(&LIMIT, range.clone(), FILES.to_string());
            return Ok(());
        }
        view.files.push(DataFile {
            path,
            range: range.clone(),
        });
    }
    Ok(())
}

/// Reads a node of the tree of keys; values that stand in a leaf become members.
fn keys(cursor: &mut Cursor<'_>, range: &Range<u64>, view: &mut View, notes: &mut Notes) -> Result<(), Stop> {
    let height = cursor.u8()?;
    files(cursor, range, view, notes)?;
    if height > 0 {
        return Ok(());
    }
    let count = counted(cursor)?;
    let mut prefixes = vec![0];
    for _ in 1..count {
        prefixes.push(varint(cursor)?);
    }
    let suffixes = varints(cursor, count)?;
    let mut key: Vec<u8> = Vec::new();
    let mut names = Vec::new();
    for (prefix, suffix) in prefixes.into_iter().zip(suffixes) {
        if prefix > size_u64(key.len()) || suffix > cursor.remaining() {
            return Err(Stop::Wrong);
        }
        key.truncate(size_usize(prefix));
        key.extend(cursor.take(size_usize(suffix))?);
        names.push(lossy(key.get(..key.len().min(KEY_BYTES)).unwrap_or_default()));
    }
    let lengths = varints(cursor, count)?;
    let mut inline = Vec::new();
    for _ in 0..count {
        inline.push(cursor.u8()? == 0);
    }
    let away = inline.iter().filter(|inline| !**inline).count();
    // Files and places of the values that stand elsewhere.
    varints(cursor, size_u64(away).saturating_mul(2))?;
    for ((name, length), _) in names
        .into_iter()
        .zip(lengths)
        .zip(inline)
        .filter(|(_, inline)| *inline)
    {
        if length > cursor.remaining() {
            return Err(Stop::Wrong);
        }
        if view.members.len() >= VALUES {
            notes.push(&LIMIT, range.clone(), VALUES.to_string());
            return Ok(());
        }
        let value: Arc<[u8]> = cursor.take(size_usize(length))?.into();
        if !value.is_empty() {
            view.members.push(Member::content(name, Payload::Owned(value)));
        }
    }
    Ok(())
}

fn counted(cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
    let count = varint(cursor)?;
    // Each one takes some bytes.
    if count > cursor.remaining() {
        return Err(Stop::Wrong);
    }
    Ok(count)
}

fn varints(cursor: &mut Cursor<'_>, count: u64) -> Result<Vec<u64>, Stop> {
    if count > cursor.remaining() {
        return Err(Stop::Wrong);
    }
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(varint(cursor)?);
    }
    Ok(numbers)
}

fn varint(cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = cursor.u8()?;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Stop::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    fn node(kind: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend((u64::try_from(body.len()).unwrap() + 18).to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(body);
        bytes.extend([0; 4]);
        bytes
    }

    fn manifest(path: &[u8]) -> Vec<u8> {
        let mut body = vec![7; 16];
        body.extend([0, 100, 0x80, 1, 4, 0, 1, u8::try_from(path.len()).unwrap(), 0]);
        body.extend(path);
        body.extend([0; 12]);
        node(MANIFEST, &body)
    }

    fn leaf() -> Vec<u8> {
        // One data file, two keys `ab` and `ac`; the first value stands here, the second elsewhere.
        let mut body = vec![0, 1, 3, 0];
        body.extend(b"d/a");
        body.extend([2, 1, 2, 1]);
        body.extend(b"abc");
        body.extend([2, 5, 0, 1, 0, 9]);
        body.extend(b"hi");
        node(KEYS, &body)
    }

    #[test]
    fn names_and_values_are_read() {
        let one = view(&manifest(b"../../etc/x"), parse);
        assert!(one.anomalies().is_empty(), "{one:?}");
        assert_eq!(one.files[0].path, "../../etc/x");
        let two = view(&[leaf(), leaf()].concat(), parse);
        assert!(two.anomalies().is_empty(), "{two:?}");
        assert_eq!(
            (two.nodes, two.files.len(), two.members[0].name.as_str()),
            (2, 1, "ab")
        );
    }

    #[test]
    fn damage_is_said() {
        let good = manifest(b"d/x");
        assert_eq!(
            ids(view(&good[..good.len() - 1], parse).anomalies()),
            ["ocdbt-broken"]
        );
        let mut newer = good.clone();
        newer[12] = 9;
        let rest = [leaf(), b"value".to_vec()].concat();
        for bytes in [newer, rest] {
            let view = view(&bytes, parse);
            assert!(
                view.anomalies().is_empty() && view.not_examined().is_some(),
                "{view:?}"
            );
        }
        never_panics(&good, parse);
        never_panics(&leaf(), parse);
    }
}
