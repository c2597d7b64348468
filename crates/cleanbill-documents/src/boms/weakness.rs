//! What documents say of a weakness beyond the fields of their standards: properties that both standards carry, and scores that
//! follow from vectors of CVSS.

use std::str::FromStr;

use cleanbill_core::{
    Severity,
    bill::{Certainty, Vulnerability},
};
use cvss::Cvss;

use super::{names::property, tree::is_number};

/// Names a version of CVSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CvssVersion {
    V2,
    V3_0,
    V3_1,
    V4,
}

/// Holds what a vector of CVSS comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scored {
    pub(super) version: CvssVersion,
    /// 0.0 to 10.0, with one digit after the point.
    pub(super) score: String,
    pub(super) severity: Severity,
}

/// Computes the score of a vector; `None` where it is none.
pub(super) fn scored(vector: &str) -> Option<Scored> {
    let parsed = Cvss::from_str(vector).ok()?;
    let version = match parsed {
        Cvss::CvssV20(_) => CvssVersion::V2,
        Cvss::CvssV30(_) => CvssVersion::V3_0,
        Cvss::CvssV31(_) => CvssVersion::V3_1,
        Cvss::CvssV40(_) => CvssVersion::V4,
        _ => return None,
    };
    let wanted = match version {
        CvssVersion::V2 => BASE_2,
        CvssVersion::V3_0 | CvssVersion::V3_1 => BASE_3,
        CvssVersion::V4 => BASE_4,
    };
    // The parser takes what is left out for no harm.
    let has = |name: &str| vector.split('/').any(|part| part.split(':').next() == Some(name));
    if !wanted.split(' ').all(has) {
        return None;
    }
    let score = parsed.score();
    // Ratings of CVSS 3.1, section 5, and 4.0, section 6.
    let severity = match score {
        score if score >= 9.0 => Severity::Critical,
        score if score >= 7.0 => Severity::High,
        score if score >= 4.0 => Severity::Medium,
        score if score > 0.0 => Severity::Low,
        _ => Severity::Info,
    };
    Some(Scored {
        version,
        score: format!("{score:.1}"),
        severity,
    })
}

/// Metrics without which there is no score, by version.
const BASE_2: &str = "AV AC Au C I A";
const BASE_3: &str = "AV AC PR UI S C I A";
const BASE_4: &str = "AV AC AT PR UI VC VI VA SC SI SA";

/// Lists what no standard has a field for, by the name of its property.
pub(super) fn extras(one: &Vulnerability) -> Vec<(&'static str, String)> {
    let mut out: Vec<(&str, String)> = Vec::new();
    for fixed in &one.fixed {
        out.push((property::FIXED, fixed.clone()));
    }
    if let Some(certainty) = one.certainty {
        out.push((property::CERTAINTY, certainty.as_str().to_owned()));
    }
    if let Some(likelihood) = &one.likelihood {
        out.push((property::EPSS_PROBABILITY, likelihood.probability.clone()));
        out.push((property::EPSS_PERCENTILE, likelihood.percentile.clone()));
        out.push((property::EPSS_DATE, likelihood.date.clone()));
    }
    if let Some(exploitation) = &one.exploitation {
        let ransomware = if exploitation.ransomware {
            "known"
        } else {
            "unknown"
        };
        out.push((property::KEV_ADDED, exploitation.added.clone()));
        out.push((property::KEV_DUE, exploitation.due.clone()));
        out.push((property::KEV_RANSOMWARE, ransomware.to_owned()));
    }
    out.retain(|(_, value)| !value.is_empty());
    out
}

/// Takes one property of [`extras`]; others are passed over.
pub(super) fn set_extra(out: &mut Vulnerability, name: &str, value: String) {
    match name {
        property::FIXED if !out.fixed.contains(&value) => out.fixed.push(value),
        property::CERTAINTY => {
            out.certainty = Certainty::ALL.into_iter().find(|one| one.as_str() == value);
        }
        property::EPSS_PROBABILITY if is_number(&value) => {
            out.likelihood.get_or_insert_default().probability = value;
        }
        property::EPSS_PERCENTILE if is_number(&value) => {
            out.likelihood.get_or_insert_default().percentile = value;
        }
        property::EPSS_DATE => out.likelihood.get_or_insert_default().date = value,
        property::KEV_ADDED => out.exploitation.get_or_insert_default().added = value,
        property::KEV_DUE => out.exploitation.get_or_insert_default().due = value,
        property::KEV_RANSOMWARE => out.exploitation.get_or_insert_default().ransomware = value == "known",
        property::SEVERITY => out.severity = Severity::parse(&value).or(out.severity),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_to_scores() {
        for (vector, version, score, severity) in [
            (
                "AV:N/AC:L/Au:N/C:C/I:C/A:C",
                CvssVersion::V2,
                "10.0",
                Severity::Critical,
            ),
            (
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                CvssVersion::V3_0,
                "9.8",
                Severity::Critical,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
                CvssVersion::V3_1,
                "8.8",
                Severity::High,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
                CvssVersion::V3_1,
                "0.0",
                Severity::Info,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                CvssVersion::V4,
                "9.3",
                Severity::Critical,
            ),
        ] {
            let expected = Scored {
                version,
                score: score.to_owned(),
                severity,
            };
            assert_eq!(scored(vector), Some(expected), "{vector}");
        }
        for bad in [
            "",
            "9.8",
            "CVSS:3.1/AV:N",
            "CVSS:3.1/AV:N/AV:N",
            "CVSS:9.9/AV:N/AC:L",
        ] {
            assert_eq!(scored(bad), None, "{bad}");
        }
    }

    #[test]
    fn properties_lead_back() {
        let mut one = Vulnerability::default();
        let values = [
            (property::FIXED, "2.0"),
            (property::CERTAINTY, "possible"),
            (property::EPSS_PROBABILITY, "0.5"),
            (property::EPSS_PERCENTILE, "0.25"),
            (property::EPSS_DATE, "2026-01-01"),
            (property::KEV_ADDED, "2026-01-02"),
            (property::KEV_DUE, "2026-02-02"),
            (property::KEV_RANSOMWARE, "known"),
        ];
        for (name, value) in values {
            set_extra(&mut one, name, value.to_owned());
        }
        let expected: Vec<(&str, String)> = values.map(|(name, value)| (name, value.to_owned())).to_vec();
        assert_eq!(extras(&one), expected);
        set_extra(&mut one, property::EPSS_PROBABILITY, "much".to_owned());
        assert_eq!(extras(&one), expected, "what is no number is no probability");
    }
}
