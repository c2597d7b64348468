//! Detector `pickle-unsafe-import`.

use cleanbill_core::{Language, Severity, Text, text};
use cleanbill_formats::pickle;

use crate::{
    callables::Attack,
    detector::detector,
    judgement::{Judge, attack_of, import_name},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A pickle that imports a callable known to run code or commands, import by name, reach attributes, load nested
    /// pickles or native code (critical), or to touch files, the network or the process (high).
    /// ## Why it matters
    /// Loading a pickle imports and calls what it names. There is no honest reason for a model to name these.
    /// ## How it is decided
    /// Every import that the pickle would make is resolved as the unpickler resolves it: through the memo, from texts on
    /// the stack, with Python 2 names, and with dotted names followed through modules. The name is looked up in a table of
    /// some thousands of callables and modules, each with its reason.
    /// ## What it misses
    /// Dangerous callables that are in no table: they are reported by `pickle-unsafe-call` when they are called, and by
    /// `pickle-unknown-import` when they are only named.
    /// ## What to do
    /// Do not load it. Ask the supplier for weights in safetensors, and report the file.
    /// ## References
    /// CWE-502; MITRE ATLAS AML.T0011.000; the advisories of picklescan and fickling.
    id: "pickle-unsafe-import",
    title: "Pickle imports a dangerous callable", "pickle 导入危险的可调用对象",
    severity: Critical, confidence: High,
    tags: &["CWE-502", "AML.T0011.000"], controls: &["MOD-01"],
    on: Pickle => run,
}

fn run(view: &pickle::View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let judge = Judge::new(view, scene.in_torchscript());
    for (id, import, standing) in judge.imports() {
        let Some((attack, reason)) = attack_of(standing) else {
            continue;
        };
        let name = import_name(import);
        let does = what_it_does(attack);
        let (en, zh) = (does.get(Language::English), does.get(Language::Chinese));
        let severity = if attack.is_critical() {
            Severity::Critical
        } else {
            Severity::High
        };
        let shown = judge
            .calls_of(id)
            .next()
            .map_or_else(|| name.clone(), |call| judge.show(call));
        // The table gives its reasons in English; the attack's own words stand in both languages.
        let message = Text::new(
            format!("imports `{name}`, which {en}: {reason}"),
            format!("导入 `{name}`，它会{zh}"),
        );
        sink.report(Some(import.range.clone()), message)
            .severity(severity)
            .evidence(&shown)
            .hint(text!(
                "do not load it; ask the supplier for the weights as safetensors",
                "不要加载；请向供应方索取 safetensors 格式的权重"
            ));
    }
}

fn what_it_does(attack: Attack) -> Text {
    let (en, zh) = match attack {
        Attack::Execute => ("can run code or commands", "执行代码或命令"),
        Attack::Import => ("imports or resolves names given as text", "按文本导入或解析名称"),
        Attack::Attribute => (
            "reaches attributes that lead anywhere",
            "访问可通往任意对象的属性",
        ),
        Attack::Load => ("loads code or further pickles", "加载代码或其他 pickle"),
        Attack::Write => ("writes, deletes or changes files", "写入、删除或更改文件"),
        Attack::Read => ("reads files or the environment", "读取文件或环境变量"),
        Attack::Network => ("opens network connections", "建立网络连接"),
        Attack::Deny => ("can crash or block the process", "使进程崩溃或阻塞"),
    };
    Text::new(en, zh)
}
