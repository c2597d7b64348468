//! What is wrong with a document of SPDX, versions 2 and 3.

use std::collections::BTreeSet;

use super::{Judge, is_nothing};
use crate::boms::tree::Node;

impl Judge {
    pub(super) fn spdx2(&mut self, version: &str, tree: &Node) {
        self.version(tree, "spdxVersion", version, &["2.2", "2.3"]);
        self.demand(
            "",
            tree,
            &[
                "SPDXID",
                "dataLicense",
                "name",
                "documentNamespace",
                "creationInfo",
            ],
        );
        self.identify("", tree, "SPDXID");
        if let Some(creation) = tree.get("creationInfo") {
            self.demand("/creationInfo", creation, &["created", "creators"]);
            self.time("/creationInfo/created", creation.get("created"));
        }
        self.each("", tree, "packages", |judge, path, node| {
            judge.demand(path, node, &["SPDXID", "name", "downloadLocation"]);
            judge.spdx2_common(path, node);
            for key in ["licenseDeclared", "licenseConcluded"] {
                if let Some(expression) = node.get(key) {
                    judge.expression(&format!("{path}/{key}"), expression);
                }
            }
            judge.each(path, node, "externalRefs", |judge, path, node| {
                judge.demand(
                    path,
                    node,
                    &["referenceCategory", "referenceType", "referenceLocator"],
                );
                if node.said("referenceType") == Some("purl")
                    && let Some(purl) = node.get("referenceLocator")
                {
                    judge.purl(&format!("{path}/referenceLocator"), purl);
                }
            });
            for (index, file) in node.all("hasFiles").iter().enumerate() {
                judge.refer(format!("{path}/hasFiles/{index}"), file);
            }
        });
        self.each("", tree, "files", |judge, path, node| {
            judge.demand(path, node, &["SPDXID", "fileName", "checksums"]);
            judge.spdx2_common(path, node);
        });
        self.each("", tree, "relationships", |judge, path, node| {
            let keys = ["spdxElementId", "relationshipType", "relatedSpdxElement"];
            judge.demand(path, node, &keys);
            for key in ["spdxElementId", "relatedSpdxElement"] {
                if let Some(target) = node.get(key) {
                    judge.refer(format!("{path}/{key}"), target);
                }
            }
        });
        for snippet in tree.all("snippets") {
            self.ids.extend(snippet.said("SPDXID").map(str::to_owned));
        }
        self.settle(|id| is_nothing(id) || id.starts_with("DocumentRef-"));
    }

    fn spdx2_common(&mut self, path: &str, node: &Node) {
        self.identify(path, node, "SPDXID");
        self.each(path, node, "checksums", |judge, path, node| {
            judge.hash(path, node, "algorithm", "checksumValue");
        });
    }

    pub(super) fn spdx3(&mut self, version: &str, tree: &Node) {
        self.version(tree, "@graph", version, &["3.0.0", "3.0.1"]);
        let mut elsewhere: BTreeSet<String> = BTreeSet::new();
        self.each("", tree, "@graph", |judge, path, node| {
            if node.said("type").or(node.said("@type")).is_none() {
                judge.demand(path, node, &["type"]);
                return;
            }
            if node.said("type") == Some("CreationInfo") {
                judge.demand(path, node, &["specVersion", "created", "createdBy"]);
                judge.time(&format!("{path}/created"), node.get("created"));
                judge.identify(path, node, "@id");
                return;
            }
            judge.demand(path, node, &["spdxId", "creationInfo"]);
            judge.identify(path, node, "spdxId");
            if let Some(purl) = node.get("software_packageUrl") {
                judge.purl(&format!("{path}/software_packageUrl"), purl);
            }
            if let Some(expression) = node.get("simplelicensing_licenseExpression") {
                judge.expression(&format!("{path}/simplelicensing_licenseExpression"), expression);
            }
            judge.each(path, node, "verifiedUsing", |judge, path, node| {
                if node.said("type") == Some("Hash") {
                    judge.hash(path, node, "algorithm", "hashValue");
                }
            });
            if node.get("relationshipType").is_some() {
                judge.demand(path, node, &["from", "to"]);
            }
            for key in REFERENCES {
                match node.get(key) {
                    Some(target) if target.as_text().is_some() => {
                        judge.refer(format!("{path}/{key}"), target);
                    }
                    Some(list) => {
                        for (index, target) in list.items().iter().enumerate() {
                            judge.refer(format!("{path}/{key}/{index}"), target);
                        }
                    }
                    None => {}
                }
            }
        });
        for node in tree.all("@graph") {
            for import in node.all("import") {
                elsewhere.extend(import.said("externalSpdxId").map(str::to_owned));
            }
        }
        // What is named by a public address is defined elsewhere.
        self.settle(|id| {
            elsewhere.contains(id)
                || id.starts_with("https://spdx.org/licenses/")
                || id.starts_with("https://spdx.org/rdf/")
                || id.starts_with("spdx:")
        });
    }
}

/// Keys of SPDX 3 whose values are ids.
const REFERENCES: [&str; 12] = [
    "from",
    "to",
    "subject",
    "element",
    "rootElement",
    "creationInfo",
    "suppliedBy",
    "originatedBy",
    "createdBy",
    "createdUsing",
    "dataLicense",
    "security_assessedElement",
];
