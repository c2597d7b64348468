//! The words of each standard for what the bill names, and the names of properties that hold what a standard has no field for.

use cleanbill_core::bill::{
    AnalysisState, ComponentKind, DigestAlgorithm, Justification, Origin, ReferenceKind, RelationKind, Source,
};

/// Names of properties.
pub(crate) mod property {
    pub(crate) const KIND: &str = "cleanbill:kind";
    pub(crate) const PATH: &str = "cleanbill:path";
    pub(crate) const SIZE: &str = "cleanbill:size";
    pub(crate) const RELEASED: &str = "cleanbill:released";
    pub(crate) const REQUIREMENT: &str = "cleanbill:requirement";
    pub(crate) const CONTAINED_IN: &str = "cleanbill:contained-in";
    pub(crate) const TESTED_ON: &str = "cleanbill:tested-on";
    pub(crate) const DERIVED_FROM: &str = "cleanbill:derived-from";
    pub(crate) const TRAINED_ON: &str = "cleanbill:trained-on";
    pub(crate) const DETAIL: &str = "cleanbill:relation-detail";
    pub(crate) const REF: &str = "cleanbill:ref";
    pub(crate) const SOURCE: &str = "cleanbill:source:";
    pub(crate) const MODEL: &str = "cleanbill:model:";
    pub(crate) const DATASET: &str = "cleanbill:dataset:";
    pub(crate) const LICENCE_EXPRESSION: &str = "cleanbill:licence:expression";
    pub(crate) const LICENCE_STATED: &str = "cleanbill:licence:stated";
    pub(crate) const DETECTORS: &str = "cleanbill:detectors-digest";
    pub(crate) const FIXED: &str = "cleanbill:fixed-version";
    pub(crate) const CERTAINTY: &str = "cleanbill:certainty";
    pub(crate) const SEVERITY: &str = "cleanbill:severity";
    pub(crate) const VECTOR: &str = "cleanbill:cvss-vector";
    pub(crate) const DATA_BY: &str = "cleanbill:advisory-data-by";
    pub(crate) const DATA_OF: &str = "cleanbill:advisory-data-of";
    pub(crate) const EPSS_PROBABILITY: &str = "cleanbill:epss:probability";
    pub(crate) const EPSS_PERCENTILE: &str = "cleanbill:epss:percentile";
    pub(crate) const EPSS_DATE: &str = "cleanbill:epss:date";
    pub(crate) const KEV_ADDED: &str = "cleanbill:kev:added";
    pub(crate) const KEV_DUE: &str = "cleanbill:kev:due";
    pub(crate) const KEV_RANSOMWARE: &str = "cleanbill:kev:ransomware";
    pub(crate) const PROCESS: &str = "cleanbill:process";
}

/// Returns the type of a component in CycloneDX.
pub(crate) fn cyclonedx_type(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Application | ComponentKind::Tool | ComponentKind::Service => "application",
        ComponentKind::Model => "machine-learning-model",
        ComponentKind::Dataset | ComponentKind::Prompt => "data",
        ComponentKind::File => "file",
        ComponentKind::Library => "library",
        ComponentKind::Framework => "framework",
        ComponentKind::Container => "container",
        ComponentKind::Platform => "platform",
        ComponentKind::Device => "device",
    }
}

/// Returns the kind of a component by its type in CycloneDX; types that the bill does not tell apart become the nearest kind.
pub(crate) fn kind_of_cyclonedx(name: &str) -> Option<ComponentKind> {
    Some(match name {
        "application" | "firmware" => ComponentKind::Application,
        "machine-learning-model" => ComponentKind::Model,
        "data" => ComponentKind::Dataset,
        "file" => ComponentKind::File,
        "library" | "cryptographic-asset" => ComponentKind::Library,
        "framework" => ComponentKind::Framework,
        "container" => ComponentKind::Container,
        "platform" | "operating-system" => ComponentKind::Platform,
        "device" | "device-driver" => ComponentKind::Device,
        _ => return None,
    })
}

/// Returns the kind that a word of [`ComponentKind::as_str`] names.
pub(crate) fn kind_of_word(word: &str) -> Option<ComponentKind> {
    ComponentKind::ALL.into_iter().find(|kind| kind.as_str() == word)
}

