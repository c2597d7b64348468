//! The walk: one artifact, level by level, down to the members of members.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use cleanbill_core::{Coverage, Finding, Language, Text, hex, text};
use cleanbill_formats::{
    Format, HEAD_BYTES, Impact, Input, Member, Parsed, Payload, Probe, Role, Score, TAIL_BYTES,
    bytes::{ReadAt, Section, SourceError, size_u64, view_range},
};
use rayon::prelude::*;

use super::Options;
use crate::{
    Check, DETECTORS, Detector, agents,
    detectors::that_see,
    facts::Facts,
    open::{Bomb, Budget, open},
    overlaps, promise,
    reading::{Reading, Within},
    scene::{self, Scene, Whole},
    sink::{Said, Sink, printable},
};

/// Walks one artifact level by level.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) artifact: &'a str,
    pub(super) options: &'a Options,
    pub(super) budget: Budget,
}

/// Says where in the artifact a level of the walk stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) member: Option<&'a str>,
    pub(super) within: &'a [Format],
    pub(super) dialects: &'a [&'static str],
    pub(super) container: Option<&'a Parsed>,
    pub(super) role: Role,
    pub(super) depth: u64,
    pub(super) bomb: Option<Bomb>,
    /// Bytes that may be examined below it, a toll for each member included: its part of what `revisits` allows.
    pub(super) allowance: u64,
}

/// What came out for one artifact or member and everything inside it.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) facts: Option<Box<Facts>>,
    pub(super) formats: Vec<String>,
    pub(super) findings: Vec<Finding>,
    pub(super) coverage: Coverage,
    pub(super) members: u64,
    pub(super) too_deep: bool,
    /// Why no format was found for the artifact itself; the reason is among those of the coverage.
    pub(super) not_understood: Option<Text>,
}

impl Level {
    fn new() -> Self {
        Self {
            facts: None,
            formats: Vec::new(),
            findings: Vec::new(),
            coverage: Coverage::complete(),
            members: 0,
            too_deep: false,
            not_understood: None,
        }
    }

    /// Takes over what came out for a member.
    fn absorb(&mut self, member: Self) {
        self.findings.extend(member.findings);
        self.members += member.members;
        self.too_deep |= member.too_deep;
        for reason in member.coverage.reasons() {
            self.coverage.lose(reason.clone());
        }
        for format in member.formats {
            if !self.formats.contains(&format) {
                self.formats.push(format);
            }
        }
    }
}

