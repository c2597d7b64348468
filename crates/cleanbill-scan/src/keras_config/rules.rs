//! Walks over a configuration and says what building objects from it would do.

use cleanbill_core::{Severity, Text, text};

use super::{
    Concerns, Topic, code,
    names::{self, Verdict},
    tree::{Object, Value},
};

/// Names that Keras gives to values of its own: they build tensors, slices and bytes.
const PLAIN: &[&str] = &[
    "__bytes__",
    "__complex__",
    "__ellipsis__",
    "__keras_tensor__",
    "__numpy__",
    "__slice__",
    "__tensor__",
    "__timedelta__",
    "__tuple__",
    "CompositeTensor",
    "TensorShape",
    "TypeSpec",
];
/// Keys under which a layer takes the path of a file.
const PATHS: &[&str] = &[
    "filepath",
    "idf_weights",
    "merges",
    "merges_path",
    "proto",
    "vocab_file",
    "vocabulary",
    "vocabulary_path",
];
/// Longest text under such a key that may be a path; a model of `SentencePiece` stands there as base64.
const PATH_BYTES: usize = 4_096;

/// Walks over every object.
pub(super) fn walk(value: &Value, concerns: &mut Concerns) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| walk(value, concerns)),
        Value::Object(object) => {
            // Without settings it is no object for any loader.
            if object.all("config").next().is_some() {
                for name in object.texts("class_name") {
                    named(object, name, concerns);
                }
            }
            switches(object, concerns);
            for (_, value) in &object.pairs {
                walk(value, concerns);
            }
        }
        Value::Text(_) | Value::Bool(_) | Value::Empty => {}
    }
}

fn named(object: &Object, name: &str, concerns: &mut Concerns) {
    let configurations: Vec<&Object> = object
        .all("config")
        .filter_map(|value| match value {
            Value::Object(inner) => Some(inner),
            _ => None,
        })
        .collect();
    let modules: Vec<Option<&str>> = {
        let modules: Vec<&str> = object.texts("module").collect();
        if modules.is_empty() {
            vec![None]
        } else {
            modules.into_iter().map(Some).collect()
        }
    };
    let registered = object.texts("registered_name").next();
    let short = name.rsplit(['.', '>']).next().unwrap_or(name);
    match short {
        "__lambda__" => {
            let codes = configurations.iter().flat_map(|inner| inner.texts("code"));
            let mut any = false;
            for text in codes.chain(object.texts("config")) {
                any = true;
                carried(object, text, concerns);
            }
            if !any {
                carried(object, "", concerns);
            }
            return;
        }
        "__typespec__" => {
            type_spec(object, concerns);
            return;
        }
        _ if PLAIN.contains(&name) => return,
        "function" => {
            for module in &modules {
                for function in object.texts("config") {
                    told(
                        object,
                        *module,
                        function,
                        names::function(*module, function, registered),
                        concerns,
                    );
                }
                for function in configurations.iter().flat_map(|inner| inner.texts("name")) {
                    told(
                        object,
                        *module,
                        function,
                        names::function(*module, function, registered),
                        concerns,
                    );
                }
            }
            return;
        }
        "Lambda" => {
            for inner in &configurations {
                lambda(object, inner, concerns);
            }
        }
        "TorchModuleWrapper" => concerns.push(
            Topic::UnsafeModule,
            Severity::Critical,
            &object.range,
            text!(
                "builds a PyTorch module from a pickle in the configuration",
                "从配置中的 pickle 构建 PyTorch 模块"
            ),
            name,
        ),
        "TFSMLayer" => concerns.push(
            Topic::FileReference,
            Severity::High,
            &object.range,
            text!(
                "loads a TensorFlow SavedModel from a path that the configuration names",
                "从配置所指路径加载 TensorFlow SavedModel"
            ),
            configurations
                .iter()
                .flat_map(|inner| inner.texts("filepath"))
                .next()
                .unwrap_or(name),
        ),
        "TFOpLambda" | "SlicingOpLambda" | "TensorFlowOpLayer" | "ClassMethod" | "InstanceMethod"
        | "InstanceProperty" => {
            operations(object, &configurations, concerns);
        }
        _ => {}
    }
    if !matches!(short, "Lambda" | "TorchModuleWrapper" | "TFSMLayer")
        || modules.iter().any(|module| is_foreign(*module))
    {
        for module in &modules {
            told(
                object,
                *module,
                name,
                names::class(*module, name, registered),
                concerns,
            );
        }
    }
    for inner in configurations {
        files(inner, concerns);
    }
}

fn is_foreign(module: Option<&str>) -> bool {
    module.is_some_and(|module| !module.is_empty() && !module.contains("keras"))
}

fn told(
    object: &Object,
    module: Option<&str>,
    name: &str,
    verdict: Option<Verdict>,
    concerns: &mut Concerns,
) {
    let Some(Verdict { topic, severity, why }) = verdict else {
        return;
    };
    let full = match module {
        Some(module) if !module.is_empty() => format!("{module}.{name}"),
        _ => name.to_owned(),
    };
    let shown = crate::sink::printable(&full);
    let (en, zh) = why;
    let message = Text::new(
        format!("names `{shown}`, which {en}"),
        format!("指向 `{shown}`，它{zh}"),
    );
    concerns.push(topic, severity, &object.range, message, &full);
}

