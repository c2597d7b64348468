//! Files within a file: each is read by the kind that knows it, and what is found in it belongs to a record of the outer file.

use std::{
    collections::{BTreeMap, VecDeque},
    io::Read,
    sync::Arc,
};

use cleanbill_core::{Text, leak::LeakRecord, text};

use crate::{
    encoding::Damage,
    input::{ReadAt, count},
    kinds::{Next, Piece, Pieces, Work},
    limits::{BATCH_JOBS, BLOCK_BYTES, DEPTH_OF_FILES, UNREAD_SUFFIXES},
    outcome::{Counter, Outcome, Part, Problem, Tools, Within},
    path::{self, Step},
    source::Source,
};

/// A file within a file.
pub(crate) struct Entry {
    /// Members of one record have it in common; it is the id of the record, unless it is empty.
    pub(crate) key: Arc<str>,
    /// Its whole name.
    pub(crate) name: String,
    /// The path of its content in the record.
    pub(crate) prefix: String,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    /// Bytes that are read in any order.
    Stored(Arc<dyn ReadAt>),
    /// Bytes that are read once.
    Stream(Box<dyn Read + Send>),
    /// A text that stands beside the files.
    Text(Vec<u8>),
    /// What cannot be read.
    Unread(Text),
}

/// What comes next of the files within a file.
pub(crate) enum Item {
    Entry(Entry),
    Problem(Problem),
    End,
}

/// Lists the files within a file.
pub(crate) trait Entries: Send {
    fn next(&mut self) -> Item;
}

/// A part of the work of a piece.
struct Job {
    within: Arc<Within>,
    /// Number of the record, from the start of the piece.
    record: u64,
    work: Work,
    cost: u64,
}

/// Reads the files within a file.
pub(crate) struct Members {
    entries: Box<dyn Entries>,
    depth: u32,
    serial: u64,
    key: Option<Arc<str>>,
    /// Records that ended in the batch.
    ended: u64,
    batch: Vec<Job>,
    cost: u64,
    current: Option<(Arc<Within>, Box<dyn Pieces>)>,
    /// Bytes that are held for the current file.
    held: u64,
    /// Files that no kind reads, by the ends of their names.
    unread: BTreeMap<String, u64>,
    waiting: VecDeque<Problem>,
    over: bool,
}

impl Members {
    /// Reads `entries`, which stand within `depth` files already; the reason where that is too deep.
    pub(crate) fn open(entries: Box<dyn Entries>, depth: u32) -> Result<Box<dyn Pieces>, Text> {
        if depth >= DEPTH_OF_FILES {
            return Err(text!(
                "stands within {depth} files, which is too deep to be read",
                "嵌套于 {depth} 层文件之中，过深，未读取"
            ));
        }
        Ok(Box::new(Self {
            entries,
            depth: depth.saturating_add(1),
            serial: 0,
            key: None,
            ended: 0,
            batch: Vec::new(),
            cost: 0,
            current: None,
            held: 0,
            unread: BTreeMap::new(),
            waiting: VecDeque::new(),
            over: false,
        }))
    }

    fn is_full(&self) -> bool {
        self.cost >= count(BLOCK_BYTES) || self.batch.len() >= BATCH_JOBS
    }

    /// Hands out what was gathered.
    fn emit(&mut self) -> Option<Next> {
        if self.batch.is_empty() && self.ended == 0 {
            return None;
        }
        let jobs = std::mem::take(&mut self.batch);
        let (cost, records) = (std::mem::take(&mut self.cost), std::mem::take(&mut self.ended));
        let overhead = count(jobs.len()).saturating_mul(512);
        Some(Next::Piece(Piece {
            cost: cost.saturating_add(overhead),
            work: Box::new(move |tools| {
                let mut out = Outcome {
                    records,
                    ..Outcome::default()
                };
                for job in jobs {
                    out.bytes = out.bytes.saturating_add(job.cost);
                    let tools = job.within.tools.as_deref().unwrap_or(tools);
                    let mut outcome = (job.work)(tools);
                    outcome.copy = None;
                    out.parts.push(Part {
                        record: job.record,
                        within: job.within,
                        outcome,
                    });
                }
                out
            }),
        }))
    }

