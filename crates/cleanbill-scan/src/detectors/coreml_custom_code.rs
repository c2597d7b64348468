//! Detector `coreml-custom-code`.

use cleanbill_core::text;
use cleanbill_formats::coreml::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Layers and models in a Core ML file that stand for a class of the app's own.
    /// ## Why it matters
    /// Core ML looks the class up by its name in the running app and calls it: which code runs is the file's choice among
    /// all classes there.
    /// ## How it is decided
    /// Every layer is read, also those in branches, loops and pipelines. One finding for each class.
    /// ## What it misses
    /// What the class does.
    /// ## What to do
    /// Load it only into an app that expects this class.
    /// ## References
    /// `MLCustomLayer` and `MLCustomModel` of Apple; CWE-470.
    id: "coreml-custom-code",
    title: "Core ML model needs code of the app", "Core ML 模型需要应用中的代码",
    severity: Medium, confidence: High,
    tags: &["CWE-470"], controls: &["MOD-01", "MOD-02"],
    on: Coreml => run,
}

/// Classes named in one report.
const MOST: usize = 32;

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut seen = Vec::new();
    for custom in &view.custom {
        if seen.contains(&&custom.class) || seen.len() >= MOST {
            continue;
        }
        seen.push(&custom.class);
        let message = if custom.is_model {
            text!("the whole model is a class of the app", "整个模型是应用中的类")
        } else {
            text!("a layer is a class of the app", "某层是应用中的类")
        };
        sink.report(Some(custom.range.clone()), message)
            .evidence(&custom.class)
            .hint(text!(
                "load it only into an app that expects this class",
                "仅在预期此类的应用中加载"
            ));
    }
}
