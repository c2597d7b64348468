//! Descriptions of models by `MLflow`.

use memchr::memmem;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Probe, Score,
    bytes::{read_range, size_u64},
    notes::Notes,
    registry::{ParseResult, format_info},
    text,
};

format_info! {
    /// ## What it is
    /// The file `MLmodel` in the folder that `mlflow.<flavor>.save_model` writes: YAML that says in which flavors the model can be loaded,
    /// by which module, with which code and files of the folder.
    /// ## What is read
    /// The flavors, the modules that load them, and values that name code. The rest is examined as text.
    /// ## What is reported
    /// A description longer than is read.
    /// ## Limits
    /// 8 MiB are read, 1,000 values are kept.
    /// ## References
    /// MLflow 3, `mlflow/models/model.py`; CVE-2023-43472, CVE-2024-0520.
    "mlflow-model", "MLflow model description", extensions: &[], refines: Some("text"), dialects: []
}

/// Shows a description of a model.
#[derive(Debug)]
pub struct View {
    /// Names of the flavors.
    pub flavors: Vec<String>,
    /// Modules that load the model.
    pub loaders: Vec<String>,
    /// Folders and files of code that are put on the path of Python.
    pub code: Vec<String>,
    notes: Notes,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
    }
}

static CUT: AnomalyKind = AnomalyKind::limit(
    "mlflow-model-limit",
    "the description is longer than is examined",
    "模型描述过长，超出检查范围",
);

/// LIMIT: bytes that are read; honest descriptions have some KiB, more where they hold the shape of an example.
const MOST_BYTES: u64 = 8 << 20;
/// LIMIT: values kept of each kind.
const VALUES: usize = 1_000;
/// Keys that `MLflow` writes at the top, one of which stands beside the flavors.
const BESIDE: [&[u8]; 5] = [
    b"artifact_path:",
    b"model_uuid:",
    b"mlflow_version:",
    b"run_id:",
    b"utc_time_created:",
];

/// Knows a description by the flavors, and a key at the top that `MLflow` writes beside them.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let starts = |word: &[u8]| {
        probe.parts().any(|part| {
            memmem::find_iter(part, word).any(|at| {
                let before = at.checked_sub(1).and_then(|at| part.get(at));
                before.is_none_or(|byte| matches!(byte, b'\n' | b'\r'))
            })
        })
    };
    if !starts(b"flavors:") || !BESIDE.iter().any(|word| starts(word)) {
        return None;
    }
    text::probe(probe).and(Some(Score::Certain))
}

/// Reads the description line by line.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let bytes = read_range(input.source, 0..input.source.size(), MOST_BYTES)?;
    let mut notes = Notes::default();
    if size_u64(bytes.len()) < input.source.size() {
        notes.push(&CUT, MOST_BYTES..input.source.size(), "");
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut view = View {
        flavors: Vec::new(),
        loaders: Vec::new(),
        code: Vec::new(),
        notes,
    };
    let mut margin: Option<usize> = None;
    let mut within = false;
    for line in text.lines() {
        let bare = line.trim_start();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let indent = line.len().saturating_sub(bare.len());
        let Some((key, value)) = bare.split_once(':') else {
            continue;
        };
        let (key, value) = (unquoted(key), unquoted(value));
        if indent == 0 {
            within = key == "flavors";
            continue;
        }
        if !within {
            continue;
        }
        let kept = match key {
            _ if *margin.get_or_insert(indent) == indent => {
                keep(&mut view.flavors, key);
                continue;
            }
            "loader_module" => &mut view.loaders,
            "code" | "model_code_path" | "python_model" if value != "null" => &mut view.code,
            _ => continue,
        };
        keep(kept, value);
    }
    Ok(view)
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

fn keep(list: &mut Vec<String>, value: &str) {
    if !value.is_empty() && list.len() < VALUES {
        list.push(value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{never_panics, view};

    const TEXT: &str = "artifact_path: model\nflavors:\n  python_function:\n    code: code\n    loader_module: mlflow.sklearn\n  sklearn:\n    code: null\n    pickled_model: model.pkl\nmodel_uuid: 1\n";

    fn score(text: &str) -> Option<Score> {
        let bytes = text.as_bytes().to_vec();
        probe(&Probe {
            head: &bytes,
            tail: &bytes,
            size: bytes.len() as u64,
            source: &bytes,
        })
    }

    #[test]
    fn flavors_loaders_and_code_are_listed() {
        assert_eq!(score(TEXT), Some(Score::Certain));
        let model = view(TEXT.as_bytes(), parse);
        assert_eq!(model.flavors, ["python_function", "sklearn"]);
        assert_eq!(
            (model.loaders.as_slice(), model.code.as_slice()),
            (&["mlflow.sklearn".to_owned()][..], &["code".to_owned()][..])
        );
        assert_eq!(score("flavors:\n  - vanilla\n"), None);
        assert_eq!(score("a: flavors:\nmodel_uuid: 1\n"), None);
        never_panics(TEXT.as_bytes(), parse);
    }
}
