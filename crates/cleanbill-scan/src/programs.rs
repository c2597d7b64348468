//! Judges what programs do: commands, code that is run out of texts, network, files, credentials. Facts come from
//! `cleanbill-code`; the rules and their tables stand here, the detectors report.

pub(crate) mod commands;
mod effects;
pub(crate) mod python;
pub(crate) mod shell;

use std::ops::Range;

use cleanbill_core::{Severity, Text};
use cleanbill_formats::bytes::size_u64;

use crate::{scene::Scene, sink::Sink};

/// Names what a suspicion is about; each has a detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    CodeExecution,
    Obfuscation,
    Command,
    Network,
    Exfiltration,
    FileTampering,
    NativeCode,
    UnsafeLoad,
    InstallHook,
}

/// Holds what a program does that somebody should know of.
#[derive(Clone, Debug)]
pub(crate) struct Suspicion {
    pub(crate) subject: Subject,
    pub(crate) severity: Severity,
    pub(crate) message: Text,
    pub(crate) range: Range<usize>,
    pub(crate) evidence: String,
}

/// Reports what the program of a scene does about one subject.
pub(crate) fn report(scene: &Scene<'_>, subject: Subject, sink: &mut Sink<'_>) {
    let start = scene.reading.text().map_or(0, |written| written.start);
    for suspicion in scene
        .reading
        .suspicions(scene.file_name)
        .iter()
        .filter(|one| one.subject == subject)
    {
        let offset = |at: usize| size_u64(at).saturating_add(start);
        sink.report(
            Some(offset(suspicion.range.start)..offset(suspicion.range.end)),
            suspicion.message.clone(),
        )
        .severity(suspicion.severity)
        .evidence(&suspicion.evidence);
    }
}
