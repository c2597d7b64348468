//! HDF5.

mod file;
mod index;
mod object;
mod rules;
mod types;
mod walk;

use std::ops::Range;

pub use types::{Class, Datatype};

use crate::{
    Anomaly, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{ReadAt, SourceError, read_range, size_u64},
    registry::{ParseResult, format_info},
};
use file::{File, Slice};
use rules::{BROKEN, TRUNCATED, USER_BLOCK, VERSION, WIDTH};
use walk::Walk;

format_info! {
    /// ## What it is
    /// The container of named arrays that Keras, PyTables, netCDF-4, anndata and MATLAB 7.3 write: groups, datasets and
    /// attributes, linked like files and folders.
    /// ## What is read
    /// Superblocks 0 to 3 after a user block of up to 128 KiB; object headers of both versions with their continuations;
    /// groups with symbol tables, link messages and fractal heaps; attributes in headers and in heaps, with texts in the
    /// global heap; types, shapes, layouts, filters; external, soft and user-defined links, external files, virtual datasets. Weights
    /// are passed over by offset. Attributes that hold a configuration of Keras are members (`/@model_config`), and so is
    /// what begins like a pickle, a program or an archive in an attribute, in a dataset or in its first chunk.
    /// ## What is reported
    /// Addresses beyond the end, metadata that cannot be read, trees that lead back to themselves, shapes that overflow or
    /// exceed their storage, tables that are not read. Bytes before the signature and after the end are members,
    /// `[before]` and `[after]`.
    /// ## Limits
    /// Metadata up to eight times the file and 2 MiB is read; `tensors` objects; 64 MiB of attributes. Of a dataset of
    /// texts the first 4,096 values are looked at, of a dataset in chunks the first chunk.
    /// ## References
    /// HDF5 File Format Specification 3.0; CVE-2025-9905, CVE-2026-1669.
    "hdf5", "HDF5", extensions: &["h5", "hdf5", "he5", "h5ad", "nc", "nc4"], refines: None,
    dialects: [
        "keras-h5": "a model or weights of Keras", "netcdf4": "netCDF-4 data", "pytables": "tables of PyTables or pandas",
        "anndata": "annotated matrices of anndata", "matlab-7-3": "data of MATLAB 7.3",
    ]
}

const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
/// Bytes of a user block that are compared with zero.
const BLOCK_BYTES: u64 = 64 * 1024;

/// Describes a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Path from the root.
    pub path: String,
    /// What one element is.
    pub datatype: Datatype,
    /// Size in each dimension.
    pub shape: Vec<u64>,
    /// Numbers of the filters.
    pub filters: Vec<usize>,
    /// Where the bytes, or those of the first chunk, stand.
    pub storage: Option<Range<u64>>,
}

impl Dataset {
    /// Names the type of an element in a word.
    pub fn type_word(&self) -> &'static str {
        walk::word(&self.datatype.class)
    }
}

/// Says how a file leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalKind {
    /// A link to an object of another file.
    Link,
    /// A link that a program of the reader resolves.
    UserDefined,
    /// A dataset whose bytes stand in another file of any kind.
    Storage,
    /// A dataset made of datasets of another file.
    Virtual,
}

/// Notes that reading leads to another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// How.
    pub kind: ExternalKind,
    /// Path in this file.
    pub path: String,
    /// The other file, or the number of the link's type.
    pub file: String,
    /// Path in the other file.
    pub object: String,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Shows an HDF5 file.
#[derive(Debug, Default)]
pub struct View {
    /// Version of the superblock.
    pub version: u8,
    /// Groups, datasets and types walked over.
    pub objects: u64,
    /// Datasets, the first 65,536.
    pub datasets: Vec<Dataset>,
    /// Places that lead to other files.
    pub externals: Vec<External>,
    /// Names of the root's attributes.
    pub root_attributes: Vec<String>,
    /// Version of Keras that wrote it.
    pub keras_version: Option<String>,
    /// Rules broken that lead a reader astray in memory; they are facts for the detector `hdf5-invalid`.
    pub violations: Vec<Anomaly>,
    matlab: bool,
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