    fn push(&mut self, within: &Arc<Within>, work: Work, cost: u64) {
        self.cost = self.cost.saturating_add(cost);
        self.batch.push(Job {
            within: Arc::clone(within),
            record: self.ended,
            work,
            cost,
        });
    }

    fn fail(&mut self, within: &Arc<Within>, problem: Problem) {
        let work: Work = Box::new(move |_| {
            let mut out = Outcome {
                records: u64::from(problem.record.is_some()),
                ..Outcome::default()
            };
            out.problem(problem);
            out
        });
        self.push(within, work, 0);
    }

    /// Goes on with the file that is being read.
    fn go_on(&mut self, tools: &Tools) {
        let Some((within, mut pieces)) = self.current.take() else {
            return;
        };
        let inner = within.tools.clone();
        match pieces.next(inner.as_deref().unwrap_or(tools)) {
            Next::Piece(piece) => {
                let held = std::mem::take(&mut self.held);
                self.push(&within, piece.work, piece.cost.saturating_add(held));
            }
            Next::Problem(problem) => self.fail(&within, problem),
            Next::End => {
                self.held = 0;
                return;
            }
        }
        self.current = Some((within, pieces));
    }

    /// Begins a file.
    fn begin(&mut self, entry: Entry, tools: &Tools) {
        if self.key.as_ref().is_some_and(|key| *key != entry.key) {
            self.ended = self.ended.saturating_add(1);
            self.key = None;
        }
        if self.key.is_none() {
            self.key = Some(Arc::clone(&entry.key));
            self.search_key(&entry, tools);
        }
        let Some(within) = self.within(&entry, tools) else {
            return;
        };
        let source = match entry.content {
            Content::Stored(bytes) => Source::of(entry.name, &bytes, self.depth),
            Content::Stream(stream) => Source {
                name: entry.name,
                bytes: None,
                stream,
                is_once: false,
                depth: self.depth,
                damage: Damage::default(),
            },
            Content::Text(text) => {
                let cost = count(text.len());
                self.push(
                    &within(false),
                    Box::new(move |tools| search(tools, &text, None)),
                    cost,
                );
                return;
            }
            Content::Unread(reason) => {
                self.fail(&within(false), lost(reason));
                return;
            }
        };
        let suffix = suffix(&source.name);
        match source.recognise() {
            Ok(None) => {}
            Ok(Some(known)) => {
                self.held = known.held;
                let many = within(true);
                match (known.kind.open)(known.opening, many.tools.as_deref().unwrap_or(tools)) {
                    Ok(pieces) if pieces.has_many() => self.current = Some((many, pieces)),
                    Ok(pieces) => self.current = Some((Arc::new(many.of_one()), pieces)),
                    Err(reason) => self.fail(&many, lost(reason)),
                }
            }
            Err(_) => {
                let full = self.unread.len() >= UNREAD_SUFFIXES;
                let suffix = if full && !self.unread.contains_key(&suffix) {
                    "…".to_owned()
                } else {
                    suffix
                };
                let seen = self.unread.entry(suffix).or_default();
                *seen = seen.saturating_add(1);
            }
        }
    }

    /// Returns what makes the place of a file; nothing where the caller wants nothing of it.
    fn within(&mut self, entry: &Entry, tools: &Tools) -> Option<impl Fn(bool) -> Arc<Within> + use<>> {
        let inner = if tools.redactor.is_some() || tools.columns.is_some() {
            Some(Arc::new(tools.within(&entry.prefix)?))
        } else {
            None
        };
        self.serial = self.serial.saturating_add(1);
        let within = Within {
            serial: self.serial,
            key: Arc::clone(&entry.key),
            name: entry.name.as_str().into(),
            prefix: entry.prefix.as_str().into(),
            has_many: true,
            tools: inner,
        };
        Some(move |has_many| Arc::new(if has_many { within.clone() } else { within.of_one() }))
    }

