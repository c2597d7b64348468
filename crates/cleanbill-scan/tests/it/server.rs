//! A small HTTP/1.1 server for tests: one thread per connection, every answer decided by a closure.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use cleanbill_scan::source::{Proxying, WebOptions};

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// First and one-past-last byte asked for, cut to `size`.
    pub(crate) fn range(&self, size: u64) -> Option<(u64, u64)> {
        let (first, last) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        let last: u64 = last.parse().ok()?;
        Some((first.parse().ok()?, (last + 1).min(size)))
    }
}

/// What a server answers.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Content,
    /// The connection is cut after so many bytes of the body.
    pub(crate) cut: Option<u64>,
    /// No `Content-Length`: the body ends with the connection.
    pub(crate) unsized_body: bool,
}

/// A body: bytes, or a part of a file that is mostly zeros.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    Sparse(Arc<Sparse>, u64, u64),
}

impl Default for Content {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

/// A file whose head and tail are given and whose middle is zeros.
#[derive(Debug)]
pub(crate) struct Sparse {
    pub(crate) head: Vec<u8>,
    pub(crate) tail: Vec<u8>,
    pub(crate) size: u64,
}

impl Sparse {
    fn byte(&self, at: u64) -> u8 {
        let tail = self.size - self.tail.len() as u64;
        if at >= tail {
            self.tail[usize::try_from(at - tail).unwrap()]
        } else {
            usize::try_from(at)
                .ok()
                .and_then(|at| self.head.get(at).copied())
                .unwrap_or(0)
        }
    }
}

impl Content {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Sparse(_, start, end) => end - start,
        }
    }

    pub(crate) fn part(&self, from: u64, to: u64) -> Self {
        match self {
            Self::Bytes(bytes) => {
                Self::Bytes(bytes[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()].to_vec())
            }
            Self::Sparse(file, start, _) => Self::Sparse(Arc::clone(file), start + from, start + to),
        }
    }

    fn write(&self, most: u64, stream: &mut dyn Write) -> std::io::Result<u64> {
        let count = self.size().min(most);
        match self {
            Self::Bytes(bytes) => stream.write_all(&bytes[..usize::try_from(count).unwrap()])?,
            Self::Sparse(file, start, _) => {
                let bytes: Vec<u8> = (*start..start + count).map(|at| file.byte(at)).collect();
                stream.write_all(&bytes)?;
            }
        }
        Ok(count)
    }
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            body: Content::Bytes(body.into()),
            ..Self::default()
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Answers a request for a file as a server with ranges does (RFC 9110, 14).
    pub(crate) fn file(request: &Request, content: &Content, etag: &str) -> Self {
        let size = content.size();
        let same = request.header("if-range").is_none_or(|version| version == etag);
        let reply = match request.range(size).filter(|_| same) {
            Some((first, _)) if first >= size => {
                return Self::new(416, "").with("Content-Range", format!("bytes */{size}"));
            }
            Some((first, end)) => Self {
                status: 206,
                body: content.part(first, end),
                ..Self::default()
            }
            .with("Content-Range", format!("bytes {first}-{}/{size}", end - 1)),
            None => Self {
                status: 200,
                body: content.clone(),
                ..Self::default()
            },
        };
        reply.with("ETag", etag).with("Accept-Ranges", "bytes")
    }
}

/// A server on a port of its own; it ends with the test process.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) sent: Arc<AtomicU64>,
    pub(crate) seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let sent = Arc::new(AtomicU64::new(0));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(answer);
        let (counter, log) = (Arc::clone(&sent), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, counter, log) = (Arc::clone(&answer), Arc::clone(&counter), Arc::clone(&log));
                thread::spawn(move || serve(&stream, answer.as_ref(), &counter, &log));
            }
        });
        Self { port, sent, seen }
    }

    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

fn serve(
    stream: &TcpStream,
    answer: &(dyn Fn(&Request) -> Reply + Send + Sync),
    sent: &AtomicU64,
    seen: &Mutex<Vec<Request>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let path = line.split(' ').nth(1)?.to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let request = Request { path, headers };
        seen.lock().unwrap().push(request.clone());
        let reply = answer(&request);
        let mut head = format!("HTTP/1.1 {} X\r\n", reply.status);
        for (name, value) in &reply.headers {
            write!(head, "{name}: {value}\r\n").ok()?;
        }
        if reply.unsized_body {
            head.push_str("Connection: close\r\n");
        } else {
            write!(head, "Content-Length: {}\r\n", reply.body.size()).ok()?;
        }
        head.push_str("\r\n");
        writer.write_all(head.as_bytes()).ok()?;
        let count = reply.body.write(reply.cut.unwrap_or(u64::MAX), &mut writer);
        sent.fetch_add(head.len() as u64 + count.ok()?, Ordering::SeqCst);
        if reply.cut.is_some() || reply.unsized_body {
            stream.shutdown(std::net::Shutdown::Both).ok()?;
            return None;
        }
    }
}

/// Options for the loopback interface: no proxy, short waits.
pub(crate) fn web() -> WebOptions {
    WebOptions {
        proxy: Proxying::Direct,
        first_wait: Duration::from_millis(5),
        silence_timeout: Duration::from_millis(500),
        attempts: 3,
        ..WebOptions::default()
    }
}

/// Bytes that differ from place to place.
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 31 / 7).to_le_bytes()[0]).collect()
}
