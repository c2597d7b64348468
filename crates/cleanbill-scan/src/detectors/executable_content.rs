//! Detector `executable-content`.

use cleanbill_core::{Confidence, Severity, text};
use cleanbill_formats::{
    Format, Parsed,
    bytes::read_range,
    executable::Kind,
    text::{Kind as TextKind, View as TextView},
};

use crate::{detector::detector, promise, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Code that a machine or interpreter runs as it is: programs and libraries for Linux, Windows and macOS, Java and
    /// Python bytecode, Windows shortcuts, scripts that begin with `#!`.
    /// ## Why it matters
    /// A model is data. A program beside it or inside it is either delivered for someone to start or dropped there by an
    /// attack.
    /// ## How it is decided
    /// By content, with enough of the header that tensors are not mistaken for code. *Critical* inside a model file or
    /// under a name that promises data, *high* elsewhere; libraries that need a host (WebAssembly, object archives) one
    /// step lower. A llamafile, which is a program by design, and the libraries in it are *medium*. A script under a script's name is
    /// *info*; under a name that promises binary data or JSON it is *high*, there also without `#!`, and inside a model also where
    /// zeros follow it. A `.pth` file with a line that begins with `import` is *high*: Python runs such lines at
    /// every start when the file lies in its library folder.
    /// ## What it misses
    /// Code that is compressed or encrypted within data, machine code without a header, programs that begin in the middle
    /// of tensor data.
    /// ## What to do
    /// Do not start it. Ask the supplier why it is there.
    /// ## References
    /// CWE-506, MITRE ATLAS AML.T0018.
    id: "executable-content",
    title: "Executable content", "可执行内容",
    severity: High, confidence: High,
    tags: &["CWE-506", "AML.T0018"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let extension = scene.extension;
    let promised = promise::is_data(extension);
    let attached = matches!(scene.file_name, "[after]" | "[before]" | "[data]");
    let hidden = promised || promise::is_within_model(scene) || attached;
    let llamafile = scene.is(Format::Llamafile) || scene.within.contains(&Format::Llamafile);
    for parsed in scene.parsed {
        match parsed {
            Parsed::Executable(view) => {
                let Some(kind) = view.kind else { continue };
                let severity = match (kind, hidden) {
                    (_, false) if llamafile => Severity::Medium,
                    (Kind::WebAssembly | Kind::ObjectArchive, false) => Severity::Medium,
                    (_, false) | (Kind::WebAssembly | Kind::ObjectArchive, true) => Severity::High,
                    (_, true) => Severity::Critical,
                };
                let (en, zh) = kind.name();
                let draft = if llamafile && !hidden {
                    sink.report(
                        Some(view.header.clone()),
                        text!("a llamafile is a program: {en}", "llamafile 本身是程序：{zh}"),
                    )
                } else if promised {
                    sink.report(
                        Some(view.header.clone()),
                        text!(
                            "{en} under a name that promises data",
                            "{zh}，而文件名表明其为数据"
                        ),
                    )
                } else if hidden {
                    sink.report(
                        Some(view.header.clone()),
                        text!("{en} inside a model file", "模型文件内含{zh}"),
                    )
                } else {
                    sink.report(Some(view.header.clone()), text!("{en}", "{zh}"))
                };
                draft.severity(severity).hint(text!(
                    "do not start it; ask the supplier why it is there",
                    "不要运行；向供应方询问其用途"
                ));
            }
            Parsed::Text(view) => {
                script(view, hidden, sink);
                disguised(view, extension, scene, sink);
            }
            _ => {}
        }
    }
    if hidden && let Some(line) = first_line(scene) {
        sink.report(
            Some(0..line),
            text!(
                "a script among other bytes, inside a model file or under a name that promises data",
                "其他字节中的脚本，位于模型文件内或使用数据文件名"
            ),
        );
    }
}

/// Finds the first line of a script whose rest is no text, which a shell starts nevertheless; gives its length.
fn first_line(scene: &Scene<'_>) -> Option<u64> {
    if scene
        .parsed
        .iter()
        .any(|parsed| matches!(parsed, Parsed::Text(_)))
    {
        return None;
    }
    let rest = scene.head.strip_prefix(b"#!")?;
    let length = rest.iter().take(LINE_BYTES).position(|byte| *byte == b'\n')?;
    let line = rest.get(..length)?.trim_ascii();
    let named = line.starts_with(b"/") && line.len() >= 4;
    let printable = line
        .iter()
        .all(|byte| (b' '..=b'~').contains(byte) || *byte == b'\t');
    (named && printable).then_some(length as u64 + 2)
}

fn script(view: &TextView, hidden: bool, sink: &mut Sink<'_>) {
    let (en, zh) = match view.kind {
        _ if !view.shebang => return,
        TextKind::PythonSource => ("Python script", "Python 脚本"),
        TextKind::ShellScript => ("shell script", "Shell 脚本"),
        TextKind::JavaScript | TextKind::RSource | TextKind::Script => ("script", "脚本"),
        _ => return,
    };
    if hidden {
        sink.report(
            Some(0..2),
            text!(
                "{en} inside a model file or under a name that promises data",
                "{zh}，位于模型文件内或使用数据文件名"
            ),
        );
    } else {
        sink.report(Some(0..2), text!("{en} that can be started", "可直接启动的{zh}"))
            .severity(Severity::Info);
    }
}

/// Finds programs in text without `#!` under names that promise anything but text, and path files that run code.
fn disguised(view: &TextView, extension: &str, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if extension == "pth" {
        let text = read_range(scene.source, 0..PATH_FILE_BYTES, PATH_FILE_BYTES).unwrap_or_default();
        let mut at = 0_u64;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let end = at + line.len() as u64;
            if line.starts_with(b"import ") || line.starts_with(b"import\t") {
                sink.report(
                    Some(at..end),
                    text!(
                        "Python path file with a line that Python runs at every start",
                        "Python 路径文件，其中一行会在 Python 每次启动时执行"
                    ),
                )
                .evidence(&String::from_utf8_lossy(line))
                .hint(text!(
                    "do not copy it into a Python library folder",
                    "不要将其复制到 Python 库目录"
                ));
                return;
            }
            at = end;
        }
    }
    if !view.shebang && STARTED.contains(&extension) {
        sink.report(None, text!("script that can be started", "可直接启动的脚本"))
            .severity(Severity::Info);
    }
    let (en, zh) = match view.kind {
        _ if view.shebang => return,
        TextKind::PythonSource => ("Python source", "Python 源代码"),
        TextKind::ShellScript => ("shell script", "Shell 脚本"),
        TextKind::Script => ("script", "脚本"),
        _ => return,
    };
    if matches!(scene.file_name, "[after]" | "[before]" | "[data]") {
        sink.report(
            None,
            text!("{en} attached to a model or archive", "附加在模型或归档上的{zh}"),
        )
        .confidence(Confidence::Medium);
    } else if promise::is_data(extension) && !TEXTUAL.contains(&extension) {
        sink.report(
            None,
            text!(
                "{en} under a name that promises data",
                "{zh}，而文件名表明其为数据"
            ),
        )
        .confidence(Confidence::Medium);
    }
}

