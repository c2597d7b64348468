//! Reads model cards and what is said of datasets.

use cleanbill_core::bill::{
    Component, Dataset, Energy, ExternalReference, Fairness, Metric, ModelCard, Quantity, ReferenceKind,
    Risk, Sourced,
};

use crate::boms::{fields, names::property, spot::Spot};

/// Reads a card; datasets that it names go to `trained_on`.
pub(super) fn read<'a>(card: &Spot<'a>, trained_on: &mut Vec<Spot<'a>>) -> ModelCard {
    let mut out = ModelCard::default();
    if let Some(parameters) = card.get("modelParameters") {
        out.approach = parameters
            .get("approach")
            .and_then(|approach| approach.sourced("type"));
        out.task = parameters.sourced("task");
        out.architecture_family = parameters.sourced("architectureFamily");
        out.architecture = parameters.sourced("modelArchitecture");
        let formats = |key: &str| -> Vec<Sourced<String>> {
            let list = parameters.list(key);
            list.iter().filter_map(|one| one.sourced("format")).collect()
        };
        out.inputs = formats("inputs");
        out.outputs = formats("outputs");
        trained_on.extend(parameters.list("datasets"));
    }
    if let Some(analysis) = card.get("quantitativeAnalysis") {
        for metric in analysis.list("performanceMetrics") {
            let text = |key: &str| metric.get(key).and_then(|one| one.plain()).unwrap_or_default();
            let value = Metric {
                kind: text("type"),
                value: text("value"),
                slice: text("slice"),
            };
            out.metrics.push(metric.with(value));
        }
    }
    if let Some(considerations) = card.get("considerations") {
        out.users = considerations.texts("users");
        out.use_cases = considerations.texts("useCases");
        out.limitations = considerations.texts("technicalLimitations");
        out.tradeoffs = considerations.texts("performanceTradeoffs");
        for risk in considerations.list("ethicalConsiderations") {
            let text = |key: &str| risk.said(key).unwrap_or_default().to_owned();
            let value = Risk {
                name: text("name"),
                mitigation: text("mitigationStrategy"),
            };
            out.risks.push(risk.with(value));
        }
        for one in considerations.list("fairnessAssessments") {
            let text = |key: &str| one.said(key).unwrap_or_default().to_owned();
            let value = Fairness {
                group: text("groupAtRisk"),
                benefits: text("benefits"),
                harms: text("harms"),
                mitigation: text("mitigationStrategy"),
            };
            out.fairness.push(one.with(value));
        }
        if let Some(environment) = considerations.get("environmentalConsiderations") {
            for one in environment.list("energyConsumptions") {
                let measure = |key: &str| {
                    let measure = one.get(key)?;
                    Some(Quantity {
                        value: measure.get("value")?.plain()?,
                        unit: measure.said("unit").unwrap_or_default().to_owned(),
                    })
                };
                let value = Energy {
                    activity: one.said("activity").unwrap_or("other").to_owned(),
                    energy: measure("activityEnergyCost"),
                    emissions: measure("co2CostEquivalent"),
                    hardware: None,
                };
                out.energy.push(one.with(value));
            }
        }
    }
    for one in card.list("properties") {
        let Some(field) = one
            .said("name")
            .and_then(|name| name.strip_prefix(property::MODEL))
        else {
            continue;
        };
        if let Some(value) = one.get("value").and_then(|value| value.plain()) {
            fields::set_model(field, one.with(value), &mut out);
        }
    }
    out
}

/// Reads one entry of `data`, or a dataset that stands within a card.
pub(super) fn data(spot: &Spot<'_>, out: &mut Component) {
    if let Some(url) = spot.get("contents").and_then(|contents| contents.sourced("url")) {
        let reference = ExternalReference {
            kind: ReferenceKind::Distribution,
            url: url.value,
            digests: Vec::new(),
        };
        if !out.references.iter().any(|one| one.value == reference) {
            out.references.push(Sourced::new(reference, url.source));
        }
    }
    if out.description.is_none() {
        out.description = spot.sourced("description");
    }
    let classification = spot.sourced("classification");
    let sensitive = spot.texts("sensitiveData");
    let owners: Vec<Sourced<String>> = spot
        .get("governance")
        .map(|governance| governance.list("owners"))
        .unwrap_or_default()
        .iter()
        .filter_map(|owner| {
            owner
                .get("organization")
                .or_else(|| owner.get("contact"))?
                .sourced("name")
        })
        .collect();
    if classification.is_none() && sensitive.is_empty() && owners.is_empty() {
        return;
    }
    let dataset: &mut Dataset = out.dataset.get_or_insert_default();
    dataset.classification = dataset.classification.take().or(classification);
    dataset.sensitive.extend(sensitive);
    dataset.owners.extend(owners);
}
