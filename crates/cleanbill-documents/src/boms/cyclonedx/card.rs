//! The model card and what is said of datasets.

use cleanbill_core::bill::{Component, ComponentKind, Energy, ModelCard, RelationKind, Sourced};

use super::{Writer, considerations, named};
use crate::boms::{fields, names::property, tree::Node};

impl Writer<'_> {
    pub(super) fn model_card(&self, component: &Component, model: &ModelCard) -> Node {
        let mut card = Node::map();
        card.set_map("modelParameters", self.parameters(component, model));
        let metrics: Vec<Node> = model
            .metrics
            .iter()
            .map(|metric| {
                let mut out = Node::map()
                    .say("type", &metric.value.kind)
                    .say("value", &metric.value.value);
                if !metric.value.slice.is_empty() {
                    out.set("slice", Node::text(&metric.value.slice));
                }
                out.from(&metric.source)
            })
            .collect();
        let mut analysis = Node::map();
        analysis.set_list("performanceMetrics", metrics);
        card.set_map("quantitativeAnalysis", analysis);
        card.set_map("considerations", considerations::write(model));
        card.set_list("properties", properties(model));
        card
    }

    fn parameters(&self, component: &Component, model: &ModelCard) -> Node {
        let mut out = Node::map();
        if let Some(approach) = &model.approach
            && APPROACHES.contains(&approach.value.as_str())
        {
            out.set("approach", Node::map().with("type", Node::sourced(approach)));
        }
        out.set_some("task", model.task.as_ref().map(Node::sourced));
        out.set_some(
            "architectureFamily",
            model.architecture_family.as_ref().map(Node::sourced),
        );
        out.set_some(
            "modelArchitecture",
            model.architecture.as_ref().map(Node::sourced),
        );
        let datasets = self.related(&component.id, RelationKind::TrainedOn);
        out.set_list(
            "datasets",
            datasets
                .into_iter()
                .map(|relation| Node::map().say("ref", &relation.to).from(&relation.source))
                .collect(),
        );
        let formats = |list: &[Sourced<String>]| -> Vec<Node> {
            list.iter()
                .map(|one| Node::map().with("format", Node::sourced(one)))
                .collect()
        };
        out.set_list("inputs", formats(&model.inputs));
        out.set_list("outputs", formats(&model.outputs));
        out
    }
}

/// Ways of learning that CycloneDX knows.
pub(super) const APPROACHES: [&str; 5] = [
    "supervised",
    "unsupervised",
    "reinforcement-learning",
    "semi-supervised",
    "self-supervised",
];

/// Fields of a model that have a place of their own.
const PLACED: [&str; 13] = [
    "task",
    "family",
    "architecture",
    "input",
    "output",
    "tag",
    "user",
    "use-case",
    "limitation",
    "tradeoff",
    "metric",
    "risk",
    "fairness",
];

/// Facts of a model that CycloneDX has no field for.
fn properties(model: &ModelCard) -> Vec<Node> {
    let mut energy = model.energy.iter();
    let mut out = Vec::new();
    for (name, value) in fields::model(model) {
        let is_placed = match name.as_str() {
            "approach" => APPROACHES.contains(&value.value.as_str()),
            "energy" => energy.next().is_some_and(|one| {
                one.value.hardware.is_none()
                    && considerations::consumption(one).is_some_and(|_| is_exact(&one.value))
            }),
            other => PLACED.contains(&other),
        };
        if !is_placed {
            out.push(named(&format!("{}{name}", property::MODEL), &value.value).from(&value.source));
        }
    }
    out
}

/// Says whether the schema's units are those of the source.
fn is_exact(energy: &Energy) -> bool {
    energy.energy.as_ref().is_none_or(|one| one.unit == "kWh")
        && energy.emissions.as_ref().is_none_or(|one| one.unit == "tCO2eq")
}

/// Fields of a dataset that have a place of their own.
const PLACED_OF_DATA: [&str; 3] = ["classification", "sensitive", "owner"];

/// Facts of a dataset that CycloneDX has no field for.
pub(super) fn dataset_properties(component: &Component, out: &mut Vec<Node>) {
    let Some(dataset) = &component.dataset else { return };
    let has_data = matches!(component.kind, ComponentKind::Dataset | ComponentKind::Prompt);
    for (name, value) in fields::dataset(dataset) {
        if !(has_data && PLACED_OF_DATA.contains(&name.as_str())) {
            out.push(named(&format!("{}{name}", property::DATASET), &value.value).from(&value.source));
        }
    }
}
