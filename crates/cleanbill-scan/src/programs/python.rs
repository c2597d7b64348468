//! Judges what a program in Python does, by effect, by when it runs and by the arguments.

mod hosts;
mod loads;
mod paths;
mod reach;
mod shells;
mod show;
mod together;

use cleanbill_code::python::{Argument, Call, Place, Program, Shown, Traits, TroubleKind};
use cleanbill_core::{Severity, Text, text};

use paths::odd_source;
use show::evidence;

use super::{
    Subject, Suspicion,
    effects::{Effect, effect},
};
use crate::names;

/// LIMIT: suspicions of one subject in one file; more of the same add nothing to the verdict.
const EACH: usize = 20;

/// Says whether calls of this name are kept.
pub(crate) fn wanted(callee: &str) -> bool {
    effect(callee).is_some() || names::takes_from_the_hub(callee)
}

/// Says why a part of a program was not read, in English and Simplified Chinese.
pub(crate) fn gap(kind: TroubleKind) -> (&'static str, &'static str) {
    match kind {
        TroubleKind::Syntax => ("the Python source has a syntax error", "Python 源代码有语法错误"),
        TroubleKind::TooDeep => ("the Python source nests too deep", "Python 源代码嵌套过深"),
        TroubleKind::TooMuch => (
            "the Python source is too large to be followed whole",
            "Python 源代码过大，无法完整分析",
        ),
    }
}

/// Says whether it is no Python at all, or Python that no interpreter takes.
pub(crate) fn is_broken(program: &Program) -> bool {
    program
        .troubles
        .iter()
        .any(|trouble| trouble.kind == TroubleKind::Syntax)
}

/// Says whether the encoding that the first two lines declare leaves plain characters as they are.
pub(crate) fn encoding_is_plain(text: &str) -> bool {
    let odd = [
        "rot13",
        "rot_13",
        "utf-7",
        "utf_7",
        "utf7",
        "u7",
        "unicode_escape",
        "unicode-escape",
        "raw_unicode_escape",
        "raw-unicode-escape",
        "punycode",
        "hex",
        "zlib",
        "base64",
        "idna",
        "bz2",
        "uu",
        "quopri",
        "utf_16",
        "utf-16",
        "utf-32",
        "cp037",
        "cp500",
        "cp1140",
        "cp273",
        "cp1026",
        "hz",
    ];
    text.lines()
        .take(2)
        .filter(|line| line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once("coding"))
        .map(|(_, rest)| {
            rest.trim_start_matches([':', '=', ' ', '\t'])
                .to_ascii_lowercase()
        })
        .all(|rest| {
            !odd.iter().any(|odd| {
                rest.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
                    .next()
                    == Some(odd)
            })
        })
}

/// Judges a program that stands under `name`.
pub(crate) fn judge(program: &Program, text: &str, name: &str, run: Run) -> Vec<Suspicion> {
    let mut judge = Judge {
        program,
        run,
        setup: matches!(name, "setup.py" | "conftest.py" | "versioneer.py" | "noxfile.py"),
        found: Vec::new(),
    };
    for call in &program.calls {
        if let Some(effect) = effect(&call.callee) {
            judge.call(call, effect);
        }
    }
    judge.together();
    judge.disguised();
    judge.written(text);
    judge.startup(name);
    let mut found = judge.found;
    // One place may be read several times; the worst reading counts.
    found.sort_by(|a, b| (a.range.start, a.subject, b.severity).cmp(&(b.range.start, b.subject, a.severity)));
    found.dedup_by(|later, first| later.range == first.range && later.subject == first.subject);
    found.sort_by(|a, b| (a.subject, b.severity, a.range.start).cmp(&(b.subject, a.severity, b.range.start)));
    let mut count = 0_usize;
    let mut subject = None;
    found.retain(|one| {
        if subject != Some(one.subject) {
            subject = Some(one.subject);
            count = 0;
        }
        count += 1;
        count <= EACH
    });
    found
}

