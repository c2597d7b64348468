//! Detector `adapter-without-base`.

use cleanbill_core::text;

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
};

detector! {
    /// ## What it finds
    /// An adapter (`adapter_config.json`) that does not name the model that it changes, or names a folder of the machine on
    /// which it was made.
    /// ## Why it matters
    /// An adapter is a change to a model. Without the name of that model nobody can say what the sum of both is.
    /// ## How it is decided
    /// `base_model_name_or_path` is missing, empty, or an absolute path.
    /// ## What it misses
    /// Whether the named model is the true one.
    /// ## What to do
    /// Ask the supplier for the base model and its revision.
    /// ## References
    /// CWE-1104, MITRE ATLAS AML.T0010.
    id: "adapter-without-base",
    title: "Adapter does not name its base model", "适配器未注明基础模型",
    severity: Low, confidence: High,
    tags: &["CWE-1104", "AML.T0010"], controls: &["MOD-07", "MOD-08"],
    on: collection => run,
}

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    for file in &collection.files {
        let Some(settings) = file.settings.as_ref().filter(|settings| settings.is_adapter) else {
            continue;
        };
        let base = settings.base.as_deref().unwrap_or_default().trim();
        let is_path = base.starts_with(['/', '~', '\\']) || base.chars().nth(1) == Some(':');
        if base.is_empty() {
            sink.at(file).report(
                None,
                text!("does not name the model that it changes", "未注明所修改的模型"),
            );
        } else if is_path {
            sink.at(file)
                .report(
                    None,
                    text!(
                        "names a folder of another machine as its base model",
                        "以另一台机器上的文件夹作为基础模型"
                    ),
                )
                .evidence(base);
        }
    }
}
