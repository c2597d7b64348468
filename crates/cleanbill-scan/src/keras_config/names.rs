//! What is known of the names that a configuration gives.

use std::{collections::HashSet, sync::OnceLock};

use cleanbill_core::Severity;

use super::Topic;
use crate::callables::{Attack, Standing, standing};

const TABLE: &str = include_str!("../../callables/keras.txt");

/// Functions and classes of Keras that open, fetch, load or switch something; the worst of those that are not reviewed.
const GADGETS: &[&str] = &[
    "DirectoryIterator",
    "Sequence",
    "TFSMLayer",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "download",
    "extract_archive",
    "from_pretrained",
    "func_load",
    "get_file",
    "import_module",
    "load_img",
    "load_model",
    "load_weights",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "run_imports",
    "save_model",
    "urlretrieve",
];
/// Functions that take the loader's protection away.
const SWITCHES: &[&str] = &[
    "enable_unsafe_deserialization",
    "set_safe_mode",
    "SafeModeScope",
    "in_safe_mode",
];
/// Packages whose objects a loader of Keras takes for its own.
const FAMILY: &[&str] = &[
    "keras",
    "tf_keras",
    "keras_core",
    "keras_hub",
    "keras_nlp",
    "keras_cv",
];
/// Longer beginnings of the same.
const FAMILY_WITHIN: &[&str] = &[
    "tensorflow.keras",
    "tensorflow.python.keras",
    "tensorflow_core.keras",
];
/// Parts of Keras that hold nothing but layers, optimizers and the like: a name unknown there is a newer one.
const PARTS: &[&str] = &[
    "activations",
    "constraints",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "quantizers",
    "random",
    "regularizers",
];
/// Symbols of TensorFlow that a layer may call; the first part of the dotted name.
const SYMBOL_PARTS: &[&str] = &[
    "__operators__",
    "bitwise",
    "dtypes",
    "fft",
    "image",
    "linalg",
    "math",
    "nn",
    "ragged",
    "random",
    "sets",
    "signal",
    "sparse",
    "strings",
    "audio",
    "clip_by_value",
    "clip_by_norm",
    "quantization",
    "nest",
    "shape",
    "sequence_mask",
    "tensor_scatter_nd_update",
    "tensor_scatter_nd_add",
];
/// Symbols that reach files, code or the process, though their names stand in no part.
const SYMBOL_FEARED: &[&str] = &[
    "py_function",
    "numpy_function",
    "py_func",
    "load_library",
    "load_op_library",
    "read_file",
    "write_file",
    "print",
    "import_graph_def",
    "function",
    "init_scope",
    "Module",
    "while_loop",
    "map_fn",
    "foldl",
    "foldr",
    "scan",
    "cond",
    "switch_case",
    "case",
    "custom_gradient",
    "recompute_grad",
    "grad_pass_through",
    "vectorized_map",
    "load",
];

/// Holds a judgement of a name: nothing where it is reviewed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) topic: Topic,
    pub(super) severity: Severity,
    /// Why, in English and Chinese.
    pub(super) why: (&'static str, &'static str),
}

impl Verdict {
    const fn new(topic: Topic, severity: Severity, en: &'static str, zh: &'static str) -> Self {
        Self {
            topic,
            severity,
            why: (en, zh),
        }
    }
}

const UNREVIEWED: (&str, &str) = ("is not reviewed", "未经审查");

/// Judges a class that a configuration names.
pub(super) fn class(module: Option<&str>, name: &str, registered: Option<&str>) -> Option<Verdict> {
    object(module, name, registered, false)
}

/// Judges a function that a configuration names.
pub(super) fn function(module: Option<&str>, name: &str, registered: Option<&str>) -> Option<Verdict> {
    object(module, name, registered, true)
}

fn object(module: Option<&str>, name: &str, registered: Option<&str>, called: bool) -> Option<Verdict> {
    let module = module.map(str::trim).filter(|module| !module.is_empty());
    let own = registered.is_some_and(|registered| registered.contains('>')) || name.contains('>');
    // Keras 2 gives its own optimizers the package that unnamed registrations get.
    let name = name
        .strip_prefix("Custom>")
        .filter(|name| tables().classes.contains(name))
        .unwrap_or(name);
    let reviewed = if called {
        &tables().functions
    } else {
        &tables().classes
    };
    if SWITCHES.contains(&last(name)) {
        return Some(Verdict::new(
            Topic::UnsafeDeserialization,
            Severity::Critical,
            "switches off the protection of the loader",
            "会关闭加载器的保护",
        ));
    }
    let Some(module) = module.filter(|module| *module != "__main__") else {
        if reviewed.contains(name) || (!called && tables().functions.contains(name)) {
            return None;
        }
        return Some(dotted(name).unwrap_or(unknown()));
    };
    if is_family(module) {
        return family(module, name, reviewed.contains(name), own);
    }
    if module == "builtins" && called && tables().functions.contains(name) && danger(module, name).is_none() {
        return None;
    }
    if let Some(verdict) = danger(module, name) {
        return Some(verdict);
    }
    if module == "builtins" {
        // Keras writes this module for functions of the program that saved the model.
        return Some(unknown());
    }
    if matches!(
        standing(module, name),
        Standing::Unknown {
            standard_library: true
        }
    ) {
        return Some(Verdict::new(
            Topic::UnsafeModule,
            Severity::Critical,
            "is part of Python and of no model",
            "属于 Python 本身，而非模型的一部分",
        ));
    }
    if own && !module.starts_with("tensorflow") {
        return Some(unknown());
    }
    Some(Verdict::new(
        Topic::UnsafeModule,
        Severity::High,
        "lies in a module that is not of Keras",
        "位于不属于 Keras 的模块",
    ))
}