/// Returns the primary purpose of a component in SPDX 3.
pub(crate) fn spdx_purpose(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Application | ComponentKind::Tool | ComponentKind::Service => "application",
        ComponentKind::Model => "model",
        ComponentKind::Dataset => "data",
        ComponentKind::Prompt => "configuration",
        ComponentKind::File => "file",
        ComponentKind::Library => "library",
        ComponentKind::Framework => "framework",
        ComponentKind::Container => "container",
        ComponentKind::Platform => "platform",
        ComponentKind::Device => "device",
    }
}

/// Returns the kind by a primary purpose of SPDX 2.3 or 3.
pub(crate) fn kind_of_purpose(purpose: &str) -> ComponentKind {
    match purpose.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
        "application" | "executable" | "install" => ComponentKind::Application,
        "model" => ComponentKind::Model,
        "data" => ComponentKind::Dataset,
        "configuration" => ComponentKind::Prompt,
        "file" | "archive" | "source" | "documentation" => ComponentKind::File,
        "framework" => ComponentKind::Framework,
        "container" => ComponentKind::Container,
        "platform" | "operatingsystem" => ComponentKind::Platform,
        "device" | "devicedriver" | "firmware" => ComponentKind::Device,
        _ => ComponentKind::Library,
    }
}

/// Returns the name of a hash function in CycloneDX.
pub(crate) fn cyclonedx_hash(algorithm: DigestAlgorithm) -> &'static str {
    match algorithm {
        DigestAlgorithm::Md5 => "MD5",
        DigestAlgorithm::Sha1 => "SHA-1",
        DigestAlgorithm::Sha256 => "SHA-256",
        DigestAlgorithm::Sha384 => "SHA-384",
        DigestAlgorithm::Sha512 => "SHA-512",
        DigestAlgorithm::Sha3_256 => "SHA3-256",
        DigestAlgorithm::Sha3_384 => "SHA3-384",
        DigestAlgorithm::Sha3_512 => "SHA3-512",
        DigestAlgorithm::Blake2b256 => "BLAKE2b-256",
        DigestAlgorithm::Blake2b384 => "BLAKE2b-384",
        DigestAlgorithm::Blake2b512 => "BLAKE2b-512",
        DigestAlgorithm::Blake3 => "BLAKE3",
    }
}

/// Returns the name of a hash function in SPDX 3.
pub(crate) fn spdx_hash(algorithm: DigestAlgorithm) -> &'static str {
    match algorithm {
        DigestAlgorithm::Md5 => "md5",
        DigestAlgorithm::Sha1 => "sha1",
        DigestAlgorithm::Sha256 => "sha256",
        DigestAlgorithm::Sha384 => "sha384",
        DigestAlgorithm::Sha512 => "sha512",
        DigestAlgorithm::Sha3_256 => "sha3_256",
        DigestAlgorithm::Sha3_384 => "sha3_384",
        DigestAlgorithm::Sha3_512 => "sha3_512",
        DigestAlgorithm::Blake2b256 => "blake2b256",
        DigestAlgorithm::Blake2b384 => "blake2b384",
        DigestAlgorithm::Blake2b512 => "blake2b512",
        DigestAlgorithm::Blake3 => "blake3",
    }
}

/// Returns the hash function by its name in any standard: `SHA-256`, `sha256`, `SHA256`, `sha3_256`, `BLAKE2b-256`.
pub(crate) fn hash_of(name: &str) -> Option<DigestAlgorithm> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], "");
    let wanted = plain(name);
    DigestAlgorithm::ALL
        .into_iter()
        .find(|algorithm| plain(cyclonedx_hash(*algorithm)) == wanted)
}

/// Returns the type of an address in CycloneDX, with the comment that keeps apart what it does not.
pub(crate) fn cyclonedx_reference(kind: ReferenceKind) -> (&'static str, &'static str) {
    match kind {
        ReferenceKind::Website => ("website", ""),
        ReferenceKind::Distribution => ("distribution", ""),
        ReferenceKind::ModelCard => ("model-card", ""),
        ReferenceKind::SourceControl => ("vcs", ""),
        ReferenceKind::Documentation => ("documentation", ""),
        ReferenceKind::Paper => ("documentation", "paper"),
        ReferenceKind::Attestation => ("attestation", ""),
        ReferenceKind::Licence => ("license", ""),
        ReferenceKind::Advisory => ("advisories", ""),
        ReferenceKind::IssueTracker => ("issue-tracker", ""),
        ReferenceKind::SecurityContact => ("security-contact", ""),
        ReferenceKind::Evidence => ("evidence", ""),
        ReferenceKind::Bom => ("bom", ""),
        ReferenceKind::Other => ("other", ""),
    }
}

