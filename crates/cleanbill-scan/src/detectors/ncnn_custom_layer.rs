//! Detector `ncnn-custom-layer`.

use cleanbill_core::text;
use cleanbill_formats::ncnn::View;

use crate::{detector::detector, operators, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Layers of an ncnn network that ncnn itself does not have.
    /// ## Why it matters
    /// The program that loads the network must bring native code for them; a network that asks for it is no mere data.
    /// ## How it is decided
    /// Kinds of layers in text are compared with those of ncnn. In the form in numbers, kinds from 256 on are custom ones.
    /// ## What it misses
    /// Custom layers that take the name of one of ncnn's.
    /// ## What to do
    /// Ask where the code for the layer comes from.
    /// ## References
    /// ncnn "how to implement custom layer step by step"; CWE-829.
    id: "ncnn-custom-layer",
    title: "Custom layer in an ncnn network", "ncnn 网络中的自定义层",
    severity: Medium, confidence: Medium,
    tags: &["CWE-829"], controls: &["MOD-01"],
    on: Ncnn => run,
}

/// The bit that marks the number of a custom kind.
const CUSTOM: u32 = 256;

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for kind in &view.kinds {
        let own = if view.is_binary {
            kind.name.parse().is_ok_and(|number: u32| number < CUSTOM)
        } else {
            operators::is_ncnn(&kind.name)
        };
        if !own {
            sink.report(
                Some(kind.range.clone()),
                text!(
                    "needs native code that ncnn does not have",
                    "需要 ncnn 之外的本机代码"
                ),
            )
            .evidence(&kind.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::Medium;

    use crate::testing::check;

    #[test]
    fn layers_of_ncnn_pass() {
        for (kind, severities) in [("Softmax", &[][..]), ("YoloV5Focus", &[Medium])] {
            let text = format!("7767517\n2 2\nInput a 0 1 a\n{kind} b 1 1 a b 0=1\n");
            check("ncnn-custom-layer", "net.param", text.as_bytes(), severities);
        }
    }
}
