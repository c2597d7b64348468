//! What a configuration of Keras makes its loader do: the tree of `module`, `class_name`, `registered_name` and `config` that
//! `.keras` archives, HDF5 files, `to_json` and TensorFlow's metadata hold.
//!
//! [`judge`] takes the text, wherever it came from; the detectors ask [`concerns`].

mod code;
mod names;
mod rules;
mod tree;

use std::ops::Range;

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::{
    Format, Parsed,
    text::{Encoding, Kind},
};

pub(crate) use names::feed_tables;

use crate::{scene::Scene, sink::Sink};

/// LIMIT: concerns kept of one configuration; they repeat beyond.
const CONCERNS: usize = 256;
/// Keys by which the outermost object shows that it is a configuration, the second in models of TensorFlow.js.
const OUTERMOST: &[&str] = &["class_name", "modelTopology"];
/// Keys of the outermost object that the view of a text keeps.
const TOP_KEYS: usize = 64;

/// Says which detector a concern belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Code that the configuration itself carries.
    Lambda,
    /// A module or object that has no place in a model.
    UnsafeModule,
    /// An object that nobody reviewed.
    UnknownClass,
    /// A file or address that the loader opens.
    FileReference,
    /// Switches the loader's safe mode off.
    UnsafeDeserialization,
}

/// Holds one thing that loading would do.
#[derive(Clone, Debug)]
pub(crate) struct Concern {
    pub(crate) topic: Topic,
    pub(crate) severity: Severity,
    /// Where the object stands in the text.
    pub(crate) range: Range<u64>,
    pub(crate) message: Text,
    pub(crate) evidence: String,
}

/// Collects concerns, each once.
#[derive(Debug, Default)]
pub(crate) struct Concerns {
    list: Vec<Concern>,
}

impl Concerns {
    fn push(&mut self, topic: Topic, severity: Severity, range: &Range<u64>, message: Text, evidence: &str) {
        let same = |one: &Concern| one.topic == topic && one.message == message && one.evidence == evidence;
        if self.list.len() < CONCERNS && !self.list.iter().any(same) {
            self.list.push(Concern {
                topic,
                severity,
                range: range.clone(),
                message,
                evidence: evidence.to_owned(),
            });
        }
    }
}

/// Judges the configuration in `text`; ranges count from its first byte.
pub(crate) fn judge(text: &str) -> Vec<Concern> {
    let mut concerns = Concerns::default();
    let (value, whole) = tree::read(text.as_bytes());
    if let Some(value) = value {
        rules::walk(&value, &mut concerns);
    }
    if !whole {
        let end = u64::try_from(text.len()).unwrap_or(u64::MAX);
        concerns.push(
            Topic::UnknownClass,
            Severity::Medium,
            &(0..end),
            text!(
                "the configuration is broken, too large or too deep to be examined whole",
                "配置损坏、过大或嵌套过深，无法完整检查"
            ),
            "",
        );
    }
    concerns.list
}

/// Reports what `topic` is about, where the scene is a configuration of Keras.
pub(crate) fn report(topic: Topic, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if !is_configuration(scene) {
        return;
    }
    let concerns = scene.reading.keras_config();
    let start = scene.reading.text().map_or(0, |written| written.start);
    let revived = topic == Topic::UnknownClass && scene.within.contains(&Format::Tensorflow);
    for concern in concerns.iter().filter(|concern| concern.topic == topic) {
        // Places in UTF-16 are not those of the text that was read.
        let range = (start != 2)
            .then(|| concern.range.start.saturating_add(start)..concern.range.end.saturating_add(start));
        // A SavedModel carries what each layer computes, so that Keras revives an unknown class without its code.
        let severity = if revived && concern.severity == Severity::Medium {
            Severity::Low
        } else {
            concern.severity
        };
        sink.report(range, concern.message.clone())
            .severity(severity)
            .evidence(&concern.evidence)
            .hint(match topic {
                Topic::UnknownClass => text!(
                    "read the code of the named object before loading the model",
                    "加载模型前请阅读所指对象的代码"
                ),
                Topic::FileReference => text!(
                    "ask the supplier for a model that carries its own tables",
                    "请向供应方索取自带词表的模型"
                ),
                _ => text!("do not load it", "不要加载"),
            });
    }
}

