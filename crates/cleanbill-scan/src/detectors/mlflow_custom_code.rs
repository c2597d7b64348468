//! Detector `mlflow-custom-code`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{Format, text::View};

use crate::{
    detector::detector,
    named_code::{Known, known, leads_out},
    scene::Scene,
    sink::Sink,
    yaml_lines::values,
};

detector! {
    /// ## What it finds
    /// An `MLmodel` file whose loader is not one of MLflow's own, that brings code, or whose paths lead out of the model's folder.
    /// ## Why it matters
    /// `mlflow.pyfunc.load_model` puts the folder under `code` on Python's path, imports `loader_module` and calls it.
    /// ## How it is decided
    /// Names under `loader_module` are held against the tables of dangerous callables. Paths outside the folder are *high*, a foreign
    /// loader *medium*, code that MLflow itself writes beside a model *low*.
    /// ## What it misses
    /// What the code does; it is examined as a file of its own.
    /// ## What to do
    /// Read the code before loading the model.
    /// ## References
    /// MLflow model format; CVE-2023-43472, CVE-2024-0520, CWE-22, CWE-829.
    id: "mlflow-custom-code",
    title: "MLflow model brings its own code", "MLflow 模型自带代码",
    severity: Medium, confidence: High,
    tags: &["CWE-829", "AML.T0010"], controls: &["MOD-01"],
    on: Text => run,
}

/// Keys whose values are paths below the model's folder.
const PATHS: &[&str] = &[
    "code",
    "data",
    "model_code_path",
    "model_path",
    "pickled_model",
    "python_model",
    "saved_input_example",
    "artifact_path",
    "model_data",
    "checkpoint",
    "config",
    "conda",
    "virtualenv",
];

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let _ = view;
    let Some(written) = scene.reading.text() else {
        return;
    };
    let has = |word: &str| memchr::memmem::find(written.text.as_bytes(), word.as_bytes()).is_some();
    let named = scene.is(Format::MlflowModel) || scene.file_name == "MLmodel";
    let speaks = || has("loader_module") || has("mlflow_version") || has("python_function");
    if !(named || has("flavors") && speaks()) {
        return;
    }
    for (value, range) in values(&written.text, "loader_module") {
        let own = value == "mlflow" || value.starts_with("mlflow.");
        if own {
            continue;
        }
        let (severity, message) = match known(&format!("{value}._load_pyfunc")) {
            Known::Danger(..) | Known::StandardLibrary => (
                Severity::High,
                text!(
                    "the loader `{value}` is no loader of models",
                    "加载器 `{value}` 不是模型加载器"
                ),
            ),
            Known::Plain => (
                Severity::Medium,
                text!(
                    "the loader `{value}` is not one of MLflow's own",
                    "加载器 `{value}` 不是 MLflow 自带的"
                ),
            ),
        };
        sink.report(Some(range), message)
            .severity(severity)
            .evidence(&value);
    }
    for key in PATHS {
        for (value, range) in values(&written.text, key) {
            if value.is_empty() || value == "null" {
                continue;
            }
            if leads_out(&value) && !matches!(*key, "artifact_path" | "config") {
                sink.report(
                    Some(range),
                    text!(
                        "`{key}` leads out of the model's folder",
                        "`{key}` 指向模型目录之外"
                    ),
                )
                .severity(Severity::High)
                .tag("CWE-22")
                .evidence(&value);
            } else if matches!(*key, "code" | "model_code_path") {
                sink.report(
                    Some(range),
                    text!(
                        "`{key}` brings Python code that is imported",
                        "`{key}` 带有将被导入的 Python 代码"
                    ),
                )
                .severity(Severity::Low)
                .evidence(&value)
                .hint(text!(
                    "read the code before loading the model",
                    "加载模型前请阅读代码"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Low, Medium};

    use crate::testing::check;

    #[test]
    fn loaders_and_paths_are_judged() {
        for (text, severities) in [
            (
                "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    code: null\n",
                &[][..],
            ),
            (
                "flavors:\n  python_function:\n    loader_module: evil\n    code: code\n",
                &[Medium, Low],
            ),
            ("flavors:\n  python_function:\n    loader_module: os\n", &[High]),
            (
                "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    code: ../../x\n",
                &[High],
            ),
        ] {
            check("mlflow-custom-code", "MLmodel", text.as_bytes(), severities);
        }
    }
}
