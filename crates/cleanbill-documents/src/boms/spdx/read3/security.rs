//! Weaknesses, what was concluded about them, their scores and their use.

use cleanbill_core::{
    Severity,
    bill::{Analysis, AnalysisState, Vulnerability},
};

use super::{Reader, id_of};
use crate::boms::{
    names::{JUSTIFICATIONS, property},
    spdx::security::camel,
    spot::Spot,
    tree::Node,
    weakness::set_extra,
};

impl<'a> Reader<'a> {
    pub(super) fn vulnerability(&mut self, spot: &Spot<'a>) {
        let ids = spot.list("externalIdentifier");
        let ids = ids.iter().filter_map(|one| one.said("identifier"));
        let id = spot.said("spdxId").unwrap_or(&spot.path);
        let mut out = Vulnerability {
            id: spot.said("name").unwrap_or_default().to_owned(),
            description: spot.said("description").unwrap_or_default().to_owned(),
            published: spot.said("security_publishedTime").map(str::to_owned),
            source: spot.source(),
            ..Vulnerability::default()
        };
        let ids: Vec<&str> = ids.collect();
        if out.id.is_empty() {
            ids.first().copied().unwrap_or(id).clone_into(&mut out.id);
        }
        out.aliases = ids
            .into_iter()
            .filter(|one| *one != out.id)
            .map(str::to_owned)
            .collect();
        out.aliases.sort();
        for one in spot.list("externalRef") {
            let is_kind = one.said("externalRefType") == Some("cwe");
            for url in one.texts("locator") {
                match cwe(&url.value).filter(|_| is_kind) {
                    Some(number) => out.weaknesses.push(number),
                    None => out.references.push(url.value),
                }
            }
        }
        out.weaknesses.sort_unstable();
        out.weaknesses.dedup();
        self.weaknesses
            .entry(id.to_owned())
            .or_insert(self.bill.vulnerabilities.len());
        self.bill.vulnerabilities.push(out);
    }

    fn weakness(&mut self, id: &str) -> Option<&mut Vulnerability> {
        let place = self.weaknesses.get(id)?;
        self.bill.vulnerabilities.get_mut(*place)
    }

    pub(super) fn affects(&mut self, vulnerability: &str, component: &str, analysis: Option<Analysis>) {
        let component = id_of(component);
        if let Some(one) = self.weakness(vulnerability) {
            if !one.affects.contains(&component) {
                one.affects.push(component);
            }
            if analysis.is_some() {
                one.analysis = analysis;
            }
        }
    }

    /// Reads a score or what is said of its use.
    pub(super) fn assessment(&mut self, class: &str, vulnerability: &str, spot: &Spot<'a>) {
        let Some(one) = self.weakness(vulnerability) else {
            return;
        };
        let said = |key: &str| spot.get(key).and_then(|value| value.plain());
        match class {
            "security_CvssV2VulnAssessmentRelationship"
            | "security_CvssV3VulnAssessmentRelationship"
            | "security_CvssV4VulnAssessmentRelationship" => {
                let vector = said("security_vectorString");
                if let Some(vector) = vector.filter(|vector| !one.vectors.contains(vector)) {
                    let severity = match said("security_severity").as_deref() {
                        Some("none") => Some(Severity::Info),
                        Some(word) => Severity::parse(word),
                        None => crate::boms::weakness::scored(&vector).map(|one| one.severity),
                    };
                    one.severity = one.severity.max(severity);
                    one.vectors.push(vector);
                }
            }
            "security_EpssVulnAssessmentRelationship" => {
                for (key, name) in [
                    ("security_probability", property::EPSS_PROBABILITY),
                    ("security_percentile", property::EPSS_PERCENTILE),
                    ("security_publishedTime", property::EPSS_DATE),
                ] {
                    if let Some(value) = said(key) {
                        set_extra(one, name, value);
                    }
                }
            }
            "security_ExploitCatalogVulnAssessmentRelationship"
                if said("security_exploited").as_deref() == Some("true") =>
            {
                let added = said("security_publishedTime").unwrap_or_default();
                set_extra(one, property::KEV_ADDED, added);
            }
            _ => {}
        }
    }

    /// Reads an annotation of ours on a weakness; it is more exact than the relations, and stands behind them.
    pub(super) fn noted(&mut self, subject: &str, statement: &Node) {
        let Some(out) = self.weakness(subject) else { return };
        for one in statement.all("properties") {
            let (Some(name), Some(value)) = (one.said("name"), one.said("value")) else {
                continue;
            };
            match name {
                property::VECTOR if !out.vectors.iter().any(|one| one == value) => {
                    out.vectors.push(value.to_owned());
                }
                property::DATA_BY => {
                    value.clone_into(&mut out.source.file);
                    out.source.place.clear();
                }
                property::DATA_OF => value.clone_into(&mut out.source.place),
                _ => set_extra(out, name, value.to_owned()),
            }
        }
    }
}

/// Reads the number at the end of `CWE-502` or of its address.
fn cwe(text: &str) -> Option<u32> {
    let text = text.trim_end_matches(".html");
    text.rsplit(['/', '-']).next()?.parse().ok()
}

pub(super) fn analysis(spot: &Spot<'_>, kind: &str) -> Option<Analysis> {
    let state = match kind {
        "affects" => AnalysisState::Affected,
        "doesNotAffect" => AnalysisState::NotAffected,
        "fixedIn" => AnalysisState::Fixed,
        "underInvestigationFor" => AnalysisState::UnderInvestigation,
        _ => return None,
    };
    let word = spot.said("security_justificationType");
    let detail = spot
        .said("security_impactStatement")
        .or(spot.said("security_statusNotes"));
    Some(Analysis {
        state,
        justification: JUSTIFICATIONS
            .iter()
            .find(|(_, name)| word == Some(camel(name).as_str()))
            .map(|(justification, _)| *justification),
        detail: detail.unwrap_or_default().to_owned(),
        action: spot
            .said("security_actionStatement")
            .unwrap_or_default()
            .to_owned(),
        source: spot.source(),
    })
}