/// Says whether the scene is JSON that Keras builds objects from: by its outermost keys, or because a file of Keras holds it.
fn is_configuration(scene: &Scene<'_>) -> bool {
    let held = scene
        .within
        .iter()
        .any(|format| matches!(format, Format::Keras | Format::Hdf5));
    scene.parsed.iter().any(|parsed| match parsed {
        Parsed::Text(view) => {
            let object = view.top_keys.iter().any(|key| OUTERMOST.contains(&key.as_str()))
                || view.top_keys.len() >= TOP_KEYS;
            let known = matches!(view.kind, Kind::Json | Kind::JsonLines) && (held || object);
            // Python reads JSON in UTF-16 as well, which the view does not.
            let wide = matches!(view.encoding, Encoding::Utf16Le | Encoding::Utf16Be);
            known || ((held || wide) && is_object(scene))
        }
        _ => false,
    })
}

fn is_object(scene: &Scene<'_>) -> bool {
    let written = scene.reading.text();
    // A vocabulary is text as well, and may begin with a bracket.
    written.is_some_and(|written| {
        let text = written.text.trim_start();
        text.starts_with('{') && (text.contains("class_name") || text.contains("\\u"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name, a configuration, what is told of it.
    type Case<'a> = (&'a str, &'a str, &'a [(Topic, Severity)]);

    fn severities(text: &str) -> Vec<(Topic, Severity)> {
        judge(text)
            .iter()
            .map(|concern| (concern.topic, concern.severity))
            .collect()
    }

    #[test]
    fn advisories_are_told() {
        use Severity::{Critical, High, Medium};
        use Topic::{FileReference, Lambda, UnknownClass, UnsafeDeserialization, UnsafeModule};
        let cases: &[Case<'_>] = &[
            (
                "an honest layer",
                r#"{"module": "keras.layers", "class_name": "Dense", "config": {"units": 1, "activation": "relu"}, "registered_name": null}"#,
                &[],
            ),
            (
                "CVE-2024-3660 and CVE-2025-9905",
                r#"{"class_name": "Lambda", "config": {"function": ["4wEAAAAAAAAA", null, null], "function_type": "lambda"}}"#,
                &[(Lambda, High)],
            ),
            (
                "CVE-2025-1550",
                r#"{"module": "builtins", "class_name": "function", "config": "exec", "registered_name": null}"#,
                &[(UnsafeModule, Critical)],
            ),
            (
                "CVE-2025-1550 with a class",
                r#"{"module": "os", "class_name": "system", "config": {}, "registered_name": "mine>system"}"#,
                &[(UnsafeModule, Critical)],
            ),
            (
                "CVE-2025-8747",
                r#"{"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"}"#,
                &[(UnsafeModule, Critical)],
            ),
            (
                "CVE-2025-9906",
                r#"{"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"}"#,
                &[(UnsafeDeserialization, Critical)],
            ),
            (
                "CVE-2025-49655",
                r#"{"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {"module": "gASV"}}"#,
                &[(UnsafeModule, Critical)],
            ),
            (
                "CVE-2025-12058",
                r#"{"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "http://host.example.invalid/v"}}"#,
                &[(FileReference, High)],
            ),
            (
                "CVE-2025-12058 with a list",
                r#"{"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": ["a", "b"]}}"#,
                &[],
            ),
            (
                "a registered class",
                r#"{"module": "mine.layers", "class_name": "Attention", "config": {}, "registered_name": "mine>Attention"}"#,
                &[(UnknownClass, Medium)],
            ),
            (
                "a symbol of TensorFlow",
                r#"{"class_name": "TFOpLambda", "config": {"function": "io.read_file"}}"#,
                &[(UnsafeModule, High)],
            ),
            (
                "the second of two keys",
                r#"{"class_name": "Dense", "class_name": "Lambda", "config": {}}"#,
                &[(Lambda, Medium)],
            ),
        ];
        for (name, text, expected) in cases {
            assert_eq!(severities(text), *expected, "{name}");
        }
    }
}
