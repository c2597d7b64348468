use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use cleanbill_core::{
    ArtifactReport, Coverage, CoverageState, Finding, Language, Report, Severity, Sha256Digest, Text,
    ToolInfo, Verdict, hex, text,
};
use cleanbill_formats::{
    Format, HEAD_BYTES, Impact, Input, Member, Parsed, Payload, Probe, Role, Score, TAIL_BYTES,
    bytes::{ReadAt, SourceError, read_full, read_range, size_u64},
    limits::Limits,
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    Check, DETECTORS, Detector,
    collection::{Collection, CollectionSink},
    facts::Facts,
    open::{Bomb, Budget, open},
    promise,
    reading::{Reading, Within},
    scene::{self, Scene, Whole},
    sink::{Sink, printable},
    source::{Artifact, Listed, Source},
};

/// Says how to scan.
#[derive(Clone, Debug)]
pub struct Options {
    /// Caps on work and memory.
    pub limits: Limits,
    /// An artifact fails with a finding of this severity or worse.
    pub fail_on: Severity,
    /// Whether to compute the SHA-256 of every artifact, which reads all of its bytes.
    pub digests: bool,
    /// Ids of the detectors that run; `None` runs all of them.
    pub only: Option<Vec<String>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            fail_on: Severity::High,
            digests: false,
            only: None,
        }
    }
}

impl Options {
    fn runs(&self, detector: &Detector) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| only.iter().any(|id| id == detector.id))
    }
}

/// Hears how far a scan is; called from many threads.
pub trait Progress: Sync {
    /// The listing is done: so many artifacts will be examined.
    fn total(&self, artifacts: usize);
    /// One artifact of so many bytes was examined.
    fn examined(&self, path: &str, size_bytes: u64);
}

/// Holds what a scan gives back.
#[derive(Debug)]
pub struct Outcome {
    /// The report.
    pub report: Report,
    /// What is known of each artifact that could be opened, for whoever describes or compares them.
    pub facts: Vec<Facts>,
    /// Paths of artifacts on which a detector or parser panicked: a bug of ours, exit code 70.
    pub internal_errors: Vec<String>,
}

/// Examines every artifact of `source`; `target` is the name that the report gives it.
pub fn scan(
    source: &dyn Source,
    target: &str,
    options: &Options,
    progress: Option<&dyn Progress>,
) -> Outcome {
    let listed = source.list();
    if let Some(progress) = progress {
        progress.total(listed.len());
    }
    let examined: Vec<Examined> = listed
        .into_par_iter()
        .map(|line| {
            let examined = match line {
                Listed::Unreadable { path, reason } => Examined::unread(path, reason),
                Listed::Artifact(artifact) => examine_guarded(artifact.as_ref(), options),
            };
            if let Some(progress) = progress {
                progress.examined(&examined.report.path, examined.report.size_bytes);
            }
            examined
        })
        .collect();
    let mut artifacts = Vec::with_capacity(examined.len());
    let mut findings = Vec::new();
    let mut internal_errors = Vec::new();
    let mut facts = Vec::with_capacity(examined.len());
    for one in examined {
        if one.internal_error {
            internal_errors.push(one.report.path.clone());
        }
        artifacts.push(one.report);
        findings.extend(one.findings);
        facts.extend(one.facts);
    }
    internal_errors.sort();
    detect_across(
        &facts,
        options,
        &mut artifacts,
        &mut findings,
        &mut internal_errors,
    );
    let tool = ToolInfo {
        name: "cleanbill".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        detectors_digest: detectors_digest(),
    };
    Outcome {
        report: Report::assemble(tool, target.to_owned(), artifacts, findings),
        facts,
        internal_errors,
    }
}

