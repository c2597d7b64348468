//! Detector `type-mismatch`.

use cleanbill_core::text;
use cleanbill_formats::Format;

use crate::{detector::detector, promise, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A file whose name promises one format while its content is of another, or of none that is known.
    /// ## Why it matters
    /// Tools that choose by name and tools that choose by content then read different things.
    /// ## How it is decided
    /// The extension is looked up among those that formats claim. Extensions that several formats share (`.bin`, `.pt`,
    /// `.pth`, `.ckpt`, `.model`, `.dat` and others) promise nothing; `.pkl`, `.pickle` and `.joblib` promise only that the
    /// content is not mere text. Pointers of Git LFS are passed over.
    /// ## What it misses
    /// Files without an extension, and mismatches within one family: text of another kind, a picture of another kind.
    /// ## What to do
    /// Find out what the file is before anything loads it.
    /// ## References
    /// CWE-646.
    id: "type-mismatch",
    title: "Name and content disagree", "文件名与内容不符",
    severity: Medium, confidence: High,
    tags: &["CWE-646"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let extension = scene.extension;
    // The usual case first, since every file passes here.
    if scene
        .parsed
        .iter()
        .any(|parsed| parsed.format().info().extensions.contains(&extension))
    {
        return;
    }
    let only_text = scene.parsed.len() == 1 && scene.is(Format::Text);
    if only_text && matches!(extension, "pkl" | "pickle" | "joblib") && !promise::is_lfs_pointer(scene) {
        sink.report(
            None,
            text!(
                "named `.{extension}`, but the content is text and no pickle",
                "扩展名为 `.{extension}`，但内容是文本而不是 pickle"
            ),
        );
        return;
    }
    let promised = promise::formats(extension);
    if promised.is_empty() || scene.source.size() == 0 || promise::is_lfs_pointer(scene) {
        return;
    }
    let kept = |format: Format| {
        promised.iter().any(|wanted| {
            let (wanted, info) = (wanted.info(), format.info());
            info.refines == Some(wanted.id) || wanted.refines == Some(info.id)
        })
    };
    let formats: Vec<Format> = scene
        .parsed
        .iter()
        .map(cleanbill_formats::Parsed::format)
        .collect();
    // Pickles and programs under false names have detectors of their own.
    let worse = |format: &Format| promise::is_pickle(*format) || format.info().id == "executable";
    if formats.iter().any(|format| kept(*format)) || formats.iter().any(worse) {
        return;
    }
    let found: Vec<&str> = formats.iter().map(|format| format.info().name).collect();
    if found.is_empty() {
        sink.report(
            None,
            text!(
                "named `.{extension}`, but the content is of no known format",
                "扩展名为 `.{extension}`，但内容不属于任何已知格式"
            ),
        );
    } else {
        let found = found.join(", ");
        sink.report(
            None,
            text!(
                "named `.{extension}`, but the content is {found}",
                "扩展名为 `.{extension}`，但内容是 {found}"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::Medium;

    use crate::testing::check;

    #[test]
    fn only_broken_promises_are_reported() {
        let bytes: Vec<u8> = (0..=255).collect();
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
        for (path, bytes, severities) in [
            ("a.safetensors", &bytes[..], &[Medium][..]),
            ("a.txt", &bytes, &[Medium]),
            ("a.json", b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\0\0\0\0", &[Medium]),
            ("a.bin", &bytes, &[]),
            ("a.pt", b"text", &[]),
            ("a.pkl", b"text", &[Medium]),
            ("a.pkl", pointer, &[]),
            ("a.safetensors", pointer, &[]),
            ("a.json", b"{\"a\": 1}\n{\"a\": 2}\n", &[]),
            ("a.md", b"words", &[]),
            ("a.png", b"GIF89a", &[]),
        ] {
            check("type-mismatch", path, bytes, severities);
        }
    }
}
