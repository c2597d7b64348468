//! Judges what only several calls together tell, and what the text shows before it means anything.

use cleanbill_code::python::{Call, Place, Traits};
use cleanbill_core::{Severity, text};

use super::super::{
    Subject, Suspicion,
    effects::{Effect, effect},
};
use super::encoding_is_plain;
use super::show::evidence;
use super::{
    Judge, automatic, path_of,
    shells::{command_line, command_traits},
};

impl Judge<'_> {
    /// What only several calls together tell.
    pub(super) fn together(&mut self) {
        let calls = &self.program.calls;
        let connect = calls.iter().find(|call| {
            matches!(
                call.callee.as_str(),
                "socket.socket().connect" | "socket.create_connection" | "socket.socket().connect_ex"
            )
        });
        if let Some(connect) = connect {
            let shell = calls.iter().any(|call| {
                matches!(effect(&call.callee), Some(Effect::Shell | Effect::Program))
                    && command_line(call, Effect::Program).is_some_and(|line| {
                        [
                            "/bin/sh",
                            "/bin/bash",
                            "cmd.exe",
                            "powershell",
                            "bash",
                            "sh",
                            "zsh",
                        ]
                        .iter()
                        .any(|shell| {
                            line.split_whitespace()
                                .next()
                                .is_some_and(|first| first.ends_with(shell))
                        })
                    })
                    || matches!(effect(&call.callee), Some(Effect::Shell | Effect::Program))
                        && command_traits(call).has(Traits::FETCHED)
            });
            if shell {
                let connect = connect.clone();
                self.add(
                    &connect,
                    Subject::Command,
                    Severity::Critical,
                    text!(
                        "connects to another machine and runs a shell",
                        "连接其他机器并运行 shell"
                    ),
                );
            }
        }
        // Fetched, written to a file, and run, though the path is not known.
        for call in calls {
            if call.callee != "builtins.open" || !automatic(call) && call.place != Place::Main {
                continue;
            }
            let here = |wanted: &dyn Fn(&Call) -> bool| {
                calls
                    .iter()
                    .find(|other| other.function == call.function && wanted(other))
                    .cloned()
            };
            let fetches = here(&|other| matches!(effect(&other.callee), Some(Effect::Fetch)));
            let permits = here(&|other| matches!(effect(&other.callee), Some(Effect::Permit)));
            let mode = call
                .argument("mode", Some(1))
                .and_then(|mode| mode.value.text())
                .unwrap_or("r");
            let path = call.arguments.first().and_then(path_of).unwrap_or_default();
            if fetches.is_some() && mode.contains('w') && !path.is_empty() && !path.starts_with('\u{fffc}') {
                let runs = here(&|other| {
                    matches!(effect(&other.callee), Some(Effect::Program | Effect::Shell))
                        && command_line(other, Effect::Program)
                            .is_some_and(|line| line.contains(path.as_str()))
                        || matches!(effect(&other.callee), Some(Effect::Native | Effect::RunFile))
                            && other
                                .arguments
                                .iter()
                                .filter_map(path_of)
                                .any(|other| other == path)
                });
                if let Some(run) = runs.or(permits) {
                    self.found.push(Suspicion {
                        subject: Subject::Command,
                        severity: Severity::Critical,
                        message: text!("fetches a file and runs it", "下载文件并运行"),
                        range: run.range.clone(),
                        evidence: evidence(&run),
                    });
                    return;
                }
            }
        }
    }

    /// What the text shows before it means anything.
    pub(super) fn written(&mut self, text: &str) {
        let mut note = |severity, message, at: usize, length: usize, evidence: &str| {
            self.found.push(Suspicion {
                subject: Subject::Obfuscation,
                severity,
                message,
                range: at..at.saturating_add(length),
                evidence: evidence.to_owned(),
            });
        };
        if !encoding_is_plain(text) {
            let first = text.lines().take(2).collect::<Vec<_>>().join(" ");
            note(
                Severity::High,
                text!(
                    "declares an encoding under which other text stands here than is shown",
                    "声明的编码使实际代码与显示内容不同"
                ),
                0,
                first.len(),
                &first,
            );
        }
        // A statement behind more blanks than a screen is wide.
        let wide = " ".repeat(120);
        let mut at = 0;
        // Most texts hold none, and a look at the whole is cheaper than one at each line.
        let holds = memchr::memmem::find(text.as_bytes(), wide.as_bytes()).is_some();
        for line in text.split_inclusive('\n').take_while(|_| holds) {
            if line.len() > wide.len()
                && let Some(gap) = line.find(&wide)
            {
                let before = line.get(..gap).unwrap_or_default().trim();
                let behind = line.get(gap..).unwrap_or_default().trim();
                let ends = before.ends_with(';') || behind.starts_with(';');
                if ends && behind.len() > 3 && !before.is_empty() {
                    note(
                        Severity::High,
                        text!("hides a statement far to the right", "把语句藏在远处右侧"),
                        at,
                        line.len(),
                        behind,
                    );
                    break;
                }
            }
            at += line.len();
        }
    }

    /// Files that Python runs by itself whenever it starts.
    pub(super) fn startup(&mut self, name: &str) {
        let every = matches!(name, "sitecustomize.py" | "usercustomize.py")
            || is_site(name) && !self.program.imports.is_empty();
        if !every {
            return;
        }
        let runs = self
            .found
            .iter()
            .any(|one| one.severity >= Severity::Low && one.subject != Subject::UnsafeLoad);
        let severity = match runs {
            true => Severity::High,
            false if is_site(name) => Severity::Low,
            false => Severity::Medium,
        };
        self.found.push(Suspicion {
            subject: Subject::InstallHook,
            severity,
            message: text!("runs whenever Python starts", "每次启动 Python 时运行"),
            range: 0..0,
            evidence: name.to_owned(),
        });
    }

    pub(super) fn disguised(&mut self) {
        let dangerous = |name: &str| {
            matches!(
                name,
                "exec"
                    | "eval"
                    | "compile"
                    | "os"
                    | "system"
                    | "subprocess"
                    | "__import__"
                    | "getattr"
                    | "popen"
                    | "Popen"
                    | "run"
                    | "socket"
                    | "builtins"
                    | "open"
                    | "call"
                    | "globals"
                    | "import"
            )
        };
        for (name, range) in &self.program.disguised {
            let severity = if dangerous(name) {
                Severity::High
            } else {
                Severity::Low
            };
            self.found.push(Suspicion {
                subject: Subject::Obfuscation,
                severity,
                message: text!(
                    "writes `{name}` in letters that only look like it",
                    "用形近字母书写 `{name}`"
                ),
                range: range.clone(),
                evidence: name.clone(),
            });
        }
    }
}

/// Says whether a name is that of a file that `site` reads when Python starts.
fn is_site(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("pth"))
}
