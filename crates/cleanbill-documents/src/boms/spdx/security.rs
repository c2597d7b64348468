//! Known weaknesses with what was concluded about them (profile Security).

use cleanbill_core::{
    Severity,
    bill::{Analysis, AnalysisState, Vulnerability},
};

use super::{Writer, element::Extras, time};
use crate::boms::{
    names::{JUSTIFICATIONS, iri, property},
    tree::Node,
    weakness::{CvssVersion, Scored, extras, scored},
};

/// Where the catalogue of exploited vulnerabilities stands.
const KEV: &str = "https://www.cisa.gov/known-exploited-vulnerabilities-catalog";

impl Writer<'_> {
    pub(super) fn vulnerabilities(&mut self) {
        let bill = self.bill;
        for (index, one) in bill.vulnerabilities.iter().enumerate() {
            let id = self.id("vulnerability", &format!("{index}:{}", one.id));
            let mut element = Self::element("security_Vulnerability", &id).say("name", &one.id);
            if !one.description.is_empty() {
                element.set("description", Node::text(&one.description));
            }
            let ids = std::iter::once(&one.id).chain(&one.aliases);
            element.set_list(
                "externalIdentifier",
                ids.map(|name| {
                    let class = if name.starts_with("CVE-") {
                        "cve"
                    } else {
                        "securityOther"
                    };
                    Node::map()
                        .say("type", "ExternalIdentifier")
                        .say("externalIdentifierType", class)
                        .say("identifier", name)
                })
                .collect(),
            );
            let outside = |class: &str, url: &str| {
                Node::map()
                    .say("type", "ExternalRef")
                    .say("externalRefType", class)
                    .with("locator", Node::list(vec![Node::text(iri(url))]))
            };
            let references = one.references.iter();
            let references = references.map(|url| outside("securityAdvisory", url));
            let kinds = one.weaknesses.iter();
            let kinds = kinds.map(|number| {
                outside(
                    "cwe",
                    &format!("https://cwe.mitre.org/data/definitions/{number}.html"),
                )
            });
            element.set_list("externalRef", references.chain(kinds).collect());
            element.set_some(
                "security_publishedTime",
                one.published.as_deref().and_then(time).map(Node::text),
            );
            self.elements.push(element);
            let affected: Vec<String> = one
                .affects
                .iter()
                .filter(|id| bill.component(id).is_some())
                .map(|id| self.component_id(id))
                .collect();
            for component in &affected {
                self.relation(
                    "hasAssociatedVulnerability",
                    component,
                    std::slice::from_ref(&id),
                    "",
                );
            }
            if let Some(analysis) = &one.analysis
                && !affected.is_empty()
            {
                self.assess(&id, index, &affected, analysis);
            }
            self.rate(&id, index, &affected, one);
        }
    }

    /// Adds scores and what is known of its use. Relations demand what is assessed; what they cannot say stands in an annotation.
    fn rate(&mut self, id: &str, index: usize, affected: &[String], one: &Vulnerability) {
        let mut rest = Extras::default();
        let mut most = None;
        for (number, vector) in one.vectors.iter().enumerate() {
            match scored(vector) {
                Some(scored) if !affected.is_empty() => {
                    most = most.max(Some(scored.severity));
                    let name = format!("{index}:cvss:{number}");
                    let relation = cvss(self.assessment(id, &name, affected, &scored), vector, &scored);
                    self.elements.push(relation);
                }
                _ => rest.add(property::VECTOR, vector),
            }
        }
        if let Some(severity) = one.severity.filter(|severity| most != Some(*severity)) {
            rest.add(property::SEVERITY, severity.as_str());
        }
        if let Some(likelihood) = &one.likelihood
            && !affected.is_empty()
            && is_decimal(&likelihood.probability)
            && is_decimal(&likelihood.percentile)
        {
            let mut out = self
                .relationship(
                    "security_EpssVulnAssessmentRelationship",
                    &format!("{index}:epss"),
                )
                .say("from", id)
                .say("relationshipType", "hasAssessmentFor")
                .with("to", Node::list(affected.iter().map(Node::text).collect()))
                .say("security_probability", &likelihood.probability)
                .say("security_percentile", &likelihood.percentile);
            out.set_some("security_publishedTime", time(&likelihood.date).map(Node::text));
            self.elements.push(out);
        }
        if let Some(exploitation) = &one.exploitation
            && !affected.is_empty()
        {
            let mut out = self
                .relationship(
                    "security_ExploitCatalogVulnAssessmentRelationship",
                    &format!("{index}:kev"),
                )
                .say("from", id)
                .say("relationshipType", "hasAssessmentFor")
                .with("to", Node::list(affected.iter().map(Node::text).collect()))
                .say("security_catalogType", "kev")
                .with("security_exploited", Node::truth(true))
                .say("security_locator", KEV);
            out.set_some(
                "security_publishedTime",
                time(&exploitation.added).map(Node::text),
            );
            self.elements.push(out);
        }
        for (name, value) in extras(one) {
            rest.add(name, &value);
        }
        if !one.source.file.is_empty() {
            rest.add(property::DATA_BY, &one.source.file);
            if !one.source.place.is_empty() {
                rest.add(property::DATA_OF, &one.source.place);
            }
        }
        let annotation = self.id("vulnerability-annotation", &index.to_string());
        self.note(&annotation, id, &rest.statement());
    }

    fn relationship(&self, class: &str, name: &str) -> Node {
        Self::element(class, &self.id("assessment", name))
    }

    fn assessment(&self, vulnerability: &str, name: &str, affected: &[String], scored: &Scored) -> Node {
        let class = match scored.version {
            CvssVersion::V2 => "security_CvssV2VulnAssessmentRelationship",
            CvssVersion::V3_0 | CvssVersion::V3_1 => "security_CvssV3VulnAssessmentRelationship",
            CvssVersion::V4 => "security_CvssV4VulnAssessmentRelationship",
        };
        self.relationship(class, name)
            .say("from", vulnerability)
            .say("relationshipType", "hasAssessmentFor")
            .with("to", Node::list(affected.iter().map(Node::text).collect()))
    }

    fn assess(&mut self, vulnerability: &str, index: usize, affected: &[String], analysis: &Analysis) {
        let (class, kind) = match analysis.state {
            AnalysisState::Affected => ("security_VexAffectedVulnAssessmentRelationship", "affects"),
            AnalysisState::NotAffected | AnalysisState::FalsePositive => (
                "security_VexNotAffectedVulnAssessmentRelationship",
                "doesNotAffect",
            ),
            AnalysisState::Fixed => ("security_VexFixedVulnAssessmentRelationship", "fixedIn"),
            AnalysisState::UnderInvestigation => (
                "security_VexUnderInvestigationVulnAssessmentRelationship",
                "underInvestigationFor",
            ),
        };
        let mut out = Self::element(class, &self.id("assessment", &index.to_string()))
            .say("from", vulnerability)
            .say("relationshipType", kind)
            .with("to", Node::list(affected.iter().map(Node::text).collect()));
        match analysis.state {
            AnalysisState::Affected => {
                // The shapes demand a statement.
                let action = [&analysis.action, &analysis.detail]
                    .into_iter()
                    .find(|text| !text.is_empty());
                out.set(
                    "security_actionStatement",
                    Node::text(action.map_or("no action is stated", String::as_str)),
                );
            }
            AnalysisState::NotAffected | AnalysisState::FalsePositive => {
                let word = JUSTIFICATIONS
                    .iter()
                    .find(|(one, _)| Some(*one) == analysis.justification)
                    .map(|(_, word)| camel(word));
                out.set_some("security_justificationType", word.map(Node::text));
                if !analysis.detail.is_empty() {
                    out.set("security_impactStatement", Node::text(&analysis.detail));
                } else if analysis.justification.is_none() {
                    out.set(
                        "security_impactStatement",
                        Node::text("the report does not concern this product"),
                    );
                }
            }
            AnalysisState::Fixed | AnalysisState::UnderInvestigation => {
                if !analysis.detail.is_empty() {
                    out.set("security_statusNotes", Node::text(&analysis.detail));
                }
            }
        }
        self.elements.push(out);
    }
}

/// Adds a score. It is written as text: a number of JSON would become binary, and the shapes demand a decimal one.
fn cvss(mut relation: Node, vector: &str, scored: &Scored) -> Node {
    relation = relation
        .say("security_score", &scored.score)
        .say("security_vectorString", vector);
    if scored.version != CvssVersion::V2 {
        let word = match scored.severity {
            Severity::Info => "none",
            other => other.as_str(),
        };
        relation.set("security_severity", Node::text(word));
    }
    relation
}

/// Says whether text is a decimal number of the shapes.
fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !whole.is_empty() && is_digits(whole) && is_digits(fraction)
}

/// Writes `a_word_like_this` as `aWordLikeThis`.
pub(super) fn camel(word: &str) -> String {
    let mut out = String::new();
    for (index, part) in word.split('_').enumerate() {
        let mut letters = part.chars();
        match letters.next() {
            Some(first) if index > 0 => out.push(first.to_ascii_uppercase()),
            Some(first) => out.push(first),
            None => {}
        }
        out.extend(letters);
    }
    out
}