/// Runs the detectors that compare the files of a folder; what they find may fail the artifact that it is about.
fn detect_across(
    facts: &[Facts],
    options: &Options,
    artifacts: &mut [ArtifactReport],
    findings: &mut Vec<Finding>,
    internal_errors: &mut Vec<String>,
) {
    let mut found = Vec::new();
    for collection in Collection::gather(facts) {
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut found = Vec::new();
            for &detector in DETECTORS {
                if let (Check::Collection(run), true) = (detector.check, options.runs(detector)) {
                    run(&collection, &mut CollectionSink::new(detector, &mut found));
                }
            }
            found
        }));
        match result {
            Ok(some) => found.extend(some),
            Err(_) => internal_errors.push(collection.folder.to_owned()),
        }
    }
    for mut finding in found {
        finding.fingerprint = fingerprint(&finding);
        if finding.severity >= options.fail_on
            && let Some(artifact) = artifacts
                .iter_mut()
                .find(|artifact| artifact.path == finding.location.artifact)
        {
            artifact.verdict = Verdict::Fail;
        }
        findings.push(finding);
    }
}

/// Returns the SHA-256, in hexadecimal digits, over the settings and tables of every detector of this build.
pub fn detectors_digest() -> String {
    let mut hasher = Sha256::new();
    hasher.update(env!("CARGO_PKG_VERSION"));
    for detector in DETECTORS {
        hasher.update(format!(
            "{} {} {}\n",
            detector.id, detector.severity, detector.confidence
        ));
        hasher.update(detector.page);
    }
    for format in Format::ALL {
        hasher.update(format.info().id);
        hasher.update(format.info().page);
    }
    crate::callables::feed_tables(&mut |bytes| hasher.update(bytes));
    crate::operators::feed_tables(&mut |bytes| hasher.update(bytes));
    crate::keras_config::feed_tables(&mut |bytes| hasher.update(bytes));
    crate::leaks::feed_rules(&mut |bytes| hasher.update(bytes));
    hex(&hasher.finalize())
}

/// What came out for one artifact.
#[derive(Debug)]
struct Examined {
    report: ArtifactReport,
    facts: Option<Facts>,
    findings: Vec<Finding>,
    internal_error: bool,
}

impl Examined {
    fn unread(path: String, reason: Text) -> Self {
        let report = ArtifactReport {
            path,
            size_bytes: 0,
            sha256: None,
            formats: Vec::new(),
            verdict: Verdict::Incomplete,
            coverage: Coverage::skipped(reason),
            members: 0,
        };
        Self {
            report,
            facts: None,
            findings: Vec::new(),
            internal_error: false,
        }
    }
}

/// Examines one artifact behind a panic boundary, so that our bug on one file never ends the scan of the others.
fn examine_guarded(artifact: &dyn Artifact, options: &Options) -> Examined {
    catch_unwind(AssertUnwindSafe(|| examine(artifact, options))).unwrap_or_else(|_| {
        let reason = text!(
            "internal error of Cleanbill: please report it with this file's format",
            "Cleanbill 内部错误：请连同文件格式一起报告"
        );
        Examined {
            internal_error: true,
            ..Examined::unread(artifact.path().to_owned(), reason)
        }
    })
}

fn examine(artifact: &dyn Artifact, options: &Options) -> Examined {
    let path = artifact.path().to_owned();
    let bytes = match artifact.open() {
        Ok(bytes) => bytes,
        Err(reason) => return Examined::unread(path, reason),
    };
    let walk = Walk {
        artifact: &path,
        options,
        budget: Budget::default(),
    };
    let mut level = walk.level(
        &bytes,
        &Place {
            member: None,
            within: &[],
            dialects: &[],
            container: None,
            role: Role::Content,
            depth: 0,
            bomb: None,
            allowance: bytes
                .size()
                .saturating_add(64 * 1024)
                .saturating_mul(options.limits.revisits),
        },
    );
    walk.detect_whole(&bytes, &mut level);
    let sha256 = if options.digests {
        digest(bytes.as_ref(), &mut level.coverage)
    } else {
        None
    };
    if let (Some(actual), Some(expected)) = (sha256, artifact.expected_sha256())
        && actual != expected
    {
        level.coverage.lose(text!(
            "not the bytes that the listing promises: SHA-256 is {actual}, listed as {expected}",
            "与列表承诺的内容不符：SHA-256 为 {actual}，列表中为 {expected}"
        ));
    }
    if let Some(reason) = artifact.changed() {
        level.coverage.lose(reason);
    }
    let kept = usize::try_from(options.limits.findings_per_artifact).unwrap_or(usize::MAX);
    if level.findings.len() > kept {
        // The worst are kept, so that a flood of small ones cannot hide them.
        level
            .findings
            .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let dropped = level.findings.len() - kept;
        level.findings.truncate(kept);
        level.coverage.lose(text!(
            "{dropped} more findings are not listed: limit `findings_per_artifact` reached",
            "另有 {dropped} 个发现未列出：达到上限 `findings_per_artifact`"
        ));
    }
    let failed = level
        .findings
        .iter()
        .any(|finding| finding.severity >= options.fail_on);
    let verdict = match (failed, level.coverage.state()) {
        (true, _) => Verdict::Fail,
        (false, CoverageState::Complete) => Verdict::Pass,
        (false, _) => Verdict::Incomplete,
    };
    for finding in &mut level.findings {
        finding.fingerprint = fingerprint(finding);
    }
    let report = ArtifactReport {
        path,
        size_bytes: bytes.size(),
        sha256,
        formats: level.formats,
        verdict,
        coverage: level.coverage,
        members: level.members,
    };
    Examined {
        report,
        facts: level.facts,
        findings: level.findings,
        internal_error: false,
    }
}

