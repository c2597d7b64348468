//! What is wrong with a document by its standard: the strict report beside the lenient reading.

mod spdx_documents;

use std::collections::BTreeSet;

use cleanbill_core::{Text, text};

use super::{
    names::{hash_of, is_time, kind_of_cyclonedx},
    purl,
    read::Standard,
    tree::{Node, pointer_step},
};

/// Holds one thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer; for XML, the pointer in the shape of JSON.
    pub path: String,
    /// Byte offset.
    pub at: usize,
    /// What is wrong.
    pub message: Text,
}

/// LIMIT: protects the report; what follows is counted in the last entry.
const MAX_VIOLATIONS: usize = 1_000;

/// Lists what is wrong with a document.
pub(super) fn violations(standard: Standard, version: &str, tree: &Node) -> Vec<Violation> {
    let mut judge = Judge::default();
    match standard {
        Standard::CycloneDx => judge.cyclonedx(version, tree),
        Standard::Spdx2 => judge.spdx2(version, tree),
        Standard::Spdx3 => judge.spdx3(version, tree),
    }
    if judge.left_out > 0 {
        let count = judge.left_out;
        judge.found.push(Violation {
            path: String::new(),
            at: 0,
            message: text!("{count} more are not listed", "另有 {count} 项未列出"),
        });
    }
    judge.found
}

#[derive(Default)]
struct Judge {
    found: Vec<Violation>,
    left_out: usize,
    ids: BTreeSet<String>,
    /// Whether the document is of CycloneDX before 1.7.
    is_before_1_7: bool,
    /// References, told wrong when all ids are known.
    references: Vec<(String, usize, String)>,
}

impl Judge {
    fn tell(&mut self, path: &str, node: &Node, message: Text) {
        if self.found.len() < MAX_VIOLATIONS {
            self.found.push(Violation {
                path: path.to_owned(),
                at: node.at,
                message,
            });
        } else {
            self.left_out += 1;
        }
    }

    fn version(&mut self, tree: &Node, key: &str, version: &str, known: &[&str]) {
        if !known.contains(&version) {
            let node = tree.get(key).unwrap_or(tree);
            self.tell(
                &format!("/{key}"),
                node,
                text!(
                    "version `{version}` of the standard is not known here",
                    "此处不识别标准的版本 `{version}`"
                ),
            );
        }
    }

    fn demand(&mut self, path: &str, node: &Node, keys: &[&str]) {
        for key in keys {
            let is_there = node
                .get(key)
                .is_some_and(|value| value.as_text().is_none_or(|text| !text.trim().is_empty()));
            if !is_there {
                self.tell(path, node, text!("`{key}` is missing", "缺少 `{key}`"));
            }
        }
    }

    fn identify(&mut self, path: &str, node: &Node, key: &str) {
        if node.get(key).and_then(Node::as_text).is_some_and(str::is_empty) {
            self.tell(path, node, text!("`{key}` is empty", "`{key}` 为空"));
        }
        if let Some(id) = node.said(key)
            && !self.ids.insert(id.to_owned())
        {
            self.tell(
                path,
                node,
                text!("the id `{id}` stands twice", "标识 `{id}` 出现两次"),
            );
        }
    }

    fn refer(&mut self, path: String, node: &Node) {
        if let Some(id) = node.as_text() {
            self.references.push((path, node.at, id.to_owned()));
        }
    }

    fn settle(&mut self, is_elsewhere: impl Fn(&str) -> bool) {
        for (path, at, id) in std::mem::take(&mut self.references) {
            if !self.ids.contains(&id) && !is_elsewhere(&id) {
                let node = Node::at(at, super::tree::Value::Null);
                self.tell(
                    &path,
                    &node,
                    text!(
                        "`{id}` leads to nothing in the document",
                        "`{id}` 在文档中没有对应项"
                    ),
                );
            }
        }
    }

