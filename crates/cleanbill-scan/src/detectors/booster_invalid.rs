//! Detector `booster-invalid`.

use cleanbill_core::{Text, text};
use cleanbill_formats::{Anomaly, Parsed};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A model of boosted trees (XGBoost, LightGBM, CatBoost) whose nodes lead outside the tree or in a circle, ask for features
    /// or categories that do not exist, or whose lists do not fit each other.
    /// ## Why it matters
    /// Predictors are written in C++ and follow the numbers of the file without asking: such a model reads foreign memory or
    /// never ends. Where sizes and trees disagree, two readers see two models.
    /// ## How it is decided
    /// Every tree is followed from its lists of children, in all forms that the libraries write. CatBoost's trees are compared with
    /// the lists of splits, leaves and features.
    /// ## What it misses
    /// Wrong numbers that stay within the lists; tables of categories, texts and embeddings of CatBoost; models whose number of
    /// features is not said.
    /// ## What to do
    /// Do not load it. No release of the library writes such a file.
    /// ## References
    /// XGBoost "Introduction to Model IO"; LightGBM `src/io/tree.cpp`; CatBoost `catboost/libs/model`; CWE-125, CWE-835.
    id: "booster-invalid",
    title: "Invalid trees in a boosted model", "提升树模型中的树无效",
    severity: High, confidence: High,
    tags: &["CWE-125", "CWE-835"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for parsed in scene.parsed {
        let violations: &[Anomaly] = match parsed {
            Parsed::Xgboost(view) => &view.violations,
            Parsed::Lightgbm(view) => &view.violations,
            Parsed::Catboost(view) => &view.violations,
            _ => continue,
        };
        for violation in violations {
            sink.report(
                Some(violation.range.clone()),
                Text::new(violation.kind.en, violation.kind.zh),
            )
            .evidence(&violation.detail)
            .hint(text!("do not load it", "不要加载"));
        }
    }
}
