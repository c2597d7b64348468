//! Judges calls that reach the network, files and native code.

use cleanbill_code::python::{Call, Place, Shown, Traits, is_credential_path};
use cleanbill_core::{Severity, Text, text};

use super::super::{
    Subject,
    effects::{Effect, effect},
};
use super::hosts::{address_is_foreign, address_is_hub, addresses, odd_host, own_secret};
use super::paths::{is_system_library, is_wide, persists};
use super::{Judge, Run, automatic, path_of};

impl Judge<'_> {
    pub(super) fn network(&mut self, call: &Call, effect: Effect, hidden: bool) {
        let traits = call.argument_traits();
        if self.leaks(call, effect, traits) {
            return;
        }
        let address = addresses(call);
        if matches!(
            call.callee.as_str(),
            "socket.getaddrinfo" | "socket.gethostbyname"
        ) && !traits.has(Traits::MACHINE)
            && !hidden
        {
            return;
        }
        let odd = address.as_deref().is_some_and(odd_host);
        let severity = match effect {
            _ if hidden && automatic(call) => Severity::High,
            _ if odd && automatic(call) => Severity::High,
            _ if odd => Severity::Medium,
            Effect::Connect
                if automatic(call)
                    && call.callee.starts_with("socket.")
                    && address.is_some()
                    && !call.callee.ends_with("bind") =>
            {
                Severity::High
            }
            Effect::Connect if call.place == Place::Import => Severity::Medium,
            Effect::Send if call.place == Place::Import && !traits.has(Traits::INPUT) => Severity::Medium,
            Effect::Send if automatic(call) && traits.has(Traits::MACHINE) => Severity::High,
            Effect::Send if traits.has(Traits::MACHINE) && !call.callee.starts_with("socket") => {
                Severity::Medium
            }
            _ if traits.has(Traits::MACHINE) && automatic(call) => Severity::High,
            Effect::Fetch
                if address
                    .as_deref()
                    .is_none_or(|address| address.starts_with('\u{fffc}')) =>
            {
                return;
            }
            Effect::Fetch if call.place == Place::Import && !self.setup => Severity::Medium,
            _ => return,
        };
        // A notebook asks other machines in front of its reader.
        let severity = match severity {
            Severity::Medium if self.run == Run::AsNotebook && call.place == Place::Import && !odd => {
                Severity::Low
            }
            other => other,
        };
        let (when, zh) = self.when(call.place);
        self.add(
            call,
            Subject::Network,
            severity,
            Text::new(
                format!("talks to another machine {when}"),
                format!("{zh}与其他机器通信"),
            ),
        );
    }

    /// Credentials and the whole environment in what is sent.
    pub(super) fn leaks(&mut self, call: &Call, effect: Effect, traits: Traits) -> bool {
        let mut worst = None;
        for argument in &call.arguments {
            let name = argument.name.as_deref().unwrap_or_default();
            let header = matches!(
                name,
                "headers"
                    | "auth"
                    | "cookies"
                    | "cert"
                    | "verify"
                    | "token"
                    | "api_key"
                    | "proxies"
                    | "timeout"
            );
            let one = if argument.traits.has(Traits::STORE) && address_is_hub(call) {
                None
            } else if argument.traits.has(Traits::STORE) && !header
                || argument.traits.has(Traits::ENVIRONMENT) && name != "env" && name != "proxies"
            {
                Some(Severity::Critical)
            } else if argument.traits.has(Traits::SECRET)
                && argument.traits.has(Traits::STORE)
                && header
                && address_is_foreign(call)
                && call.place >= Place::Load
            {
                Some(Severity::High)
            } else if argument.traits.has(Traits::SECRET) && !header && name != "token" {
                let foreign = address_is_foreign(call) || argument.origin.as_deref().is_some_and(own_secret);
                (foreign && effect != Effect::Connect).then_some(Severity::High)
            } else if argument.traits.has(Traits::SECRET)
                && header
                && automatic(call)
                && address_is_foreign(call)
                && argument.origin.as_deref().is_some_and(own_secret)
            {
                Some(Severity::High)
            } else {
                None
            };
            worst = worst.max(one);
        }
        let sends_output = traits.has(Traits::OUTPUT) && effect == Effect::Send && self.connects();
        if sends_output {
            worst = worst.max(Some(Severity::Critical));
        }
        let Some(severity) = worst else { return false };
        let message = if sends_output {
            text!(
                "sends the output of commands to another machine",
                "把命令输出发送到其他机器"
            )
        } else {
            text!(
                "sends credentials or the environment to another machine",
                "把凭据或环境变量发送到其他机器"
            )
        };
        self.add(call, Subject::Exfiltration, severity, message);
        true
    }

    pub(super) fn file(&mut self, call: &Call, effect: Effect, hidden: bool) {
        let path = call.arguments.iter().filter_map(path_of).collect::<Vec<_>>();
        let receiver = call.callee.starts_with("pathlib.");
        let paths: Vec<String> = path.iter().map(|path| path.to_ascii_lowercase()).collect();
        let traits = call.argument_traits();
        match effect {
            Effect::Open => {
                let mode = call
                    .argument("mode", Some(1))
                    .and_then(|mode| mode.value.text())
                    .unwrap_or("r");
                let writes = receiver && call.callee.contains("write")
                    || mode.contains(['w', 'a', 'x', '+'])
                    || call.callee == "logging.FileHandler"
                    || call.callee == "os.open";
                let target = paths.first().map(String::as_str).unwrap_or_default();
                if writes && persists(target) {
                    self.add(
                        call,
                        Subject::FileTampering,
                        Severity::High,
                        text!(
                            "writes to a file that other programs run or trust",
                            "写入会被其他程序运行或信任的文件"
                        ),
                    );
                } else if !writes && is_credential_path(target) {
                    let severity = if self.reads_and_sends() {
                        Severity::High
                    } else if automatic(call) && !target.contains("/etc/passwd") || hidden {
                        Severity::Medium
                    } else {
                        Severity::Low
                    };
                    self.add(
                        call,
                        Subject::Exfiltration,
                        severity,
                        text!("reads a file that holds credentials", "读取存放凭据的文件"),
                    );
                }
            }
            Effect::Write => {
                if let Some(target) = paths.get(1).or(paths.first())
                    && persists(target)
                {
                    self.add(
                        call,
                        Subject::FileTampering,
                        Severity::High,
                        text!(
                            "writes to a file that other programs run or trust",
                            "写入会被其他程序运行或信任的文件"
                        ),
                    );
                } else if paths.first().is_some_and(|path| is_credential_path(path)) {
                    self.add(
                        call,
                        Subject::Exfiltration,
                        Severity::High,
                        text!("copies a file that holds credentials", "复制存放凭据的文件"),
                    );
                }
            }
            Effect::Remove => {
                let wide = paths.first().is_some_and(|path| is_wide(path));
                let severity = if wide {
                    Severity::High
                } else if hidden {
                    Severity::Medium
                } else {
                    return;
                };
                self.add(
                    call,
                    Subject::FileTampering,
                    severity,
                    text!("removes files outside of its own", "删除不属于自身的文件"),
                );
            }
            Effect::Permit => {
                let executable = call
                    .arguments
                    .iter()
                    .any(|argument| matches!(argument.value, Shown::Number(mode) if mode & 0o111 != 0));
                let fetched = self.program.calls.iter().any(|other| {
                    other.function == call.function
                        && matches!(
                            other.callee.as_str(),
                            "urllib.request.urlretrieve"
                                | "urllib.request.urlopen"
                                | "requests.get"
                                | "wget.download"
                                | "torch.hub.download_url_to_file"
                        )
                });
                let runs = self.program.calls.iter().any(|other| {
                    other.function == call.function
                        && matches!(self::effect(&other.callee), Some(Effect::Program | Effect::Shell))
                });
                if executable && fetched && (runs || automatic(call)) {
                    self.add(
                        call,
                        Subject::Command,
                        Severity::High,
                        text!(
                            "makes a file executable that it fetched",
                            "把下载的文件设为可执行"
                        ),
                    );
                } else if call.callee == "os.setuid" && automatic(call) {
                    self.add(
                        call,
                        Subject::FileTampering,
                        Severity::Medium,
                        text!("changes the user that it runs as", "更改运行身份"),
                    );
                } else if executable && traits.has(Traits::FETCHED) {
                    self.add(
                        call,
                        Subject::Command,
                        Severity::High,
                        text!(
                            "makes a file executable that it fetched",
                            "把下载的文件设为可执行"
                        ),
                    );
                }
            }
            _ => {}
        }
    }

    /// Says whether a credential file is read where something is sent.
    pub(super) fn reads_and_sends(&self) -> bool {
        self.program.calls.iter().any(|call| {
            matches!(effect(&call.callee), Some(Effect::Send))
                || matches!(effect(&call.callee), Some(Effect::Fetch))
                    && call.argument_traits().has(Traits::STORE)
        })
    }

    pub(super) fn native(&mut self, call: &Call, effect: Effect, hidden: bool) {
        let last = call
            .callee
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if effect == Effect::Memory {
            let severity = match last.as_str() {
                "system" | "popen" | "execve" | "execv" | "execl" | "execlp" | "execvp" | "posix_spawn" | "mprotect" | "virtualalloc" | "virtualprotect" | "createthread"
                | "winexec" | "shellexecutea" | "shellexecutew" | "createremotethread" | "writeprocessmemory" | "rtlmovememory" | "urldownloadtofilea" | "dlopen" | "memfd_create" | "pyrun_simplestring" | "pyrun_simplestringflags" | "pyrun_string" | "ptrace" | "syscall" | "createprocessw" | "createprocessa" => Severity::High,
                "mmap" if call.arguments.iter().any(|argument| matches!(&argument.value, Shown::Number(7))) || call.arguments.iter().any(|argument| matches!(&argument.value, Shown::Name(name) if name.contains("PROT_EXEC"))) => Severity::High,
                _ if hidden && automatic(call) => Severity::Medium,
                _ => return,
            };
            self.add(
                call,
                Subject::NativeCode,
                severity,
                text!("calls `{last}` of a system library", "调用系统库的 `{last}`"),
            );
            return;
        }
        let path = call
            .arguments
            .iter()
            .find_map(path_of)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let base = path.rsplit(['/', '\\']).next().unwrap_or_default();
        let library = base.contains(".so")
            || base.contains(".dll")
            || base.contains(".dylib")
            || base.contains(".pyd")
            || base.is_empty()
            || !base.contains('.');
        let fetched = call.argument_traits().has(Traits::FETCHED) || self.is_fetched(&path);
        let inline = call.callee.ends_with("load_inline");
        let sources = call
            .arguments
            .iter()
            .filter_map(|argument| argument.value.text())
            .any(|text| {
                text.contains("system(")
                    || text.contains("popen(")
                    || text.contains("exec") && text.contains("/bin/")
            });
        let compiled = call.callee.ends_with("cpp_extension.load") || call.callee.starts_with("numpy.");
        let severity = match () {
            () if fetched => Severity::Critical,
            () if compiled => Severity::Low,
            () if inline && sources => Severity::High,
            () if !library && !base.contains('\u{fffc}') && !inline => Severity::High,
            () if path.starts_with("/tmp/")
                || path.starts_with("/dev/shm")
                || path.starts_with("/var/tmp")
                || path.starts_with("\\\\")
                || path.starts_with("//") =>
            {
                Severity::High
            }
            () if hidden && automatic(call) => Severity::High,
            () if automatic(call)
                && (path.starts_with("./")
                    || path.starts_with("lib/")
                    || !path.is_empty() && !path.contains('/') && !path.starts_with('\u{fffc}'))
                && !is_system_library(base) =>
            {
                Severity::Medium
            }
            () => Severity::Low,
        };
        self.add(
            call,
            Subject::NativeCode,
            severity,
            text!("loads native code", "加载原生代码"),
        );
    }
}
