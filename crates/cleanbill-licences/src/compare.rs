//! Compares what is declared with the texts that are there.

use std::collections::BTreeSet;

use cleanbill_core::{Confidence, Text, text};

use crate::{
    catalog::{Catalog, catalog},
    declared::{Declared, Reading},
    expression::{Expression, Term},
    recognise::{Findings, FoundKind},
    terms::{Terms, UseRestrictions},
};

/// Says how a declaration and the texts stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agreement {
    /// They say the same.
    Agrees,
    /// The texts grant less than is declared.
    FoundNarrower,
    /// The texts grant more than is declared.
    DeclaredNarrower,
    /// They name different licences.
    Contradicts,
    /// One of them says nothing that could be compared.
    NotComparable,
}

/// Holds the result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How they stand to each other.
    pub agreement: Agreement,
    /// How sure that is.
    pub confidence: Confidence,
    /// Ids that are declared, sorted.
    pub declared: Vec<String>,
    /// Ids whose text, notice or tag is there, sorted.
    pub found: Vec<String>,
    /// Found beside what is declared: parts of others, or more conditions.
    pub extra: Vec<String>,
    /// Why, for people.
    pub reason: Text,
}

/// Compares a declaration with what stands in the files beside it.
pub fn compare(declared: &Declared, findings: &Findings) -> Comparison {
    let catalog = catalog();
    let found: BTreeSet<&str> = findings.granted();
    let result = |agreement, confidence, extra: Vec<String>, reason| Comparison {
        agreement,
        confidence,
        declared: ids(declared.expression()),
        found: found.iter().map(|id| (*id).to_owned()).collect(),
        extra,
        reason,
    };
    let names = list(found.iter().copied());
    let Some(expression) = declared.expression() else {
        return match declared.reading {
            Reading::None if !found.is_empty() => result(
                Agreement::Contradicts,
                Confidence::High,
                Vec::new(),
                text!(
                    "declares that there is no licence, the text is that of {names}",
                    "声明没有许可证，而文本为 {names}"
                ),
            ),
            _ => result(
                Agreement::NotComparable,
                Confidence::High,
                Vec::new(),
                text!(
                    "declares no licence that could be compared",
                    "未声明可供比对的许可证"
                ),
            ),
        };
    };
    if found.is_empty() {
        let altered: BTreeSet<&str> = findings
            .found
            .iter()
            .filter(|found| found.kind == FoundKind::Altered)
            .map(|found| found.licence.as_str())
            .collect();
        let altered = list(altered.iter().copied());
        let reason = if altered.is_empty() {
            text!("no text of a licence was recognised", "未识别出任何许可证文本")
        } else {
            text!(
                "the text is a changed or shortened {altered}",
                "文本是经改动或删节的 {altered}"
            )
        };
        return result(Agreement::NotComparable, Confidence::Medium, Vec::new(), reason);
    }
    let matches = |term: &Term| found.iter().any(|id| catalog.may_be_same(&term.id, id));
    let extra: Vec<String> = found
        .iter()
        .filter(|id| {
            !expression
                .terms()
                .iter()
                .any(|term| catalog.may_be_same(&term.id, id))
        })
        .map(|id| (*id).to_owned())
        .collect();
    let all_there = expression.terms().into_iter().all(matches);
    let holds = expression.holds(&mut |term| matches(term));
    // Much that nobody recognised stands beside the licence, and may change it.
    let rest = findings.words.saturating_sub(findings.recognised_words);
    let texts = findings.found.iter().any(|found| found.kind == FoundKind::Text);
    let confidence = if texts && rest > MAX_UNREAD_WORDS.max(findings.recognised_words / 2) {
        declared.confidence.min(Confidence::Medium)
    } else {
        declared.confidence
    };
    let what = expression.to_string();
    // Sentences that narrow the text are conditions that the declaration does not name.
    let narrowing = narrowing(catalog, expression, findings);
    if holds && !narrowing.is_empty() {
        let clauses = list(narrowing.iter().map(String::as_str));
        return result(
            Agreement::FoundNarrower,
            Confidence::Medium,
            narrowing.clone(),
            text!(
                "declares `{what}`; the text adds restrictions: {clauses}",
                "声明为 `{what}`；文本另加限制：{clauses}"
            ),
        );
    }
    if all_there {
        let reason = if extra.is_empty() {
            text!("the text is that of `{what}`", "文本与声明的 `{what}` 一致")
        } else {
            let more = list(extra.iter().map(String::as_str));
            text!(
                "the text is that of `{what}`; that of {more} is there as well",
                "文本与声明的 `{what}` 一致；另有 {more} 的文本"
            )
        };
        return result(Agreement::Agrees, confidence, extra, reason);
    }
    if holds {
        return result(
            Agreement::FoundNarrower,
            confidence.min(Confidence::Medium),
            extra,
            text!(
                "declares a choice, `{what}`; only the text of {names} is there",
                "声明可选择 `{what}`；仅有 {names} 的文本"
            ),
        );
    }
    if expression.terms().into_iter().any(matches) {
        return result(
            Agreement::DeclaredNarrower,
            confidence.min(Confidence::Medium),
            extra,
            text!(
                "declares `{what}`; only the text of {names} is there",
                "声明为 `{what}`；仅有 {names} 的文本"
            ),
        );
    }
    let (agreement, reason) = differing(catalog, expression, &found, &what, &names);
    result(agreement, confidence, extra, reason)
}

