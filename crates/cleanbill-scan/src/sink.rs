use std::ops::Range;

use cleanbill_core::{ByteRange, Confidence, Finding, Location, Severity, Text};

use crate::Detector;

/// Longest evidence that a finding carries, in characters.
const EVIDENCE_CHARACTERS: usize = 200;

/// Gathers what detectors say.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) findings: Vec<Finding>,
    pub(crate) gaps: Vec<Gap>,
}

/// Holds what a detector did not look at, so that coverage says so.
#[derive(Debug)]
pub(crate) struct Gap {
    pub(crate) artifact: String,
    pub(crate) member: Option<String>,
    pub(crate) reason: Text,
}

/// Takes the findings of one detector about one scene.
#[derive(Debug)]
pub struct Sink<'a> {
    detector: &'static Detector,
    artifact: &'a str,
    member: Option<&'a str>,
    said: &'a mut Said,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(
        detector: &'static Detector,
        artifact: &'a str,
        member: Option<&'a str>,
        said: &'a mut Said,
    ) -> Self {
        Self {
            detector,
            artifact,
            member,
            said,
        }
    }

    /// Says that something was not looked at: the coverage of the artifact becomes partial, for this reason.
    pub fn unexamined(&mut self, reason: Text) {
        self.said.gaps.push(Gap {
            artifact: self.artifact.to_owned(),
            member: self.member.map(str::to_owned),
            reason,
        });
    }

    /// Reports what was seen at `range` of the scene's bytes; the returned draft changes what differs from the detector's own settings.
    pub fn report(&mut self, range: Option<Range<u64>>, message: Text) -> Draft<'_> {
        self.said.findings.push(Finding {
            detector: self.detector.id.to_owned(),
            severity: self.detector.severity,
            confidence: self.detector.confidence,
            location: Location {
                artifact: self.artifact.to_owned(),
                member: self.member.map(str::to_owned),
                byte_range: range.map(|range| ByteRange::new(range.start, range.end)),
            },
            message,
            evidence: String::new(),
            hint: Text::same(""),
            tags: self.detector.tags.iter().map(|&tag| tag.to_owned()).collect(),
            controls: self
                .detector
                .controls
                .iter()
                .map(|&control| control.to_owned())
                .collect(),
            fingerprint: String::new(),
        });
        Draft {
            finding: self.said.findings.last_mut(),
        }
    }
}

/// Lets a detector set what differs from its defaults on the finding that it just reported.
#[derive(Debug)]
pub struct Draft<'a> {
    finding: Option<&'a mut Finding>,
}

impl Draft<'_> {
    /// Sets the severity.
    pub fn severity(self, severity: Severity) -> Self {
        self.change(|finding| finding.severity = severity)
    }

    /// Sets the confidence.
    pub fn confidence(self, confidence: Confidence) -> Self {
        self.change(|finding| finding.confidence = confidence)
    }

    /// Sets what to do.
    pub fn hint(self, hint: Text) -> Self {
        self.change(|finding| finding.hint = hint)
    }

    /// Adds an id of a public vocabulary.
    pub fn tag(self, tag: &str) -> Self {
        self.change(|finding| finding.tags.push(tag.to_owned()))
    }

    /// Sets the evidence; it is made printable and shortened.
    pub fn evidence(self, evidence: &str) -> Self {
        self.change(|finding| finding.evidence = printable(evidence))
    }

    fn change(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = self.finding.as_deref_mut() {
            change(finding);
        }
        self
    }
}

/// Makes text from outside fit for a terminal and a report: control, bidirectional and invisible characters escaped, and cut.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::new();
    for (count, character) in text.chars().enumerate() {
        if count >= EVIDENCE_CHARACTERS {
            out.push('…');
            break;
        }
        let hidden = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if character.is_control() || hidden {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_cannot_steer_a_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}"), "a\\u{1b}[2Jb\\u{202e}");
        assert_eq!(
            printable(&"x".repeat(500)).chars().count(),
            EVIDENCE_CHARACTERS + 1
        );
    }
}
