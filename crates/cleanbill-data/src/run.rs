//! The run: workers take pieces in order and search them side by side; what they find is handed on in the order of the pieces, so
//! that nothing depends on how many workers there are.

mod consumer;
mod parts;

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use cleanbill_core::{
    Severity, Text, Verdict,
    leak::{Leak, LeakArtifact, LeakGroup, LeakPoison},
};
use cleanbill_leaks::Rules;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use consumer::{Consumer, Passed};
pub use parts::{Merge, PartReport, Searcher, Shift};

use crate::{
    input::{ReadAt, count},
    key::Key,
    kinds::Work,
    limits::{WAITING_BYTES, WAITING_FINDINGS, WAITING_PIECES},
    outcome::{Found, Outcome as Piece, Problem, Redactor, Tools},
    poison::Poison,
    pseudonym::Pseudonyms,
    sequence::{Item, Opened, Sequence},
};

/// Opens the bytes of an artifact, or says why not.
pub type Opener = Box<dyn Fn() -> Result<Arc<dyn ReadAt>, Text> + Send + Sync>;

/// A file to search.
pub struct Artifact {
    /// Its path in reports, with `/`.
    pub path: Arc<str>,
    /// Opens it.
    pub open: Opener,
}

impl fmt::Debug for Artifact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Artifact")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Says what takes the place of what is found.
#[derive(Clone, Debug)]
pub enum Redaction {
    /// The name of its type in brackets.
    Placeholders,
    /// A value of the same form for personal data, a placeholder for the rest.
    Pseudonyms(Pseudonyms),
}

/// Says what to look for and how.
#[derive(Debug)]
pub struct Options {
    /// The rules.
    pub rules: Rules,
    /// The key of the marks by which equal values are counted.
    pub key: Key,
    /// Only these columns, and what stands below them.
    pub columns: Option<Vec<String>>,
    /// The field that identifies a record.
    pub id_field: Option<String>,
    /// Only the first so many records of each artifact.
    pub sample: Option<u64>,
    /// What takes the place of what is found in copies.
    pub redaction: Option<Redaction>,
    /// An artifact fails with a finding of this severity or worse.
    pub fail_on: Severity,
    /// How many pieces are searched at the same time.
    pub workers: NonZeroUsize,
    /// The whole data set is examined for poison as well.
    pub poison: Option<Poison>,
}

/// Hears how far a run is.
pub trait Observer: Sync {
    /// So many artifacts are to be searched.
    fn total(&self, artifacts: usize);
    /// Of the artifact that is being searched, so many more bytes and records were.
    fn advanced(&self, bytes: u64, records: u64);
    /// An artifact was searched; its bytes were told by [`Observer::advanced`].
    fn searched(&self, report: &LeakArtifact);
    /// No more is wanted: what is being searched is broken off, and what was not begun is not.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Takes the copies.
pub trait Copies {
    /// Begins the copy of an artifact.
    fn begin(&mut self, path: &str) -> io::Result<Box<dyn Write + Send>>;
    /// Ends the copy that was begun; it is thrown away unless it is whole.
    fn end(&mut self, path: &str, is_whole: bool) -> io::Result<()>;
}

/// Takes each leak, in order.
pub type Emit<'a> = dyn FnMut(&Leak) -> io::Result<()> + 'a;

/// What came out of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// The artifacts, in order of their paths.
    pub artifacts: Vec<LeakArtifact>,
    /// Findings by class, type and severity.
    pub findings: BTreeMap<LeakGroup, u64>,
    /// Values that copies have replaced.
    pub replaced: u64,
    /// Artifacts on which a part of ours broke down.
    pub internal_errors: Vec<String>,
    /// The run was broken off by its observer.
    pub stopped: bool,
    /// What was looked at for poison, where that was asked for.
    pub poison: Option<LeakPoison>,
}

