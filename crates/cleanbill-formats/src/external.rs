//! What a model file says of bytes that stand in files beside it. Whether those files fit is for whoever sees both.

/// Describes bytes of a file beside the one that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalData {
    /// Which file.
    pub file: ExternalFile,
    /// The bytes that are described, in any order.
    pub spans: Vec<Span>,
}

/// Names a file beside the one that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExternalFile {
    /// A path as it stands, relative to the folder of the file that was read.
    Path(String),
    /// The name of the file that was read, without its extension, and then this.
    Stem(String),
}

/// Holds where described bytes stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: u64,
    /// Behind the last byte; `None` where they reach to the end of the file.
    pub end: Option<u64>,
}

impl Span {
    /// Describes `size` bytes from `start`; `None` where that is in no file.
    pub fn sized(start: u64, size: u64) -> Option<Self> {
        let end = start.checked_add(size)?;
        Some(Self {
            start,
            end: Some(end),
        })
    }
}
