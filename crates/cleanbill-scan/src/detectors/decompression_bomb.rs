//! Detector `decompression-bomb`.

use cleanbill_core::text;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A member that swells without measure when it is decompressed.
    /// ## Why it matters
    /// Loading it fills memory or disk.
    /// ## How it is decided
    /// Decoding stops where output passes `bomb_floor_bytes` and the ratio of output to input passes `bomb_ratio`.
    /// ## What it misses
    /// Bombs below the floor, which harm nobody.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CWE-409.
    id: "decompression-bomb",
    title: "Decompression bomb", "解压炸弹",
    severity: High, confidence: High,
    tags: &["CWE-409", "AML.T0029"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if let Some(bomb) = scene.bomb {
        let (from, to) = (bomb.encoded_bytes, bomb.decoded_bytes);
        sink.report(
            None,
            text!(
                "{from} bytes swell to more than {to} bytes",
                "{from} 字节解压后超过 {to} 字节"
            ),
        );
    }
}
