//! Detector `flatbuffer-invalid`.

use cleanbill_core::{Text, text};
use cleanbill_formats::Parsed;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A model made of a FlatBuffer (TensorFlow Lite, ONNX Runtime, ExecuTorch) in which an offset, length or index leads
    /// outside, a tensor's size overflows, or a shape is longer than the place it is copied to.
    /// ## Why it matters
    /// These formats are used in place: the runtime follows offsets without looking where they lead unless its caller asks
    /// for verification. Files of eight bytes crash it, others make it write beyond a buffer.
    /// ## How it is decided
    /// Every offset that a loader follows is compared with the size of the file, every index with the list it counts in; the
    /// elements of a tensor must fit in 32 bits, as Arm NN counts them. A file that was cut short looks the same, and is as bad to load.
    /// ## What it misses
    /// Offsets in parts that only one operator reads (its options), and values that an operator trusts at run time.
    /// ## What to do
    /// Do not load it. Fetch it again if it may have been cut.
    /// ## References
    /// TensorFlow issues 115308 and 124982; CVE-2022-23558, CVE-2022-23559, CVE-2026-42627; CWE-125, CWE-787.
    id: "flatbuffer-invalid",
    title: "Offsets that lead outside of a model", "偏移指向模型之外",
    severity: High, confidence: High,
    tags: &["CWE-125", "CWE-787"], controls: &["MOD-01", "MOD-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for parsed in scene.parsed {
        let violations = match parsed {
            Parsed::Tflite(view) => &view.violations,
            Parsed::Ort(view) => &view.violations,
            Parsed::Executorch(view) => &view.violations,
            _ => continue,
        };
        for violation in violations {
            let (en, zh) = (violation.kind.en, violation.kind.zh);
            sink.report(Some(violation.range.clone()), Text::new(en, zh))
                .evidence(&violation.detail)
                .hint(text!("do not load it", "不要加载"));
        }
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::High;

    use crate::testing::check;

    #[test]
    fn a_root_outside_of_the_file_is_reported() {
        let empty = b"\x0c\0\0\0TFL3\x04\0\x04\0\x04\0\0\0\0\0\0\0";
        for (path, bytes, severities) in [
            ("a.tflite", &b"\x18\0\0\0TFL3"[..], &[High][..]),
            ("a.ort", b"\xff\xff\xff\x7fORTM\0\0\0\0", &[High]),
            ("a.pte", b"\x18\0\0\0ET12\0\0\0\0\0\0\0\0", &[High]),
            ("a.tflite", empty, &[]),
        ] {
            check("flatbuffer-invalid", path, bytes, severities);
        }
    }
}
