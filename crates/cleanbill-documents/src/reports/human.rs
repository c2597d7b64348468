//! Report `human`: for a person at a terminal.

use cleanbill_core::{CoverageState, Language, Report, Severity, Text, Verdict};

use super::{
    Detail, RenderContext, outline,
    outline::{Entry, Group},
    words,
};
use crate::{
    escape::visible,
    terminal::{Style, bytes, columns, pad, wrap},
};

report! {
    /// For a person at a terminal. The first line is the verdict and its main reason; then findings, worst first; then what was
    /// not examined; then what such a report cannot say. It reads the same without colour. Long lists are shortened unless
    /// `--all` is given; `--quiet` leaves only the first line. English or Simplified Chinese.
    id: "human",
    title: "for a person at a terminal", "供终端阅读",
    media_type: "text/plain", suffix: "txt",
    render: render,
}

/// How many artifacts with findings, and without full examination, are listed before the rest is only counted.
const ARTIFACTS: usize = 20;
/// How many findings of one artifact are listed before the rest is only counted.
const FINDINGS: usize = 6;
/// How many places of one finding are listed before the rest is only counted.
const PLACES: usize = 3;
/// How many reasons of one artifact are listed before the rest is only counted.
const REASONS: usize = 3;
/// Reports are set no wider than this: long lines are hard to read.
const WIDEST: usize = 110;
/// Nor narrower.
const NARROWEST: usize = 30;

fn render(report: &Report, context: &RenderContext<'_>) -> Vec<u8> {
    let mut page = Page {
        context,
        width: context.width.clamp(NARROWEST, WIDEST),
        out: String::new(),
        shortened: false,
        explained: Vec::new(),
    };
    page.verdict(report);
    if context.detail != Detail::Verdict {
        page.findings(report);
        page.unexamined(report);
        page.limits();
    }
    page.out.into_bytes()
}

/// Writes the report line by line.
struct Page<'a> {
    context: &'a RenderContext<'a>,
    width: usize,
    out: String,
    shortened: bool,
    explained: Vec<&'a str>,
}

impl<'a> Page<'a> {
    const fn language(&self) -> Language {
        self.context.language
    }