/// Words beside recognised texts that need no explanation: titles, owners, years.
const MAX_UNREAD_WORDS: usize = 120;

/// Says how two different licences stand to each other: of one family the one may be narrower, others contradict.
fn differing(
    catalog: &Catalog,
    expression: &Expression,
    found: &BTreeSet<&str>,
    what: &str,
    names: &str,
) -> (Agreement, Text) {
    let mut agreement = Agreement::Contradicts;
    if let (Expression::Term(term), Some(id), 1) = (expression, found.first(), found.len())
        && family(&term.id) == family(id)
        && let (Some((mine, _)), Some((theirs, _))) = (catalog.terms(&term.id), catalog.terms(id))
    {
        if theirs.is_narrower_than(&mine) {
            agreement = Agreement::FoundNarrower;
        } else if mine.is_narrower_than(&theirs) {
            agreement = Agreement::DeclaredNarrower;
        }
    }
    let reason = match agreement {
        Agreement::FoundNarrower => text!(
            "declares `{what}`, the text is that of {names}, which grants less",
            "声明为 `{what}`，而文本为授权更少的 {names}"
        ),
        Agreement::DeclaredNarrower => text!(
            "declares `{what}`, the text is that of {names}, which grants more",
            "声明为 `{what}`，而文本为授权更多的 {names}"
        ),
        _ => text!(
            "declares `{what}`, the text is that of {names}",
            "声明为 `{what}`，而文本为 {names}"
        ),
    };
    (agreement, reason)
}

/// Returns the clauses that say more than the declared licences do.
fn narrowing(catalog: &Catalog, expression: &Expression, findings: &Findings) -> Vec<String> {
    let terms: Vec<Terms> = expression
        .terms()
        .iter()
        .filter_map(|term| catalog.terms(&term.id))
        .map(|(terms, _)| terms)
        .collect();
    let says = |id: &str| {
        let clause = catalog.clauses().iter().find(|clause| clause.id == id);
        clause.is_some_and(|clause| {
            let commercial = clause.commercial.as_ref().is_none_or(|narrow| {
                terms
                    .iter()
                    .any(|terms| terms.commercial.narrowness() >= narrow.narrowness())
            });
            let military = clause
                .military
                .is_none_or(|military| terms.iter().any(|terms| terms.military == military));
            let restricted = |terms: &Terms| terms.use_restrictions != UseRestrictions::None;
            commercial && military && (!clause.restricts_use || terms.iter().any(restricted))
        })
    };
    let clauses = findings.clauses.iter().map(|clause| clause.id.clone());
    clauses.filter(|id| !says(id)).collect()
}

/// Returns what licences of one family share in their ids.
fn family(id: &str) -> &str {
    let id = id.strip_prefix("LicenseRef-").unwrap_or(id);
    if id.starts_with("CC-BY") {
        return "CC-BY";
    }
    let end = id.find(['-', '1', '2', '3', '4']).unwrap_or(id.len());
    id.get(..end).unwrap_or(id)
}

fn ids(expression: Option<&Expression>) -> Vec<String> {
    let terms = expression.map(Expression::terms).unwrap_or_default();
    let ids: BTreeSet<String> = terms.iter().map(|term| term.id.clone()).collect();
    ids.into_iter().collect()
}

fn list<'i>(ids: impl IntoIterator<Item = &'i str>) -> String {
    let quoted: Vec<String> = ids.into_iter().map(|id| format!("`{id}`")).collect();
    quoted.join(", ")
}