/// Returns what an address is for by its type in CycloneDX.
pub(crate) fn reference_of_cyclonedx(name: &str, comment: &str) -> ReferenceKind {
    match name {
        "website" => ReferenceKind::Website,
        "distribution" | "source-distribution" => ReferenceKind::Distribution,
        "model-card" => ReferenceKind::ModelCard,
        "vcs" => ReferenceKind::SourceControl,
        "documentation" if comment == "paper" => ReferenceKind::Paper,
        "documentation" => ReferenceKind::Documentation,
        "attestation" => ReferenceKind::Attestation,
        "license" => ReferenceKind::Licence,
        "advisories" => ReferenceKind::Advisory,
        "issue-tracker" => ReferenceKind::IssueTracker,
        "security-contact" | "rfc-9116" => ReferenceKind::SecurityContact,
        "evidence" => ReferenceKind::Evidence,
        "bom" => ReferenceKind::Bom,
        _ => ReferenceKind::Other,
    }
}

/// Returns the type of an address in SPDX 3, with the comment that keeps apart what it does not.
pub(crate) fn spdx_reference(kind: ReferenceKind) -> (&'static str, &'static str) {
    match kind {
        ReferenceKind::Website => ("altWebPage", ""),
        ReferenceKind::Distribution => ("altDownloadLocation", ""),
        ReferenceKind::ModelCard => ("documentation", "model-card"),
        ReferenceKind::SourceControl => ("vcs", ""),
        ReferenceKind::Documentation => ("documentation", ""),
        ReferenceKind::Paper => ("documentation", "paper"),
        ReferenceKind::Attestation => ("secureSoftwareAttestation", ""),
        ReferenceKind::Licence => ("license", ""),
        ReferenceKind::Advisory => ("securityAdvisory", ""),
        ReferenceKind::IssueTracker => ("issueTracker", ""),
        ReferenceKind::SecurityContact => ("securityPolicy", ""),
        ReferenceKind::Evidence => ("other", "evidence"),
        ReferenceKind::Bom => ("other", "bom"),
        ReferenceKind::Other => ("other", ""),
    }
}

/// Returns what an address is for by its type in SPDX 3.
pub(crate) fn reference_of_spdx(name: &str, comment: &str) -> ReferenceKind {
    match (name, comment) {
        ("altWebPage", _) => ReferenceKind::Website,
        ("altDownloadLocation" | "sourceArtifact" | "binaryArtifact", _) => ReferenceKind::Distribution,
        ("documentation", "model-card") => ReferenceKind::ModelCard,
        ("documentation", "paper") => ReferenceKind::Paper,
        ("documentation", _) => ReferenceKind::Documentation,
        ("vcs", _) => ReferenceKind::SourceControl,
        ("secureSoftwareAttestation", _) => ReferenceKind::Attestation,
        ("license", _) => ReferenceKind::Licence,
        ("securityAdvisory", _) => ReferenceKind::Advisory,
        ("issueTracker", _) => ReferenceKind::IssueTracker,
        ("securityPolicy", _) => ReferenceKind::SecurityContact,
        ("other", "evidence") => ReferenceKind::Evidence,
        ("other", "bom") => ReferenceKind::Bom,
        _ => ReferenceKind::Other,
    }
}

/// Returns the word for a relation in messages.
pub(crate) fn relation_word(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Contains => "contains",
        RelationKind::DependsOn => "depends-on",
        RelationKind::DerivedFrom => "derived-from",
        RelationKind::TrainedOn => "trained-on",
        RelationKind::TestedOn => "tested-on",
    }
}

/// Returns the state and justification of CycloneDX.
pub(crate) fn cyclonedx_state(state: AnalysisState) -> &'static str {
    match state {
        AnalysisState::Affected => "exploitable",
        AnalysisState::NotAffected => "not_affected",
        AnalysisState::Fixed => "resolved",
        AnalysisState::UnderInvestigation => "in_triage",
        AnalysisState::FalsePositive => "false_positive",
    }
}

/// Returns the state by its name in CycloneDX.
pub(crate) fn state_of_cyclonedx(name: &str) -> Option<AnalysisState> {
    Some(match name {
        "exploitable" => AnalysisState::Affected,
        "not_affected" => AnalysisState::NotAffected,
        "resolved" | "resolved_with_pedigree" => AnalysisState::Fixed,
        "in_triage" => AnalysisState::UnderInvestigation,
        "false_positive" => AnalysisState::FalsePositive,
        _ => return None,
    })
}