    fn dialects(&self) -> Vec<&'static str> {
        let keras = ["model_config", "keras_version", "layer_names", "training_config"];
        let found = [
            (keras.iter().any(|name| self.has_root(name)), "keras-h5"),
            (self.has_root("_NCProperties"), "netcdf4"),
            (self.has_root("PYTABLES_FORMAT_VERSION"), "pytables"),
            (self.has_root("encoding-type"), "anndata"),
            (self.matlab, "matlab-7-3"),
        ];
        let found = found.into_iter().filter(|(is, _)| *is);
        found.map(|(_, id)| id).collect()
    }
}

/// LIMIT: longest user block behind which the signature is looked for. The library looks behind any that is a power of two;
/// over a network each look costs a request, and no program writes a longer one.
const USER_BLOCK_BYTES: u64 = 256 * 1024;

/// Knows HDF5 by its signature at the start or after a user block.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    if probe.head.starts_with(SIGNATURE) {
        return Some(Score::Certain);
    }
    // Raw data is never opened as a file, so that no user block is looked for.
    let far = !probe.tail.is_empty();
    let mut at = 512_u64;
    while at < probe.size.min(USER_BLOCK_BYTES) {
        let start = usize::try_from(at).ok()?;
        let found = match probe.head.get(start..) {
            Some(rest) if rest.len() >= 8 => rest.starts_with(SIGNATURE),
            _ if !far => false,
            _ => read_range(probe.source, at..at.saturating_add(8), 8)
                .ok()?
                .starts_with(SIGNATURE),
        };
        if found {
            return Some(Score::Certain);
        }
        at = at.checked_mul(2)?;
    }
    None
}

/// Walks over the metadata.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut view = View::default();
    let Some(start) = signature(input.source)? else {
        return Ok(view);
    };
    let mut file = File::new(input.source, start);
    if start > 0 {
        before(&mut file, start, &mut view)?;
    }
    let root = superblock(&mut file, start, &mut view);
    if root.is_none() && file.failed.is_none() {
        file.note(&BROKEN, 0, 64, "superblock");
    }
    let mut view = match root {
        Some(root) => Walk::new(&mut file, input.limits, view).run(root),
        None => view,
    };
    if let Some(error) = file.failed.take() {
        return Err(error);
    }
    view.violations = file.violations.finish();
    view.anomalies = file.notes.finish();
    Ok(view)
}

fn signature(source: &dyn ReadAt) -> Result<Option<u64>, SourceError> {
    let mut at = 0_u64;
    while at < source.size() && at < USER_BLOCK_BYTES {
        if read_range(source, at..at.saturating_add(8), 8)?.starts_with(SIGNATURE) {
            return Ok(Some(at));
        }
        at = if at == 0 { 512 } else { at.saturating_mul(2) };
    }
    Ok(None)
}

/// Shows a user block that holds anything.
fn before(file: &mut File<'_>, start: u64, view: &mut View) -> Result<(), SourceError> {
    let block = read_range(file.source, 0..start, BLOCK_BYTES)?;
    view.matlab = block.starts_with(b"MATLAB 7.3 MAT-file");
    let zeros = size_u64(block.len()) == start && block.iter().all(|byte| *byte == 0);
    if !zeros && !view.matlab {
        file.notes.push(&USER_BLOCK, 0..start, "");
        let payload = Payload::Section(0..start);
        view.members.push(Member::content("[before]", payload));
    }
    Ok(())
}