/// Identifies a finding apart from where its bytes lie, so that it survives edits elsewhere in the file.
fn fingerprint(finding: &Finding) -> String {
    let mut hasher = Sha256::new();
    let member = finding.location.member.as_deref().unwrap_or_default();
    for part in [
        &finding.detector,
        &finding.location.artifact,
        member,
        finding.message.en(),
        &finding.evidence,
    ] {
        hasher.update(part);
        hasher.update([0]);
    }
    hex(hasher.finalize().get(..16).unwrap_or_default())
}

fn digest(bytes: &dyn ReadAt, coverage: &mut Coverage) -> Option<Sha256Digest> {
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 256 * 1024];
    let mut offset = 0;
    loop {
        match read_full(bytes, offset, &mut piece) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(piece.get(..count).unwrap_or_default());
                offset += size_u64(count);
            }
            Err(error) => {
                let source = &error.source;
                coverage.lose(text!(
                    "no digest: {error}: {source}",
                    "无法计算摘要：{error}：{source}"
                ));
                return None;
            }
        }
    }
    (offset == bytes.size()).then(|| Sha256Digest(hasher.finalize().into()))
}

/// Walks one artifact level by level.
#[derive(Debug)]
struct Walk<'a> {
    artifact: &'a str,
    options: &'a Options,
    budget: Budget,
}

/// Says where in the artifact a level of the walk stands.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    member: Option<&'a str>,
    within: &'a [Format],
    dialects: &'a [&'static str],
    container: Option<&'a Parsed>,
    role: Role,
    depth: u64,
    bomb: Option<Bomb>,
    /// Bytes that may be examined below it, a toll for each member included: its part of what `revisits` allows.
    allowance: u64,
}

/// What came out for one artifact or member and everything inside it.
#[derive(Debug)]
struct Level {
    facts: Option<Facts>,
    formats: Vec<String>,
    findings: Vec<Finding>,
    coverage: Coverage,
    members: u64,
    too_deep: bool,
}

