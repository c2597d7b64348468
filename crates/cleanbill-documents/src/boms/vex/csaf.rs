//! CSAF 2.0 with the profile VEX.

use std::collections::BTreeMap;

use cleanbill_core::bill::{Analysis, AnalysisState, Justification};

use super::{Product, Statement, Vex, Vocabulary, lacks};
use crate::boms::{
    names::JUSTIFICATIONS,
    spot::{Origins, Spot},
    tree::Node,
};

pub(super) fn read(tree: &Node, name: &str) -> Vex {
    let origins = Origins::of(tree, name);
    let root = Spot::root(tree, &origins);
    let text = |path: &[&str]| root.find(path).and_then(|one| one.plain()).unwrap_or_default();
    let mut out = Vex {
        vocabulary: Vocabulary::Csaf,
        author: text(&["document", "publisher", "name"]),
        timestamp: text(&["document", "tracking", "current_release_date"]),
        statements: Vec::new(),
        notes: Vec::new(),
    };
    let products = products(&root);
    let groups = groups(&root);
    for one in root.list("vulnerabilities") {
        for (state, keys) in STATES {
            for key in keys {
                let status = one.find(&["product_status", key]);
                let Some(status) = status else { continue };
                let ids = one
                    .get("product_status")
                    .map(|all| all.texts(key))
                    .unwrap_or_default();
                // Products with the same reason belong to one statement.
                let mut by_reason: BTreeMap<Reason, Vec<Product>> = BTreeMap::new();
                for id in ids {
                    let product = products.get(&id.value).cloned().unwrap_or_else(|| Product {
                        id: id.value.clone(),
                        parts: Vec::new(),
                    });
                    by_reason
                        .entry(reason(&one, &id.value, &groups))
                        .or_default()
                        .push(product);
                }
                for (reason, products) in by_reason {
                    let analysis = Analysis {
                        state,
                        justification: reason.justification,
                        detail: reason.detail,
                        action: reason.action,
                        source: status.source(),
                    };
                    if let Some(lack) = lacks(&analysis) {
                        out.notes.push((status.path.clone(), lack));
                    }
                    out.statements.push(Statement {
                        names: names(&one),
                        products,
                        analysis,
                    });
                }
            }
        }
    }
    out
}

/// Lists of products by what they say.
const STATES: [(AnalysisState, &[&str]); 4] = [
    (
        AnalysisState::Affected,
        &["known_affected", "first_affected", "last_affected"],
    ),
    (AnalysisState::NotAffected, &["known_not_affected"]),
    (AnalysisState::Fixed, &["fixed", "first_fixed"]),
    (AnalysisState::UnderInvestigation, &["under_investigation"]),
];

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Reason {
    justification: Option<Justification>,
    detail: String,
    action: String,
}

fn names(weakness: &Spot<'_>) -> Vec<String> {
    let mut out: Vec<String> = weakness.said("cve").map(str::to_owned).into_iter().collect();
    for id in weakness.list("ids") {
        out.extend(id.said("text").map(str::to_owned));
    }
    out
}

/// Says whether an entry is about a product, by itself or by a group; one that names neither is about all.
fn is_about(entry: &Spot<'_>, id: &str, groups: &BTreeMap<String, Vec<String>>) -> bool {
    let ids = entry.texts("product_ids");
    let group_ids = entry.texts("group_ids");
    (ids.is_empty() && group_ids.is_empty())
        || ids.iter().any(|one| one.value == id)
        || group_ids.iter().any(|group| {
            groups
                .get(&group.value)
                .is_some_and(|members| members.iter().any(|one| one == id))
        })
}

fn reason(weakness: &Spot<'_>, id: &str, groups: &BTreeMap<String, Vec<String>>) -> Reason {
    let mut out = Reason::default();
    for flag in weakness.list("flags") {
        if is_about(&flag, id, groups) {
            let word = flag.said("label");
            let found = JUSTIFICATIONS.iter().find(|(_, name)| word == Some(name));
            out.justification = out.justification.or(found.map(|(one, _)| *one));
        }
    }
    for threat in weakness.list("threats") {
        if threat.said("category") == Some("impact") && is_about(&threat, id, groups) && out.detail.is_empty()
        {
            threat
                .said("details")
                .unwrap_or_default()
                .clone_into(&mut out.detail);
        }
    }
    for remediation in weakness.list("remediations") {
        if is_about(&remediation, id, groups) && out.action.is_empty() {
            let details = remediation.said("details").unwrap_or_default();
            details.clone_into(&mut out.action);
        }
    }
    out
}

fn groups(root: &Spot<'_>) -> BTreeMap<String, Vec<String>> {
    let Some(tree) = root.get("product_tree") else {
        return BTreeMap::new();
    };
    tree.list("product_groups")
        .iter()
        .filter_map(|group| {
            let members = group.texts("product_ids").into_iter().map(|one| one.value);
            Some((group.said("group_id")?.to_owned(), members.collect()))
        })
        .collect()
}

/// Lists the products of the tree by their ids.
fn products(root: &Spot<'_>) -> BTreeMap<String, Product> {
    let mut out = BTreeMap::new();
    let Some(tree) = root.get("product_tree") else {
        return out;
    };
    branches(&tree, &mut out);
    for product in tree.list("full_product_names") {
        add(&product, &mut out);
    }
    for relation in tree.list("relationships") {
        let (Some(part), Some(whole), Some(id)) = (
            relation.said("product_reference"),
            relation.said("relates_to_product_reference"),
            relation.find(&["full_product_name", "product_id"]),
        ) else {
            continue;
        };
        let name = |id: &str| {
            out.get(id)
                .map_or_else(|| id.to_owned(), |one: &Product| one.id.clone())
        };
        let product = Product {
            id: name(whole),
            parts: vec![name(part)],
        };
        if let Some(id) = id.plain() {
            out.insert(id, product);
        }
    }
    out
}

/// Recursion ends: trees are read with a limit of depth.
fn branches(spot: &Spot<'_>, out: &mut BTreeMap<String, Product>) {
    for branch in spot.list("branches") {
        if let Some(product) = branch.get("product") {
            add(&product, out);
        }
        branches(&branch, out);
    }
}

fn add(product: &Spot<'_>, out: &mut BTreeMap<String, Product>) {
    let Some(id) = product.said("product_id") else {
        return;
    };
    let helper = product.get("product_identification_helper");
    let purl = helper
        .as_ref()
        .and_then(|one| one.get("purl").or_else(|| one.get("purls")))
        .and_then(|one| {
            one.plain()
                .or_else(|| one.node.items().first().and_then(Node::plain))
        });
    out.insert(
        id.to_owned(),
        Product {
            id: purl.unwrap_or_else(|| id.to_owned()),
            parts: Vec::new(),
        },
    );
}
