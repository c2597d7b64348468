//! Where the tensors of each container stand.

mod npz;
mod onnx;
mod pickle;
mod plain;
mod torch;

use std::{io::Read, ops::Range, sync::Arc};

use cleanbill_core::{Text, text};
use cleanbill_formats::{
    Anomaly, Format, Impact, Input, Member, Payload,
    bytes::{ReadAt, Section, SequentialReader, SourceError, size_u64},
    limits::Limits,
};

use crate::{
    element::Element,
    tensor::{Storage, Tensor},
};

/// LIMIT: bytes of members that are decoded into memory because they must be read out of order, all of a model together.
const DECODED_BYTES: u64 = 64 << 20;
/// LIMIT: how often all bytes of a file may be read as tensors that share them.
const SHARED: u64 = 4;

/// Names a kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Container {
    /// safetensors.
    Safetensors,
    /// GGUF.
    Gguf,
    /// A ZIP archive of PyTorch.
    TorchZip,
    /// The older format of PyTorch.
    TorchLegacy,
    /// Arrays of NumPy in a ZIP archive.
    Npz,
    /// One array of NumPy.
    Npy,
    /// An ONNX model.
    Onnx,
}

impl Container {
    /// Returns the id of the format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Gguf => "gguf",
            Self::TorchZip => "torch-zip",
            Self::TorchLegacy => "torch-legacy",
            Self::Npz => "npz",
            Self::Npy => "npy",
            Self::Onnx => "onnx",
        }
    }
}

/// Tells of something that keeps tensors from being read, or readers from agreeing about them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path of the file.
    pub path: String,
    /// The tensor, where it is one.
    pub tensor: Option<String>,
    /// What is wrong.
    pub reason: Text,
}

/// Collects what one file holds.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) problems: Vec<Problem>,
    /// Chat templates, by the key that they stand under.
    pub(crate) templates: Vec<(String, String)>,
    /// Texts and numbers of the metadata that a comparison shows.
    pub(crate) metadata: Vec<(String, String)>,
}

/// Holds what is needed to read one file.
pub(crate) struct Opened<'a> {
    pub(crate) path: &'a str,
    pub(crate) file: usize,
    pub(crate) source: &'a Arc<dyn ReadAt>,
    pub(crate) limits: &'a Limits,
    /// Files beside it, by path relative to its folder.
    pub(crate) beside: &'a dyn Fn(&str) -> Option<Arc<dyn ReadAt>>,
}

impl Opened<'_> {
    pub(crate) fn input(&self) -> Input<'_> {
        Input {
            source: self.source.as_ref(),
            limits: self.limits,
        }
    }

    fn problem(&self, tensor: Option<&str>, reason: Text) -> Problem {
        Problem {
            path: self.path.to_owned(),
            tensor: tensor.map(str::to_owned),
            reason,
        }
    }
}

/// Says which container of tensors the bytes are.
pub(crate) fn recognise(source: &dyn ReadAt) -> Result<Option<Container>, SourceError> {
    use cleanbill_formats::{HEAD_BYTES, Probe, TAIL_BYTES, bytes::view_range};
    let size = source.size();
    let head = view_range(source, 0..HEAD_BYTES, HEAD_BYTES)?;
    let tail = view_range(source, size.saturating_sub(TAIL_BYTES)..size, TAIL_BYTES)?;
    let probe = Probe {
        head: &head,
        tail: &tail,
        size,
        source,
    };
    let kinds = [
        (Format::Safetensors, Container::Safetensors),
        (Format::Gguf, Container::Gguf),
        (Format::TorchZip, Container::TorchZip),
        (Format::Npz, Container::Npz),
        (Format::Npy, Container::Npy),
        (Format::Onnx, Container::Onnx),
        (Format::Pickle, Container::TorchLegacy),
    ];
    let scored = kinds.into_iter().filter_map(|(format, container)| {
        let score = format.probe(&probe)?;
        Some((score, container))
    });
    // The first of the surest: those that stand first have the plainer signature.
    let mut best = None;
    for (score, container) in scored {
        if best.is_none_or(|(surest, _)| score > surest) {
            best = Some((score, container));
        }
    }
    let Some((_, Container::TorchLegacy)) = best else {
        return Ok(best.map(|(_, container)| container));
    };
    // Pickles are many things; the older format of PyTorch begins with its number.
    let magic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
    let legacy = head.windows(magic.len()).take(16).any(|window| window == magic);
    Ok(legacy.then_some(Container::TorchLegacy))
}

/// Lists the tensors of a file.
pub(crate) fn list(container: Container, opened: &Opened<'_>) -> Result<Listing, SourceError> {
    let mut listing = match container {
        Container::Safetensors => plain::safetensors(opened)?,
        Container::Gguf => plain::gguf(opened)?,
        Container::TorchZip => torch::zip(opened)?,
        Container::TorchLegacy => torch::legacy(opened)?,
        Container::Npz => npz::archive(opened)?,
        Container::Npy => npz::array(opened)?,
        Container::Onnx => onnx::model(opened)?,
    };
    bound(&mut listing, opened);
    for tensor in &listing.tensors {
        if let Some(reason) = tensor.unreadable() {
            let problem = opened.problem(Some(&tensor.name), reason.clone());
            listing.problems.push(problem);
        }
    }
    Ok(listing)
}