/// Returns the justification of CycloneDX that comes nearest.
pub(crate) fn cyclonedx_justification(justification: Justification) -> &'static str {
    match justification {
        Justification::ComponentNotPresent | Justification::CodeNotPresent => "code_not_present",
        Justification::CodeNotReached => "code_not_reachable",
        Justification::NotControllable => "requires_environment",
        Justification::Mitigated => "protected_by_mitigating_control",
    }
}

/// Returns the justification by its name in CycloneDX.
pub(crate) fn justification_of_cyclonedx(name: &str) -> Option<Justification> {
    Some(match name {
        "code_not_present" => Justification::CodeNotPresent,
        "code_not_reachable" => Justification::CodeNotReached,
        "requires_configuration" | "requires_dependency" | "requires_environment" => {
            Justification::NotControllable
        }
        "protected_by_compiler"
        | "protected_at_runtime"
        | "protected_at_perimeter"
        | "protected_by_mitigating_control" => Justification::Mitigated,
        _ => return None,
    })
}

/// Pairs of a justification and its name in OpenVEX and CSAF.
pub(crate) const JUSTIFICATIONS: [(Justification, &str); 5] = [
    (Justification::ComponentNotPresent, "component_not_present"),
    (Justification::CodeNotPresent, "vulnerable_code_not_present"),
    (
        Justification::CodeNotReached,
        "vulnerable_code_not_in_execute_path",
    ),
    (
        Justification::NotControllable,
        "vulnerable_code_cannot_be_controlled_by_adversary",
    ),
    (Justification::Mitigated, "inline_mitigations_already_exist"),
];

const ORIGINS: [(Origin, &str); 5] = [
    (Origin::Stated, "stated"),
    (Origin::Measured, "measured"),
    (Origin::Concluded, "concluded"),
    (Origin::Given, "given"),
    (Origin::Foreign, "foreign"),
];

/// Writes where a value came from as one line that [`source_of`] reads again.
pub(crate) fn source_line(source: &Source) -> String {
    let origin = ORIGINS
        .iter()
        .find(|(origin, _)| *origin == source.origin)
        .map_or("stated", |(_, word)| word);
    if source.place.is_empty() {
        format!("{origin}: {}", source.file)
    } else {
        format!("{origin}: {} # {}", source.file, source.place)
    }
}

/// Reads a line of [`source_line`].
pub(crate) fn source_of(line: &str) -> Option<Source> {
    let (word, rest) = line.split_once(": ")?;
    let origin = ORIGINS.iter().find(|(_, name)| *name == word)?.0;
    let (file, place) = rest.split_once(" # ").unwrap_or((rest, ""));
    Some(Source {
        origin,
        file: file.to_owned(),
        place: place.to_owned(),
    })
}

