//! One standard into another, with a list of what could not be carried.
//!
//! What is lost is not guessed: the document that was written is read again and compared with the bill, and parts of the source
//! that no bill holds are named one by one.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::{
    Text,
    bill::{Bill, Process, RelationKind, Sourced},
    text,
};

use super::{
    cyclonedx::{self, Serial, Version},
    fields::fields,
    names::{property, relation_word},
    read::{Document, ReadError, Standard, read},
    spdx,
    tree::{Node, pointer_step},
};

/// Names what a bill is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// CycloneDX of a version.
    CycloneDx(Version),
    /// SPDX 3.0.1.
    Spdx3,
}

/// Names one thing that was not carried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// The component, or a JSON pointer into the source.
    pub place: String,
    /// What was not carried.
    pub what: Text,
}

/// Holds a converted document.
#[derive(Clone, Debug)]
pub struct Converted {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What was not carried, sorted.
    pub losses: Vec<Loss>,
}

/// Writes a bill as the target.
pub fn write(bill: &Bill, target: Target, serial: Serial) -> Vec<u8> {
    match target {
        Target::CycloneDx(version) => cyclonedx::write(bill, version, serial),
        Target::Spdx3 => spdx::write(bill, serial),
    }
}

/// Converts a document.
pub fn convert(document: &Document, target: Target, serial: Serial) -> Result<Converted, ReadError> {
    let bytes = write(&document.bill, target, serial);
    let again = read(&document.name, &bytes)?;
    let mut losses = unread(document);
    losses.extend(missing(&document.bill, &again.bill));
    losses.sort();
    losses.dedup();
    Ok(Converted { bytes, losses })
}

/// Lists what the first bill says and the second does not.
fn missing(wanted: &Bill, found: &Bill) -> Vec<Loss> {
    let mut out = Vec::new();
    let mut say = |place: &str, what: Text| {
        out.push(Loss {
            place: place.to_owned(),
            what,
        });
    };
    for component in &wanted.components {
        let Some(other) = found.component(&component.id) else {
            say(&component.id, text!("the component", "该组件"));
            continue;
        };
        let there: BTreeSet<(String, String)> = fields(other)
            .into_iter()
            .map(|one| (one.name, one.value))
            .collect();
        for field in fields(component) {
            let (name, value) = (field.name, field.value);
            if !there.contains(&(name.clone(), value.clone())) {
                let value: String = value.chars().take(200).collect();
                say(&component.id, text!("{name}: {value}", "{name}：{value}"));
            }
        }
    }
    let relations: BTreeSet<(&str, RelationKind, &str)> = found
        .relations
        .iter()
        .map(|one| (one.from.as_str(), one.kind, one.to.as_str()))
        .collect();
    for one in &wanted.relations {
        if !relations.contains(&(&one.from, one.kind, &one.to)) {
            let (word, to) = (relation_word(one.kind), &one.to);
            say(&one.from, text!("{word} `{to}`", "{word} `{to}`"));
        }
    }
    for (name, value) in &wanted.properties {
        if !found.properties.contains(&(name.clone(), value.clone())) {
            say(
                "/metadata/properties",
                text!("{name}: {value}", "{name}：{value}"),
            );
        }
    }
    for one in &wanted.processes {
        let same = found.processes.iter().any(|other| {
            let settings = |process: &Process| -> BTreeSet<(String, String)> {
                let list = process.settings.iter();
                list.map(|(name, value)| (name.clone(), value.value.clone()))
                    .collect()
            };
            let ids = |list: &[Sourced<String>]| -> BTreeSet<String> {
                list.iter().map(|one| one.value.clone()).collect()
            };
            (&other.id, other.kind) == (&one.id, one.kind)
                && ids(&other.inputs) == ids(&one.inputs)
                && ids(&other.outputs) == ids(&one.outputs)
                && settings(other) == settings(one)
        });
        if !same {
            say(&one.id, text!("how it was made", "制作过程"));
        }
    }
    let weaknesses: BTreeMap<&str, _> = found
        .vulnerabilities
        .iter()
        .map(|one| (one.id.as_str(), one))
        .collect();
    for one in &wanted.vulnerabilities {
        let Some(other) = weaknesses.get(one.id.as_str()) else {
            say(&one.id, text!("the weakness", "该漏洞"));
            continue;
        };
        if one.vectors != other.vectors || one.severity != other.severity {
            say(&one.id, text!("its severity and vectors", "其严重程度与向量"));
        }
        if one.fixed != other.fixed {
            say(&one.id, text!("the versions that mend it", "修复版本"));
        }
        if one.weaknesses != other.weaknesses {
            say(&one.id, text!("its kinds of weakness", "其弱点类型"));
        }
        if (one.certainty, &one.likelihood, &one.exploitation)
            != (other.certainty, &other.likelihood, &other.exploitation)
        {
            say(&one.id, text!("what is known of its use", "其被利用情况"));
        }
        let state = |one: &cleanbill_core::bill::Vulnerability| {
            one.analysis.as_ref().map(|one| (one.state, one.justification))
        };
        if state(one) != state(other) {
            say(
                &one.id,
                text!("the exact words of its analysis", "分析的确切表述"),
            );
        }
    }
    out
}

