//! What becomes of what the workers found: reports of artifacts, findings with their places, copies.

use std::{
    collections::BTreeMap,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use cleanbill_core::{
    Coverage, Severity,
    leak::{Leak, LeakArtifact, LeakGroup, LeakProblem},
    text,
};

use super::{Artifact, Copies, Done, Emit, Observer, Outcome, Piece, RunError, order};
use crate::{
    copy::Splice,
    kinds::Copying,
    limits::PROBLEMS,
    members::Level,
    names::{self, Reported},
    outcome::{Found, Problem, Tools},
    sequence::Opened,
};

/// An artifact that is being searched.
pub(super) struct Current {
    opened: Opened,
    report: LeakArtifact,
    records: u64,
    lines: u64,
    chars: u64,
    bytes: u64,
    /// Findings of records to which more pieces belong.
    held: Vec<Found>,
    /// Records that were shown to the checks of a whole data set.
    gathered: u64,
    lost: bool,
    one_text: bool,
    has_enough: bool,
    /// Bytes of which the observer was told.
    told: u64,
    names: Reported,
    /// Findings that were handed on, and those of them that stand in names.
    handed: u64,
    in_names: Vec<(u64, LeakGroup, String)>,
    copy: Option<Splice>,
    level: Level,
}

/// Takes what the workers found, in order, and hands it on.
pub(super) struct Consumer<'a, 'c, 'e> {
    pub(super) artifacts: &'a [Artifact],
    pub(super) tools: &'a Tools,
    pub(super) sample: Option<u64>,
    pub(super) fail_on: Severity,
    pub(super) observer: Option<&'a dyn Observer>,
    pub(super) copies: Option<&'c mut (dyn Copies + 'c)>,
    pub(super) emit: &'a mut Emit<'e>,
    pub(super) current: Option<Current>,
    pub(super) outcome: Outcome,
    pub(super) gathered: BTreeMap<Arc<str>, u64>,
    pub(super) failed: bool,
    pub(super) passed: Passed,
}

/// How far the last artifact went beside its records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) lines: u64,
    pub(super) chars: u64,
    /// All of it is one text.
    pub(super) one_text: bool,
    /// Findings in names: how many findings stand before each, and its mark.
    pub(super) names: Vec<(u64, LeakGroup, String)>,
}

