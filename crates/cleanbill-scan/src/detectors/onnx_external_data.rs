//! Detector `onnx-external-data`.

use cleanbill_core::{Language, Severity, Text, text};
use cleanbill_formats::onnx::{External, View};

use crate::{detector::detector, paths, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Tensors of an ONNX model whose bytes stand in a file that is none of the model's: outside its folder, an address, the
    /// model itself, a program or settings; with a place in it that is negative or overflows; or with keys that no
    /// specification has.
    /// ## Why it matters
    /// Whoever loads the model reads that file into a tensor: secrets of the machine become weights that a service hands
    /// out. Older loaders followed `..`, links and any attribute name.
    /// ## How it is decided
    /// Location, offset and length of every reference are compared with the specification, wherever the tensor stands. A
    /// length that contradicts the tensor's shape is reported too.
    /// ## What it misses
    /// Whether the file exists, is long enough, or is a link on disk.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2022-25882, CVE-2024-27318, CVE-2024-5187, CVE-2026-34445, CVE-2026-34447; CWE-22, CWE-73, CWE-190.
    id: "onnx-external-data",
    title: "ONNX model reads a file that is not its own", "ONNX 模型读取不属于自身的文件",
    severity: High, confidence: High,
    tags: &["CWE-22", "CWE-73", "CVE-2024-27318"], controls: &["MOD-01", "MOD-02"],
    on: Onnx => run,
}

/// Reports made of one model; a bad one repeats itself for every tensor.
const MOST: usize = 32;
/// Offsets and lengths beyond this are in no file.
const ABSURD: i64 = 1 << 46;
/// Location by which ONNX Runtime means its own memory; the offset is then an address.
const MEMORY_TAG: &str = "_ORT_MEM_ADDR_";
/// Extensions of files that hold no tensors.
const OTHER: &[&str] = &[
    "bat",
    "cfg",
    "conf",
    "crt",
    "db",
    "dll",
    "dylib",
    "env",
    "exe",
    "gguf",
    "htm",
    "html",
    "ini",
    "ipynb",
    "jpg",
    "js",
    "json",
    "key",
    "md",
    "onnx",
    "ort",
    "pem",
    "pkl",
    "png",
    "ps1",
    "pt",
    "pth",
    "py",
    "pyc",
    "safetensors",
    "sh",
    "so",
    "sqlite",
    "toml",
    "txt",
    "yaml",
    "yml",
    "zip",
];

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let own = scene.file_name;
    let mut left = MOST;
    for external in &view.externals {
        let mut reasons = Vec::new();
        location(external, own, &mut reasons);
        place(external, &mut reasons);
        keys(external, &mut reasons);
        for (severity, message, evidence) in reasons {
            if left == 0 {
                return;
            }
            left -= 1;
            let shown = format!("{}: {evidence}", external.tensor);
            sink.report(Some(external.range.clone()), message)
                .severity(severity)
                .evidence(&shown)
                .hint(text!("do not load it", "不要加载"));
        }
    }
}

type Reason = (Severity, Text, String);

