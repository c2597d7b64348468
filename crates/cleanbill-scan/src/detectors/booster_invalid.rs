//! Detector `booster-invalid`.

use cleanbill_core::{Text, text};
use cleanbill_formats::xgboost::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A model of boosted trees whose nodes lead outside the tree or in a circle, or whose lists do not fit each other.
    /// ## Why it matters
    /// Predictors are written in C++ and follow the numbers of the file without asking: such a model reads foreign memory or
    /// never ends.
    /// ## How it is decided
    /// Every tree of a model in universal binary JSON is followed from its lists of children.
    /// ## What it misses
    /// Models in JSON and in text (LightGBM), whose trees are not followed, and wrong numbers of features.
    /// ## What to do
    /// Do not load it. No release of the library writes such a file.
    /// ## References
    /// XGBoost "Introduction to Model IO"; CWE-125, CWE-835.
    id: "booster-invalid",
    title: "Invalid trees in a boosted model", "提升树模型中的树无效",
    severity: High, confidence: High,
    tags: &["CWE-125", "CWE-835"], controls: &["MOD-01"],
    on: Xgboost => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for violation in &view.violations {
        sink.report(
            Some(violation.range.clone()),
            Text::new(violation.kind.en, violation.kind.zh),
        )
        .evidence(&violation.detail)
        .hint(text!("do not load it", "不要加载"));
    }
}