impl Consumer<'_, '_, '_> {
    /// Takes what is done; says of which artifact no more is wanted.
    pub(super) fn take(&mut self, done: Done) -> Result<Option<usize>, RunError> {
        match done {
            Done::Open(opened) => self.open(opened)?,
            Done::Close => self.close()?,
            Done::Problem(problem) => {
                if let Some(current) = &mut self.current {
                    let records = u64::from(problem.record.is_some());
                    current.problem(problem);
                    current.records = current.records.saturating_add(records);
                }
            }
            Done::Broken => {
                if let Some(current) = &mut self.current {
                    self.outcome.internal_errors.push(current.report.path.to_string());
                    current.problem(Problem {
                        record: None,
                        offset: None,
                        reason: text!(
                            "a part of Cleanbill broke down here",
                            "Cleanbill 的某个部分在此处出错"
                        ),
                        lost: true,
                    });
                }
            }
            Done::Piece(piece) => return self.piece(*piece),
        }
        Ok(None)
    }

    fn open(&mut self, opened: Opened) -> Result<(), RunError> {
        let path = self
            .artifacts
            .get(opened.index)
            .map_or_else(|| Arc::from(""), |artifact| Arc::clone(&artifact.path));
        let coverage = match &opened.skipped {
            Some(reason) => Coverage::skipped(reason.clone()),
            None => Coverage::complete(),
        };
        let mut copy = None;
        if let (Some(copies), Some((Copying::Pieces, _)), None) =
            (&mut self.copies, &opened.copying, &opened.skipped)
        {
            let begun = copies.begin(&path).map_err(|source| RunError::Copy {
                path: path.to_string(),
                source,
            })?;
            copy = Some(Splice::new(&opened.format, begun));
        }
        self.current = Some(Current {
            report: LeakArtifact {
                path,
                size_bytes: opened.size_bytes,
                format: opened.format.clone(),
                records: 0,
                findings: 0,
                coverage,
                problems: Vec::new(),
                more_problems: 0,
                copied: false,
            },
            gathered: 0,
            lost: opened.skipped.is_some(),
            one_text: false,
            records: 0,
            lines: 0,
            chars: 0,
            bytes: opened.first_byte,
            opened,
            held: Vec::new(),
            has_enough: false,
            told: 0,
            names: Reported::default(),
            handed: 0,
            in_names: Vec::new(),
            copy,
            level: Level::default(),
        });
        Ok(())
    }

    /// Breaks off: what is being searched is partly so, what comes after it not at all.
    pub(super) fn stop(&mut self) -> Result<(), RunError> {
        self.outcome.stopped = true;
        if let Some(current) = &mut self.current {
            current.lost = true;
            let records = current.records;
            current.report.coverage.lose(text!(
                "broken off after {records} records, as asked for",
                "按要求在 {records} 条记录后中止"
            ));
        }
        // Searched artifacts are those before the first one that is not.
        self.close()?;
        let begun = self.outcome.artifacts.len();
        for artifact in self.artifacts.get(begun..).unwrap_or_default() {
            self.outcome.artifacts.push(LeakArtifact {
                path: Arc::clone(&artifact.path),
                size_bytes: 0,
                format: String::new(),
                records: 0,
                findings: 0,
                coverage: Coverage::skipped(text!(
                    "not examined: the search was broken off",
                    "未检查：搜索已中止"
                )),
                problems: Vec::new(),
                more_problems: 0,
                copied: false,
            });
        }
        Ok(())
    }

    fn piece(&mut self, mut piece: Piece) -> Result<Option<usize>, RunError> {
        let Some(current) = &mut self.current else {
            return Ok(None);
        };
        if let Some(observer) = self.observer {
            let records = if piece.goes_on { 0 } else { piece.records };
            observer.advanced(current.advance(), records);
        }
        if current.has_enough {
            current.lost = true;
            return Ok(None);
        }
        if !piece.parts.is_empty() {
            current.level.flatten(&mut piece);
            piece.found.sort_by(|left, right| order(left).cmp(&order(right)));
        }
        if self.tools.gather.is_some() && piece.gathered == 0 {
            // A kind that hands out no rows has searched again what an earlier pass has told.
            piece.found.clear();
            piece.unlisted.clear();
        }
        let base = current.records;
        current.gathered = current.gathered.saturating_add(piece.gathered);
        for mut problem in piece.problems.drain(..) {
            problem.record = problem.record.map(|record| record.saturating_add(base));
            if problem.record.is_none() && piece.one_text {
                problem.offset = problem.offset.or(Some(current.bytes));
            }
            current.problem(problem);
        }
        current.report.more_problems = current.report.more_problems.saturating_add(piece.more_problems);
        current.lost |= piece.lost;
        for (group, number) in std::mem::take(&mut piece.unlisted) {
            self.failed |= group.2 >= self.fail_on;
            current.report.findings = current.report.findings.saturating_add(number);
            let kind = &group.1;
            let reason = text!(
                "more findings than are listed: {number} of `{kind}` are only counted",
                "发现过多：另有 {number} 项 `{kind}` 只计数"
            );
            current.report.coverage.lose(reason);
            let seen = self.outcome.findings.entry(group).or_default();
            *seen = seen.saturating_add(number);
        }
        let mut found = std::mem::take(&mut piece.found);
        if !current.held.is_empty() || piece.goes_on {
            current.held.append(&mut found);
            if piece.goes_on {
                return Ok(None);
            }
            found = std::mem::take(&mut current.held);
            found.sort_by(|left, right| order(left).cmp(&order(right)));
        }
        if let (Some(splice), Some(copied)) = (&mut current.copy, piece.copy.take()) {
            let written = splice.push(copied);
            written.map_err(|source| RunError::Copy {
                path: current.report.path.to_string(),
                source,
            })?;
            self.outcome.replaced = self.outcome.replaced.saturating_add(piece.changes);
        }
        self.emit(found, piece.one_text)?;
        let Some(current) = &mut self.current else {
            return Ok(None);
        };
        current.records = base.saturating_add(piece.records);
        current.lines = current.lines.saturating_add(piece.lines);
        if piece.one_text {
            current.one_text = true;
            current.chars = current.chars.saturating_add(piece.chars);
            current.bytes = current.bytes.saturating_add(piece.bytes);
        }
        if let Some(sample) = self.sample.filter(|sample| current.records > *sample) {
            current.records = sample;
            current.has_enough = true;
            current.lost = true;
            current.report.coverage.lose(text!(
                "only the first {sample} records were examined, as asked for",
                "按要求只检查了前 {sample} 条记录"
            ));
            return Ok(Some(current.opened.index));
        }
        Ok(None)
    }

    /// Hands on what was found in the current artifact.
    fn emit(&mut self, found: Vec<Found>, one_text: bool) -> Result<(), RunError> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        for one in found {
            if !current.names.is_new(&one) {
                continue;
            }
            let mark = names::mark(&one);
            let leak = current.leak(one, one_text);
            if self.sample.is_some_and(|sample| leak.record.index >= sample) {
                continue;
            }
            let place = current.handed;
            current.handed = place.saturating_add(1);
            self.failed |= leak.severity >= self.fail_on;
            current.report.findings = current.report.findings.saturating_add(1);
            let group = (leak.class, Arc::clone(&leak.kind), leak.severity);
            if let Some(mark) = mark {
                current.in_names.push((place, group.clone(), mark));
            }
            let seen = self.outcome.findings.entry(group).or_default();
            *seen = seen.saturating_add(1);
            (self.emit)(&leak).map_err(|source| RunError::Report { source })?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), RunError> {
        // What waits for more pieces of its records, where the last of them broke down.
        let held = self
            .current
            .as_mut()
            .map(|current| std::mem::take(&mut current.held));
        self.emit(held.unwrap_or_default(), false)?;
        let Some(mut current) = self.current.take() else {
            return Ok(());
        };
        current.report.records = current.records;
        self.passed = Passed {
            lines: current.lines,
            chars: current.chars,
            one_text: current.one_text,
            names: std::mem::take(&mut current.in_names),
        };
        if current.opened.is_stream {
            current.report.size_bytes = current.opened.read.bytes();
        }
        if current.opened.damage.is_met() {
            current.lost = true;
            current.report.coverage.lose(text!(
                "holds bytes that its encoding does not have, or not so",
                "含有其编码中没有或写法不同的字节"
            ));
        }
        self.gathered
            .insert(Arc::clone(&current.report.path), current.gathered);
        let path = current.report.path.to_string();
        let failed = |source| RunError::Copy {
            path: path.clone(),
            source,
        };
        if let Some(copies) = &mut self.copies {
            match current.copy.take() {
                Some(splice) => {
                    splice.finish().map_err(failed)?;
                    copies.end(&path, !current.lost).map_err(failed)?;
                    current.report.copied = !current.lost;
                }
                None => {
                    if let (Some((Copying::Whole(rewrite), bytes)), false) =
                        (&current.opened.copying, current.lost)
                    {
                        let mut out = copies.begin(&path).map_err(failed)?;
                        let own = self.tools.of(&current.report.path);
                        let tools = own.as_deref().unwrap_or(self.tools);
                        let written = catch_unwind(AssertUnwindSafe(|| rewrite(bytes, tools, &mut *out)));
                        let flushed = out.flush();
                        drop(out);
                        match written {
                            Ok(Ok(changed)) => {
                                flushed.map_err(failed)?;
                                copies.end(&path, true).map_err(failed)?;
                                self.outcome.replaced = self.outcome.replaced.saturating_add(changed);
                                current.report.copied = true;
                            }
                            Ok(Err(reason)) => {
                                copies.end(&path, false).map_err(failed)?;
                                current.report.coverage.lose(reason);
                            }
                            Err(_) => {
                                copies.end(&path, false).map_err(failed)?;
                                self.outcome.internal_errors.push(path.clone());
                            }
                        }
                    }
                }
            }
            if !current.report.copied {
                current.report.coverage.lose(text!(
                    "no copy was written, since not all of it could be searched and replaced",
                    "未写入副本，因为无法对其全部内容进行搜索和替换"
                ));
            }
        }
        if let Some(observer) = self.observer {
            observer.advanced(current.rest(), 0);
            if !self.outcome.stopped {
                observer.searched(&current.report);
            }
        }
        self.outcome.artifacts.push(current.report);
        Ok(())
    }
}

