use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use cleanbill_core::Language;
use cleanbill_documents::terminal::bytes;
use cleanbill_scan::Progress;

use crate::shell::{progress_line, records_read};

/// A scan that is over sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the line is written anew.
const PERIOD: Duration = Duration::from_millis(125);

/// Shows on stderr how far a scan is, until it is dropped.
#[derive(Debug)]
pub(crate) struct Line {
    counts: Arc<Counts>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Counts {
    total: AtomicUsize,
    done: AtomicUsize,
    bytes: AtomicU64,
    records: AtomicU64,
}

impl Line {
    pub(crate) fn start(language: Language) -> Self {
        let counts = Arc::new(Counts::default());
        let (stop, stopped) = mpsc::channel();
        let shown = Arc::clone(&counts);
        let thread = thread::spawn(move || {
            let mut wait = PATIENCE;
            let mut drawn = false;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = PERIOD;
                drawn = true;
                let mut size = bytes(shown.bytes.load(Ordering::Relaxed));
                let records = shown.records.load(Ordering::Relaxed);
                if records > 0 {
                    let records = records_read(records);
                    size.push_str(records.get(language));
                }
                let line = progress_line(
                    shown.done.load(Ordering::Relaxed),
                    shown.total.load(Ordering::Relaxed),
                    &size,
                );
                draw(line.get(language));
            }
            if drawn {
                draw("");
            }
        });
        Self {
            counts,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

/// Writes the line over the one before.
fn draw(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "\r\u{1b}[2K{line}");
    let _ = stderr.flush();
}

impl Progress for Line {
    fn total(&self, artifacts: usize) {
        self.counts.total.fetch_add(artifacts, Ordering::Relaxed);
    }

    fn examined(&self, _path: &str, size_bytes: u64) {
        self.counts.done.fetch_add(1, Ordering::Relaxed);
        self.counts.bytes.fetch_add(size_bytes, Ordering::Relaxed);
    }
}

#[cfg(feature = "data")]
impl Line {
    /// So many more bytes and records were read.
    pub(crate) fn advanced(&self, bytes: u64, records: u64) {
        self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.counts.records.fetch_add(records, Ordering::Relaxed);
    }

    /// So many artifacts are done.
    pub(crate) fn done(&self, artifacts: usize) {
        self.counts.done.fetch_add(artifacts, Ordering::Relaxed);
    }
}

impl cleanbill_attest::Observer for Line {
    fn files(&self, count: usize) {
        self.counts.total.fetch_add(count, Ordering::Relaxed);
    }

    fn read(&self, size_bytes: u64) {
        self.counts.done.fetch_add(1, Ordering::Relaxed);
        self.counts.bytes.fetch_add(size_bytes, Ordering::Relaxed);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