/// Takes tensors out of reach that would make more work than their file explains: views of a few bytes that pretend to be many.
fn bound(listing: &mut Listing, opened: &Opened<'_>) {
    let mut left = opened
        .source
        .size()
        .saturating_mul(SHARED)
        .saturating_add(DECODED_BYTES);
    for tensor in &mut listing.tensors {
        let bytes = tensor.bytes();
        // What is compressed or stands beside is bounded by its own source.
        let own = matches!(tensor.storage, Storage::Strided { .. } | Storage::Plain { .. });
        if own && bytes > left && !is_external(tensor, opened) {
            tensor.storage = Storage::Unreadable(text!(
                "its shape asks for more bytes than its file can hold, even shared",
                "其形状所需的字节超过文件所能容纳的数量，即使共享存储也是如此"
            ));
        } else if own {
            left = left.saturating_sub(bytes);
        }
    }
}

fn is_external(tensor: &Tensor, opened: &Opened<'_>) -> bool {
    match &tensor.storage {
        Storage::Plain { source, .. } => source.size() != opened.source.size(),
        _ => false,
    }
}

/// Puts the anomalies that make reading doubtful among the problems.
fn doubts(listing: &mut Listing, opened: &Opened<'_>, anomalies: &[Anomaly], violations: &[Anomaly]) {
    let serious = anomalies
        .iter()
        .filter(|anomaly| !matches!(anomaly.kind.impact, Impact::Note));
    for anomaly in serious.chain(violations) {
        let detail = &anomaly.detail;
        let (en, zh) = (anomaly.kind.en, anomaly.kind.zh);
        let reason = if detail.is_empty() {
            Text::new(en, zh)
        } else {
            Text::new(format!("{en}: {detail}"), format!("{zh}：{detail}"))
        };
        listing.problems.push(opened.problem(None, reason));
    }
}

/// Makes a tensor whose bytes stand in a row at `range` of `source`; says what is wrong where they do not.
fn in_a_row(
    source: &Arc<dyn ReadAt>,
    range: Range<u64>,
    element: Option<Element>,
    elements: Option<u64>,
    swapped: bool,
) -> Storage {
    let Some(elements) = elements else {
        return Storage::Unreadable(text!("its shape overflows", "其形状溢出"));
    };
    let held = range.end.saturating_sub(range.start);
    if let Some(element) = element {
        match element.bytes(elements) {
            Some(wanted) if wanted == held => {}
            Some(wanted) => {
                return Storage::Unreadable(text!(
                    "type and shape ask for {wanted} bytes, the file gives it {held}",
                    "类型和形状需要 {wanted} 字节，文件给出 {held} 字节"
                ));
            }
            None => return Storage::Unreadable(text!("its shape overflows", "其形状溢出")),
        }
    }
    if range.end > source.size() {
        return Storage::Unreadable(text!(
            "the file ends before the tensor does",
            "文件在张量结束之前结束"
        ));
    }
    if swapped && element.is_none_or(Element::is_quantised) {
        return Storage::Unreadable(text!(
            "blocks with the most significant byte first are not read",
            "不读取高位字节在前的量化块"
        ));
    }
    Storage::Plain {
        source: Arc::clone(source),
        range,
        swapped,
    }
}

/// Opens a member for reading at any offset; what is compressed is decoded into memory as far as `left` allows.
fn open(source: &Arc<dyn ReadAt>, member: &Member, left: &mut u64) -> Result<Arc<dyn ReadAt>, Text> {
    match &member.payload {
        Payload::Section(range) => Ok(Arc::new(Section::new(Arc::clone(source), range.clone()))),
        Payload::Owned(bytes) => Ok(Arc::new(Arc::clone(bytes))),
        Payload::Encoded { range, codec, .. } => {
            let reader = SequentialReader::new(source.as_ref(), range.clone());
            let mut bytes = Vec::new();
            let most = *left;
            let done = codec
                .decoder(reader)
                .and_then(|decoder| decoder.take(most.saturating_add(1)).read_to_end(&mut bytes));
            if let Err(error) = done {
                return Err(text!("cannot be decoded: {error}", "无法解码：{error}"));
            }
            if size_u64(bytes.len()) > most {
                return Err(text!(
                    "is compressed and must be held in memory, which is more than is held at once",
                    "已压缩且需放入内存，超过一次可容纳的大小"
                ));
            }
            *left = left.saturating_sub(size_u64(bytes.len()));
            Ok(Arc::new(bytes))
        }
        Payload::Extract(_) => Err(text!("cannot be opened", "无法打开")),
        Payload::Unreadable { en, zh } => Err(Text::new(en.clone(), zh.clone())),
    }
}

/// Says whether strides are those of elements in a row.
fn is_contiguous(shape: &[u64], strides: &[u64]) -> bool {
    let mut expected = 1_u64;
    for (length, stride) in shape.iter().zip(strides).rev() {
        if *length > 1 && *stride != expected {
            return false;
        }
        expected = expected.saturating_mul(*length);
    }
    true
}

/// Returns the element behind the last one that strides reach, counted from the first; `None` beyond 64 bits.
fn reach(shape: &[u64], strides: &[u64]) -> Option<u64> {
    let mut last = 0_u64;
    for (length, stride) in shape.iter().zip(strides) {
        match length.checked_sub(1) {
            Some(steps) => last = last.checked_add(steps.checked_mul(*stride)?)?,
            None => return Some(0),
        }
    }
    last.checked_add(1)
}

/// Returns the product of a shape.
fn product(shape: &[u64]) -> Option<u64> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape
        .iter()
        .try_fold(1_u64, |product, length| product.checked_mul(*length))
}
