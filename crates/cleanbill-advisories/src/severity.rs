//! How bad an advisory is: from CVSS vectors, else from the word of the database, else unknown.

use std::str::FromStr;

use cleanbill_core::Severity;
use cvss::Cvss;

/// A severity with what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Rating {
    /// `None` where nothing says it.
    pub severity: Option<Severity>,
    /// What it rests on.
    pub basis: Basis,
}

/// What a severity rests on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Basis {
    /// The package was published to do harm (`MAL-`).
    Malicious,
    /// A CVSS vector.
    Cvss {
        /// The vector.
        vector: String,
        /// Its score, 0.0 to 10.0.
        score: f64,
    },
    /// A word of the database that published the advisory.
    Word(String),
    /// Nothing.
    Unknown,
}

impl Rating {
    /// Rates as a malicious package.
    pub(crate) fn malicious() -> Self {
        Self {
            severity: Some(Severity::Critical),
            basis: Basis::Malicious,
        }
    }

    /// Rates by the vector of the newest CVSS version, else by the first word that is known.
    pub(crate) fn of<'a>(ratings: impl Iterator<Item = (&'a str, &'a str)> + Clone, words: &[&str]) -> Self {
        let vectors = ratings.clone().filter_map(|(_, score)| {
            let vector = Cvss::from_str(score.trim()).ok()?;
            let version: u8 = match vector {
                Cvss::CvssV40(_) => 3,
                Cvss::CvssV31(_) => 2,
                Cvss::CvssV30(_) => 1,
                _ => 0,
            };
            is_whole(version, score.trim()).then(|| (version, vector.score(), score))
        });
        let newest = vectors.reduce(|best, next| {
            if (next.0, next.1) > (best.0, best.1) {
                next
            } else {
                best
            }
        });
        if let Some((_, score, vector)) = newest {
            return Self {
                severity: Some(of_score(score)),
                basis: Basis::Cvss {
                    vector: vector.trim().to_owned(),
                    score,
                },
            };
        }
        let named = ratings.map(|(_, score)| score).chain(words.iter().copied());
        for word in named {
            if let Some(severity) = of_word(word) {
                return Self {
                    severity: Some(severity),
                    basis: Basis::Word(word.to_owned()),
                };
            }
        }
        Self {
            severity: None,
            basis: Basis::Unknown,
        }
    }

    /// Keeps the worse of two; what rests on a vector goes before a word of the same severity.
    pub(crate) fn worse(self, other: Self) -> Self {
        let rank = |rating: &Self| {
            let (kind, score) = match &rating.basis {
                Basis::Malicious => (3, 0.0),
                Basis::Cvss { score, .. } => (2, *score),
                Basis::Word(_) => (1, 0.0),
                Basis::Unknown => (0, 0.0),
            };
            (rating.severity, kind, score)
        };
        if rank(&other) > rank(&self) { other } else { self }
    }
}

/// Says whether a vector has every metric without which there is no score: the parser takes what is left out for no harm.
fn is_whole(version: u8, vector: &str) -> bool {
    let wanted = match version {
        0 => "AV AC Au C I A",
        1 | 2 => "AV AC PR UI S C I A",
        _ => "AV AC AT PR UI VC VI VA SC SI SA",
    };
    let has = |name: &str| vector.split('/').any(|part| part.split(':').next() == Some(name));
    wanted.split(' ').all(has)
}

/// Ratings of CVSS 3.1, section 5, and 4.0, section 6; version 2 is rated the same way.
fn of_score(score: f64) -> Severity {
    if score >= 9.0 {
        Severity::Critical
    } else if score >= 7.0 {
        Severity::High
    } else if score >= 4.0 {
        Severity::Medium
    } else if score > 0.0 {
        Severity::Low
    } else {
        Severity::Info
    }
}

fn of_word(word: &str) -> Option<Severity> {
    let word = word.trim().to_ascii_lowercase();
    Some(match word.as_str() {
        "critical" => Severity::Critical,
        "high" | "important" => Severity::High,
        "medium" | "moderate" => Severity::Medium,
        "low" | "minor" => Severity::Low,
        "negligible" | "none" | "informational" | "unimportant" => Severity::Info,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_vector_goes_before_words() {
        let rate = |ratings: &[(&'static str, &'static str)], words: &[&str]| {
            let rating = Rating::of(ratings.iter().copied(), words);
            rating.severity.map(Severity::as_str)
        };
        let three = ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
        let four = (
            "CVSS_V4",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
        );
        assert_eq!(rate(&[three], &["LOW"]), Some("critical"));
        assert_eq!(rate(&[three, four], &[]), Some("medium"));
        assert_eq!(
            rate(&[("CVSS_V3", "CVSS:3.1/nonsense")], &["MODERATE"]),
            Some("medium")
        );
        assert_eq!(
            rate(&[("CVSS_V3", "CVSS:3.1/AV:N")], &["CRITICAL"]),
            Some("critical"),
            "half a vector is none"
        );
        assert_eq!(rate(&[("Ubuntu", "negligible")], &[]), Some("info"));
        assert_eq!(rate(&[], &["whatever"]), None);
    }
}