impl Current {
    /// Returns how many more bytes were read than the observer knows of; never more than there are.
    fn advance(&mut self) -> u64 {
        let read = self.opened.read.bytes();
        let most = if self.opened.is_stream {
            read
        } else {
            self.report.size_bytes
        };
        let more = read.min(most).saturating_sub(self.told);
        self.told = self.told.saturating_add(more);
        more
    }

    /// Returns how many bytes the observer has not heard of.
    fn rest(&self) -> u64 {
        self.report.size_bytes.saturating_sub(self.told)
    }

    fn problem(&mut self, mut problem: Problem) {
        // What stands between pieces counts from here.
        if let Some(record) = problem.record.filter(|_| problem.lost) {
            problem.record = Some(record.max(self.records));
        }
        self.lost |= problem.lost;
        self.report.coverage.lose(problem.reason.clone());
        if self.report.problems.len() < PROBLEMS {
            self.report.problems.push(LeakProblem {
                record: problem.record,
                offset: problem.offset,
                reason: problem.reason,
            });
        } else {
            self.report.more_problems = self.report.more_problems.saturating_add(1);
        }
    }

    /// Turns numbers that count from the piece into numbers that count from the artifact.
    fn leak(&self, found: Found, one_text: bool) -> Leak {
        let mut record = found.record;
        let mut places = (found.start, found.end, found.char_start, found.char_end);
        // A value has places of its own.
        let is_whole = one_text && record.column.is_none();
        record.line = record
            .line
            .map(|line| line.saturating_add(self.lines).saturating_add(1));
        if is_whole {
            record.index = 0;
            places.0 = places.0.saturating_add(self.bytes);
            places.1 = places.1.saturating_add(self.bytes);
            places.2 = places.2.saturating_add(self.chars);
            places.3 = places.3.saturating_add(self.chars);
        } else if !one_text {
            record.index = record.index.saturating_add(self.records);
        }
        Leak {
            kind: found.kind,
            class: found.class,
            artifact: Arc::clone(&self.report.path),
            record,
            start: places.0,
            end: places.1,
            char_start: places.2,
            char_end: places.3,
            severity: found.severity,
            confidence: found.confidence,
            evidence: found.evidence,
            hash: found.hash,
            validated: found.validated,
            replaced: found.replaced,
        }
    }
}