/// Extensions of scripts that a double click or a call by name starts.
const STARTED: &[&str] = &["bash", "bat", "cmd", "ps1", "sh", "vbs"];
/// Bytes of a first line that the system reads to find the interpreter.
const LINE_BYTES: usize = 256;
/// Longest path file read; real ones have a line or two.
const PATH_FILE_BYTES: u64 = 64 * 1024;
/// Extensions of data that is text, in which examples of programs are honest.
const TEXTUAL: &[&str] = &[
    "csv", "dat", "data", "jsonl", "md", "rst", "toml", "tsv", "txt", "xml", "yaml", "yml",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn severity_follows_the_place() {
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(64, 0);
        let script = b"#!/bin/sh\nid\n";
        let header = br#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#;
        let length = header.len() as u64;
        let model = [&length.to_le_bytes()[..], header, b"1", &elf].concat();
        for (path, bytes, severities) in [
            ("lib.so", &elf[..], &[Severity::High][..]),
            ("model.safetensors", &elf, &[Severity::Critical]),
            ("m.safetensors", &model, &[Severity::Critical]),
            ("run.sh", script, &[Severity::Info]),
            ("model.bin", script, &[Severity::High]),
            (
                "weights.bin",
                b"\x7fELF and then only numbers that are no program",
                &[],
            ),
            ("notes.txt", b"#1 in the list\n", &[]),
            ("model.pth", b"import os; os.getcwd()\n", &[Severity::High]),
            ("paths.pth", b"./library\n", &[]),
            ("config.json", b"import os\nos.getcwd()\n", &[Severity::High]),
            ("run.bat", b"@echo off\r\n", &[Severity::Info]),
            ("how.txt", b"import os\nos.getcwd()\n", &[]),
        ] {
            check("executable-content", path, bytes, severities);
        }
    }
}