/// Says how a program comes to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// Whoever imports or starts it runs all of it.
    AsFile,
    /// Its reader runs it cell by cell.
    AsNotebook,
}

struct Judge<'a> {
    program: &'a Program,
    run: Run,
    setup: bool,
    found: Vec<Suspicion>,
}

impl Judge<'_> {
    pub(super) fn add(&mut self, call: &Call, subject: Subject, severity: Severity, message: Text) {
        let evidence = evidence(call);
        self.found.push(Suspicion {
            subject,
            severity,
            message,
            range: call.range.clone(),
            evidence,
        });
    }

    fn call(&mut self, call: &Call, effect: Effect) {
        let hidden = call.traits.has(Traits::COMPUTED) || call.traits.has(Traits::DECODED) || call.level > 0;
        match effect {
            Effect::Run => self.run(call),
            Effect::RunFile => self.run_file(call),
            Effect::Unmarshal => self.unmarshal(call),
            Effect::Shell | Effect::Program => self.command(call, effect, hidden),
            Effect::Attach => self.attach(call, hidden),
            Effect::Send | Effect::Fetch | Effect::Connect => self.network(call, effect, hidden),
            Effect::Open | Effect::Write | Effect::Remove | Effect::Permit => self.file(call, effect, hidden),
            Effect::Native | Effect::Memory => self.native(call, effect, hidden),
            Effect::Unpickle | Effect::Load | Effect::Trust => self.load(call, effect),
            Effect::ImportByText => self.import(call),
            Effect::Climb => {
                if call.callee == "object.__subclasses__" && automatic(call)
                    || call.callee.ends_with(".?") && call.traits.has(Traits::COMPUTED)
                {
                    self.add(
                        call,
                        Subject::Obfuscation,
                        if call.callee == "object.__subclasses__"
                            && call.traits.has(Traits::INDIRECT)
                            && self.climbs()
                        {
                            Severity::High
                        } else {
                            Severity::Low
                        },
                        text!(
                            "looks through all classes of the interpreter, a way to reach callables unnamed",
                            "遍历解释器中的所有类，借此间接取得可调用对象"
                        ),
                    );
                }
            }
            Effect::Setup => self.setup(call),
            Effect::Hook => {
                let severity = if call.callee.ends_with('=') && call.place >= Place::Load {
                    Severity::Medium
                } else {
                    Severity::Low
                };
                let name = &call.callee;
                self.add(
                    call,
                    Subject::CodeExecution,
                    severity,
                    text!(
                        "`{name}` changes how the interpreter imports or runs code",
                        "`{name}` 改变解释器导入或运行代码的方式"
                    ),
                );
            }
            Effect::Patch => {
                if call.callee.starts_with("torch.load") || call.callee.starts_with("pickle.") {
                    let name = call.callee.trim_end_matches('=');
                    self.add(
                        call,
                        Subject::UnsafeLoad,
                        Severity::Medium,
                        text!(
                            "replaces `{name}` for the whole process",
                            "为整个进程替换 `{name}`"
                        ),
                    );
                }
            }
        }
    }

    fn climbs(&self) -> bool {
        self.program
            .calls
            .iter()
            .any(|call| matches!(effect(&call.callee), Some(Effect::Shell | Effect::Program)))
            || self.program.calls.iter().all(|call| call.place >= Place::Load)
    }

    /// Code out of a text.
    fn run(&mut self, call: &Call) {
        let Some(first) = call.arguments.first() else {
            return;
        };
        let traits = first.traits;
        let name = &call.callee;
        let subject = Subject::CodeExecution;
        if traits.has(Traits::FETCHED) {
            self.add(
                call,
                subject,
                Severity::Critical,
                text!(
                    "runs code that it fetches from the network",
                    "运行从网络获取的代码"
                ),
            );
        } else if traits.has(Traits::DECODED) || traits.has(Traits::CRAFTED) {
            // What a constant decodes to is judged by itself; that it is hidden is enough.
            self.add(
                call,
                subject,
                Severity::High,
                text!(
                    "runs code that is encoded in the program",
                    "运行程序中经过编码的代码"
                ),
            );
        } else if traits.has(Traits::OUTPUT) {
            self.add(
                call,
                subject,
                Severity::High,
                text!(
                    "runs the output of another program as code",
                    "把其他程序的输出作为代码运行"
                ),
            );
        } else if traits.has(Traits::FILE) {
            let path = first.origin.clone().unwrap_or_default().to_ascii_lowercase();
            let odd = !path.is_empty() && odd_source(&path);
            let severity = if odd { Severity::High } else { Severity::Low };
            self.add(
                call,
                subject,
                severity,
                text!("runs the content of a file as code", "把文件内容作为代码运行"),
            );
        } else if traits.has(Traits::ENVIRONMENT)
            || traits.has(Traits::SECRET)
            || first
                .origin
                .as_deref()
                .is_some_and(|origin| origin.starts_with('$'))
        {
            self.add(
                call,
                subject,
                Severity::Medium,
                text!(
                    "runs a variable of the environment as code",
                    "把环境变量作为代码运行"
                ),
            );
        } else if call.traits.has(Traits::COMPUTED) && call.callee != "builtins.compile" {
            self.add(
                call,
                subject,
                Severity::High,
                text!(
                    "reaches `{name}` by a computed name",
                    "通过计算出的名称取得 `{name}`"
                ),
            );
        } else if let Some(source) = first.value.text() {
            let odd = source.contains("__import__")
                || source.contains("import os")
                || source.contains("subprocess")
                || source.contains("socket");
            let severity = match odd {
                true if call.place >= Place::Load && call.callee != "builtins.compile" => Severity::High,
                true if call.callee != "builtins.compile" => Severity::Medium,
                _ => Severity::Info,
            };
            self.add(
                call,
                subject,
                severity,
                text!("runs a constant text as code", "把常量文本作为代码运行"),
            );
        } else if call.callee != "builtins.compile" {
            self.add(
                call,
                subject,
                Severity::Low,
                text!("`{name}` runs a text as code", "`{name}` 把文本作为代码运行"),
            );
        }
    }

    fn run_file(&mut self, call: &Call) {
        let path = call
            .argument("location", Some(1))
            .or_else(|| call.argument("path", Some(0)))
            .and_then(path_of)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let mut severity = if odd_source(&path) {
            Severity::High
        } else {
            Severity::Low
        };
        if call.argument_traits().has(Traits::FETCHED) || self.is_fetched(&path) {
            severity = Severity::High;
        }
        self.add(
            call,
            Subject::CodeExecution,
            severity,
            text!("runs or imports a file by its path", "按路径运行或导入文件"),
        );
    }

    fn unmarshal(&mut self, call: &Call) {
        let traits = call.argument_traits();
        let constant = call
            .arguments
            .first()
            .is_some_and(|first| first.value.text().is_some_and(|text| !text.contains('\u{fffc}')));
        let severity = if constant || traits.has(Traits::DECODED) || traits.has(Traits::FETCHED) {
            Severity::High
        } else {
            Severity::Low
        };
        self.add(
            call,
            Subject::Obfuscation,
            severity,
            text!("turns bytes into code objects", "把字节还原为代码对象"),
        );
    }

    /// Says when code at a place runs.
    pub(super) fn when(&self, place: Place) -> (&'static str, &'static str) {
        if self.run == Run::AsNotebook && place == Place::Import {
            ("when its cell is run", "在运行单元时")
        } else {
            when(place)
        }
    }

    fn attach(&mut self, call: &Call, hidden: bool) {
        let connects = self.connects();
        let severity = match () {
            () if connects && (call.callee.starts_with("pty.") || call.callee == "os.dup2") => {
                Severity::Critical
            }
            () if call.callee == "pty.spawn" && (automatic(call) || hidden) => Severity::High,
            () if call.callee == "pty.spawn" => Severity::Medium,
            () => Severity::Info,
        };
        self.add(
            call,
            Subject::Command,
            severity,
            text!(
                "connects a shell or this process to a stream",
                "把 shell 或本进程连接到数据流"
            ),
        );
    }

    pub(super) fn connects(&self) -> bool {
        self.program.calls.iter().any(|call| {
            matches!(
                call.callee.as_str(),
                "socket.socket().connect"
                    | "socket.create_connection"
                    | "socket.socket().connect_ex"
                    | "socket.socket().bind"
            )
        })
    }

    fn import(&mut self, call: &Call) {
        let Some(first) = call.arguments.first() else {
            return;
        };
        let severity = match () {
            () if first.traits.has(Traits::FETCHED) => Severity::High,
            () if first.traits.has(Traits::DECODED) || first.traits.has(Traits::CRAFTED) => Severity::High,
            () if first.traits.has(Traits::COMPUTED)
                && first
                    .value
                    .text()
                    .is_some_and(|name| is_dangerous_module(name) && !name.contains('\u{fffc}')) =>
            {
                Severity::High
            }
            () => return,
        };
        self.add(
            call,
            Subject::Obfuscation,
            severity,
            text!("imports a module by a name that it hides", "以隐藏的名称导入模块"),
        );
    }

    fn setup(&mut self, call: &Call) {
        let Some(classes) = call.argument("cmdclass", None) else {
            return;
        };
        let Shown::Dictionary(pairs) = &classes.value else {
            return;
        };
        for (key, _) in pairs {
            if matches!(
                key.text(),
                Some(
                    "install"
                        | "develop"
                        | "egg_info"
                        | "install_lib"
                        | "easy_install"
                        | "install_scripts"
                        | "install_data"
                )
            ) {
                self.add(
                    call,
                    Subject::InstallHook,
                    Severity::Low,
                    text!(
                        "runs code of its own when it is installed",
                        "在安装时运行自带代码"
                    ),
                );
                return;
            }
        }
    }

    /// Says whether a path in `text` was fetched before.
    pub(super) fn is_fetched(&self, text: &str) -> bool {
        let fetched = |call: &Call| match call.callee.as_str() {
            "urllib.request.urlretrieve" | "torch.hub.download_url_to_file" | "wget.download" => call
                .argument("filename", Some(1))
                .or_else(|| call.argument("dst", Some(1)))
                .and_then(path_of),
            _ => None,
        };
        let written =
            |call: &Call| call.callee.ends_with("write_bytes") && call.argument_traits().has(Traits::FETCHED);
        self.program.calls.iter().any(|call| {
            fetched(call).is_some_and(|path| {
                path.len() > 3 && !path.starts_with('\u{fffc}') && text.contains(&path.to_ascii_lowercase())
            }) || written(call)
                && call
                    .arguments
                    .iter()
                    .any(|argument| argument.origin.as_deref().is_some_and(|path| text.contains(path)))
        })
    }
}

fn automatic(call: &Call) -> bool {
    call.place >= Place::Load
}

fn when(place: Place) -> (&'static str, &'static str) {
    match place {
        Place::Import => ("when it is imported", "在导入时"),
        Place::Load => ("when a model is loaded or used", "在加载或使用模型时"),
        Place::Main => ("when it is run", "在运行时"),
        Place::Function => ("in a function", "在函数中"),
    }
}

fn path_of(argument: &Argument) -> Option<String> {
    argument
        .value
        .text()
        .map(str::to_owned)
        .or_else(|| match argument.value {
            Shown::Name(_) | Shown::Unknown => argument.origin.clone(),
            _ => None,
        })
}

fn is_dangerous_module(name: &str) -> bool {
    matches!(
        name.split('.').next().unwrap_or_default(),
        "os" | "posix"
            | "nt"
            | "subprocess"
            | "socket"
            | "ctypes"
            | "builtins"
            | "pty"
            | "shutil"
            | "requests"
            | "urllib"
            | "base64"
            | "marshal"
            | "pickle"
            | "sys"
            | "importlib"
            | "runpy"
            | "code"
            | "http"
            | "webbrowser"
    )
}
