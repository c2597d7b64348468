//! Detector `ncnn-invalid`.

use cleanbill_core::{Text, text};
use cleanbill_formats::ncnn::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// An ncnn network with more blobs than it announces, blobs that do not exist, or parameters for which there is no room.
    /// ## Why it matters
    /// The reader makes room for what is announced and writes what it finds: such a network writes over foreign memory.
    /// ## How it is decided
    /// Outputs of all layers are counted, and the numbers of blobs and parameters are compared with the room for them.
    /// ## What it misses
    /// Weights, which stand in another file without any sign of their layers.
    /// ## What to do
    /// Do not load it. No converter writes such a file.
    /// ## References
    /// ncnn `src/net.cpp`, `src/paramdict.cpp`; CWE-787, CWE-129.
    id: "ncnn-invalid",
    title: "Invalid ncnn network", "无效的 ncnn 网络",
    severity: High, confidence: High,
    tags: &["CWE-787", "CWE-129"], controls: &["MOD-01"],
    on: Ncnn => run,
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

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::High;

    use crate::testing::check;

    #[test]
    fn more_blobs_than_announced_are_reported() {
        for (blobs, severities) in [(2, &[][..]), (1, &[High])] {
            let text = format!("7767517\n2 {blobs}\nInput a 0 1 a\nSoftmax b 1 1 a b\n");
            check("ncnn-invalid", "net.param", text.as_bytes(), severities);
        }
    }
}