/// Lists parts of a document that its bill does not hold.
fn unread(document: &Document) -> Vec<Loss> {
    let mut out = Vec::new();
    match document.standard {
        Standard::CycloneDx => {
            keys("", &document.tree, &CYCLONEDX, &mut out);
            formulas(&document.tree, &mut out);
            components("", &document.tree, &mut out);
        }
        Standard::Spdx2 => {
            keys("", &document.tree, &SPDX_2, &mut out);
        }
        Standard::Spdx3 => {
            for (index, element) in document.tree.all("@graph").iter().enumerate() {
                let class = element.said("type").unwrap_or_default();
                let relation = element.said("relationshipType");
                let is_read =
                    SPDX_3.contains(&class) && relation.is_none_or(|kind| SPDX_3_RELATIONS.contains(&kind));
                if !is_read {
                    let word = relation.unwrap_or(class);
                    out.push(Loss {
                        place: format!("/@graph/{index}"),
                        what: text!("`{word}`", "`{word}`"),
                    });
                }
            }
        }
    }
    out
}

fn keys(path: &str, node: &Node, known: &[&str], out: &mut Vec<Loss>) {
    for (key, _) in node.members() {
        if !known.contains(&key.as_str()) {
            out.push(Loss {
                place: format!("{path}/{}", pointer_step(key)),
                what: text!("`{key}`", "`{key}`"),
            });
        }
    }
}

/// Names workflows of others: of them only what goes in, what comes out and the settings are read.
fn formulas(tree: &Node, out: &mut Vec<Loss>) {
    for (index, formula) in tree.all("formulation").iter().enumerate() {
        keys(
            &format!("/formulation/{index}"),
            formula,
            &["bom-ref", "workflows"],
            out,
        );
        for (place, workflow) in formula.all("workflows").iter().enumerate() {
            let properties = workflow.all("properties").iter();
            let is_ours = properties
                .filter_map(|one| one.said("name"))
                .any(|name| name == property::PROCESS);
            if !is_ours {
                out.push(Loss {
                    place: format!("/formulation/{index}/workflows/{place}"),
                    what: text!("parts of the workflow", "工作流的部分内容"),
                });
            }
        }
    }
}

/// Recursion ends: trees are read with a limit of depth.
fn components(path: &str, node: &Node, out: &mut Vec<Loss>) {
    let lists = [("components", &COMPONENT[..]), ("services", &SERVICE[..])];
    for (list, known) in lists {
        for (index, item) in node.all(list).iter().enumerate() {
            let path = format!("{path}/{list}/{index}");
            keys(&path, item, known, out);
            components(&path, item, out);
        }
    }
    if let Some(metadata) = node.get("metadata") {
        keys("/metadata", metadata, &METADATA, out);
        if let Some(component) = metadata.get("component") {
            keys("/metadata/component", component, &COMPONENT, out);
            components("/metadata/component", component, out);
        }
    }
}

const CYCLONEDX: [&str; 12] = [
    "$schema",
    "bomFormat",
    "specVersion",
    "serialNumber",
    "version",
    "metadata",
    "components",
    "services",
    "dependencies",
    "vulnerabilities",
    "citations",
    "formulation",
];

const METADATA: [&str; 9] = [
    "properties",
    "timestamp",
    "lifecycles",
    "tools",
    "authors",
    "component",
    "manufacturer",
    "manufacture",
    "supplier",
];

const COMPONENT: [&str; 28] = [
    "type",
    "bom-ref",
    "supplier",
    "manufacturer",
    "author",
    "authors",
    "publisher",
    "group",
    "name",
    "version",
    "versionRange",
    "isExternal",
    "description",
    "hashes",
    "licenses",
    "copyright",
    "purl",
    "cpe",
    "mime-type",
    "scope",
    "pedigree",
    "externalReferences",
    "components",
    "evidence",
    "modelCard",
    "data",
    "properties",
    "tags",
];

const SERVICE: [&str; 11] = [
    "bom-ref",
    "provider",
    "group",
    "name",
    "version",
    "description",
    "endpoints",
    "licenses",
    "externalReferences",
    "services",
    "properties",
];

const SPDX_2: [&str; 11] = [
    "spdxVersion",
    "dataLicense",
    "SPDXID",
    "name",
    "documentNamespace",
    "creationInfo",
    "packages",
    "files",
    "relationships",
    "documentDescribes",
    "hasExtractedLicensingInfos",
];

const SPDX_3: [&str; 27] = [
    "build_Build",
    "CreationInfo",
    "SpdxDocument",
    "software_Sbom",
    "Agent",
    "Person",
    "Organization",
    "SoftwareAgent",
    "Tool",
    "ai_AIPackage",
    "dataset_DatasetPackage",
    "software_File",
    "software_Package",
    "Relationship",
    "LifecycleScopedRelationship",
    "Annotation",
    "simplelicensing_LicenseExpression",
    "security_Vulnerability",
    "security_VexAffectedVulnAssessmentRelationship",
    "security_VexNotAffectedVulnAssessmentRelationship",
    "security_VexFixedVulnAssessmentRelationship",
    "security_VexUnderInvestigationVulnAssessmentRelationship",
    "security_CvssV2VulnAssessmentRelationship",
    "security_CvssV3VulnAssessmentRelationship",
    "security_CvssV4VulnAssessmentRelationship",
    "security_EpssVulnAssessmentRelationship",
    "security_ExploitCatalogVulnAssessmentRelationship",
];

const SPDX_3_RELATIONS: [&str; 17] = [
    "hasAssessmentFor",
    "hasInput",
    "hasOutput",
    "hasDeclaredLicense",
    "hasConcludedLicense",
    "describes",
    "contains",
    "dependsOn",
    "ancestorOf",
    "descendantOf",
    "trainedOn",
    "testedOn",
    "hasAssociatedVulnerability",
    "affects",
    "doesNotAffect",
    "fixedIn",
    "underInvestigationFor",
];
