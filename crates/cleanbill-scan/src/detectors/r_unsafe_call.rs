//! Detector `r-unsafe-call`.

use cleanbill_core::{Text, text};
use cleanbill_formats::r_data::{Place, View};

use crate::{
    detector::detector,
    r_functions::{Harm, fault},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// Code in an R object that runs commands, loads native code, fetches or evaluates code, changes files or opens
    /// connections.
    /// ## Why it matters
    /// R objects carry code: formulas and recorded calls are evaluated by `predict` and `update`, functions by whoever calls
    /// them, and promises and active bindings by merely reading a variable (CVE-2024-27322).
    /// ## How it is decided
    /// Every call in the object is held against a list of functions, reached by name, through their package, through an
    /// environment, as the argument of a function that calls others, or in a text that is parsed. In a promise or an
    /// active binding such a call is *critical*, elsewhere *high*; evaluating what was computed counts where it runs by itself.
    /// ## What it misses
    /// Functions of packages outside R's own that do the same under another name; names that are computed within functions.
    /// ## What to do
    /// Do not load it. Ask for the numbers of the model in a format that holds none but numbers.
    /// ## References
    /// CVE-2024-27322, CWE-502, MITRE ATLAS AML.T0011.000.
    id: "r-unsafe-call",
    title: "R object holds code that reaches the system", "R 对象含有可触及系统的代码",
    severity: High, confidence: High,
    tags: &["CWE-502", "AML.T0011.000"], controls: &["MOD-01"],
    on: RData => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for call in &view.calls {
        let Some(fault) = fault(call) else { continue };
        let evidence = format!(
            "{}({:?})",
            fault.name,
            call.arguments.iter().map(|(_, one)| one).collect::<Vec<_>>()
        );
        sink.report(
            Some(call.range.clone()),
            message(&fault.name, fault.harm, call.place),
        )
        .severity(fault.severity)
        .evidence(&evidence)
        .hint(text!("do not load it", "不要加载"));
    }
}

fn message(name: &str, harm: Harm, place: Place) -> Text {
    let (does, does_zh) = match harm {
        Harm::Execute => ("runs commands or code from elsewhere", "运行命令或外来代码"),
        Harm::Write => ("changes files or the session", "更改文件或会话"),
        Harm::Network => ("opens connections", "打开网络连接"),
        Harm::Read => ("loads objects or reads files", "加载对象或读取文件"),
        Harm::Evaluate => ("evaluates what was computed", "对计算得到的内容求值"),
    };
    let (stands, stands_zh) = match place {
        Place::Value => ("a formula or recorded call", "公式或记录的调用"),
        Place::Function => ("a function", "函数"),
        Place::ActiveBinding => ("an active binding", "活动绑定"),
        Place::Promise => ("a promise", "承诺对象（promise）"),
    };
    text!(
        "{stands} calls `{name}`, which {does}",
        "{stands_zh}调用 `{name}`，它会{does_zh}"
    )
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::High;

    use crate::testing::check;

    #[test]
    fn a_recorded_call_is_judged() {
        let object = |name: &[u8; 6]| {
            let start = b"X\n\0\0\0\x02\0\x04\x02\x02\0\x02\x03\0\0\0\0\x06\0\0\0\x01\0\x04\0\x09\0\0\0\x06";
            let end = b"\0\0\0\x02\0\0\0\x10\0\0\0\x01\0\x04\0\x09\0\0\0\x02id\0\0\0\xfe";
            [&start[..], name, end].concat()
        };
        check("r-unsafe-call", "model.rds", &object(b"system"), &[High]);
        check("r-unsafe-call", "model.rds", &object(b"median"), &[]);
    }
}