impl Walk<'_> {
    pub(super) fn level(&self, bytes: &Arc<dyn ReadAt>, place: &Place<'_>) -> Level {
        let mut level = Level::new();
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
        let head = view_range(bytes.as_ref(), 0..size, HEAD_BYTES)?;
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
            file_name: scene::file_name(member.unwrap_or(self.artifact)),
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
        let mut said = Said::default();
        self.detect(&scene, &mut said);
        overlaps::drop_repeated(&mut said.findings);
        level.findings.extend(said.findings);
        for gap in said.gaps {
            level.coverage.lose(located(member, &gap.reason));
        }
        if member.is_none() {
            level.facts = Some(Box::new(Facts::of(
                &scene,
                self.options.inventory,
                self.options.known_names.is_some(),
            )));
        }
        if parsed.is_empty() && role == Role::Content && size > 0 {
            let reason = not_understood(&head);
            level.coverage.lose(located(member, &reason));
            level.not_understood = member.is_none().then_some(reason);
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
        if let Some((en, zh)) = agents::unread(&scene) {
            level.coverage.lose(located(member, &text!("{en}", "{zh}")));
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
            Role::RawData => Cow::default(),
            Role::Content if size <= size_u64(head.len()) => Cow::Borrowed(head),
            Role::Content => view_range(bytes.as_ref(), size.saturating_sub(TAIL_BYTES)..size, TAIL_BYTES)?,
        };
        let probe = Probe {
            head,
            tail: &tail,
            size,
            source: bytes.as_ref(),
        };
        // Kinds of ZIP archives are asked only where there is one: most files are none.
        let archive = Format::Zip.probe(&probe);
        let score = |format: Format, is_archive: bool| match format {
            Format::Zip => archive,
            _ if is_archive && archive.is_none() => None,
            _ => format.probe(&probe),
        };
        let mut scored: Vec<(Score, Format)> = PROBED
            .iter()
            .filter_map(|(format, is_archive)| Some((score(*format, *is_archive)?, *format)))
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

    fn detect(&self, scene: &Scene<'_>, said: &mut Said) {
        let mut show = |detector: &'static Detector, parsed: &[Parsed]| {
            if !self.options.runs(detector) {
                return;
            }
            let mut sink = Sink::new(detector, scene.artifact, scene.member, said);
            match detector.check {
                Check::Artifact(run) => run(scene, &mut sink),
                Check::Format(_, run) => parsed.iter().for_each(|one| run(one, scene, &mut sink)),
                Check::Any(run) => parsed.iter().for_each(|one| run(one.view(), scene, &mut sink)),
                Check::Whole(_) | Check::Collection(_) | Check::Names(_) | Check::Approved(_) => {}
            }
        };
        for detector in that_see(None) {
            show(detector, scene.parsed);
        }
        for one in scene.parsed {
            for detector in that_see(Some(one.format())) {
                show(detector, std::slice::from_ref(one));
            }
        }
    }

    /// Looks at what only shows when everything inside has been opened.
    pub(super) fn detect_whole(&self, bytes: &Arc<dyn ReadAt>, level: &mut Level) {
        let whole = Whole {
            size_bytes: bytes.size(),
            decoded_bytes: self.budget.decoded(),
            too_deep: level.too_deep,
            limits: &self.options.limits,
        };
        let mut said = Said::default();
        for &detector in DETECTORS {
            if let (Check::Whole(run), true) = (detector.check, self.options.runs(detector)) {
                run(&whole, &mut Sink::new(detector, self.artifact, None, &mut said));
            }
        }
        level.findings.extend(said.findings);
        for gap in said.gaps {
            level.coverage.lose(gap.reason);
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
                    let mut unopened = Level::new();
                    unopened.coverage.lose(located(Some(&path), &reason));
                    unopened.members = 1;
                    unopened
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
            level.absorb(one);
        }
    }

    /// Opens members of a file of numbers, one after the other.
    pub(super) fn numbers(&self, bytes: &Arc<dyn ReadAt>, members: &[Member]) -> Level {
        let mut level = Level::new();
        let allowance = self.allowance(bytes.size()) / size_u64(members.len().max(1));
        for member in members {
            let Payload::Section(range) = &member.payload else {
                continue;
            };
            let inner: Arc<dyn ReadAt> = Arc::new(Section::new(Arc::clone(bytes), range.clone()));
            let place = Place {
                member: Some(&member.name),
                within: &[],
                dialects: &[],
                container: None,
                role: member.role,
                depth: 1,
                bomb: None,
                allowance,
            };
            level.absorb(self.level(&inner, &place));
            level.members += 1;
        }
        level
    }

    /// Returns how many bytes of members may be examined for an artifact of so many bytes.
    pub(super) fn allowance(&self, size_bytes: u64) -> u64 {
        size_bytes
            .saturating_add(64 * 1024)
            .saturating_mul(self.options.limits.revisits)
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

/// Every format, and whether it is asked only where there is a ZIP archive: whoever is not named here is asked always.
static PROBED: LazyLock<Vec<(Format, bool)>> = LazyLock::new(|| {
    let archives = [
        Format::TorchZip,
        Format::Keras,
        Format::Npz,
        Format::Mar,
        Format::Skops,
        Format::Llamafile,
    ];
    let kind = |format: &Format| (*format, archives.contains(format));
    Format::ALL.iter().map(kind).collect()
});

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
pub(super) fn located(member: Option<&str>, reason: &Text) -> Text {
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
