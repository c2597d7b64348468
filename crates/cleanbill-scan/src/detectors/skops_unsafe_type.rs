//! Detector `skops-unsafe-type`.

use std::ops::Range;

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::{
    bytes::ReadAt,
    json::{Event, Reader, Strictness},
    text::View,
};

use crate::{
    callables::{Standing, standing},
    detector::detector,
    named_code::leads_out,
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// Types and functions in the schema of a skops file that were not reviewed or are dangerous; operators and methods that reach any
    /// attribute; files outside the archive.
    /// ## Why it matters
    /// skops asks its user which types to trust, and several releases asked for other names than those that they then
    /// loaded: operators (CVE-2025-54412) and methods (CVE-2025-54413) ran what the file named.
    /// ## How it is decided
    /// Every node's module and class are held against the tables of reviewed and dangerous callables, whatever its loader
    /// says of itself. Dangerous names are *critical* or *high*, operators other than getters of items and attributes *critical*,
    /// names of Python's library that nobody reviewed *high*, unknown ones *medium*.
    /// ## What it misses
    /// What a class of a trusted package does when it is used. A `.skops` that is a pickle (CVE-2025-54886) is reported as such.
    /// ## What to do
    /// Do not load it, or ask the supplier what the named types are for.
    /// ## References
    /// CVE-2025-54412, CVE-2025-54413, CVE-2025-54886; `skops/io` of skops 0.13; CWE-502.
    id: "skops-unsafe-type",
    title: "skops file names an unsafe type", "skops 文件包含不安全的类型",
    severity: Critical, confidence: High,
    tags: &["CWE-502", "AML.T0011.000"], controls: &["MOD-01"],
    on: Text => run,
}

/// Loaders that skops has.
const LOADERS: &[&str] = &[
    "BitGeneratorNode",
    "BytearrayNode",
    "BytesNode",
    "CachedNode",
    "ConstructorFromReduceNode",
    "DTypeNode",
    "DatetimeNode",
    "DefaultDictNode",
    "DictNode",
    "FunctionNode",
    "JsonNode",
    "ListNode",
    "LossNode",
    "MaskedArrayNode",
    "MethodNode",
    "NdArrayNode",
    "ObjectNode",
    "OperatorFuncNode",
    "PartialNode",
    "QuantileForestNode",
    "RandomGeneratorNode",
    "RandomStateNode",
    "ReduceNode",
    "SGDNode",
    "SetNode",
    "SliceNode",
    "SparseMatrixNode",
    "TreeNode",
    "TupleNode",
    "TypeNode",
    "_DictWithDeprecatedKeysNode",
    "OrderedDictNode",
];
/// Packages that skops is made for; their names pass unless they are known to be dangerous.
const PACKAGES: &[&str] = &[
    "catboost",
    "imblearn",
    "lightgbm",
    "numpy",
    "pandas",
    "quantile_forest",
    "scipy",
    "sklearn",
    "skops",
    "xgboost",
    "joblib",
];
/// Python's own reader gives up near this depth.
const DEPTH: usize = 990;

