//! Detector `yaml-unsafe-tag`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::text::{Kind, View};

use crate::{
    detector::detector,
    named_code::{Known, known},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// YAML with tags that make an unsafe loader import modules, create objects or call functions: `!!python/object/apply:`,
    /// `!!python/name:`, `!!python/module:`, `!ruby/object:`, `!!javax.script.ScriptEngineManager`.
    /// ## Why it matters
    /// `yaml.load` with the unsafe or full loader, and older libraries by default, run what the tag names.
    /// ## How it is decided
    /// Tags are looked up in text that is YAML by content or name. What calls or names something dangerous is *critical*, other calls are
    /// *high*, other objects *medium*; tags for plain values (`!!python/tuple`) are passed over.
    /// ## What it misses
    /// Tags hidden behind a `%TAG` directive with another prefix are reported as such only.
    /// ## What to do
    /// Do not load it; a safe loader refuses it.
    /// ## References
    /// CVE-2017-18342, CVE-2020-14343, CWE-502.
    id: "yaml-unsafe-tag",
    title: "YAML creates objects or calls functions", "YAML 创建对象或调用函数",
    severity: High, confidence: High,
    tags: &["CWE-502"], controls: &["MOD-01"],
    on: Text => run,
}

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let named = matches!(scene.extension, "yaml" | "yml") || scene.file_name == "MLmodel";
    if view.kind != Kind::Yaml && !named {
        return;
    }
    let Some(written) = scene.reading.text() else {
        return;
    };
    for (prefix, language) in [
        ("python/", true),
        ("ruby/", false),
        ("!!javax.", false),
        ("!!java.", false),
        ("!!org.", false),
        ("!!com.", false),
    ] {
        for (at, _) in written.text.match_indices(prefix) {
            let line = written
                .text
                .get(..at)
                .unwrap_or_default()
                .rsplit('\n')
                .next()
                .unwrap_or_default();
            let tagged = line.ends_with('!') || line.ends_with("yaml.org,2002:") || prefix.starts_with('!');
            let quoted = line.matches('"').count() % 2 == 1;
            if !tagged || quoted || line.trim_start().starts_with('#') {
                continue;
            }
            let rest = written.text.get(at + prefix.len()..).unwrap_or_default();
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '>' | ',' | ']' | '}'))
                .unwrap_or(rest.len());
            let tag = rest.get(..end).unwrap_or_default();
            let (kind, name) = tag.split_once(':').unwrap_or((tag, ""));
            let name = name.replace("%2e", ".").replace("%2E", ".");
            let severity = match (language, kind) {
                (
                    true,
                    "tuple" | "str" | "unicode" | "int" | "long" | "float" | "complex" | "bool" | "none"
                    | "list" | "dict" | "bytes",
                ) => continue,
                (true, _) if matches!(known(&name), Known::Danger(..)) => Severity::Critical,
                (true, "object" | "name") => Severity::Medium,
                _ => Severity::High,
            };
            let start = at as u64 + written.start;
            sink.report(
                Some(start..start + (prefix.len() + end) as u64),
                text!(
                    "the tag `{prefix}{tag}` makes a loader create or call it",
                    "标签 `{prefix}{tag}` 会让加载器创建或调用它"
                ),
            )
            .severity(severity)
            .hint(text!("read it with a safe loader only", "只用安全加载器读取"));
        }
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{Critical, Medium};

    use crate::testing::check;

    #[test]
    fn tags_are_judged() {
        for (text, severities) in [
            ("a: !!python/object/apply:os.system [id]\n", &[Critical][..]),
            ("a: !<tag:yaml.org,2002:python/name:os.system> x\n", &[Critical]),
            ("a: !!python/tuple [1, 2]\n", &[]),
            ("# !!python/object/apply:os.system\n", &[]),
            ("a: !!python/object:pkg.Thing {}\n", &[Medium]),
        ] {
            check("yaml-unsafe-tag", "params.yaml", text.as_bytes(), severities);
        }
    }
}