    /// Searches what a record is called; where a file of it has a longer name, that as well.
    fn search_key(&mut self, entry: &Entry, tools: &Tools) {
        if entry.key.is_empty() || !tools.is_wanted("__key__") {
            return;
        }
        let within = Arc::new(Within {
            serial: 0,
            key: Arc::clone(&entry.key),
            name: "__key__".into(),
            prefix: "__key__".into(),
            has_many: false,
            tools: None,
        });
        let (key, name) = (Arc::clone(&entry.key), entry.name.clone());
        let cost = count(key.len());
        self.push(
            &within,
            Box::new(move |tools| {
                let long = if name.starts_with(&*key) { &name } else { &*key };
                search(tools, long.as_bytes(), Some(b"__key__"))
            }),
            cost,
        );
    }

    /// Says which files were not read.
    fn finish(&mut self) {
        for (suffix, number) in std::mem::take(&mut self.unread) {
            let shown = if suffix.is_empty() {
                text!("{number} members without a suffix", "{number} 个没有后缀的成员")
            } else {
                text!("{number} members `.{suffix}`", "{number} 个 `.{suffix}` 成员")
            };
            let (en, zh) = (
                shown.get(cleanbill_core::Language::English),
                shown.get(cleanbill_core::Language::Chinese),
            );
            self.waiting.push_back(lost(Text::new(
                format!("{en} are no data that is read here and were not searched"),
                format!("{zh}不是此处可读取的数据，未搜索"),
            )));
        }
    }
}

impl Pieces for Members {
    fn next(&mut self, tools: &Tools) -> Next {
        loop {
            if self.is_full()
                && let Some(next) = self.emit()
            {
                return next;
            }
            if self.current.is_some() {
                self.go_on(tools);
                continue;
            }
            if self.over {
                if self.key.take().is_some() {
                    self.ended = self.ended.saturating_add(1);
                }
                if let Some(next) = self.emit() {
                    return next;
                }
                return self.waiting.pop_front().map_or(Next::End, Next::Problem);
            }
            match self.entries.next() {
                Item::Entry(entry) => self.begin(entry, tools),
                Item::Problem(problem) => self.waiting.push_back(problem),
                Item::End => {
                    self.over = true;
                    self.finish();
                }
            }
        }
    }
}

/// Searches a text that is one value.
pub(crate) fn search(tools: &Tools, text: &[u8], name: Option<&[u8]>) -> Outcome {
    let mut out = Outcome {
        records: 1,
        one_text: true,
        bytes: count(text.len()),
        ..Outcome::default()
    };
    let mut counter = Counter::default();
    for hit in tools.hits(text, name) {
        let found = tools.found(&hit, text, LeakRecord::default(), &mut counter);
        out.keep(found);
    }
    out
}

fn lost(reason: Text) -> Problem {
    Problem {
        record: None,
        offset: None,
        reason,
        lost: true,
    }
}

/// Returns the end of a name, in small letters, as far as it may be shown.
fn suffix(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or_default();
    let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    let is_plain = suffix.len() <= 16 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_plain {
        suffix.to_ascii_lowercase()
    } else {
        "…".to_owned()
    }
}

/// Splits the name of a file as the readers of `WebDataset` do: what stands before the first period of its last part is the key, what
/// stands behind is the column.
pub(crate) fn split(name: &str) -> (Arc<str>, String) {
    let last = name.rfind('/').map_or(0, |slash| slash.saturating_add(1));
    let rest = name.get(last..).unwrap_or_default();
    match rest.split_once('.') {
        Some((before, column)) if !before.is_empty() && !column.is_empty() => {
            let key = name.get(..last.saturating_add(before.len())).unwrap_or_default();
            (short(key), path::render(&[Step::named(column)]))
        }
        _ => (short(name), String::new()),
    }
}