impl Walk<'_> {
    fn level(&self, bytes: &Arc<dyn ReadAt>, place: &Place<'_>) -> Level {
        let mut level = Level {
            facts: None,
            formats: Vec::new(),
            findings: Vec::new(),
            coverage: Coverage::complete(),
            members: 0,
            too_deep: false,
        };
        if let Err(error) = self.look(bytes, place, &mut level) {
            let source = &error.source;
            level.coverage.lose(located(
                place.member,
                &text!("{error}: {source}", "{error}：{source}"),
            ));
        }
        level
    }

    fn look(&self, bytes: &Arc<dyn ReadAt>, place: &Place<'_>, level: &mut Level) -> Result<(), SourceError> {
        let Place {
            member,
            within,
            dialects,
            container,
            role,
            bomb,
            ..
        } = *place;
        let size = bytes.size();
        let head = read_range(bytes.as_ref(), 0..size, HEAD_BYTES)?;
        let parsed = self.recognise(bytes, &head, role)?;
        let formats: Vec<Format> = parsed.iter().map(Parsed::format).collect();
        for one in &parsed {
            level.formats.push(one.format().info().id.to_owned());
            level
                .formats
                .extend(one.view().dialects().into_iter().map(str::to_owned));
        }
        let found_dialects: Vec<&'static str> = parsed.iter().flat_map(|one| one.view().dialects()).collect();
        let extension = scene::extension(member.unwrap_or(self.artifact));
        let surrounding = if dialects.contains(&"torchscript") {
            Within::TorchScript
        } else if within.contains(&Format::Ipynb) {
            Within::Notebook
        } else {
            Within::Other
        };
        let reading = Reading::new(
            bytes.as_ref(),
            &parsed,
            member.unwrap_or(self.artifact),
            surrounding,
        );
        let scene = Scene {
            artifact: self.artifact,
            member,
            extension: &extension,
            source: bytes.as_ref(),
            head: &head,
            reading: &reading,
            parsed: &parsed,
            within,
            within_dialects: dialects,
            container,
            bomb,
        };
        self.detect(&scene, &mut level.findings);
        if member.is_none() {
            level.facts = Some(Facts::of(&scene));
        }
        if parsed.is_empty() && role == Role::Content && size > 0 {
            level.coverage.lose(located(member, &not_understood(&head)));
        }
        let notebook = formats.contains(&Format::Ipynb);
        for one in &parsed {
            let read = matches!(one, Parsed::Text(_)) && (notebook || reading.python().is_some());
            lose_for(one, member, read, &mut level.coverage);
        }
        for (at, en, zh) in reading.python_gaps() {
            let reason = text!("{en} (at byte {at})", "{zh}（第 {at} 字节）");
            level.coverage.lose(located(member, &reason));
        }
        if promise::is_text_for_a_loader(&scene) {
            level.coverage.lose(located(
                member,
                &text!(
                    "text under the name of a model: not what a loader expects",
                    "以模型文件命名的文本：不是加载器所期待的内容"
                ),
            ));
        }
        if let Some((en, zh)) = promise::unread_program(&scene) {
            let reason = text!("{en}: not examined by this build", "{zh}：此版本不检查");
            level.coverage.lose(located(member, &reason));
        }
        if let Some((en, zh)) = reading.unread() {
            let reason = text!("{en}: not examined by this build", "{zh}：此版本不检查");
            level.coverage.lose(located(member, &reason));
        }
        let refined: Vec<&str> = formats
            .iter()
            .filter_map(|format| format.info().refines)
            .collect();
        let opened: Vec<&Parsed> = parsed
            .iter()
            .filter(|one| !refined.contains(&one.format().info().id) && !one.view().members().is_empty())
            .collect();
        for one in &opened {
            let place = Place {
                allowance: place.allowance / size_u64(opened.len()),
                ..*place
            };
            self.descend(bytes, one, &place, (&formats, &found_dialects), level);
        }
        Ok(())
    }

    /// Parses the input as every format that scores, surest first.
    fn recognise(
        &self,
        bytes: &Arc<dyn ReadAt>,
        head: &[u8],
        role: Role,
    ) -> Result<Vec<Parsed>, SourceError> {
        let size = bytes.size();
        let tail = match role {
            Role::RawData => Vec::new(),
            Role::Content if size <= size_u64(head.len()) => head.to_vec(),
            Role::Content => read_range(bytes.as_ref(), size.saturating_sub(TAIL_BYTES)..size, TAIL_BYTES)?,
        };
        let probe = Probe {
            head,
            tail: &tail,
            size,
            source: bytes.as_ref(),
        };
        let mut scored: Vec<(Score, Format)> = Format::ALL
            .iter()
            .filter_map(|format| Some((format.probe(&probe)?, *format)))
            .collect();
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let input = Input {
            source: bytes.as_ref(),
            limits: &self.options.limits,
        };
        let parsed: Result<Vec<Parsed>, SourceError> = scored
            .into_iter()
            .map(|(_, format)| format.parse(&input))
            .collect();
        let mut parsed = parsed?;
        if lies_in_an_entry(&parsed) {
            parsed.retain(|one| {
                !matches!(one, Parsed::Zip(_)) && one.format().info().refines != Some(Format::Zip.info().id)
            });
        }
        Ok(parsed)
    }

    fn detect(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for &detector in DETECTORS {
            if !self.options.runs(detector) {
                continue;
            }
            let mut sink = Sink::new(detector, scene.artifact, scene.member, findings);
            match detector.check {
                Check::Artifact(run) => run(scene, &mut sink),
                Check::Format(run) => scene
                    .parsed
                    .iter()
                    .for_each(|parsed| run(parsed, scene, &mut sink)),
                Check::Any(run) => scene
                    .parsed
                    .iter()
                    .for_each(|parsed| run(parsed.view(), scene, &mut sink)),
                Check::Whole(_) | Check::Collection(_) => {}
            }
        }
    }

    /// Looks at what only shows when everything inside has been opened.
    fn detect_whole(&self, bytes: &Arc<dyn ReadAt>, level: &mut Level) {
        let whole = Whole {
            size_bytes: bytes.size(),
            decoded_bytes: self.budget.decoded(),
            too_deep: level.too_deep,
            limits: &self.options.limits,
        };
        for &detector in DETECTORS {
            if let (Check::Whole(run), true) = (detector.check, self.options.runs(detector)) {
                run(
                    &whole,
                    &mut Sink::new(detector, self.artifact, None, &mut level.findings),
                );
            }
        }
    }

    fn descend(
        &self,
        bytes: &Arc<dyn ReadAt>,
        parsed: &Parsed,
        place: &Place<'_>,
        (formats, dialects): (&[Format], &[&'static str]),
        level: &mut Level,
    ) {
        let above = place.member;
        let members = parsed.view().members();
        if members.is_empty() {
            return;
        }
        let limit = self.options.limits.nesting_depth;
        if place.depth >= limit {
            level.too_deep = true;
            level.coverage.lose(located(
                above,
                &text!(
                    "members are not opened: nested more than {limit} levels",
                    "未打开其成员：嵌套超过 {limit} 层"
                ),
            ));
            return;
        }
        let tolls: Vec<u64> = members.iter().map(toll).collect();
        let mut left = place.allowance;
        let fitting = tolls
            .iter()
            .take_while(|toll| {
                let fits = **toll <= left;
                left = left.saturating_sub(**toll);
                fits
            })
            .count();
        if fitting < members.len() {
            let (more, limit) = (members.len() - fitting, self.options.limits.revisits);
            level.coverage.lose(located(
                above,
                &text!(
                    "{more} members are not opened: members of members are more than {limit} times the artifact (limit `revisits`)",
                    "有 {more} 个成员未打开：成员的成员超过文件本身的 {limit} 倍（上限 `revisits`）"
                ),
            ));
        }
        let members = members.get(..fitting).unwrap_or_default();
        let all = tolls
            .iter()
            .take(fitting)
            .fold(1_u64, |sum, toll| sum.saturating_add(*toll));
        let one = |(member, toll): (&Member, &u64)| {
            let name = printable(&member.name);
            let path = above.map_or_else(|| name.clone(), |above| format!("{above}!/{name}"));
            match open(bytes, parsed, member, &self.options.limits, &self.budget) {
                Err(reason) => {
                    let mut coverage = Coverage::complete();
                    coverage.lose(located(Some(&path), &reason));
                    Level {
                        facts: None,
                        formats: Vec::new(),
                        findings: Vec::new(),
                        coverage,
                        members: 1,
                        too_deep: false,
                    }
                }
                Ok(opened) => {
                    let inside = Place {
                        member: Some(&path),
                        within: formats,
                        dialects,
                        container: Some(parsed),
                        role: member.role,
                        depth: place.depth + 1,
                        bomb: opened.bomb,
                        allowance: part(left, *toll, all, opened.bytes.size()),
                    };
                    let mut below = self.level(&opened.bytes, &inside);
                    if let Some(reason) = &opened.loss {
                        below.coverage.lose(located(Some(&path), reason));
                    }
                    below.members += 1;
                    below
                }
            }
        };
        // Small containers are not worth the hand-over to other threads.
        let below: Vec<Level> = if members.len() < 8 {
            members.iter().zip(&tolls).map(one).collect()
        } else {
            members.par_iter().zip(&tolls).map(one).collect()
        };
        for one in below {
            level.findings.extend(one.findings);
            level.members += one.members;
            level.too_deep |= one.too_deep;
            for reason in one.coverage.reasons() {
                level.coverage.lose(reason.clone());
            }
            for format in one.formats {
                if !level.formats.contains(&format) {
                    level.formats.push(format);
                }
            }
        }
    }
}

/// Says whether the ZIP archive that shows at the end of a tar archive is an entry of it: there it is examined, and readers that open
/// the whole as ZIP see the same bytes.
fn lies_in_an_entry(parsed: &[Parsed]) -> bool {
    let zip = parsed.iter().find_map(|one| match one {
        Parsed::Zip(view) => Some(view.prefix.end..view.suffix.start),
        _ => None,
    });
    let holds = |entry: &cleanbill_formats::tar::Entry, zip: &std::ops::Range<u64>| {
        entry.member.is_some() && entry.data.start <= zip.start && zip.end <= entry.data.end
    };
    zip.is_some_and(|zip| {
        !zip.is_empty()
            && parsed.iter().any(|one| match one {
                Parsed::Tar(view) => view.entries.iter().any(|entry| holds(entry, &zip)),
                _ => false,
            })
    })
}

/// What every member costs beside its bytes, so that many empty ones have an end too.
const MEMBER_TOLL: u64 = 1024;

/// Returns what opening a member takes from the allowance.
fn toll(member: &Member) -> u64 {
    let bytes = match &member.payload {
        Payload::Section(range) | Payload::Encoded { range, .. } => range.end.saturating_sub(range.start),
        Payload::Owned(bytes) => size_u64(bytes.len()),
        Payload::Extract(_) | Payload::Unreadable { .. } => 0,
    };
    bytes.saturating_add(MEMBER_TOLL)
}

/// Returns a member's part of what is left of an allowance: by its share of the tolls, and more where it grew by decoding, which
/// has limits of its own.
fn part(left: u64, toll: u64, all: u64, size: u64) -> u64 {
    let share = u128::from(left) * u128::from(toll) / u128::from(all.max(1));
    let grown = share.saturating_mul(u128::from(size.max(toll))) / u128::from(toll.max(1));
    u64::try_from(grown).unwrap_or(u64::MAX)
}

/// Carries what a view could not examine into the coverage.
fn lose_for(parsed: &Parsed, member: Option<&str>, read: bool, coverage: &mut Coverage) {
    let view = parsed.view();
    for anomaly in view.anomalies() {
        if matches!(anomaly.kind.impact, Impact::Damage | Impact::Limit) {
            let (en, zh) = (anomaly.kind.en, anomaly.kind.zh);
            let at = anomaly.range.start;
            coverage.lose(located(
                member,
                &text!("{en} (at byte {at})", "{zh}（第 {at} 字节）"),
            ));
        }
    }
    if let Some((en, zh)) = view.not_examined().filter(|_| !read) {
        coverage.lose(located(
            member,
            &text!("{en}: not examined by this build", "{zh}：此版本不检查"),
        ));
    }
}

/// Puts a member's path before a reason.
fn located(member: Option<&str>, reason: &Text) -> Text {
    match member {
        None => reason.clone(),
        Some(member) => {
            let (en, zh) = (reason.get(Language::English), reason.get(Language::Chinese));
            text!("{member}: {en}", "{member}：{zh}")
        }
    }
}

fn not_understood(head: &[u8]) -> Text {
    let first = hex(head.get(..head.len().min(8)).unwrap_or_default());
    text!(
        "not understood: no known format (starts with {first})",
        "无法识别：未知格式（开头为 {first}）"
    )
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_of_an_allowance_are_never_more_than_it() {
        for (left, tolls) in [
            (1_000_000, vec![1_024, 5_000, 70_000]),
            (10, vec![1_024, 1_024, 2_000_000]),
        ] {
            let all: u64 = tolls.iter().sum();
            let given: u64 = tolls
                .iter()
                .map(|toll| part(left, *toll, all, toll - 1_024))
                .sum();
            assert!(given <= left, "{given} of {left}");
        }
        assert_eq!(part(0, 1_024, 1_024, 0), 0);
        assert!(part(u64::MAX, u64::MAX, 1, u64::MAX) > 0);
    }
}