    fn paint(&self, style: Style, text: &str) -> String {
        self.context.color.paint(style, text)
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// Writes `text` behind `label`; its further lines stand below the first one.
    fn labelled(&mut self, indent: usize, label: &str, label_width: usize, style: Style, text: &str) {
        // A bullet stands close to its text, a word apart from it.
        let gap = if label_width == 1 { " " } else { "  " };
        let before = indent + label_width + gap.len();
        let mut head = pad(label, label_width);
        for line in wrap(text, self.width.saturating_sub(before).max(20)) {
            let head_now = std::mem::replace(&mut head, " ".repeat(label_width));
            let painted = self.paint(style, &head_now);
            self.line(format!("{}{painted}{gap}{line}", " ".repeat(indent)).trim_end());
        }
    }

    fn heading(&mut self, text: &str) {
        let painted = self.paint(Style::Strong, text);
        self.line("");
        self.line(&painted);
    }

    fn limit(&self, limit: usize) -> usize {
        if self.context.detail == Detail::All {
            usize::MAX
        } else {
            limit
        }
    }

    fn verdict(&mut self, report: &Report) {
        let style = match report.verdict {
            Verdict::Pass => Style::Good,
            Verdict::Incomplete => Style::Doubtful,
            Verdict::Fail => Style::Bad,
        };
        let word = words::verdict(report.verdict).get(self.language());
        let reason = outline::main_reason(report, self.context);
        let reason = reason.get(self.language()).to_owned();
        if self.context.detail == Detail::Verdict {
            let painted = self.paint(style, word);
            self.line(&format!("{painted}  {reason}"));
            return;
        }
        self.labelled(0, word, columns(word), style, &reason);
        let target = visible(&report.target);
        let extent = outline::extent(report);
        let separator = match self.language() {
            Language::English => ": ",
            Language::Chinese => "：",
        };
        let mut lines = wrap(
            &format!("{target}{separator}{}", extent.get(self.language())),
            self.width,
        );
        for departure in outline::departures(self.context) {
            lines.extend(wrap(&visible(departure.get(self.language())), self.width));
        }
        for line in lines {
            let painted = self.paint(Style::Faint, &line);
            self.line(&painted);
        }
    }

    fn findings(&mut self, report: &'a Report) {
        let groups = outline::groups(report);
        let language = self.language();
        if groups.is_empty() {
            self.line("");
            self.line(words::NOTHING_FOUND.get(language));
            return;
        }
        let counts = outline::counts(report, language);
        let heading = match language {
            Language::English => format!("{}: {counts}", words::FINDINGS.en),
            Language::Chinese => format!("{}：{counts}", words::FINDINGS.zh),
        };
        self.heading(&heading);
        let limit = self.limit(ARTIFACTS);
        for group in groups.iter().take(limit) {
            self.group(group);
        }
        if let Some(left) = more(groups.len(), limit) {
            let left = Text::count(
                left,
                "more artifact with findings",
                "more artifacts with findings",
                "个文件另有发现",
            );
            self.line("");
            self.cut(0, left.get(language));
        }
    }

    fn group(&mut self, group: &Group<'a>) {
        let language = self.language();
        let path = self.paint(Style::Strong, &visible(group.path));
        self.line("");
        match group.artifact {
            Some(artifact) if !artifact.formats.is_empty() => {
                let about = format!("({}, {})", artifact.formats.join(" "), bytes(artifact.size_bytes));
                let about = self.paint(Style::Faint, &about);
                self.line(&format!("{path}  {about}"));
            }
            _ => self.line(&path),
        }
        let limit = self.limit(FINDINGS);
        for entry in group.entries.iter().take(limit) {
            self.entry(entry);
        }
        if let Some(left) = more(group.entries.len(), limit) {
            let left = Text::count(left, "more finding in it", "more findings in it", "个其他发现");
            self.cut(2, left.get(language));
        }
    }

    fn entry(&mut self, entry: &Entry<'a>) {
        let language = self.language();
        let finding = entry.finding;
        let style = match finding.severity {
            Severity::Critical | Severity::High => Style::Bad,
            Severity::Medium => Style::Doubtful,
            Severity::Low | Severity::Info => Style::Strong,
        };
        let word = words::severity(finding.severity).get(language);
        self.labelled(
            2,
            word,
            columns(word),
            style,
            &visible(finding.message.get(language)),
        );
        let limit = self.limit(PLACES);
        for place in entry.places.iter().take(limit) {
            if let Some(text) = outline::place(place, language, visible) {
                self.detail(words::LABEL_WHERE, &text);
            }
            if !place.evidence.is_empty() {
                self.detail(words::LABEL_EVIDENCE, &visible(&place.evidence));
            }
        }
        if let Some(left) = more(entry.places.len(), limit) {
            let left = Text::count(left, "more place like this", "more places like this", "处相同");
            self.cut(4, left.get(language));
        }
        // The reason is the detector's, so it is given once for each.
        if !self.explained.contains(&finding.detector.as_str()) {
            self.explained.push(&finding.detector);
            let why = entry.why(self.context);
            self.detail(words::LABEL_WHY, &why);
        }
        let to_do = entry.to_do(language);
        if !to_do.is_empty() {
            self.detail(words::LABEL_TO_DO, &to_do);
        }
        let mut about = vec![words::confidence(finding.confidence).get(language).to_owned()];
        about.extend(finding.tags.iter().map(|tag| visible(tag)));
        let rule = match language {
            Language::English => format!("{} ({})", finding.detector, about.join(", ")),
            Language::Chinese => format!("{}（{}）", finding.detector, about.join("，")),
        };
        self.detail(words::LABEL_RULE, &rule);
    }

    fn detail(&mut self, label: words::Word, text: &str) {
        self.labelled(4, label.get(self.language()), 5, Style::Faint, text);
    }

    fn cut(&mut self, indent: usize, text: &str) {
        self.shortened = true;
        let line = format!("{}… {text}", " ".repeat(indent));
        self.line(&line);
    }

    fn unexamined(&mut self, report: &Report) {
        let language = self.language();
        let list = outline::unexamined(report);
        if list.is_empty() {
            let word = if report.artifacts.is_empty() {
                words::NO_INPUT
            } else {
                words::EVERYTHING_EXAMINED
            };
            self.line("");
            self.line(word.get(language));
            return;
        }
        self.heading(words::NOT_EXAMINED.get(language));
        let limit = self.limit(ARTIFACTS);
        for artifact in list.iter().take(limit) {
            let state = match artifact.coverage.state() {
                CoverageState::Skipped => words::SKIPPED,
                _ => words::PARTIAL,
            };
            let path = visible(&artifact.path);
            let line = match language {
                Language::English => format!("{path} ({})", state.en),
                Language::Chinese => format!("{path}（{}）", state.zh),
            };
            self.labelled(0, "", 0, Style::Strong, &line);
            let reasons = artifact.coverage.reasons();
            let limit = self.limit(REASONS);
            for reason in reasons.iter().take(limit) {
                self.labelled(4, "-", 1, Style::Faint, &visible(reason.get(language)));
            }
            if let Some(left) = more(reasons.len(), limit) {
                let left = Text::count(left, "more reason", "more reasons", "个其他原因");
                self.cut(4, left.get(language));
            }
        }
        if let Some(left) = more(list.len(), limit) {
            let left = Text::count(left, "more artifact", "more artifacts", "个其他文件");
            self.cut(2, left.get(language));
        }
    }

    fn limits(&mut self) {
        let language = self.language();
        if self.shortened {
            self.line("");
            self.labelled(0, "…", 1, Style::Faint, words::SEE_ALL.get(language));
        }
        self.heading(words::LIMITS.get(language));
        for word in words::HONEST_LIMITS {
            self.labelled(2, "-", 1, Style::Faint, word.get(language));
        }
    }
}

/// Returns how many of `all` a list that ends at `limit` leaves out; `None` where it is whole.
fn more(all: usize, limit: usize) -> Option<u64> {
    all.checked_sub(limit)
        .filter(|left| *left > 0)
        .map(|left| left as u64)
}