#[derive(Debug, Default)]
struct Node {
    module: Option<String>,
    class: Option<String>,
    loader: Option<String>,
    func: Option<String>,
    file: Option<String>,
    /// Old function nodes name the function in their content.
    path: Option<String>,
    function: Option<String>,
    start: u64,
}

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let _ = view;
    if memchr::memmem::find(scene.head, b"\"__loader__\"").is_none() && scene.file_name != "schema.json" {
        return;
    }
    // Behind a byte order mark, or in another encoding, stands what Python reads all the same.
    let decoded = scene.reading.text().filter(|written| written.start > 0);
    let decoded = decoded.map(|written| written.text.clone().into_bytes());
    let source: &dyn ReadAt = decoded.as_ref().map_or(scene.source, |bytes| bytes);
    let mut reader = Reader::new(source, 0..source.size(), Strictness::Python, DEPTH, 512);
    let mut open: Vec<Node> = Vec::new();
    let mut key = String::new();
    while let Ok(Some((event, range))) = reader.next() {
        match event {
            Event::ObjectStart => open.push(Node {
                start: range.start,
                ..Node::default()
            }),
            Event::ArrayStart => open.push(Node::default()),
            Event::ArrayEnd => drop(open.pop()),
            Event::Key { .. } => key = reader.text().into_owned(),
            Event::String => {
                let text = Some(reader.text().into_owned());
                let Some(node) = open.last_mut() else { continue };
                match key.as_str() {
                    "__module__" => node.module = text,
                    "__class__" => node.class = text,
                    "__loader__" => node.loader = text,
                    "func" => node.func = text,
                    "file" => node.file = text,
                    "module_path" => node.path = text,
                    "function" => node.function = text,
                    _ => {}
                }
                key.clear();
            }
            Event::ObjectEnd => {
                let Some(node) = open.pop() else { continue };
                let range = node.start..range.end;
                if let (Some(path), Some(function)) = (&node.path, &node.function) {
                    let old = Node {
                        module: Some(path.clone()),
                        class: Some(function.clone()),
                        loader: Some("FunctionNode".to_owned()),
                        ..Node::default()
                    };
                    judge(&old, range.clone(), sink);
                }
                if node.loader.is_some() || node.module.is_some() && node.class.is_some() {
                    judge(&node, range.clone(), sink);
                }
                if let (Some(func), None) = (&node.func, &node.loader)
                    && func.starts_with("__")
                {
                    let message = text!(
                        "a method node reaches the special attribute `{func}`",
                        "方法节点访问特殊属性 `{func}`"
                    );
                    sink.report(Some(range.clone()), message)
                        .severity(Severity::High)
                        .tag("CVE-2025-54413");
                }
            }
            _ => {}
        }
    }
}