fn family(module: &str, name: &str, reviewed: bool, own: bool) -> Option<Verdict> {
    if reviewed {
        return None;
    }
    let first_upper = name.starts_with(|letter: char| letter.is_ascii_uppercase());
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let gadget = GADGETS.contains(&last(name));
    let hub = ["keras_hub", "keras_nlp", "keras_cv"]
        .iter()
        .any(|hub| within(module, hub));
    let part = module
        .split('.')
        .find(|part| {
            !matches!(
                *part,
                "keras" | "src" | "tf_keras" | "keras_core" | "tensorflow" | "python" | "api" | "_tf_keras"
            )
        })
        .is_some_and(|part| PARTS.contains(&part));
    if gadget {
        return Some(Verdict::new(
            Topic::UnsafeModule,
            Severity::Critical,
            "opens, fetches or loads files",
            "会打开、下载或加载文件",
        ));
    }
    if plain && first_upper && (part || hub || own) {
        return Some(unknown());
    }
    Some(Verdict::new(
        Topic::UnsafeModule,
        Severity::High,
        "is no layer, loss, metric or other part of a model",
        "不是层、损失、指标或模型的其他组成部分",
    ))
}

/// Judges a symbol of TensorFlow that a layer calls.
pub(super) fn symbol(name: &str) -> Option<Verdict> {
    let plain = ["tf.", "tensorflow.", "compat.v1.", "compat.v2."]
        .iter()
        .fold(name, |name, beginning| {
            name.strip_prefix(beginning).unwrap_or(name)
        });
    let (first, rest) = plain.split_once('.').unwrap_or((plain, ""));
    let feared = SYMBOL_FEARED.contains(&last(plain)) && first != "nn";
    let known = SYMBOL_PARTS.contains(&first)
        || (rest.is_empty()
            && plain
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'))
        || plain.starts_with("keras.backend.")
        || plain.starts_with("keras.activations.");
    if known && !feared {
        return None;
    }
    Some(Verdict::new(
        Topic::UnsafeModule,
        if known || feared || ["io", "raw_ops", "saved_model", "data", "train", "summary"].contains(&first) {
            Severity::High
        } else {
            Severity::Medium
        },
        "is an operation of TensorFlow that reaches beyond the model",
        "是触及模型之外的 TensorFlow 操作",
    ))
}

fn danger(module: &str, name: &str) -> Option<Verdict> {
    let Standing::Danger { attack, .. } = standing(module, name) else {
        return None;
    };
    let (severity, en, zh) = match attack {
        Attack::Read | Attack::Network | Attack::Write | Attack::Deny => (
            Severity::High,
            "reaches files, the network or the process",
            "会触及文件、网络或进程",
        ),
        _ => (
            Severity::Critical,
            "can run code or commands",
            "可以执行代码或命令",
        ),
    };
    Some(Verdict::new(Topic::UnsafeModule, severity, en, zh))
}

/// Judges a name that carries its module.
fn dotted(name: &str) -> Option<Verdict> {
    let (module, last) = name.rsplit_once('.')?;
    danger(module, last)
}

const fn unknown() -> Verdict {
    Verdict::new(Topic::UnknownClass, Severity::Medium, UNREVIEWED.0, UNREVIEWED.1)
}

fn is_family(module: &str) -> bool {
    FAMILY
        .iter()
        .chain(FAMILY_WITHIN)
        .any(|package| within(module, package))
}

fn within(module: &str, package: &str) -> bool {
    module
        .strip_prefix(package)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn last(name: &str) -> &str {
    name.rsplit(['.', '>']).next().unwrap_or(name)
}

/// Feeds the table to a hasher.
pub(crate) fn feed_tables(feed: &mut dyn FnMut(&[u8])) {
    feed(TABLE.as_bytes());
}

#[derive(Debug)]
struct Tables {
    classes: HashSet<&'static str>,
    functions: HashSet<&'static str>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let of = |kind: &str| TABLE.lines().filter_map(|line| line.strip_prefix(kind)).collect();
        Tables {
            classes: of("class "),
            functions: of("function "),
        }
    })
}
