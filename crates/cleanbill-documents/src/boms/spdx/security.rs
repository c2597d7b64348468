//! Known weaknesses with what was concluded about them (profile Security).

use cleanbill_core::bill::{Analysis, AnalysisState};

use super::{Writer, time};
use crate::boms::{
    names::{JUSTIFICATIONS, iri},
    tree::Node,
};

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
            let references = one.references.iter();
            element.set_list(
                "externalRef",
                references
                    .map(|url| {
                        Node::map()
                            .say("type", "ExternalRef")
                            .say("externalRefType", "securityAdvisory")
                            .with("locator", Node::list(vec![Node::text(iri(url))]))
                    })
                    .collect(),
            );
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
        }
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