fn judge(node: &Node, range: Range<u64>, sink: &mut Sink<'_>) {
    let module = node.module.as_deref().unwrap_or_default();
    let class = node.class.as_deref().unwrap_or_default();
    let loader = node.loader.as_deref().unwrap_or_default();
    if let Some(file) = &node.file
        && leads_out(file)
    {
        let message = text!(
            "a node reads the file `{file}` outside the archive",
            "节点读取归档之外的文件 `{file}`"
        );
        sink.report(Some(range.clone()), message).severity(Severity::High);
    }
    let own = |name: &str| {
        module == name
            || module
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    let name = format!("{module}.{class}");
    let operator = matches!(module, "operator" | "_operator");
    let getter = operator && matches!(class, "attrgetter" | "itemgetter");
    let (severity, message): (Severity, Text) = if loader == "OperatorFuncNode" && !getter {
        (
            Severity::Critical,
            text!("an operator node calls `{name}`", "运算符节点调用 `{name}`"),
        )
    } else if loader == "OperatorFuncNode" {
        return;
    } else if !LOADERS.contains(&loader) {
        (
            Severity::Medium,
            text!(
                "`{loader}` is no loader that skops has",
                "`{loader}` 不是 skops 的加载器"
            ),
        )
    } else {
        match standing(module, class) {
            Standing::Danger { attack, reason } => (
                if attack.is_critical() {
                    Severity::Critical
                } else {
                    Severity::High
                },
                text!("names `{name}`, which {reason}", "名为 `{name}`（{reason}）"),
            ),
            Standing::Allowed(_) => return method(node, range, sink),
            Standing::Unknown { standard_library } if standard_library && !plain(module, class) => (
                Severity::High,
                text!(
                    "names `{name}` of Python's library, which nobody reviewed",
                    "名为未经审查的 Python 标准库对象 `{name}`"
                ),
            ),
            Standing::Unknown { .. } if plain(module, class) || PACKAGES.iter().any(|known| own(known)) => {
                return method(node, range, sink);
            }
            Standing::Unknown { .. } => (
                Severity::Medium,
                text!("names `{name}`, which nobody reviewed", "名为未经审查的 `{name}`"),
            ),
        }
    };
    sink.report(Some(range), message)
        .severity(severity)
        .evidence(&format!("{loader} {name}"))
        .hint(text!("do not load it", "不要加载"));
}

fn method(node: &Node, range: Range<u64>, sink: &mut Sink<'_>) {
    if node.loader.as_deref() == Some("MethodNode") {
        let message = text!(
            "a method node takes an attribute of another node",
            "方法节点取用另一节点的属性"
        );
        sink.report(Some(range), message)
            .severity(Severity::Medium)
            .tag("CVE-2025-54413");
    }
}

/// Values of the language itself.
fn plain(module: &str, class: &str) -> bool {
    module == "builtins"
        && matches!(
            class,
            "NoneType"
                | "bool"
                | "bytearray"
                | "bytes"
                | "complex"
                | "dict"
                | "float"
                | "frozenset"
                | "int"
                | "list"
                | "method"
                | "range"
                | "set"
                | "slice"
                | "str"
                | "tuple"
                | "type"
        )
        || matches!(
            (module, class),
            ("functools", "partial")
                | ("collections", "OrderedDict" | "defaultdict")
                | ("datetime", _)
                | ("zoneinfo", "ZoneInfo")
        )
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{self, Critical, Medium};

    use crate::testing::check;

    fn node(loader: &str, module: &str, class: &str, severities: &[Severity]) {
        let text = format!(
            r#"{{"__class__": "{class}", "__module__": "{module}", "__loader__": "{loader}", "content": {{}}}}"#
        );
        check("skops-unsafe-type", "schema.json", text.as_bytes(), severities);
    }

    #[test]
    fn cve_2025_54412_an_operator_node_calls_anything() {
        node("OperatorFuncNode", "operator", "call", &[Critical]);
        node(
            "OperatorFuncNode",
            "sklearn.linear_model",
            "methodcaller",
            &[Critical],
        );
        node("OperatorFuncNode", "operator", "itemgetter", &[]);
    }

    #[test]
    fn cve_2025_54413_a_method_node_reaches_attributes() {
        node("MethodNode", "builtins", "method", &[Medium]);
        let text = r#"{"__class__": "LogisticRegression", "__module__": "sklearn.linear_model._logistic", "__loader__": "MethodNode",
            "content": {"func": "__init_subclass__", "obj": {"__class__": "system", "__module__": "os", "__loader__": "TypeNode"}}}"#;
        check(
            "skops-unsafe-type",
            "schema.json",
            text.as_bytes(),
            &[Medium, Severity::High, Critical],
        );
    }

    #[test]
    fn types_are_judged_whatever_their_loader() {
        node(
            "ObjectNode",
            "sklearn.linear_model._logistic",
            "LogisticRegression",
            &[],
        );
        node("FunctionNode", "builtins", "eval", &[Critical]);
        node("ListNode", "subprocess", "Popen", &[Critical]);
        node("TypeNode", "mypkg.models", "Mine", &[Medium]);
        node("JsonNode", "builtins", "str", &[]);
        node("ConstructorFromReduceNode", "zoneinfo", "ZoneInfo", &[]);
    }

    #[test]
    fn old_function_nodes_name_the_function_in_their_content() {
        let text = |path: &str, function: &str| {
            format!(
                r#"{{"__class__": "function", "__module__": "numpy", "__loader__": "FunctionNode", "protocol": 0, "content": {{"module_path": "{path}", "function": "{function}"}}}}"#
            )
        };
        let bad = text("os", "system");
        check("skops-unsafe-type", "schema.json", bad.as_bytes(), &[Critical]);
        let good = text("numpy", "mean");
        check("skops-unsafe-type", "schema.json", good.as_bytes(), &[]);
    }

    #[test]
    fn a_byte_order_mark_hides_nothing() {
        let text = r#"{"__class__": "system", "__module__": "os", "__loader__": "TypeNode"}"#;
        let marked = format!("\u{feff}{text}");
        check("skops-unsafe-type", "schema.json", marked.as_bytes(), &[Critical]);
        let mut wide = vec![0xff, 0xfe];
        wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        check("skops-unsafe-type", "schema.json", &wide, &[Critical]);
    }
}
