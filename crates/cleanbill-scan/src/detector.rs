use cleanbill_core::{Confidence, Definition, Severity};
use cleanbill_formats::{Format, FormatView, Parsed};

use crate::{
    collection::{Collection, CollectionSink},
    facts::Facts,
    names::KnownNames,
    scene::{Scene, Whole},
    sink::Sink,
};

/// Describes one detector: the page for people and the function that looks.
#[derive(Debug)]
pub struct Detector {
    /// Permanent kebab-case id, named after the bad thing.
    pub id: &'static str,
    /// Title in English.
    pub title_en: &'static str,
    /// Title in Simplified Chinese.
    pub title_zh: &'static str,
    /// Severity of its findings unless one says otherwise.
    pub severity: Severity,
    /// Confidence of its findings unless one says otherwise.
    pub confidence: Confidence,
    /// Ids in public vocabularies (CWE, MITRE ATLAS).
    pub tags: &'static [&'static str],
    /// Controls that its findings bear on.
    pub controls: &'static [&'static str],
    /// Reference page in Markdown.
    pub page: &'static str,
    /// What it looks at.
    pub check: Check,
}

/// Says what a detector looks at.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// The view of one format.
    Format(Format, fn(&Parsed, &Scene<'_>, &mut Sink<'_>)),
    /// What every view can tell, whatever its format.
    Any(fn(&dyn FormatView, &Scene<'_>, &mut Sink<'_>)),
    /// The artifact or member, once, with all its views.
    Artifact(fn(&Scene<'_>, &mut Sink<'_>)),
    /// The artifact once everything inside it has been opened.
    Whole(fn(&Whole<'_>, &mut Sink<'_>)),
    /// The files of one folder, once all artifacts have been examined.
    Collection(fn(&Collection<'_>, &mut CollectionSink<'_>)),
    /// What the whole target is called and names, once all artifacts have been examined.
    Names(fn(&Naming<'_>, &mut CollectionSink<'_>)),
    /// What the whole target defines beside what was approved, where the scan was given that.
    Approved(fn(&[Facts], &[Definition], &mut CollectionSink<'_>)),
}

/// Holds what a target is called and names.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    /// The target, as the caller named it.
    pub target: &'a str,
    /// What is known of its artifacts.
    pub facts: &'a [Facts],
    /// The index of names that the caller gave.
    pub known: Option<&'a KnownNames>,
}

/// Declares a detector: doc comments become its reference page, `on` names the format, `any view`, `artifact`, `whole`,
/// `collection`, `names` or `approved`.
macro_rules! detector {
    (
        $(#[doc = $page:literal])*
        id: $id:literal,
        title: $title_en:literal, $title_zh:literal,
        severity: $severity:ident, confidence: $confidence:ident,
        tags: $tags:expr, controls: $controls:expr,
        on: $($on:ident)+ => $run:ident $(,)?
    ) => {
        /// Describes this detector.
        pub(crate) static DETECTOR: $crate::Detector = $crate::Detector {
            id: $id,
            title_en: $title_en,
            title_zh: $title_zh,
            severity: cleanbill_core::Severity::$severity,
            confidence: cleanbill_core::Confidence::$confidence,
            tags: $tags,
            controls: $controls,
            page: concat!($($page, "\n"),*),
            check: $crate::detector::check!($($on)+ => $run),
        };
    };
}
pub(crate) use detector;

/// Turns the `on` line of a detector into its [`Check`].
macro_rules! check {
    (artifact => $run:ident) => {
        $crate::Check::Artifact($run)
    };
    (whole => $run:ident) => {
        $crate::Check::Whole($run)
    };
    (collection => $run:ident) => {
        $crate::Check::Collection($run)
    };
    (names => $run:ident) => {
        $crate::Check::Names($run)
    };
    (approved => $run:ident) => {
        $crate::Check::Approved($run)
    };
    (any view => $run:ident) => {
        $crate::Check::Any($run)
    };
    ($format:ident => $run:ident) => {
        $crate::Check::Format(cleanbill_formats::Format::$format, |parsed, scene, sink| {
            if let cleanbill_formats::Parsed::$format(view) = parsed {
                $run(view, scene, sink);
            }
        })
    };
}
pub(crate) use check;
