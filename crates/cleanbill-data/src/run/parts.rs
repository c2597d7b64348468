//! Parts of a run, searched one by one wherever there is room, and what they found joined again into what a whole run finds.

use std::{
    collections::{BTreeMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow_array::RecordBatch;
use cleanbill_core::{
    Coverage, CoverageState, Severity,
    leak::{LeakArtifact, LeakGroup, LeakProblem},
};

use super::{Artifact, Consumer, Done, Emit, Options, Outcome, Passed, Piece, RunError, Tools, search};
use crate::{
    encoding::Damage,
    input::{Count, count},
    kinds::arrow::search_rows,
    limits::PROBLEMS,
    names::Reported,
    sequence::{Item, Opened, Part, Sequence},
};

/// Searches parts and rows with one set of options.
#[derive(Debug)]
pub struct Searcher {
    tools: Tools,
    fail_on: Severity,
}

/// What became of one part. Numbers of records and lines, and characters of plain text, count from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartReport {
    /// The artifact, as far as the part goes.
    pub artifact: LeakArtifact,
    /// Findings by class, type and severity.
    pub findings: BTreeMap<LeakGroup, u64>,
    /// Ends of lines in it, where its kind has lines.
    pub lines: u64,
    /// Characters in it, where the artifact is one text.
    pub chars: u64,
    /// The artifact is one text, and so one record.
    pub is_one_text: bool,
    /// Findings in names of fields, which are reported once for each artifact: how many findings stand before each, and what is the
    /// same of all that are one.
    pub names: Vec<(u64, LeakGroup, String)>,
    /// A part of ours broke down.
    pub broke_down: bool,
}

/// What stands before a part of its artifact; it is added to the places of what the part found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Records.
    pub records: u64,
    /// Lines.
    pub lines: u64,
    /// Characters.
    pub chars: u64,
    /// Findings of the part that an earlier part reported already: how many findings stand before each. They are not to be reported.
    pub repeated: Vec<u64>,
}

impl Searcher {
    /// Prepares a search. How many workers there are, a sample and copies are matters of whole runs, and not looked at.
    pub fn new(options: Options) -> Self {
        let mut tools = Tools::new(options.rules, options.key, None);
        tools.columns = options.columns;
        tools.id_field = options.id_field;
        Self {
            tools,
            fail_on: options.fail_on,
        }
    }

    /// Searches an artifact, or a part of it, on this thread.
    pub fn part(
        &self,
        artifact: &Artifact,
        part: Option<&Part>,
        emit: &mut Emit<'_>,
    ) -> Result<PartReport, RunError> {
        let mut sequence = Sequence::of_part(artifact, part);
        self.consume(artifact, emit, || {
            let item = catch_unwind(AssertUnwindSafe(|| sequence.next(&self.tools)));
            Some(match item {
                Ok(None) => return None,
                Ok(Some(Item::Open(opened))) => Done::Open(opened),
                Ok(Some(Item::Problem(problem))) => Done::Problem(problem),
                Ok(Some(Item::Close)) => Done::Close,
                Ok(Some(Item::Piece(piece))) => search(&self.tools, piece.work),
                Err(_) => {
                    sequence.break_off();
                    Done::Broken
                }
            })
        })
    }

    /// Searches rows that are in memory, on this thread; `is_first` says that the names of their columns are searched as well.
    pub fn rows(
        &self,
        artifact: &Artifact,
        rows: &RecordBatch,
        is_first: bool,
        emit: &mut Emit<'_>,
    ) -> Result<PartReport, RunError> {
        let opened = Opened {
            index: 0,
            size_bytes: count(rows.get_array_memory_size()),
            format: "arrow".to_owned(),
            copying: None,
            first_byte: 0,
            skipped: None,
            read: Count::default(),
            is_stream: false,
            damage: Damage::default(),
        };
        let own = self.tools.of(&artifact.path);
        let mut waiting = VecDeque::from([Done::Open(opened)]);
        let mut start = 0_usize;
        let mut is_over = false;
        self.consume(artifact, emit, || {
            if let Some(done) = waiting.pop_front() {
                return Some(done);
            }
            // Cut small, so that little is held and a breakdown costs little.
            let length = rows.num_rows().saturating_sub(start).min(ROWS);
            if length == 0 {
                return (!std::mem::replace(&mut is_over, true)).then_some(Done::Close);
            }
            let piece = rows.slice(start, length);
            let is_first = is_first && start == 0;
            start = start.saturating_add(length);
            let whole = Piece {
                records: count(length),
                ..Piece::default()
            };
            let done = search(
                own.as_deref().unwrap_or(&self.tools),
                Box::new(move |tools| {
                    let mut out = whole;
                    search_rows(tools, &piece, is_first, &mut out);
                    out
                }),
            );
            if matches!(done, Done::Broken) {
                // The rows behind keep their numbers.
                waiting.push_back(Done::Piece(Box::new(Piece {
                    records: count(length),
                    ..Piece::default()
                })));
            }
            Some(done)
        })
    }