/// Tells of code that the configuration carries.
fn carried(object: &Object, text: &str, concerns: &mut Concerns) {
    let message = text!(
        "carries Python code that runs in the loading process",
        "携带会在加载进程中运行的 Python 代码"
    );
    match code::read(text) {
        Some(code) if !code.feared.is_empty() => {
            let names = code.feared.join(", ");
            concerns.push(
                Topic::Lambda,
                Severity::Critical,
                &object.range,
                text!(
                    "carries Python code that reaches beyond arithmetic",
                    "携带的 Python 代码超出算术范围"
                ),
                &names,
            );
        }
        Some(code) => concerns.push(
            Topic::Lambda,
            Severity::High,
            &object.range,
            message,
            &code.names.join(", "),
        ),
        None => concerns.push(Topic::Lambda, Severity::High, &object.range, message, text),
    }
}

/// Judges the settings of a Lambda layer in every form that Keras has written.
fn lambda(object: &Object, settings: &Object, concerns: &mut Concerns) {
    let mut any = false;
    for key in ["function", "output_shape", "mask"] {
        let kind_key = format!("{key}_type");
        let kinds: Vec<&str> = settings.texts(&kind_key).collect();
        let marshalled = kinds.contains(&"lambda");
        for value in settings.all(key) {
            match value {
                // Judged by its own name.
                Value::Object(inner) if inner.texts("class_name").next().is_some() => any = true,
                Value::Array(list) if key == "function" || marshalled => {
                    if let Some(Value::Text(text)) = list.first() {
                        any = true;
                        carried(object, text, concerns);
                    }
                }
                Value::Text(text) if marshalled => {
                    any = true;
                    carried(object, text, concerns);
                }
                Value::Text(name) if key == "function" || kinds.contains(&"function") => {
                    any = true;
                    for module in modules(settings) {
                        told(
                            object,
                            module,
                            name,
                            names::function(module, name, None),
                            concerns,
                        );
                    }
                }
                _ => {}
            }
        }
    }
    if !any {
        concerns.push(
            Topic::Lambda,
            Severity::Medium,
            &object.range,
            text!(
                "has a Lambda layer whose function cannot be told",
                "含有无法判断其函数的 Lambda 层"
            ),
            "Lambda",
        );
    }
}

fn modules(settings: &Object) -> Vec<Option<&str>> {
    let found: Vec<Option<&str>> = settings.texts("module").map(Some).collect();
    if found.is_empty() { vec![None] } else { found }
}

/// Judges operations of TensorFlow that layers wrap.
fn operations(object: &Object, configurations: &[&Object], concerns: &mut Concerns) {
    for inner in configurations {
        for name in inner.texts("function").chain(inner.texts("cls_symbol")) {
            told(object, Some("tensorflow"), name, names::symbol(name), concerns);
        }
        // A node of a graph in text form.
        for node in inner.texts("node_def") {
            let feared = [
                "PyFunc",
                "EagerPyFunc",
                "ReadFile",
                "WriteFile",
                "MatchingFiles",
                "PartitionedCall",
            ];
            for op in feared.iter().filter(|op| node.contains(**op)) {
                let name = format!("raw_ops.{op}");
                told(object, Some("tensorflow"), &name, names::symbol(&name), concerns);
            }
        }
    }
}

/// Judges a description of tensors, whose class is fetched by its name.
fn type_spec(object: &Object, concerns: &mut Concerns) {
    for module in modules(object) {
        for name in object.texts("spec_name").chain(object.texts("name")) {
            let honest = module
                .is_none_or(|module| module == "tensorflow" || module.starts_with("tensorflow."))
                && name.rsplit('.').next().is_some_and(|last| last.ends_with("Spec"));
            if !honest {
                let verdict = Verdict {
                    topic: Topic::UnsafeModule,
                    severity: Severity::High,
                    why: ("is no description of tensors", "不是张量描述"),
                };
                told(object, module, name, Some(verdict), concerns);
            }
        }
    }
}

/// Tells of files that a layer opens.
fn files(settings: &Object, concerns: &mut Concerns) {
    for (key, value) in &settings.pairs {
        let Value::Text(path) = value else { continue };
        if !PATHS.contains(&key.as_str()) || path.is_empty() {
            continue;
        }
        let far = path.contains("://") || path.starts_with("\\\\") || path.starts_with("//");
        let absolute =
            path.starts_with(['/', '~']) || path.get(1..3).is_some_and(|drive| matches!(drive, ":\\" | ":/"));
        let above = path.split(['/', '\\']).any(|part| part == "..");
        let base64 = path.len() > 64 && !path.contains('.') && key == "proto";
        if base64 || path.len() > PATH_BYTES {
            continue;
        }
        let (severity, message) = if far {
            (
                Severity::High,
                text!(
                    "`{key}` makes the loader fetch an address",
                    "`{key}` 会让加载器访问一个地址"
                ),
            )
        } else if absolute || above {
            (
                Severity::High,
                text!(
                    "`{key}` makes the loader read a file outside the model",
                    "`{key}` 会让加载器读取模型之外的文件"
                ),
            )
        } else {
            (
                Severity::Medium,
                text!(
                    "`{key}` makes the loader read a file",
                    "`{key}` 会让加载器读取文件"
                ),
            )
        };
        concerns.push(Topic::FileReference, severity, &settings.range, message, path);
    }
}

/// Tells of settings that take the loader's protection away.
fn switches(object: &Object, concerns: &mut Concerns) {
    for (key, value) in &object.pairs {
        let off = match key.as_str() {
            "safe_mode" => matches!(value, Value::Bool(false)),
            "enable_unsafe_deserialization" | "allow_unsafe" | "unsafe_deserialization" => {
                matches!(value, Value::Bool(true) | Value::Object(_))
            }
            _ => false,
        };
        if off {
            concerns.push(
                Topic::UnsafeDeserialization,
                Severity::High,
                &object.range,
                text!(
                    "`{key}` asks for loading without protection",
                    "`{key}` 要求在无保护的情况下加载"
                ),
                key,
            );
        }
    }
}
