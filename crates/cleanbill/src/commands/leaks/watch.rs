//! Watches a run: shows how far it is, hears when it is to be broken off, keeps what is finished.

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use cleanbill_core::{Text, leak::LeakArtifact, text};
use cleanbill_data::Observer;

use super::resume::Journal;
use crate::progress::Line;

/// Somebody wants no more.
static STOPPED: AtomicBool = AtomicBool::new(false);
/// The signal is heard; a process has one listener.
static LISTENS: OnceLock<bool> = OnceLock::new();

/// Hears Ctrl-C from here on: the first asks for an end, the second is one.
fn listen() {
    LISTENS.get_or_init(|| {
        let heard = ctrlc::set_handler(|| {
            if STOPPED.swap(true, Ordering::SeqCst) {
                #[expect(clippy::exit, reason = "whoever asks twice waits for nothing")]
                std::process::exit(130);
            }
        });
        heard.is_ok()
    });
}

/// Watches one run.
pub(super) struct Watch<'a> {
    line: Option<Line>,
    journal: Option<&'a Mutex<Journal>>,
    records: AtomicU64,
    searched: AtomicU64,
}

impl<'a> Watch<'a> {
    pub(super) fn begin(line: Option<Line>, journal: Option<&'a Mutex<Journal>>) -> Self {
        listen();
        Self {
            line,
            journal,
            records: AtomicU64::new(0),
            searched: AtomicU64::new(0),
        }
    }

    /// Tells that so many artifacts need not be searched again.
    pub(super) fn recalled(&self, artifacts: usize) {
        if let Some(line) = &self.line {
            Observer::total(self, artifacts);
            line.done(artifacts);
        }
    }

    /// Says how far a run came that was broken off.
    pub(super) fn said(&self, total: usize) -> Text {
        let records = self.records.load(Ordering::Relaxed);
        let searched = self.searched.load(Ordering::Relaxed);
        text!(
            "broken off: {searched} of {total} artifacts were searched, {records} records",
            "已中止：已搜索 {searched}/{total} 个文件，{records} 条记录"
        )
    }
}

impl Observer for Watch<'_> {
    fn total(&self, artifacts: usize) {
        if let Some(line) = &self.line {
            cleanbill_scan::Progress::total(line, artifacts);
        }
    }

    fn advanced(&self, bytes: u64, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
        if let Some(line) = &self.line {
            line.advanced(bytes, records);
        }
    }

    fn searched(&self, report: &LeakArtifact) {
        self.searched.fetch_add(1, Ordering::Relaxed);
        if let Some(line) = &self.line {
            line.done(1);
        }
        if let Some(journal) = self.journal {
            let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
            journal.searched(report);
        }
    }

    fn is_stopped(&self) -> bool {
        STOPPED.load(Ordering::SeqCst)
    }
}
