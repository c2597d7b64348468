//! The registry of reports: one file and one line each. A report turns what a scan found into the bytes of one document.

mod outline;
pub mod words;

use std::fmt;

use cleanbill_core::{Confidence, Language, Report, Severity, Text};

use crate::terminal::Color;

/// Describes one detector for reports that explain their rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Permanent id.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Why it matters, one paragraph; the same language in both where nobody translated it is not allowed: leave it empty.
    pub why: Text,
    /// Severity of its findings unless one says otherwise.
    pub severity: Severity,
    /// Confidence of its findings unless one says otherwise.
    pub confidence: Confidence,
    /// Ids in public vocabularies.
    pub tags: Vec<String>,
    /// Reference page, English Markdown.
    pub page: String,
}

/// Says how the scan was asked for, where that differs from the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// An artifact fails with a finding of this severity or worse.
    pub fail_on: Severity,
    /// The only detectors that ran; `None` where all ran.
    pub only: Option<Vec<String>>,
    /// Limits that were changed, by name.
    pub limits: Vec<(String, u64)>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            fail_on: Severity::High,
            only: None,
            limits: Vec::new(),
        }
    }
}

/// Says how much of a report for the terminal is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// The line with the verdict.
    Verdict,
    /// Long lists are shortened.
    #[default]
    Short,
    /// Everything.
    All,
}

/// Holds what a report may know apart from the facts.
#[derive(Clone, Debug)]
pub struct RenderContext<'a> {
    /// Language of reports for people; documents for machines are in English always, so that they do not depend on a locale.
    pub language: Language,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colour may be used.
    pub color: Color,
    /// How much is wanted.
    pub detail: Detail,
    /// The detectors of this build.
    pub rules: &'a [RuleInfo],
    /// How the scan was asked for.
    pub options: &'a RunOptions,
}

impl RenderContext<'_> {
    fn rule(&self, id: &str) -> Option<&RuleInfo> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// Renders a report.
pub type Render = fn(&Report, &RenderContext<'_>) -> Vec<u8>;

/// Describes one report format.
pub struct ReportFormat {
    /// Permanent id, as `--format` takes it.
    pub id: &'static str,
    /// What it is for.
    pub title_en: &'static str,
    /// The same in Simplified Chinese.
    pub title_zh: &'static str,
    /// Media type.
    pub media_type: &'static str,
    /// Usual end of a file name.
    pub suffix: &'static str,
    /// Reference page in Markdown.
    pub page: &'static str,
    /// Renders it.
    pub render: Render,
}

impl fmt::Debug for ReportFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ReportFormat")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The JSON Schema (draft 2020-12) of the report `json`.
pub const JSON_V1_SCHEMA: &str = include_str!("../schemas/cleanbill.report-1.schema.json");

/// Finds a report format by its id.
pub fn find(id: &str) -> Option<&'static ReportFormat> {
    REPORTS.iter().copied().find(|format| format.id == id)
}

/// Declares each report's module and collects its description.
macro_rules! register {
    ($($module:ident,)*) => {
        $(mod $module;)*

        /// Lists every report format of this build.
        pub static REPORTS: &[&ReportFormat] = &[$(&$module::REPORT,)*];
    };
}

/// Declares a report format: doc comments become its reference page.
macro_rules! report {
    (
        $(#[doc = $page:literal])*
        id: $id:literal,
        title: $title_en:literal, $title_zh:literal,
        media_type: $media_type:literal, suffix: $suffix:literal,
        render: $render:ident $(,)?
    ) => {
        /// Describes this report format.
        pub(crate) static REPORT: $crate::reports::ReportFormat = $crate::reports::ReportFormat {
            id: $id,
            title_en: $title_en,
            title_zh: $title_zh,
            media_type: $media_type,
            suffix: $suffix,
            page: concat!($($page, "\n"),*),
            render: $render,
        };
    };
}
register! {
    human,
    json_v1,
    sarif,
    junit,
    markdown,
    html,
}