fn short(key: &str) -> Arc<str> {
    path::short(key.as_bytes()).into()
}

/// How far the numbers of a file within a file are.
#[derive(Debug, Default)]
pub(crate) struct Level {
    serial: u64,
    records: u64,
    chars: u64,
    bytes: u64,
    below: Option<Box<Self>>,
}

impl Level {
    /// Turns what was found in files within a file into what was found in the file.
    pub(crate) fn flatten(&mut self, out: &mut Outcome) {
        for part in std::mem::take(&mut out.parts) {
            let Part {
                record,
                within,
                outcome: mut inner,
            } = part;
            if self.serial != within.serial {
                *self = Self {
                    serial: within.serial,
                    ..Self::default()
                };
            }
            let is_archive = !inner.parts.is_empty();
            if is_archive {
                self.below.get_or_insert_default().flatten(&mut inner);
            }
            for mut found in std::mem::take(&mut inner.found) {
                let column = found.record.column.take();
                if inner.one_text && column.is_none() {
                    found.start = found.start.saturating_add(self.bytes);
                    found.end = found.end.saturating_add(self.bytes);
                    found.char_start = found.char_start.saturating_add(self.chars);
                    found.char_end = found.char_end.saturating_add(self.chars);
                }
                let index = found.record.index.saturating_add(self.records);
                let key = Some(within.key.to_string()).filter(|key| !key.is_empty());
                found.record = LeakRecord {
                    index: record,
                    id: found.record.id.take().filter(|_| !is_archive).or(key),
                    column: within.column(index, column.as_deref()),
                    line: None,
                };
                out.keep(found);
            }
            for (group, number) in inner.unlisted {
                let seen = out.unlisted.entry(group).or_default();
                *seen = seen.saturating_add(number);
            }
            for problem in inner.problems {
                let name = &within.name;
                let (en, zh) = (
                    problem.reason.get(cleanbill_core::Language::English),
                    problem.reason.get(cleanbill_core::Language::Chinese),
                );
                out.problem(Problem {
                    record: Some(record),
                    offset: None,
                    reason: Text::new(format!("`{name}`: {en}"), format!("`{name}`：{zh}")),
                    lost: problem.lost,
                });
            }
            out.more_problems = out.more_problems.saturating_add(inner.more_problems);
            out.lost |= inner.lost;
            if !inner.goes_on {
                self.records = self.records.saturating_add(inner.records);
                if inner.one_text {
                    self.chars = self.chars.saturating_add(inner.chars);
                    self.bytes = self.bytes.saturating_add(inner.bytes);
                }
            }
        }
    }
}

impl Within {
    /// The same place of a file that is one record.
    pub(crate) fn of_one(&self) -> Self {
        Self {
            has_many: false,
            ..self.clone()
        }
    }

    fn column(&self, index: u64, inner: Option<&str>) -> Option<String> {
        let mut column = self.prefix.to_string();
        if self.has_many {
            column.push('[');
            column.push_str(&index.to_string());
            column.push(']');
        }
        if let Some(inner) = inner {
            if !column.is_empty() && !inner.starts_with('[') {
                column.push('.');
            }
            column.push_str(inner);
        }
        Some(column).filter(|column| !column.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_as_webdataset_does() {
        for (name, key, column) in [
            ("a.txt", "a", "txt"),
            ("d.1/a.seg.png", "d.1/a", "[\"seg.png\"]"),
            ("d/README", "d/README", ""),
            ("d/.hidden", "d/.hidden", ""),
            ("a.", "a.", ""),
        ] {
            let (found, path) = split(name);
            assert_eq!((&*found, path.as_str()), (key, column), "{name}");
        }
    }
}