/// Why a run ended early.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The report could not be written.
    #[error("cannot write the report")]
    Report {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A copy could not be written.
    #[error("cannot write the copy of `{path}`")]
    Copy {
        /// The artifact.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Returns the digest of a set of rules: two reports with the same digest looked for the same.
pub fn rules_digest(rules: &Rules) -> String {
    let mut hasher = Sha256::new();
    for rule in rules.iter() {
        hasher.update(format!("{rule:?}\n").as_bytes());
    }
    cleanbill_core::hex(&hasher.finalize())
}

/// Searches artifacts, in the order of their paths.
pub fn run(
    mut artifacts: Vec<Artifact>,
    options: Options,
    observer: Option<&dyn Observer>,
    copies: Option<&mut dyn Copies>,
    emit: &mut Emit<'_>,
) -> Result<Outcome, RunError> {
    arrange(&mut artifacts);
    if let Some(observer) = observer {
        observer.total(artifacts.len());
    }
    let redactor = options.redaction.filter(|_| copies.is_some());
    let redactor = redactor.map(|redaction| match redaction {
        Redaction::Placeholders => Redactor::Placeholders,
        Redaction::Pseudonyms(pseudonyms) => Redactor::Pseudonyms(pseudonyms),
    });
    let mut tools = Tools::new(options.rules, options.key, redactor);
    tools.columns = options.columns;
    tools.id_field = options.id_field;
    let how = How {
        sample: options.sample,
        fail_on: options.fail_on,
        workers: options.workers,
    };
    let mut outcome = pass(&artifacts, &tools, &how, observer, copies, emit)?.0;
    if let Some(poison) = options.poison.filter(|_| !outcome.stopped) {
        crate::poison::examine(&artifacts, poison, &tools, &how, &mut outcome, emit)?;
    }
    Ok(outcome)
}

/// Puts artifacts in the order of their paths.
pub(crate) fn arrange(artifacts: &mut Vec<Artifact>) {
    artifacts.sort_by(|left, right| left.path.cmp(&right.path));
    artifacts.dedup_by(|left, right| left.path == right.path);
}

/// What every pass over the artifacts has in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    pub(crate) sample: Option<u64>,
    pub(crate) fail_on: Severity,
    pub(crate) workers: NonZeroUsize,
}

/// Goes over the artifacts once; says besides how many records of each were taken as rows.
pub(crate) fn pass(
    artifacts: &[Artifact],
    tools: &Tools,
    how: &How,
    observer: Option<&dyn Observer>,
    copies: Option<&mut dyn Copies>,
    emit: &mut Emit<'_>,
) -> Result<(Outcome, BTreeMap<Arc<str>, u64>), RunError> {
    let shared = Shared {
        source: Mutex::new((Sequence::new(artifacts), 0)),
        board: Mutex::new(Board::default()),
        changed: Condvar::new(),
    };
    let mut consumer = Consumer {
        artifacts,
        tools,
        sample: how.sample,
        fail_on: how.fail_on,
        observer,
        copies,
        emit,
        current: None,
        outcome: Outcome::empty(),
        gathered: BTreeMap::new(),
        failed: false,
        passed: Passed::default(),
    };
    let result = thread::scope(|scope| {
        for _ in 0..how.workers.get() {
            scope.spawn(|| work(&shared, tools));
        }
        let _stop = Stop(&shared);
        consume(&shared, &mut consumer)
    });
    result?;
    let failed = consumer.failed;
    let mut outcome = consumer.outcome;
    outcome.judge(failed);
    Ok((outcome, consumer.gathered))
}

/// How often the observer is asked whether more is wanted.
const PATIENCE: Duration = Duration::from_millis(100);
impl Outcome {
    const fn empty() -> Self {
        Self {
            verdict: Verdict::Incomplete,
            artifacts: Vec::new(),
            findings: BTreeMap::new(),
            replaced: 0,
            internal_errors: Vec::new(),
            stopped: false,
            poison: None,
        }
    }

    /// Sets the verdict; `failed` says that something was found that must not be there.
    pub(crate) fn judge(&mut self, failed: bool) {
        let is_complete = |one: &LeakArtifact| one.coverage.reasons().is_empty();
        self.verdict = if failed {
            Verdict::Fail
        } else if self.artifacts.is_empty() || !self.artifacts.iter().all(is_complete) {
            Verdict::Incomplete
        } else {
            Verdict::Pass
        };
    }
}

/// What workers and consumer share.
struct Shared<'a> {
    /// Where pieces come from, and the number of the next one.
    source: Mutex<(Sequence<'a>, u64)>,
    board: Mutex<Board>,
    changed: Condvar,
}

/// Ends the waiting of all workers, however the consumer ends.
struct Stop<'a, 's>(&'a Shared<'s>);

impl Drop for Stop<'_, '_> {
    fn drop(&mut self) {
        lock(&self.0.board).stop = true;
        self.0.changed.notify_all();
    }
}

#[derive(Default)]
struct Board {
    done: BTreeMap<u64, (Done, u64)>,
    /// The number that the consumer waits for.
    wanted: u64,
    waiting_bytes: u64,
    waiting_findings: u64,
    /// The number after the last piece.
    end: Option<u64>,
    /// Artifacts of which no more is wanted.
    enough: Option<usize>,
    stop: bool,
}

enum Done {
    Open(Opened),
    Piece(Box<Piece>),
    /// A part of ours broke down.
    Broken,
    Problem(Problem),
    Close,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(shared: &Shared<'_>, tools: &Tools) {
    loop {
        let (number, cost, work) = {
            let mut source = lock(&shared.source);
            let mut board = lock(&shared.board);
            loop {
                let waiting = source.1.saturating_sub(board.wanted);
                let is_full = waiting > 0
                    && (waiting >= WAITING_PIECES
                        || board.waiting_bytes >= WAITING_BYTES
                        || board.waiting_findings >= WAITING_FINDINGS);
                if board.stop || board.end.is_some() {
                    return;
                }
                if !is_full {
                    break;
                }
                board = shared.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
            }
            if let Some(index) = board.enough.take() {
                source.0.skip(index);
            }
            drop(board);
            let number = source.1;
            let item = catch_unwind(AssertUnwindSafe(|| source.0.next(tools)));
            let mut board = lock(&shared.board);
            match item {
                Ok(None) => {
                    board.end = Some(number);
                    shared.changed.notify_all();
                    return;
                }
                Ok(Some(Item::Piece(piece))) => {
                    board.waiting_bytes = board.waiting_bytes.saturating_add(piece.cost);
                    source.1 = number.saturating_add(1);
                    drop(board);
                    (number, piece.cost, piece.work)
                }
                other => {
                    let done = match other {
                        Ok(Some(Item::Open(opened))) => Done::Open(opened),
                        Ok(Some(Item::Problem(problem))) => Done::Problem(problem),
                        Ok(Some(Item::Close)) => Done::Close,
                        _ => {
                            source.0.break_off();
                            Done::Broken
                        }
                    };
                    source.1 = number.saturating_add(1);
                    board.done.insert(number, (done, 0));
                    shared.changed.notify_all();
                    continue;
                }
            }
        };
        let done = search(tools, work);
        let mut board = lock(&shared.board);
        if let Done::Piece(piece) = &done {
            board.waiting_findings = board.waiting_findings.saturating_add(count(piece.found.len()));
        }
        board.done.insert(number, (done, cost));
        shared.changed.notify_all();
    }
}

fn search(tools: &Tools, work: Work) -> Done {
    match catch_unwind(AssertUnwindSafe(|| work(tools))) {
        Ok(mut piece) => {
            piece.found.sort_by(|left, right| order(left).cmp(&order(right)));
            Done::Piece(Box::new(piece))
        }
        Err(_) => Done::Broken,
    }
}

/// Findings stand in the order of records, columns, places.
fn order(found: &Found) -> (u64, Option<&str>, u64, u64, &str) {
    let record = &found.record;
    (
        record.index,
        record.column.as_deref(),
        found.start,
        found.end,
        &found.kind,
    )
}

fn consume(shared: &Shared<'_>, consumer: &mut Consumer<'_, '_, '_>) -> Result<(), RunError> {
    loop {
        let mut board = lock(&shared.board);
        let number = board.wanted;
        let (done, cost) = loop {
            if let Some(done) = board.done.remove(&number) {
                break done;
            }
            if board.end == Some(number) {
                return Ok(());
            }
            if consumer.observer.is_some_and(Observer::is_stopped) {
                drop(board);
                return consumer.stop();
            }
            let waited = shared.changed.wait_timeout(board, PATIENCE);
            board = waited.unwrap_or_else(PoisonError::into_inner).0;
        };
        if consumer.observer.is_some_and(Observer::is_stopped) {
            drop(board);
            return consumer.stop();
        }
        board.wanted = number.saturating_add(1);
        board.waiting_bytes = board.waiting_bytes.saturating_sub(cost);
        if let Done::Piece(piece) = &done {
            board.waiting_findings = board.waiting_findings.saturating_sub(count(piece.found.len()));
        }
        drop(board);
        shared.changed.notify_all();
        if let Some(index) = consumer.take(done)? {
            lock(&shared.board).enough = Some(index);
        }
    }
}
