//! Detector `pmml-script`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::pmml::{Fact, View};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A PMML model that calls a function by the name of a Java class, carries a script or an expression that reaches the
    /// machine in an extension, or includes another document.
    /// ## Why it matters
    /// Scoring engines look a function name up as a class, hand extensions to script engines, or run style sheets.
    /// ## How it is decided
    /// A called name with dots that the document does not define is *high*, except for classes of the engine itself, which
    /// are *low*. Texts of extensions and of elements named after scripts are searched for words that reach processes,
    /// classes, naming services or files: *high*. Included documents and style sheets are *medium*, *high* with an address.
    /// ## What it misses
    /// Code that is encoded, or written for an engine whose words are not known.
    /// ## What to do
    /// Do not deploy it. Ask the supplier for a model that uses the functions of the standard only.
    /// ## References
    /// PMML 4.4.1 "Built-in functions"; CWE-94, CWE-470, CWE-917; MITRE ATLAS AML.T0018.
    id: "pmml-script",
    title: "PMML model that reaches for code", "PMML 模型调用代码",
    severity: High, confidence: Medium,
    tags: &["CWE-94", "CWE-470", "AML.T0018"], controls: &["MOD-01"],
    on: Pmml => run,
}

/// Words, in lower case, that no description of a model needs.
const WORDS: &[&str] = &[
    "java.lang.",
    "java.io.",
    "java.net.",
    "java.nio",
    "javax.",
    "processbuilder",
    "getruntime",
    "runtime.exec",
    ".exec(",
    "exec(",
    "eval(",
    "scriptengine",
    "classloader",
    "class.forname",
    "forname(",
    "invoke(",
    "jndi:",
    "ldap://",
    "rmi://",
    "t(java",
    "${",
    "#{",
    "__import__",
    "os.system",
    "subprocess",
    "popen",
    "pickle.",
    "base64",
    "/bin/sh",
    "/bin/bash",
    "bash -c",
    "sh -c",
    "cmd.exe",
    "cmd /c",
    "powershell",
    "wscript",
    "activexobject",
    "<script",
    "javascript:",
    "curl ",
    "wget ",
    "groovy",
    "beanshell",
    "ognl",
    "require(",
    "child_process",
    "system(",
    "file://",
    "unserialize",
    "readobject",
    "rcode:",
    "xp_cmdshell",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for one in &view.called {
        let defined = view.defined.contains(&one.text);
        // Signs of arithmetic and comparison are functions of the standard.
        let path =
            one.text.contains(['.', ':', '#', '(', '/', '$']) && one.text.chars().any(char::is_alphabetic);
        if defined || !path {
            continue;
        }
        let own = one.text.starts_with("org.jpmml.") || one.text.starts_with("com.jpmml.");
        let severity = if own { Severity::Low } else { Severity::High };
        sink.report(
            Some(one.range.clone()),
            text!("calls a function by the name of a class", "以类名调用函数"),
        )
        .severity(severity)
        .evidence(&one.text)
        .hint(text!("do not deploy it", "不要部署"));
    }
    for one in &view.extensions {
        if let Some(word) = reaching(&one.text) {
            sink.report(
                Some(one.range.clone()),
                text!(
                    "an extension holds code or an expression",
                    "扩展中含有代码或表达式"
                ),
            )
            .evidence(&format!("{word}: {}", one.text.trim()))
            .hint(text!("do not deploy it", "不要部署"));
        } else if is_script(one) {
            sink.report(Some(one.range.clone()), text!("holds a script", "含有脚本"))
                .severity(Severity::Medium)
                .evidence(one.text.trim());
        }
    }
    for one in &view.links {
        let address = one.text.contains("://") || one.text.contains("..") || one.text.contains("\"/");
        let style = one.place == "instruction" && !one.text.starts_with("xml-stylesheet");
        if style {
            continue;
        }
        let severity = if address || one.text.starts_with('/') {
            Severity::High
        } else {
            Severity::Medium
        };
        sink.report(
            Some(one.range.clone()),
            text!(
                "includes another document or a style sheet",
                "包含其他文档或样式表"
            ),
        )
        .severity(severity)
        .evidence(&one.text);
    }
}

fn is_script(fact: &Fact) -> bool {
    let place = fact.place.to_ascii_lowercase();
    place.contains("script") && place.ends_with("/text")
}

/// Returns the first word that reaches beyond a model.
fn reaching(text: &str) -> Option<&'static str> {
    let lower: String = text.to_ascii_lowercase();
    WORDS.iter().find(|word| lower.contains(**word)).copied()
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{High, Low};

    use crate::testing::check;

    #[test]
    fn functions_and_extensions_are_weighed() {
        for (inside, severities) in [
            ("<Apply function='java.lang.Runtime'/>", &[High][..]),
            ("<Apply function='org.jpmml.evaluator.functions.Concat'/>", &[Low]),
            ("<Apply function='log10'/><Apply function='x-sin'/>", &[]),
            ("<Extension name='a'>Runtime.getRuntime()</Extension>", &[High]),
            (
                "<Extension name='user' value='analyst' extender='Rattle/PMML'/>",
                &[],
            ),
            ("<xi:include href='file:///etc/passwd'/>", &[High]),
        ] {
            let text = format!("<PMML version='4.4'>{inside}</PMML>");
            check("pmml-script", "a.pmml", text.as_bytes(), severities);
        }
    }
}
