//! What should be considered of a model: limits, risks, energy.

use cleanbill_core::bill::{Energy, ModelCard, Quantity, Sourced};

use crate::boms::{
    names::shift,
    tree::{Node, is_number},
};

pub(super) fn write(model: &ModelCard) -> Node {
    let texts = |list: &[Sourced<String>]| -> Vec<Node> { list.iter().map(Node::sourced).collect() };
    let mut out = Node::map();
    out.set_list("users", texts(&model.users));
    out.set_list("useCases", texts(&model.use_cases));
    out.set_list("technicalLimitations", texts(&model.limitations));
    out.set_list("performanceTradeoffs", texts(&model.tradeoffs));
    let risks = model.risks.iter();
    out.set_list(
        "ethicalConsiderations",
        risks
            .map(|risk| {
                let mut node = Node::map().say("name", &risk.value.name);
                if !risk.value.mitigation.is_empty() {
                    node.set("mitigationStrategy", Node::text(&risk.value.mitigation));
                }
                node.from(&risk.source)
            })
            .collect(),
    );
    let energy: Vec<Node> = model.energy.iter().filter_map(consumption).collect();
    if !energy.is_empty() {
        out.set(
            "environmentalConsiderations",
            Node::map().with("energyConsumptions", Node::list(energy)),
        );
    }
    let fairness = model.fairness.iter();
    out.set_list(
        "fairnessAssessments",
        fairness
            .map(|one| {
                let mut node = Node::map();
                for (key, text) in [
                    ("groupAtRisk", &one.value.group),
                    ("benefits", &one.value.benefits),
                    ("harms", &one.value.harms),
                    ("mitigationStrategy", &one.value.mitigation),
                ] {
                    if !text.is_empty() {
                        node.set(key, Node::text(text));
                    }
                }
                node.from(&one.source)
            })
            .collect(),
    );
    out
}

/// Writes what an activity consumed; `None` where the schema's demands are not met: energy in kilowatt hours is required, and
/// the list of providers stays empty, for nobody names them.
pub(super) fn consumption(energy: &Sourced<Energy>) -> Option<Node> {
    let value = &energy.value;
    let cost = measure(value.energy.as_ref()?, &ENERGY_UNITS)?;
    if !ACTIVITIES.contains(&value.activity.as_str()) {
        return None;
    }
    let mut out = Node::map()
        .say("activity", &value.activity)
        .with("energyProviders", Node::list(Vec::new()))
        .with(
            "activityEnergyCost",
            Node::map().with("value", Node::number(&cost)).say("unit", "kWh"),
        );
    if let Some(emissions) = &value.emissions {
        let tonnes = measure(emissions, &EMISSION_UNITS)?;
        out.set(
            "co2CostEquivalent",
            Node::map()
                .with("value", Node::number(&tonnes))
                .say("unit", "tCO2eq"),
        );
    }
    Some(out.from(&energy.source))
}

/// Units of energy, with the places by which the point moves to kilowatt hours.
const ENERGY_UNITS: [(&str, usize); 2] = [("kwh", 0), ("wh", 3)];

/// Units of emissions, with the places by which the point moves to tonnes.
const EMISSION_UNITS: [(&str, usize); 9] = [
    ("tco2eq", 0),
    ("tco2e", 0),
    ("t", 0),
    ("kgco2eq", 3),
    ("kgco2e", 3),
    ("kg", 3),
    ("gco2eq", 6),
    ("gco2e", 6),
    ("g", 6),
];

const ACTIVITIES: [&str; 9] = [
    "design",
    "data-collection",
    "data-preparation",
    "training",
    "fine-tuning",
    "validation",
    "deployment",
    "inference",
    "other",
];

fn measure(quantity: &Quantity, units: &[(&str, usize)]) -> Option<String> {
    let unit: String = quantity
        .unit
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    let (_, places) = units.iter().find(|(name, _)| *name == unit)?;
    if *places == 0 {
        return is_number(&quantity.value).then(|| quantity.value.clone());
    }
    shift(&quantity.value, *places)
}