fn location(external: &External, own: &str, reasons: &mut Vec<Reason>) {
    let locations: Vec<&str> = external.values("location").collect();
    let mut push =
        |severity, message: Text, location: &str| reasons.push((severity, message, location.to_owned()));
    if locations.windows(2).any(|pair| pair[0] != pair[1]) {
        let message = text!("a tensor names two files", "张量指定了两个文件");
        push(Severity::High, message, &locations.join(", "));
    }
    if locations.iter().all(|location| location.trim().is_empty()) {
        let message = text!(
            "a tensor stands in a file without a name",
            "张量位于未命名的文件中"
        );
        push(Severity::Medium, message, "");
    }
    for location in locations {
        let unified = location.replace('\\', "/");
        let name = unified.rsplit('/').next().unwrap_or_default();
        let extension = name
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
            .to_ascii_lowercase();
        if location.contains(MEMORY_TAG) {
            let message = text!(
                "the bytes of a tensor are taken from the memory of the process",
                "张量字节取自进程内存"
            );
            push(Severity::Critical, message, location);
        } else if let Some(reason) = paths::leaves_folder(location) {
            let (en, zh) = (reason.en(), reason.get(Language::Chinese));
            let message = text!("the path of a tensor's file {en}", "张量文件的路径{zh}");
            push(Severity::High, message, location);
        } else if !own.is_empty() && name == own {
            let message = text!(
                "the bytes of a tensor are taken from the model file itself",
                "张量字节取自模型文件自身"
            );
            push(Severity::High, message, location);
        } else if unified
            .split('/')
            .any(|part| part.len() > 1 && part.starts_with('.') && part != "..")
            || OTHER.contains(&extension.as_str())
        {
            let message = text!(
                "the bytes of a tensor are taken from a file that holds something else",
                "张量字节取自存放其他内容的文件"
            );
            push(Severity::High, message, location);
        }
    }
}

fn place(external: &External, reasons: &mut Vec<Reason>) {
    let mut numbers = [0_i64; 2];
    for (slot, key) in numbers.iter_mut().zip(["offset", "length"]) {
        for value in external.values(key) {
            match value.trim().parse::<i64>() {
                Ok(number) if (0..ABSURD).contains(&number) => *slot = number,
                _ => {
                    let message = text!(
                        "`{key}` of a tensor's bytes is in no file",
                        "张量字节的 `{key}` 不在任何文件内"
                    );
                    reasons.push((Severity::High, message, value.to_owned()));
                }
            }
        }
    }
    let length = u64::try_from(numbers[1]).unwrap_or(0);
    if let Some(wanted) = external.wanted
        && external.values("length").next().is_some()
        && length != 0
        && length != wanted
    {
        let message = text!(
            "`length` of a tensor's bytes is not what its shape asks for",
            "张量字节的 `length` 与其形状不符"
        );
        reasons.push((
            Severity::High,
            message,
            format!("{wanted} wanted, {length} given"),
        ));
    }
}

fn keys(external: &External, reasons: &mut Vec<Reason>) {
    for (key, value) in &external.entries {
        if matches!(key.as_str(), "location" | "offset" | "length" | "checksum")
            || key.starts_with("prepacked")
        {
            continue;
        }
        let reaches =
            key.starts_with('_') || key.contains('.') || matches!(key.as_str(), "basepath" | "base_path");
        let severity = if reaches { Severity::High } else { Severity::Medium };
        let message = text!(
            "a tensor's reference sets `{key}`, which no specification has",
            "张量引用设置了规范中没有的 `{key}`"
        );
        reasons.push((severity, message, value.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_judged() {
        use Severity::{Critical, High, Medium};
        for (entries, severities) in [
            (
                &[("location", "m.onnx.data"), ("offset", "0"), ("length", "16")][..],
                &[][..],
            ),
            (&[("location", "../a"), ("offset", "-1")], &[High, High]),
            (&[("location", "m.onnx")], &[High]),
            (&[("location", "*/_ORT_MEM_ADDR_/*")], &[Critical]),
            (&[("location", "a.bin"), ("length", "17")], &[High]),
            (
                &[("location", "a.bin"), ("__class__", "x"), ("note", "x")],
                &[High, Medium],
            ),
            (&[("location", "a"), ("location", "b")], &[High]),
            (&[], &[Medium]),
        ] {
            let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            let external = External {
                tensor: "w".to_owned(),
                entries: entries.iter().map(pair).collect(),
                wanted: Some(16),
                range: 0..1,
            };
            let mut reasons = Vec::new();
            location(&external, "m.onnx", &mut reasons);
            place(&external, &mut reasons);
            keys(&external, &mut reasons);
            let found: Vec<Severity> = reasons.iter().map(|(severity, ..)| *severity).collect();
            assert_eq!(found, severities, "{entries:?}");
        }
    }
}
