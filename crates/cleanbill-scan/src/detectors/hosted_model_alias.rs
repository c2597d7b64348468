//! Detector `hosted-model-alias`.

use cleanbill_core::text;
use cleanbill_formats::text::View;

use crate::{detector::detector, hosted, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A model of a provider that is named by an alias, such as `gpt-4o` or `claude-sonnet-latest`, and not by a dated version.
    /// ## Why it matters
    /// The provider moves an alias to another model when it likes; what was evaluated is not what runs.
    /// ## How it is decided
    /// Names of well-known families that stand in quotation marks, or as the value of a key called `model`, in code and configuration. A
    /// version is a date or a number of a build.
    /// ## What it misses
    /// Names put together at run time; models behind a name of the user's own; families that appeared later.
    /// ## What to do
    /// Name a dated version where the provider has one, and evaluate before changing it.
    /// ## References
    /// MITRE ATLAS AML.T0109.
    id: "hosted-model-alias",
    title: "Hosted model without a fixed version", "未固定版本的托管模型",
    severity: Info, confidence: Medium,
    tags: &[], controls: &["APP-08"],
    on: Text => run,
}

/// Findings of one text.
const FINDINGS: usize = 20;

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let models = hosted::models(view, scene);
    for model in models.into_iter().filter(|model| !model.is_dated).take(FINDINGS) {
        sink.report(
            Some(model.range),
            text!("a hosted model is named by an alias", "托管模型以别名引用"),
        )
        .evidence(&model.name);
    }
}
