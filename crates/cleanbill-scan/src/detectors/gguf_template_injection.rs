//! Detector `gguf-template-injection`.

use cleanbill_core::{Severity, Text, text};

use crate::{
    detector::detector,
    scene::Scene,
    sink::Sink,
    templates::{Found, Sign, examine, found},
};

detector! {
    /// ## What it finds
    /// A template, in the metadata of GGUF or safetensors, in a JSON configuration or in a file of its own, that does what no honest chat
    /// template needs: names such as `__class__`, plain or put together from pieces, the filter `attr`, calls that run
    /// code, known ways out through Jinja's own objects, other templates to load, loops without measure.
    /// ## Why it matters
    /// Templates are rendered whenever someone chats with the model. Without a sandbox they run any Python
    /// (CVE-2024-34359); sandboxes were left before, and an endless loop needs no way out.
    /// ## How it is decided
    /// The template is read into a syntax tree and gone through with what is known of its values: escapes, joined pieces,
    /// slices, filters, formats, variables, macros, short loops and both branches of every condition. Nothing is rendered.
    /// What is not known (a message) stays unknown. A template that no engine would read is reported as low.
    /// ## What it misses
    /// Templates that change what the model is told are the matter of `template-hidden-instruction`. Names put together from
    /// what a user writes.
    /// ## What to do
    /// Do not load the model with a library that renders its template; replace the template with the supplier's original.
    /// ## References
    /// CVE-2024-34359, CWE-1336, CWE-94, MITRE ATLAS AML.T0011.
    id: "gguf-template-injection",
    title: "Template that reaches out of its sandbox", "模板注入",
    severity: High, confidence: High,
    tags: &["CWE-1336", "AML.T0011"], controls: &["MOD-01"],
    on: artifact => run,
}

/// Names that code generators write and that lead nowhere without one of the others.
const SOFT: &[&str] = &["__all__", "__doc__", "__init__", "__name__", "__version__"];

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for template in found(scene) {
        report(&template, sink);
    }
}

/// Reports each kind of sign once.
fn report(template: &Found<'_>, sink: &mut Sink<'_>) {
    let examined = examine(template.text);
    for hit in &examined.hits {
        let soft = hit.sign == Sign::Dunder && SOFT.contains(&hit.evidence.as_str());
        // Pages of web programs show what was asked for.
        let page = hit.sign == Sign::AttrFilter && hit.evidence != "|attr"
            || hit.sign == Sign::Gadget
                && hit.evidence.starts_with("request.")
                && !hit.evidence.contains("._");
        if !template.chat && (soft || page || hit.sign == Sign::Loads) {
            continue;
        }
        sink.report(
            Some(template.place(hit.at, hit.evidence.len())),
            message(hit.sign),
        )
        .evidence(&hit.evidence)
        .hint(text!(
            "replace the template with the supplier's original before chatting with this model",
            "在使用此模型对话之前，用供应方的原始模板替换该模板"
        ));
    }
    if examined.cut {
        sink.unexamined(text!(
            "a template nests too deep or does too much to be examined whole",
            "模板嵌套过深或过于繁复，未能完整检查"
        ));
    }
    if examined.cut && template.chat {
        sink.report(
            Some(template.range.clone()),
            text!(
                "the template nests too deep or does too much to be examined whole",
                "模板嵌套过深或过于繁复，无法完整检查"
            ),
        )
        .severity(Severity::Medium);
    }
    if let (true, Some((at, rule))) = (template.chat, examined.refused) {
        sink.report(
            Some(template.place(at, 1)),
            text!(
                "engines refuse the template: {rule}",
                "模板引擎会拒绝该模板：语法错误（{rule}）"
            ),
        )
        .severity(Severity::Low);
    }
}

fn message(sign: Sign) -> Text {
    match sign {
        Sign::Dunder => text!(
            "the template names an inner attribute of Python objects",
            "模板引用了 Python 对象的内部属性"
        ),
        Sign::HiddenDunder => text!(
            "the template hides the name of an inner attribute of Python objects",
            "模板隐藏了 Python 对象内部属性的名称"
        ),
        Sign::AttrFilter => text!(
            "the template reads attributes by computed names",
            "模板以计算出的名称读取属性"
        ),
        Sign::Call => text!(
            "the template calls something that runs code or opens files",
            "模板调用可运行代码或打开文件的功能"
        ),
        Sign::Gadget => text!(
            "the template reaches into the interpreter through an object of Jinja",
            "模板通过 Jinja 对象触及解释器内部"
        ),
        Sign::Picking => text!(
            "the template puts text together from single characters",
            "模板用单个字符拼接文本"
        ),
        Sign::Endless => text!(
            "the template asks for an enormous loop or text",
            "模板要求极大的循环或文本"
        ),
        Sign::Loads => text!("the template loads another template", "模板加载另一个模板"),
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::High;

    use crate::testing::check;

    #[test]
    fn templates_are_found_wherever_they_stand() {
        for (path, text, severities) in [
            ("chat_template.jinja", "{{ ''.__class__ }}", &[High][..]),
            (
                "tokenizer_config.json",
                r#"{"chat_template": "{{ x|attr('a') }}"}"#,
                &[High],
            ),
            ("chat_template.jinja", "{% include 'x' %}", &[High]),
            ("page.txt", "{% include 'x' %}{{ f.__name__ }}", &[]),
            ("README.md", "# How\n\n```\n{{ ''.__class__ }}\n```\n", &[]),
            (
                "chat_template.jinja",
                "{{ 'a' 'b",
                &[cleanbill_core::Severity::Low],
            ),
            ("page.html.txt", "{% if x %}{{ request.args.q }}{% endif %}", &[]),
            (
                "chat_template.jinja",
                "{% for m in messages %}{{ m.content }}{% endfor %}",
                &[],
            ),
        ] {
            check("gguf-template-injection", path, text.as_bytes(), severities);
        }
    }
}
