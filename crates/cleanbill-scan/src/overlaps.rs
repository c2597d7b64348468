//! One value reported by two detectors is reported once.

use cleanbill_core::Finding;

/// Detectors that may see the same value; of two findings the worse stays, of equals that of the first named.
const PAIRS: &[(&str, &str)] = &[
    ("secret-in-text", "secret-in-manifest"),
    ("hydra-unsafe-target", "remote-code-reference"),
];

/// Drops, of the findings about one artifact or member, those that another detector of a pair made about the same bytes.
pub(crate) fn drop_repeated(findings: &mut Vec<Finding>) {
    for (first, second) in PAIRS {
        if !findings.iter().any(|one| one.detector == *first) {
            continue;
        }
        let of = |id: &str| {
            let named = findings.iter().filter(|one| one.detector == id);
            named.cloned().collect::<Vec<Finding>>()
        };
        let (firsts, seconds) = (of(first), of(second));
        let repeats = |one: &Finding, others: &[Finding], wins: fn(&Finding, &Finding) -> bool| {
            others.iter().any(|other| overlap(one, other) && wins(other, one))
        };
        findings.retain(|one| {
            if one.detector == *first {
                !repeats(one, &seconds, |other, one| other.severity > one.severity)
            } else if one.detector == *second {
                !repeats(one, &firsts, |other, one| other.severity >= one.severity)
            } else {
                true
            }
        });
    }
}

fn overlap(one: &Finding, other: &Finding) -> bool {
    match (&one.location.byte_range, &other.location.byte_range) {
        (Some(one), Some(other)) => one.start < other.end && other.start < one.end,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::{ByteRange, Confidence, Location, Severity, Text};

    use super::*;

    fn finding(detector: &str, severity: Severity, start: u64, end: u64) -> Finding {
        Finding {
            detector: detector.to_owned(),
            severity,
            confidence: Confidence::High,
            location: Location {
                artifact: "a".to_owned(),
                member: None,
                byte_range: Some(ByteRange::new(start, end)),
            },
            message: Text::same("x"),
            evidence: String::new(),
            hint: Text::same(""),
            tags: Vec::new(),
            controls: Vec::new(),
            fingerprint: String::new(),
        }
    }

    #[test]
    fn the_worse_of_two_stays() {
        use Severity::{High, Low, Medium};
        for (text, manifest, kept) in [
            ((High, 4, 9), (Medium, 0, 9), &["secret-in-text"][..]),
            ((Low, 4, 9), (Medium, 0, 9), &["secret-in-manifest"]),
            ((Medium, 4, 9), (Medium, 0, 9), &["secret-in-text"]),
            (
                (High, 9, 12),
                (Medium, 0, 9),
                &["secret-in-text", "secret-in-manifest"],
            ),
        ] {
            let mut findings = vec![
                finding("secret-in-text", text.0, text.1, text.2),
                finding("secret-in-manifest", manifest.0, manifest.1, manifest.2),
            ];
            drop_repeated(&mut findings);
            let left: Vec<&str> = findings.iter().map(|one| one.detector.as_str()).collect();
            assert_eq!(left, kept);
        }
    }
}
