//! One file behind an address: the first answer tells how the server serves it, later ones must be of the same version.
//!
//! The first request already asks for a range (RFC 9110, 14.2), so that a small file takes one request and no `HEAD`.
//! 206 with an `ETag` or `Last-Modified` gives random access; anything else is copied whole, since two answers without a
//! version could be of two files.

use std::{
    io::{self, Read},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use cleanbill_core::{Text, text};
use cleanbill_formats::{bytes::ReadAt, limits::Limits};
use ureq::http::HeaderMap;

use super::{
    Reading, RemoteError, Secret, SpoolError,
    address::Address,
    blocks::{BLOCK_BYTES, Blocks, Fetch, Pool},
    spool::spool,
    web::{Answer, Ask, Client, decoded, header},
};

/// Says where a file is and how to read it.
#[derive(Clone, Debug)]
pub(super) struct RemoteFile {
    pub(super) client: Arc<Client>,
    pub(super) pool: Arc<Pool>,
    pub(super) address: Address,
    pub(super) authorization: Option<Secret>,
    pub(super) reading: Reading,
    pub(super) limits: Limits,
}

/// A file that answered.
#[derive(Clone, Debug)]
pub(super) struct OpenedFile {
    pub(super) bytes: Arc<dyn ReadAt>,
    notes: Arc<Notes>,
}

/// What was noticed while a file was read.
#[derive(Debug, Default)]
struct Notes {
    reason: Mutex<Option<Text>>,
}

impl Notes {
    fn add(&self, reason: Text) {
        let mut held = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        held.get_or_insert(reason);
    }
}

impl OpenedFile {
    /// Returns why the bytes may not be those of one whole file.
    pub(super) fn changed(&self) -> Option<Text> {
        self.notes
            .reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Tells versions of a file apart (RFC 9110, 8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Version {
    etag: Option<String>,
    modified: Option<String>,
}

impl Version {
    fn of(headers: &HeaderMap) -> Self {
        let held = |name| header(headers, name).map(str::to_owned);
        Self {
            etag: held("etag"),
            modified: held("last-modified"),
        }
    }

    fn is_known(&self) -> bool {
        self.etag.is_some() || self.modified.is_some()
    }

    fn same(&self, other: &Self) -> bool {
        let opaque = |etag: &Option<String>| {
            etag.as_deref()
                .map(|etag| etag.strip_prefix("W/").unwrap_or(etag).to_owned())
        };
        match (opaque(&self.etag), opaque(&other.etag)) {
            (Some(own), Some(other)) => own == other,
            (None, None) => self.modified == other.modified,
            _ => false,
        }
    }

    /// Returns what `If-Range` may hold: a strong tag, or the date.
    fn if_range(&self) -> Option<&str> {
        self.etag
            .as_deref()
            .filter(|etag| !etag.starts_with("W/"))
            .or(self.modified.as_deref())
    }
}

impl RemoteFile {
    /// Asks for the beginning of the file, or for all of it.
    pub(super) fn open(&self) -> Result<OpenedFile, RemoteError> {
        self.client.retry(|| match self.reading {
            Reading::Ranges => self.begin(),
            Reading::Whole => self.whole(self.client.ask(&self.ask(None))?),
        })
    }

    fn ask(&self, range: Option<Range<u64>>) -> Ask<'_> {
        Ask {
            address: &self.address,
            authorization: self.authorization.as_ref().map(|secret| (secret, &self.address)),
            range,
            if_range: None,
        }
    }

    fn begin(&self) -> Result<OpenedFile, RemoteError> {
        let answer = self.client.ask(&self.ask(Some(0..BLOCK_BYTES)))?;
        match answer.status {
            206 => {}
            // An empty file has no first byte; asking without a range shows whether that is the reason.
            416 => return self.whole(self.client.ask(&self.ask(None))?),
            _ => return self.whole(answer),
        }
        let version = Version::of(&answer.headers);
        let from = answer.from.clone();
        let (first, size) = partial(&self.client, answer, &(0..BLOCK_BYTES))?;
        let notes = Arc::new(Notes::default());
        if first.len() as u64 == size {
            return Ok(OpenedFile {
                bytes: Arc::new(first),
                notes,
            });
        }
        if !version.is_known() {
            return self.whole(self.client.ask(&self.ask(None))?);
        }
        let ranges = Ranges {
            file: self.clone(),
            size,
            version,
            location: Mutex::new(from),
            notes: Arc::clone(&notes),
        };
        let blocks = Blocks::new(&self.pool, ranges);
        blocks.seed(first);
        Ok(OpenedFile {
            bytes: Arc::new(blocks),
            notes,
        })
    }

    fn whole(&self, answer: Answer) -> Result<OpenedFile, RemoteError> {
        let broken = |problem| RemoteError::Answer {
            address: answer.from.shown(),
            problem,
        };
        if answer.status != 200 {
            return Err(broken("neither the file nor a part of it"));
        }
        let promised = header(&answer.headers, "content-length").map(|size| size.trim().parse::<u64>());
        let chunked = header(&answer.headers, "transfer-encoding").is_some();
        if let Some(Ok(size)) = promised
            && size > self.limits.spool_bytes
        {
            let limit = self.limits.spool_bytes;
            return Err(SpoolError::Limit { limit }.into());
        }
        let mut body = decoded(answer.body, &answer.headers, &answer.from)?;
        let bytes = spool(&mut body, &self.limits).map_err(|error| match error {
            SpoolError::Read { read, source } => self.client.cut(&answer.from, read, source),
            error => error.into(),
        })?;
        let notes = Notes::default();
        match promised {
            Some(Ok(size)) if size != bytes.size() => {
                return Err(RemoteError::Truncated {
                    address: answer.from.shown(),
                    got: bytes.size(),
                });
            }
            None if !chunked => notes.add(text!(
                "the server does not say how long the file is: it may have been cut off",
                "服务器未说明文件长度：文件可能不完整"
            )),
            _ => {}
        }
        Ok(OpenedFile {
            bytes,
            notes: Arc::new(notes),
        })
    }
}

/// Fetches later ranges of a file.
#[derive(Debug)]
struct Ranges {
    file: RemoteFile,
    size: u64,
    version: Version,
    /// Where the last answer came from. Redirects of hubs lead to signed addresses that serve many ranges, for a while.
    location: Mutex<Address>,
    notes: Arc<Notes>,
}

impl Ranges {
    fn once(&self, range: &Range<u64>) -> Result<Vec<u8>, RemoteError> {
        let mut location = self
            .location
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut ask = Ask {
            if_range: self.version.if_range(),
            ..self.file.ask(Some(range.clone()))
        };
        let moved = location != self.file.address;
        ask.address = &location;
        let mut answer = self.file.client.ask(&ask);
        if moved
            && matches!(
                answer,
                Err(RemoteError::Status {
                    status: 400 | 401 | 403 | 404 | 410,
                    ..
                })
            )
        {
            // The signed address ran out.
            ask.address = &self.file.address;
            answer = self.file.client.ask(&ask);
        }
        let changed = || RemoteError::Changed {
            address: self.file.address.shown(),
        };
        let answer = match answer {
            Err(RemoteError::Status { status: 412, .. }) => return Err(changed()),
            answer => answer?,
        };
        let same = self.version.same(&Version::of(&answer.headers));
        match answer.status {
            206 if same => {}
            200 if same => {
                return Err(RemoteError::Answer {
                    address: answer.from.shown(),
                    problem: "ranges are no longer served",
                });
            }
            _ => return Err(changed()),
        }
        location.clone_from(&answer.from);
        let (bytes, size) = partial(&self.file.client, answer, range)?;
        if size != self.size {
            return Err(changed());
        }
        *self.location.lock().unwrap_or_else(PoisonError::into_inner) = location;
        Ok(bytes)
    }
}

impl Fetch for Ranges {
    fn size(&self) -> u64 {
        self.size
    }

    fn fetch(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.file.client.retry(|| self.once(&range)).map_err(|error| {
            if matches!(error, RemoteError::Changed { .. }) {
                self.notes.add(error.text());
            }
            io::Error::other(error.to_string())
        })
    }
}

/// Reads the body of a 206 that answers `asked`; returns it with the size of the whole file.
fn partial(client: &Client, answer: Answer, asked: &Range<u64>) -> Result<(Vec<u8>, u64), RemoteError> {
    let broken = |problem| RemoteError::Answer {
        address: answer.from.shown(),
        problem,
    };
    let (range, size) = header(&answer.headers, "content-range")
        .and_then(content_range)
        .ok_or_else(|| broken("a part without a usable `Content-Range`"))?;
    if range.start != asked.start || range.end != asked.end.min(size) {
        return Err(broken("another part than the one asked for"));
    }
    let wanted = range.end - range.start;
    let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
    let body = decoded(answer.body, &answer.headers, &answer.from)?;
    body.take(wanted + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| client.cut(&answer.from, bytes.len() as u64, error))?;
    match (bytes.len() as u64).cmp(&wanted) {
        std::cmp::Ordering::Equal => Ok((bytes, size)),
        std::cmp::Ordering::Less => Err(RemoteError::Truncated {
            address: answer.from.shown(),
            got: bytes.len() as u64,
        }),
        std::cmp::Ordering::Greater => Err(RemoteError::Answer {
            address: answer.from.shown(),
            problem: "more bytes than its `Content-Range` says",
        }),
    }
}

/// Reads `bytes 0-99/1000` (RFC 9110, 14.4); the form with an unknown size is of no use here.
fn content_range(value: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size) = (
        first.trim().parse().ok()?,
        last.trim().parse::<u64>().ok()?,
        size.trim().parse::<u64>().ok()?,
    );
    (first <= last && last < size).then_some((first..last.checked_add(1)?, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        assert_eq!(content_range("bytes 0-9/20"), Some((0..10, 20)));
        for broken in [
            "bytes */0",
            "bytes 0-9/*",
            "bytes 9-0/20",
            "bytes 0-20/20",
            "0-9/20",
            "bytes 0-18446744073709551615/20",
        ] {
            assert_eq!(content_range(broken), None, "{broken}");
        }
    }
}
