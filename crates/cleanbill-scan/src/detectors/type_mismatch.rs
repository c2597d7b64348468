//! Detector `type-mismatch`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{Format, Parsed, text::Kind};

use crate::{detector::detector, promise, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A file whose name promises one format while its content is of another, or of none that is known.
    /// ## Why it matters
    /// Tools that choose by name and tools that choose by content then read different things.
    /// ## How it is decided
    /// The extension is looked up among those that formats claim. Extensions that several formats share (`.bin`, `.pt`,
    /// `.pth`, `.ckpt`, `.model`, `.dat` and others) promise nothing; `.pkl`, `.pickle` and `.joblib` promise only that the
    /// content is not mere text. Text named `.json`, or as the metadata of Zarr, that is no JSON at all is reported as low, and
    /// makes the coverage partial: nothing of what it says was judged as JSON. Pointers of Git LFS are passed over.
    /// ## What it misses
    /// Files without an extension, and other mismatches within one family: text of another kind, a picture of another kind.
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

/// Names without an extension that promise JSON.
const JSON_NAMES: &[&str] = &[".zarray", ".zattrs", ".zgroup", ".zmetadata"];

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let extension = scene.extension;
    if is_no_json(scene) {
        sink.report(
            None,
            text!(
                "named as JSON, but the text is none",
                "名称表明是 JSON，但文本不是 JSON"
            ),
        )
        .severity(Severity::Low);
        sink.unexamined(text!(
            "named as JSON, but no JSON: what it says was not judged as such",
            "名称表明是 JSON 但并非 JSON：其内容未作为 JSON 检查"
        ));
        return;
    }
    // The usual case, since every file passes here.
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
    let formats: Vec<Format> = scene.parsed.iter().map(Parsed::format).collect();
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

/// Says whether a text is named as JSON and is none, nor a template of some or a pointer to it.
fn is_no_json(scene: &Scene<'_>) -> bool {
    let is_named = scene.extension == "json" || JSON_NAMES.contains(&scene.file_name);
    let [Parsed::Text(view)] = scene.parsed else {
        return false;
    };
    let known = matches!(
        view.kind,
        Kind::Json | Kind::JsonLines | Kind::Notebook | Kind::JinjaTemplate | Kind::GitLfsPointer
    );
    is_named && !known && scene.source.size() > 0
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{Low, Medium};

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
            ("a.json", b"a: 1\nb: 2\n", &[Low]),
            ("a.json", b"  \"a\" {\"b\": 1}", &[Low]),
            (".zarray", b"{\"zarr_format : 2, \"chunks\": [1]}", &[Low]),
            ("a.json", b" \n", &[Low]),
            ("a.json", b"{% for a in b %}{{ a }}{% endfor %}", &[]),
            ("a.md", b"words", &[]),
            ("a.png", b"GIF89a", &[]),
        ] {
            check("type-mismatch", path, bytes, severities);
        }
    }
}
