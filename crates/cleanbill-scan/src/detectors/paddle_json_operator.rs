//! Detector `paddle-json-operator`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{bytes::size_u64, text::View};

use super::paddle_unsafe_operator::{FILES, NETWORK, PYTHON};
use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Operators of a Paddle program in JSON that call Python or talk to other machines (high), or read and write files
    /// (high where they write, medium where they read).
    /// ## Why it matters
    /// The program is run as it stands.
    /// ## How it is decided
    /// A text that names itself a program of Paddle's intermediate form is searched for the names of operators.
    /// ## What it misses
    /// Operators of libraries; names written with escapes; what lies beyond the first 8 MiB.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// `serialize_utils.h` of PIR in `PaddlePaddle`; CWE-73, CWE-94.
    id: "paddle-json-operator",
    title: "Paddle program in JSON uses a dangerous operator", "JSON 形式的 Paddle 程序使用危险算子",
    severity: High, confidence: High,
    tags: &["CWE-73", "CWE-94"], controls: &["MOD-01", "MOD-02"],
    on: Text => run,
}

/// How far the name of the form stands from the beginning at most.
const HEAD: usize = 512;

fn run(_view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let head = scene.head.get(..scene.head.len().min(HEAD)).unwrap_or_default();
    let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    if !has(b"\"base_code\"") || !has(b"\"pir\"") {
        return;
    }
    let Some(written) = scene.reading.text() else {
        return;
    };
    let mut seen: Vec<&str> = Vec::new();
    for (at, _) in written.text.match_indices("\"#\"") {
        let rest = written.text.get(at..).unwrap_or_default();
        let Some(value) = rest.split('"').nth(3) else {
            continue;
        };
        let name = value
            .split_once('.')
            .map_or(value, |(_, name)| name)
            .trim_end_matches('_');
        if seen.contains(&name) {
            continue;
        }
        let message = if PYTHON.contains(&name) {
            text!("`{name}` calls a Python function", "`{name}` 调用 Python 函数")
        } else if NETWORK.contains(&name) {
            text!("`{name}` talks to other machines", "`{name}` 与其他机器通信")
        } else if FILES.contains(&name) {
            text!("`{name}` reads or writes files", "`{name}` 读写文件")
        } else {
            continue;
        };
        seen.push(name);
        let reads = FILES.contains(&name) && !name.starts_with("save");
        let start = written.start.saturating_add(size_u64(at));
        let end = start.saturating_add(size_u64(value.len()));
        let severity = if reads { Severity::Medium } else { Severity::High };
        sink.report(Some(start..end), message).severity(severity);
    }
}