    fn consume(
        &self,
        artifact: &Artifact,
        emit: &mut Emit<'_>,
        mut next: impl FnMut() -> Option<Done>,
    ) -> Result<PartReport, RunError> {
        let mut consumer = Consumer {
            artifacts: std::slice::from_ref(artifact),
            tools: &self.tools,
            sample: None,
            fail_on: self.fail_on,
            observer: None,
            copies: None,
            emit,
            current: None,
            outcome: Outcome::empty(),
            gathered: BTreeMap::new(),
            failed: false,
            passed: Passed::default(),
        };
        while let Some(done) = next() {
            consumer.take(done)?;
        }
        let passed = consumer.passed;
        let outcome = consumer.outcome;
        let report = outcome.artifacts.into_iter().next();
        Ok(PartReport {
            artifact: report.unwrap_or_else(|| nothing(artifact)),
            findings: outcome.findings,
            lines: passed.lines,
            chars: passed.chars,
            is_one_text: passed.one_text,
            names: passed.names,
            broke_down: !outcome.internal_errors.is_empty(),
        })
    }
}

/// Rows that are searched as one piece.
const ROWS: usize = 8_192;

fn nothing(artifact: &Artifact) -> LeakArtifact {
    LeakArtifact {
        path: Arc::clone(&artifact.path),
        size_bytes: 0,
        format: String::new(),
        records: 0,
        findings: 0,
        coverage: Coverage::complete(),
        problems: Vec::new(),
        more_problems: 0,
        copied: false,
    }
}

/// Joins what became of parts.
#[derive(Debug)]
pub struct Merge {
    fail_on: Severity,
    outcome: Outcome,
    shift: Shift,
    names: Reported,
}

impl Merge {
    /// Begins with nothing; an artifact fails with a finding of this severity or worse.
    pub fn new(fail_on: Severity) -> Self {
        Self {
            fail_on,
            outcome: Outcome::empty(),
            shift: Shift::default(),
            names: Reported::default(),
        }
    }

    /// Adds the next part, in the order of paths and of parts; returns what stands before it in its artifact.
    pub fn add(&mut self, mut part: PartReport) -> Shift {
        let last = self.outcome.artifacts.last();
        if last.is_none_or(|last| last.path != part.artifact.path) {
            self.names = Reported::default();
        }
        let mut repeated = Vec::new();
        for (place, group, mark) in std::mem::take(&mut part.names) {
            if self.names.is_new_mark(mark) {
                continue;
            }
            repeated.push(place);
            part.artifact.findings = part.artifact.findings.saturating_sub(1);
            if let Some(seen) = part.findings.get_mut(&group) {
                *seen = seen.saturating_sub(1);
            }
        }
        for (group, number) in part.findings.into_iter().filter(|(_, number)| *number > 0) {
            let seen = self.outcome.findings.entry(group).or_default();
            *seen = seen.saturating_add(number);
        }
        let path = &part.artifact.path;
        if part.broke_down {
            self.outcome.internal_errors.push(path.to_string());
        }
        let records = part.artifact.records;
        let before = self.outcome.artifacts.last_mut();
        if let Some(whole) = before.filter(|before| before.path == *path) {
            join(whole, part.artifact, self.shift.records);
        } else {
            self.shift = Shift::default();
            self.outcome.artifacts.push(part.artifact);
        }
        let shift = Shift {
            repeated,
            ..self.shift.clone()
        };
        self.shift = Shift {
            repeated: Vec::new(),
            records: shift.records.saturating_add(records),
            lines: shift.lines.saturating_add(part.lines),
            chars: shift.chars.saturating_add(part.chars),
        };
        if part.is_one_text {
            return Shift { records: 0, ..shift };
        }
        shift
    }

    /// Returns what a whole run would have returned.
    pub fn finish(self) -> Outcome {
        let mut outcome = self.outcome;
        let failed = outcome.findings.keys().any(|group| group.2 >= self.fail_on);
        outcome.judge(failed);
        outcome
    }
}

/// Adds a part to its artifact.
fn join(whole: &mut LeakArtifact, part: LeakArtifact, records: u64) {
    if whole.coverage.state() == CoverageState::Skipped && part.coverage.state() != CoverageState::Skipped {
        // Some of it was read after all.
        let skipped = std::mem::replace(&mut whole.coverage, Coverage::complete());
        for reason in skipped.reasons() {
            whole.coverage.lose(reason.clone());
        }
        whole.format.clone_from(&part.format);
    }
    for reason in part.coverage.reasons() {
        whole.coverage.lose(reason.clone());
    }
    whole.size_bytes = whole.size_bytes.max(part.size_bytes);
    whole.records = whole.records.saturating_add(part.records);
    whole.findings = whole.findings.saturating_add(part.findings);
    whole.more_problems = whole.more_problems.saturating_add(part.more_problems);
    for problem in part.problems {
        if whole.problems.len() < PROBLEMS {
            whole.problems.push(LeakProblem {
                record: problem.record.map(|record| record.saturating_add(records)),
                ..problem
            });
        } else {
            whole.more_problems = whole.more_problems.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests;
