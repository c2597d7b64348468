//! Judges calls that start programs.

use cleanbill_code::python::{Call, Place, Shown, Traits};
use cleanbill_core::{Severity, Text, text};

use super::super::{
    Subject,
    commands::{self, Command},
    effects::Effect,
    shell,
};
use super::{Judge, Run, automatic};

impl Judge<'_> {
    pub(super) fn command(&mut self, call: &Call, effect: Effect, hidden: bool) {
        let line = command_line(call, effect);
        let judged = match &line {
            Some(line)
                if !line.trim_matches(['\u{fffc}', ' ']).is_empty() && !line.starts_with('\u{fffc}') =>
            {
                Some(commands::judge(line))
            }
            Some(line) if commands::is_attack(&line.to_ascii_lowercase()) => Some(Command::Attack),
            _ => None,
        };
        let traits = command_traits(call);
        let subject = Subject::Command;
        let open = line.as_deref().is_none_or(|line| line.starts_with('\u{fffc}'));
        let listed = call
            .arguments
            .first()
            .is_some_and(|first| matches!(first.value, Shown::List(_)));
        if traits.has(Traits::FETCHED) && open && !listed {
            self.add(
                call,
                subject,
                Severity::Critical,
                text!(
                    "runs a command that it fetches from the network",
                    "运行从网络获取的命令"
                ),
            );
            return;
        }
        let fetched = line.as_deref().is_some_and(|line| self.is_fetched(line));
        let interactive = call.callee.contains("get_ipython()");
        let by_reader =
            (self.run == Run::AsNotebook || interactive) && !hidden && !traits.has(Traits::DECODED);
        let severity = match judged {
            _ if fetched => Severity::Critical,
            Some(Command::Attack) if by_reader && line.as_deref().is_some_and(shell::is_installer) => {
                Severity::Low
            }
            Some(Command::Attack) => Severity::Critical,
            _ if hidden || traits.has(Traits::DECODED) || traits.has(Traits::CRAFTED) => Severity::High,
            _ if call.traits.has(Traits::INDIRECT)
                && call.place >= Place::Load
                && judged != Some(Command::Harmless) =>
            {
                Severity::High
            }
            Some(Command::Harmless) => Severity::Info,
            // Notebooks set up the machine that they run on, in front of their reader.
            Some(Command::Installs) | None if by_reader => Severity::Low,
            Some(Command::Unknown)
                if by_reader && (interactive || line.as_deref().is_some_and(commands::sets_up)) =>
            {
                Severity::Low
            }
            Some(Command::Installs)
                if line.as_deref().is_some_and(|line| line.contains("://")) && automatic(call) =>
            {
                Severity::High
            }
            Some(Command::Installs) if automatic(call) && !self.setup => Severity::Medium,
            Some(Command::Unknown) if automatic(call) && !(self.setup && effect == Effect::Program) => {
                Severity::High
            }
            None if automatic(call) && !self.setup && effect == Effect::Shell => Severity::Medium,
            None if traits.has(Traits::STORE) => Severity::Medium,
            _ => Severity::Low,
        };
        let severity = if call.place == Place::Function
            && severity == Severity::Low
            && call.traits.has(Traits::INDIRECT)
        {
            Severity::Medium
        } else {
            severity
        };
        let (when, zh) = self.when(call.place);
        let name = &call.callee;
        self.add(
            call,
            subject,
            severity,
            Text::new(
                format!("`{name}` runs a command {when}"),
                format!("{zh}通过 `{name}` 运行命令"),
            ),
        );
    }
}

/// Returns the command as a line, unknown parts as marks.
pub(super) fn command_line(call: &Call, effect: Effect) -> Option<String> {
    let word = |shown: &Shown| match shown {
        Shown::Text(text) => text.clone(),
        Shown::Name(name) if name == "sys.executable" => "python".to_owned(),
        Shown::Number(number) => number.to_string(),
        _ => "\u{fffc}".to_owned(),
    };
    let first = call.arguments.iter().find(|argument| {
        argument
            .name
            .as_deref()
            .is_none_or(|name| matches!(name, "args" | "cmd" | "command"))
    })?;
    let line = match &first.value {
        Shown::Text(text) => {
            // `os.execv(path, [name, ...])` and `create_subprocess_exec(program, *arguments)` go on.
            let rest = call
                .arguments
                .iter()
                .skip(1)
                .filter(|argument| argument.name.is_none());
            let mut words = vec![text.clone()];
            for argument in rest {
                match &argument.value {
                    Shown::List(items) => words.extend(items.iter().map(word)),
                    other => words.push(word(other)),
                }
            }
            if effect == Effect::Program && !call.callee.starts_with("subprocess.")
                || call.callee == "pty.spawn"
            {
                words.join(" ")
            } else {
                text.clone()
            }
        }
        Shown::List(items) => items.iter().map(word).collect::<Vec<_>>().join(" "),
        Shown::Name(name) if name == "sys.executable" => call
            .arguments
            .iter()
            .map(|argument| word(&argument.value))
            .collect::<Vec<_>>()
            .join(" "),
        _ => return None,
    };
    Some(line)
}

/// Returns what the command was made of; its output and input are no part of it.
pub(super) fn command_traits(call: &Call) -> Traits {
    call.arguments
        .iter()
        .filter(|argument| {
            argument
                .name
                .as_deref()
                .is_none_or(|name| matches!(name, "args" | "cmd" | "command" | "executable"))
        })
        .fold(Traits::default(), |all, argument| all.with(argument.traits))
}
