//! Judges calls that load models and other files.

use cleanbill_code::python::{Call, Shown, Traits};
use cleanbill_core::{Severity, text};

use super::super::{Subject, effects::Effect};
use super::{Judge, Run, automatic};

impl Judge<'_> {
    pub(super) fn load(&mut self, call: &Call, effect: Effect) {
        let traits = call.argument_traits();
        let truth = |name: &str| call.argument(name, None).map(|argument| argument.value.clone());
        if truth("trust_remote_code") == Some(Shown::Truth(true)) {
            let repository = call
                .arguments
                .first()
                .and_then(|first| first.value.text())
                .unwrap_or_default();
            let severity = if automatic(call)
                && self.run == Run::AsFile
                && repository.contains('/')
                && !repository.contains('\u{fffc}')
                && call.callee.contains("from_pretrained")
            {
                Severity::Medium
            } else {
                Severity::Low
            };
            self.add(
                call,
                Subject::UnsafeLoad,
                severity,
                text!(
                    "allows code of another repository to run",
                    "允许运行其他仓库的代码"
                ),
            );
            return;
        }
        if effect == Effect::Trust {
            return;
        }
        if call.callee == "torch.load" && truth("weights_only") == Some(Shown::Truth(true)) {
            return;
        }
        if traits.has(Traits::FETCHED) && effect == Effect::Unpickle {
            self.add(
                call,
                Subject::UnsafeLoad,
                Severity::High,
                text!(
                    "unpickles what it fetches from the network",
                    "反序列化从网络获取的 pickle"
                ),
            );
            return;
        }
        let constant = call.callee.ends_with("loads")
            && call
                .arguments
                .first()
                .is_some_and(|first| first.value.text().is_some());
        if effect == Effect::Unpickle && (constant || traits.has(Traits::DECODED)) {
            let text = call
                .arguments
                .first()
                .and_then(|first| first.value.text())
                .unwrap_or_default();
            let attack = [
                "system",
                "posix",
                "subprocess",
                "builtins",
                "exec",
                "eval",
                "__reduce__",
                "popen",
                "importlib",
                "runpy",
                "socket",
            ]
            .iter()
            .any(|word| text.contains(word));
            let severity = match () {
                () if attack => Severity::High,
                () if constant && !traits.has(Traits::DECODED) => Severity::Low,
                () if automatic(call) => Severity::High,
                () => Severity::Medium,
            };
            self.add(
                call,
                Subject::UnsafeLoad,
                severity,
                text!(
                    "unpickles bytes that are encoded in the program",
                    "反序列化程序中经过编码的 pickle"
                ),
            );
            return;
        }
        let message = match call.callee.as_str() {
            "torch.load" => text!(
                "`torch.load` without `weights_only=True` runs code of the file",
                "未设 `weights_only=True` 的 `torch.load` 会运行文件中的代码"
            ),
            "numpy.load" if truth("allow_pickle") != Some(Shown::Truth(true)) => return,
            "yaml.load" | "yaml.load_all" => {
                let loader = call
                    .argument("Loader", Some(1))
                    .map(|loader| loader.value.clone());
                match loader {
                    Some(Shown::Name(name)) if name.contains("Safe") || name.contains("BaseLoader") => return,
                    Some(Shown::Own(_) | Shown::Unknown) => return,
                    _ => text!(
                        "`yaml.load` without a safe loader makes any object",
                        "未用安全加载器的 `yaml.load` 可构造任意对象"
                    ),
                }
            }
            "ruamel.yaml.YAML" => {
                if call.argument("typ", Some(0)).and_then(|typ| typ.value.text()) != Some("unsafe") {
                    return;
                }
                text!(
                    "`ruamel.yaml` in its unsafe mode makes any object",
                    "`ruamel.yaml` 的不安全模式可构造任意对象"
                )
            }
            name if name.ends_with("load_model") && name.contains("keras") => {
                if truth("safe_mode") != Some(Shown::Truth(false)) {
                    return;
                }
                text!(
                    "loads a Keras model with its safety switched off",
                    "以关闭安全模式的方式加载 Keras 模型"
                )
            }
            "tensorflow.saved_model.load"
            | "torch.jit.load"
            | "mlflow.pyfunc.load_model"
            | "skops.io.load"
            | "tensorflow_hub.load"
            | "torch.hub.load"
            | "torch.package.PackageImporter" => {
                let name = &call.callee;
                text!(
                    "`{name}` may run code of what it loads",
                    "`{name}` 可能运行所加载内容中的代码"
                )
            }
            other => text!(
                "`{other}` runs code of what it loads",
                "`{other}` 会运行所加载内容中的代码"
            ),
        };
        let severity = match call.callee.as_str() {
            "torch.hub.load" | "torch.jit.load" | "tensorflow.saved_model.load" | "shelve.open" => {
                Severity::Info
            }
            name if name.ends_with("enable_unsafe_deserialization") && automatic(call) => Severity::Medium,
            _ => Severity::Low,
        };
        // One finding a file and callable: the same call in many places says nothing new.
        let known = self
            .found
            .iter()
            .any(|one| one.subject == Subject::UnsafeLoad && one.message == message);
        if !known {
            self.add(call, Subject::UnsafeLoad, severity, message);
        }
    }
}
