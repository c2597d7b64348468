//! Detector `shell-dangerous-command`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::{
    bytes::size_u64,
    text::{Kind, View},
};

use crate::{detector::detector, programs::shell, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Lines of shell scripts that fetch and run, decode and run, open a shell to another machine, destroy, or stay after
    /// a restart.
    /// ## Why it matters
    /// Scripts beside a model are run by people who set it up.
    /// ## How it is decided
    /// Each command, continued lines joined, is held against known attacks. Installers that well-known projects ask people to
    /// pipe into a shell are *medium*; commands in notes (`.txt`, `.md`) without a `#!` line are *low*.
    /// ## What it misses
    /// Commands put together from variables; the script is not followed, so its coverage stays partial.
    /// ## What to do
    /// Read the script before it runs.
    /// ## References
    /// CWE-78, CWE-494.
    id: "shell-dangerous-command",
    title: "Shell script runs a dangerous command", "Shell 脚本运行危险命令",
    severity: High, confidence: Medium,
    tags: &["CWE-78", "CWE-494"], controls: &["MOD-01", "APP-02"],
    on: Text => run,
}

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let named = matches!(
        scene.extension,
        "sh" | "bash" | "zsh" | "ksh" | "bat" | "cmd" | "ps1"
    );
    if view.kind != Kind::ShellScript && !(named && view.kind != Kind::PythonSource) {
        return;
    }
    let Some(written) = scene.reading.text() else {
        return;
    };
    // Notes that show a command are read by people, who do not start them.
    let note = !view.shebang && matches!(scene.extension, "txt" | "md" | "rst" | "log");
    for (at, command, severity) in shell::judge(&written.text) {
        let severity = if note { Severity::Low } else { severity };
        let start = size_u64(at).saturating_add(written.start);
        sink.report(
            Some(start..start.saturating_add(size_u64(command.len()))),
            text!("runs a command of an attack", "运行攻击所用的命令"),
        )
        .severity(severity)
        .evidence(&command);
    }
}