/// Makes an address fit for a field that wants an IRI reference (RFC 3987): what may not stand in one is percent-encoded.
pub(crate) fn iri(address: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(address.len());
    // A colon in the first segment ends a scheme, so it may stand there only after one.
    let first = address.split(['/', '?', '#']).next().unwrap_or_default();
    let scheme = first.split_once(':').map(|(scheme, _)| scheme);
    let has_bad_scheme = scheme.is_some_and(|scheme| {
        !scheme.starts_with(|one: char| one.is_ascii_alphabetic())
            || !scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    });
    for (index, character) in address.char_indices() {
        let rest = address.get(index + 1..).unwrap_or_default();
        let is_escape =
            character == '%' && rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        let is_fit = match character {
            '%' => is_escape,
            ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '}' | '|' | '[' | ']' => false,
            '#' => !out.contains('#'),
            ':' => !(has_bad_scheme && index < first.len()),
            other => is_iri_letter(other) && !crate::escape::is_hidden(other),
        };
        if is_fit {
            out.push(character);
        } else {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Says whether a character beyond ASCII may stand in an IRI (RFC 3987, 2.2, `ucschar`): no private ones and no non-characters.
fn is_iri_letter(letter: char) -> bool {
    let code = u32::from(letter);
    let is_none = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    let is_private = (0xe000..=0xf8ff).contains(&code) || code >= 0xe_0000;
    letter.is_ascii() || !(is_none || is_private)
}

/// Says whether text is a time with a zone (RFC 3339, 5.6).
pub(crate) fn is_time(text: &str) -> bool {
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = text.get(from..to)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let within = |from: usize, least: u32, most: u32| {
        number(from, from + 2).is_some_and(|number| (least..=most).contains(&number))
    };
    let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
    let is_clock = number(0, 4).is_some()
        && within(5, 1, 12)
        && within(8, 1, 31)
        && within(11, 0, 23)
        && within(14, 0, 59)
        && within(17, 0, 59)
        && marks.iter().all(|(at, mark)| text.get(*at..at + 1) == Some(mark));
    let mut zone = text.get(19..).unwrap_or_default();
    if let Some(fraction) = zone.strip_prefix('.') {
        zone = fraction.trim_start_matches(|one: char| one.is_ascii_digit());
        if zone.len() == fraction.len() {
            return false;
        }
    }
    let start = text.len() - zone.len();
    let is_offset = zone.len() == 6
        && zone.starts_with(['+', '-'])
        && zone.get(3..4) == Some(":")
        && within(start + 1, 0, 23)
        && within(start + 4, 0, 59);
    is_clock && (zone == "Z" || is_offset)
}

/// Moves the point of a decimal number by so many places to the left, without rounding: `12.5` by 3 is `0.0125`.
pub(crate) fn shift(number: &str, left: usize) -> Option<String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_plain(whole) || !is_plain(fraction) || number.len() > 64 {
        return None;
    }
    let padded = format!("{}{whole}", "0".repeat(left + 1));
    let cut = padded.len().saturating_sub(left);
    let (front, back) = (padded.get(..cut)?, padded.get(cut..)?);
    let front = front.trim_start_matches('0');
    let tail = format!("{back}{fraction}");
    let tail = tail.trim_end_matches('0');
    let front = if front.is_empty() { "0" } else { front };
    Some(if tail.is_empty() {
        front.to_owned()
    } else {
        format!("{front}.{tail}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_move_without_rounding() {
        assert_eq!(shift("12.5", 3).as_deref(), Some("0.0125"));
        assert_eq!(shift("1250", 3).as_deref(), Some("1.25"));
        assert_eq!(shift("7", 0).as_deref(), Some("7"));
        assert_eq!(shift("2000000", 6).as_deref(), Some("2"));
        assert_eq!(shift("1e3", 3), None);
        assert_eq!(shift("-1", 3), None);
    }

    #[test]
    fn times_are_told_from_other_text() {
        for good in [
            "2024-05-01T10:20:30Z",
            "2024-05-01T10:20:30.123Z",
            "2024-05-01T10:20:30+02:00",
        ] {
            assert!(is_time(good), "{good}");
        }
        for bad in [
            "",
            "2024-05-01",
            "2024-13-01T10:20:30Z",
            "2024-05-01 10:20:30Z",
            "2024-05-01T10:20:30",
            "2024-05-01T10:20:30.Z",
            "2024-05-01T25:20:30Z",
            "２024-05-01T10:20:30Z",
        ] {
            assert!(!is_time(bad), "{bad}");
        }
    }

    #[test]
    fn sources_are_read_again() {
        for source in [
            Source::file("README.md", "license"),
            Source::given("--licence"),
            Source::measured("a # b.bin", ""),
        ] {
            let line = source_line(&source);
            if source.file.contains(" # ") {
                continue;
            }
            assert_eq!(source_of(&line), Some(source));
        }
    }

    #[test]
    fn addresses_become_fit() {
        assert_eq!(
            iri("https://a.b/c d?x=[1]#y#z"),
            "https://a.b/c%20d?x=%5B1%5D#y%23z"
        );
        assert_eq!(iri("a%20b%zz"), "a%20b%25zz");
        assert_eq!(iri("my model: v1/x:y"), "my%20model%3A%20v1/x:y");
        assert_eq!(iri("file:model.sig"), "file:model.sig");
    }

    #[test]
    fn every_word_leads_back() {
        for kind in ComponentKind::ALL {
            assert_eq!(kind_of_word(kind.as_str()), Some(kind));
        }
        for algorithm in DigestAlgorithm::ALL {
            assert_eq!(hash_of(cyclonedx_hash(algorithm)), Some(algorithm));
            assert_eq!(hash_of(spdx_hash(algorithm)), Some(algorithm));
        }
    }
}