    fn hash(&mut self, path: &str, node: &Node, algorithm: &str, content: &str) {
        self.demand(path, node, &[algorithm, content]);
        let (Some(name), Some(hex)) = (node.said(algorithm), node.said(content)) else {
            return;
        };
        let Some(known) = hash_of(name) else {
            if !OTHER_HASHES.contains(&name.to_ascii_lowercase().as_str()) {
                self.tell(
                    path,
                    node,
                    text!(
                        "the hash function `{name}` is not known",
                        "未知的哈希函数 `{name}`"
                    ),
                );
            }
            return;
        };
        if hex.len() != known.digits() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let digits = known.digits();
            self.tell(
                path,
                node,
                text!(
                    "a digest of {name} has {digits} hexadecimal digits",
                    "{name} 摘要应有 {digits} 个十六进制数字"
                ),
            );
        }
    }

    fn purl(&mut self, path: &str, node: &Node) {
        if let Some(value) = node.as_text()
            && let Err(problem) = purl::check(value)
        {
            let (en, zh) = (problem.en(), problem.get(cleanbill_core::Language::Chinese));
            self.tell(
                path,
                node,
                text!(
                    "`{value}` is no package URL: {en}",
                    "`{value}` 不是软件包 URL：{zh}"
                ),
            );
        }
    }

    fn expression(&mut self, path: &str, node: &Node) {
        let Some(value) = node.as_text() else { return };
        if is_nothing(value) {
            return;
        }
        if let Err(error) = spdx::Expression::parse_mode(value, spdx::ParseMode::LAX) {
            let reason = error.reason.to_string();
            self.tell(
                path,
                node,
                text!(
                    "`{value}` is no licence expression: {reason}",
                    "`{value}` 不是许可证表达式：{reason}"
                ),
            );
        }
    }

    fn time(&mut self, path: &str, node: Option<&Node>) {
        let Some(node) = node else { return };
        let text = node.as_text().unwrap_or_default();
        if !is_time(text) {
            self.tell(
                path,
                node,
                text!("`{text}` is no time with a zone", "`{text}` 不是带时区的时间"),
            );
        }
    }

    fn cyclonedx(&mut self, version: &str, tree: &Node) {
        self.version(tree, "specVersion", version, &["1.4", "1.5", "1.6", "1.7"]);
        self.is_before_1_7 = ["1.4", "1.5", "1.6"].contains(&version);
        if let Some(serial) = tree.get("serialNumber")
            && !serial.as_text().is_some_and(is_serial)
        {
            self.tell(
                "/serialNumber",
                serial,
                text!("the serial number is no `urn:uuid:`", "序列号不是 `urn:uuid:`"),
            );
        }
        if let Some(metadata) = tree.get("metadata") {
            self.time("/metadata/timestamp", metadata.get("timestamp"));
            if let Some(component) = metadata.get("component") {
                self.component("/metadata/component", component);
            }
            for (index, tool) in metadata
                .find(&["tools", "components"])
                .map_or(&[][..], Node::items)
                .iter()
                .enumerate()
            {
                self.component(&format!("/metadata/tools/components/{index}"), tool);
            }
        }
        self.each("", tree, "components", Self::component);
        self.each("", tree, "services", Self::service);
        self.each("", tree, "dependencies", |judge, path, node| {
            judge.demand(path, node, &["ref"]);
            if let Some(target) = node.get("ref") {
                judge.refer(format!("{path}/ref"), target);
            }
            for key in ["dependsOn", "provides"] {
                for (index, target) in node.all(key).iter().enumerate() {
                    judge.refer(format!("{path}/{key}/{index}"), target);
                }
            }
        });
        let mut sources = BTreeSet::new();
        for (index, one) in tree.all("dependencies").iter().enumerate() {
            if let Some(id) = one.said("ref")
                && !sources.insert(id)
            {
                self.tell(
                    &format!("/dependencies/{index}"),
                    one,
                    text!("the needs of `{id}` stand twice", "`{id}` 的依赖出现两次"),
                );
            }
        }
        self.each("", tree, "vulnerabilities", |judge, path, node| {
            judge.identify(path, node, "bom-ref");
            judge.each(path, node, "affects", |judge, path, node| {
                judge.demand(path, node, &["ref"]);
                if let Some(target) = node.get("ref") {
                    judge.refer(format!("{path}/ref"), target);
                }
            });
        });
        self.each("", tree, "citations", |judge, path, node| {
            judge.demand(path, node, &["timestamp"]);
            judge.identify(path, node, "bom-ref");
            if node.get("pointers").is_some() == node.get("expressions").is_some() {
                judge.tell(
                    path,
                    node,
                    text!(
                        "a citation has either `pointers` or `expressions`",
                        "引用应有 `pointers` 或 `expressions` 之一"
                    ),
                );
            }
            if node.get("attributedTo").is_none() && node.get("process").is_none() {
                judge.tell(
                    path,
                    node,
                    text!(
                        "a citation has `attributedTo` or `process`",
                        "引用应有 `attributedTo` 或 `process`"
                    ),
                );
            }
            for key in ["attributedTo", "process"] {
                if let Some(target) = node.get(key) {
                    judge.refer(format!("{path}/{key}"), target);
                }
            }
        });
        collect_ids(tree, &mut self.ids);
        self.settle(|id| id.starts_with("urn:cdx:"));
    }

    fn each(&mut self, path: &str, node: &Node, key: &str, look: fn(&mut Self, &str, &Node)) {
        for (index, item) in node.all(key).iter().enumerate() {
            look(self, &format!("{path}/{}/{index}", pointer_step(key)), item);
        }
    }

    /// Recursion ends: trees are read with a limit of depth.
    fn component(&mut self, path: &str, node: &Node) {
        self.demand(path, node, &["type", "name"]);
        if let Some(name) = node.said("type")
            && kind_of_cyclonedx(name).is_none()
        {
            self.tell(
                path,
                node,
                text!("the type `{name}` is not known", "未知的类型 `{name}`"),
            );
        }
        self.common(path, node);
        if let Some(purl) = node.get("purl") {
            self.purl(&format!("{path}/purl"), purl);
        }
        self.each(path, node, "hashes", |judge, path, node| {
            judge.hash(path, node, "alg", "content");
        });
        self.each(path, node, "components", Self::component);
        if let Some(pedigree) = node.get("pedigree") {
            for key in ["ancestors", "descendants", "variants"] {
                self.each(&format!("{path}/pedigree"), pedigree, key, Self::component);
            }
        }
        if let Some(parameters) = node.find(&["modelCard", "modelParameters"]) {
            for (index, dataset) in parameters.all("datasets").iter().enumerate() {
                if let Some(target) = dataset.get("ref") {
                    let path = format!("{path}/modelCard/modelParameters/datasets/{index}/ref");
                    self.refer(path, target);
                }
            }
        }
    }

    fn service(&mut self, path: &str, node: &Node) {
        self.demand(path, node, &["name"]);
        self.common(path, node);
        self.each(path, node, "services", Self::service);
    }

    fn common(&mut self, path: &str, node: &Node) {
        self.identify(path, node, "bom-ref");
        self.each(path, node, "externalReferences", |judge, path, node| {
            judge.demand(path, node, &["type", "url"]);
            judge.each(path, node, "hashes", |judge, path, node| {
                judge.hash(path, node, "alg", "content");
            });
        });
        let licences = node.all("licenses");
        let expressions = licences
            .iter()
            .filter(|one| one.get("expression").is_some())
            .count();
        if self.is_before_1_7 && expressions > 0 && licences.len() > 1 {
            self.tell(
                &format!("{path}/licenses"),
                node,
                text!(
                    "before 1.7 an expression stands alone",
                    "1.7 之前表达式须单独出现"
                ),
            );
        }
        self.each(path, node, "licenses", |judge, path, node| {
            if let Some(expression) = node.get("expression") {
                judge.expression(&format!("{path}/expression"), expression);
                if node.get("license").is_some() {
                    judge.tell(
                        path,
                        node,
                        text!(
                            "both `license` and `expression`",
                            "同时有 `license` 和 `expression`"
                        ),
                    );
                }
                return;
            }
            let Some(licence) = node.get("license") else {
                judge.tell(
                    path,
                    node,
                    text!(
                        "neither `license` nor `expression`",
                        "既没有 `license` 也没有 `expression`"
                    ),
                );
                return;
            };
            match (licence.said("id"), licence.said("name")) {
                // The table of the crate also holds the words for nothing.
                (Some(id), None) if is_nothing(id) || spdx::license_id(id).is_none() => judge.tell(
                    path,
                    licence,
                    text!("SPDX lists no licence `{id}`", "SPDX 没有许可证 `{id}`"),
                ),
                (Some(_), None) | (None, Some(_)) => {}
                _ => judge.tell(
                    path,
                    licence,
                    text!(
                        "a licence has either `id` or `name`",
                        "许可证应有 `id` 或 `name` 之一"
                    ),
                ),
            }
        });
    }
}

/// Hash functions that the standards know and the bill does not.
const OTHER_HASHES: [&str; 14] = [
    "streebog-256",
    "streebog-512",
    "sha224",
    "sha3_224",
    "md2",
    "md4",
    "md6",
    "adler32",
    "crystalsdilithium",
    "crystalskyber",
    "falcon",
    "other",
    "blake2b160",
    "blake2b224",
];

fn is_serial(text: &str) -> bool {
    text.strip_prefix("urn:uuid:").is_some_and(|uuid| {
        uuid.len() == 36
            && uuid.bytes().enumerate().all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
            })
    })
}

/// Says whether a word of SPDX stands for no licence.
fn is_nothing(text: &str) -> bool {
    matches!(text, "NOASSERTION" | "NONE")
}

/// Collects every `bom-ref`, wherever it stands. Recursion ends: trees are read with a limit of depth.
fn collect_ids(node: &Node, out: &mut BTreeSet<String>) {
    if let Some(id) = node.said("bom-ref") {
        out.insert(id.to_owned());
    }
    node.items().iter().for_each(|item| collect_ids(item, out));
    node.members()
        .iter()
        .for_each(|(_, value)| collect_ids(value, out));
}