/// Reads the superblock (section II.A) and returns the address of the root's header.
fn superblock(file: &mut File<'_>, start: u64, view: &mut View) -> Option<u64> {
    let bytes = file.read_some(0, 128)?;
    let mut slice = Slice::new(&bytes);
    slice.skip(8)?;
    view.version = slice.u8()?;
    let old = view.version < 2;
    if view.version > 3 {
        file.note(&VERSION, 8, 1, &view.version.to_string());
        return None;
    }
    if old {
        slice.skip(4)?;
    }
    file.address_bytes = usize::from(slice.u8()?);
    file.length_bytes = usize::from(slice.u8()?);
    if ![file.address_bytes, file.length_bytes]
        .iter()
        .all(|width| matches!(width, 2 | 4 | 8))
    {
        file.violation(&WIDTH, 9, 6, "");
        return None;
    }
    if old {
        slice.skip(if view.version == 1 { 13 } else { 9 })?;
    } else {
        slice.skip(1)?;
    }
    let base = file.address(&mut slice)?;
    let extra = file.address(&mut slice)?;
    let end = file.address(&mut slice)?;
    let root = if old {
        // The driver's block and the offset of the root's name.
        file.address(&mut slice)?;
        file.address(&mut slice)?;
        file.address(&mut slice)?
    } else {
        file.address(&mut slice)?
    };
    let _ = extra;
    let stored = end.saturating_sub(base).saturating_add(start);
    let size = file.source.size();
    if stored > size || file.is_none(end) {
        let detail = format!("{stored} bytes, {size} are there");
        file.notes.push(&TRUNCATED, start..size, detail);
    } else if stored < size {
        let payload = Payload::Section(stored..size);
        view.members.push(Member::content("[after]", payload));
    }
    Some(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    /// A file of a group without members, as a superblock of version 2 and a header of version 2.
    fn empty() -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([2, 8, 8, 0]);
        for number in [0_u64, u64::MAX, 67, 48] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend([0; 4]);
        bytes.extend(b"OHDR\x02\x00\x08");
        bytes.extend([0, 4, 0, 0, 1, 2, 3, 4]);
        bytes.extend([0; 4]);
        bytes
    }

    #[test]
    fn an_empty_file_has_a_root() {
        let view = view(&empty(), parse);
        assert_eq!((view.version, view.objects), (2, 1));
        assert_eq!(ids(&view.anomalies), Vec::<&str>::new());
    }

    /// A file whose root has a header of version 1 that declares no message, and has `messages`.
    fn first_version(messages: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([2, 8, 8, 0]);
        let end = 64 + messages.len() as u64;
        for number in [0_u64, u64::MAX, end, 48] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend([0; 4]);
        bytes.extend([1, 0, 0, 0, 1, 0, 0, 0]);
        bytes.extend(u32::try_from(messages.len()).unwrap().to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(messages);
        bytes
    }

    /// An attribute of numbers of four bytes whose bytes are `content`.
    fn attribute(content: &[u8]) -> Vec<u8> {
        let mut data = vec![1, 0, 2, 0, 12, 0, 16, 0];
        data.extend(b"n\0\0\0\0\0\0\0");
        data.extend([0x10, 0, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0]);
        data.extend([1, 1, 0, 0, 0, 0, 0, 0]);
        data.extend((content.len() as u64 / 4).to_le_bytes());
        data.extend(content);
        data.resize(data.len().next_multiple_of(8), 0);
        let mut message = vec![0x0c, 0, u8::try_from(data.len()).unwrap(), 0, 0, 0, 0, 0];
        message.extend(data);
        message
    }

    #[test]
    fn messages_count_themselves_and_numbers_may_be_bytes() {
        let content = [
            &b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04echo\x85R."[..],
            &[0; 12],
        ]
        .concat();
        let view = view(&first_version(&attribute(&content)), parse);
        assert_eq!(ids(&view.anomalies), Vec::<&str>::new());
        let names: Vec<&str> = view.members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["/@n"]);
    }

    #[test]
    fn messages_fill_a_header_of_the_first_version() {
        let nil = [0, 0, 8, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        assert!(view(&first_version(&nil), parse).anomalies.is_empty());
        let mut odd = nil;
        odd[2] = 5;
        for messages in [&odd[..], &nil[..12], &[&nil[..], &[0; 4]].concat()] {
            let view = view(&first_version(messages), parse);
            assert_eq!(ids(&view.anomalies)[0], "hdf5-broken", "{messages:?}");
        }
    }

    #[test]
    fn what_stands_around_is_shown() {
        let mut bytes = vec![b'#'; 512];
        bytes.extend(empty());
        bytes.extend(b"more");
        let view = view(&bytes, parse);
        assert_eq!(ids(&view.anomalies), ["hdf5-user-block"]);
        let names: Vec<&str> = view.members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["[before]", "[after]"]);
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&empty(), parse);
    }
}
