//! Looks into Jinja templates for what no honest chat template needs. Nothing is rendered.

pub(crate) mod compare;
mod machine;
mod methods;
pub(crate) mod sway;
mod values;

use std::ops::Range;

use cleanbill_code::jinja;
use cleanbill_formats::{Parsed, text::Kind};

use crate::scene::Scene;
use machine::{Machine, Outcome};

/// Says what was seen in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A name such as `__class__`.
    Dunder,
    /// Such a name put together from pieces, reversed or escaped.
    HiddenDunder,
    /// The filter `attr`.
    AttrFilter,
    /// A call that runs code or opens files.
    Call,
    /// A way into the interpreter through an object of Jinja.
    Gadget,
    /// Characters picked out of the text form of objects.
    Picking,
    /// A loop or text of enormous length.
    Endless,
    /// Another template is loaded.
    Loads,
}

/// Holds one sign.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) sign: Sign,
    /// Offset in the template.
    pub(crate) at: usize,
    /// What stands there.
    pub(crate) evidence: String,
}

/// Names through which sandboxes were left.
const DUNDERS: &[&str] = &[
    "__base__",
    "__bases__",
    "__builtins__",
    "__call__",
    "__class__",
    "__code__",
    "__dict__",
    "__doc__",
    "__func__",
    "__getattribute__",
    "__getitem__",
    "__globals__",
    "__import__",
    "__init__",
    "__loader__",
    "__module__",
    "__mro__",
    "__name__",
    "__reduce__",
    "__self__",
    "__spec__",
    "__subclasses__",
];
const INNER: &[&str] = &[
    "cr_frame",
    "f_back",
    "f_builtins",
    "f_globals",
    "f_locals",
    "func_code",
    "func_globals",
    "ag_code",
    "ag_frame",
    "co_code",
    "cr_code",
    "gi_code",
    "gi_frame",
    "mro",
    "gi_yieldfrom",
    "tb_frame",
    "tb_next",
    "_TemplateReference__context",
];
const MODULES: &[&str] = &[
    "builtins",
    "ctypes",
    "importlib",
    "os",
    "pty",
    "shutil",
    "socket",
    "subprocess",
    "sys",
];
const CALLS: &[&str] = &[
    "breakpoint",
    "compile",
    "eval",
    "exec",
    "getattr",
    "globals",
    "locals",
    "open",
    "popen",
    "setattr",
    "vars",
];
const METHODS: &[&str] = &[
    "check_output",
    "eval",
    "exec",
    "getoutput",
    "popen",
    "spawn",
    "system",
];
const KEYS: &[&str] = &["builtins", "eval", "exec", "os", "popen", "subprocess"];
const GADGETS: &[&str] = &["cycler", "get_flashed_messages", "joiner", "lipsum", "url_for"];
const PRIVATE_GADGETS: &[&str] = &["config", "namespace", "request", "self"];
/// Rounds beyond which a loop is no longer about messages.
const ROUNDS: u128 = 10_000_000;

/// Holds a template and where it stands.
pub(crate) struct Found<'a> {
    pub(crate) text: &'a str,
    pub(crate) range: Range<u64>,
    /// An offset in the text is one in the file.
    pub(crate) exact: bool,
    /// It belongs to a model and is rendered when somebody talks to it; else it may be a web page's or a code generator's.
    pub(crate) chat: bool,
}

/// Lists the templates of whatever was recognised: metadata of GGUF and safetensors, values of configurations, files.
pub(crate) fn found<'a>(scene: &'a Scene<'_>) -> Vec<Found<'a>> {
    let mut out = Vec::new();
    for parsed in scene.parsed {
        match parsed {
            Parsed::Gguf(view) => out.extend(view.templates().map(|template| Found {
                text: &template.text,
                range: template.range.clone(),
                exact: true,
                chat: true,
            })),
            Parsed::Safetensors(view) => {
                let like_template = |value: &str| value.contains("{{") || value.contains("{%");
                let entries = view.metadata.iter().filter(|entry| like_template(&entry.value));
                out.extend(entries.map(|entry| Found {
                    text: &entry.value,
                    range: entry.range.clone(),
                    exact: false,
                    chat: entry.key.contains("chat_template"),
                }));
            }
            Parsed::Text(view) => {
                let facts = view.facts.iter().filter(|fact| fact.key == "chat_template");
                out.extend(facts.map(|fact| Found {
                    text: &fact.value,
                    range: fact.range.clone(),
                    exact: false,
                    chat: true,
                }));
                // Pages and code generators use templates that load others; chat templates cannot.
                let named = matches!(scene.extension, "jinja" | "jinja2" | "j2");
                let chat = named || scene.file_name.contains("chat_template");
                if let Some((template, range)) = &view.template
                    && (chat || view.kind == Kind::JinjaTemplate)
                {
                    out.push(Found {
                        text: template,
                        range: range.clone(),
                        exact: true,
                        chat,
                    });
                }
            }
            _ => {}
        }
    }
    out
}

impl Found<'_> {
    /// Returns the place in the file of `length` bytes at `at` of the text.
    pub(crate) fn place(&self, at: usize, length: usize) -> Range<u64> {
        if !self.exact {
            return self.range.clone();
        }
        let start = self.range.start.saturating_add(at as u64).min(self.range.end);
        start..start.saturating_add(length as u64).min(self.range.end)
    }
}

/// Holds what came out for a template.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    pub(crate) hits: Vec<Hit>,
    /// A limit was reached: the template was not examined whole.
    pub(crate) cut: bool,
    /// Where and why an engine would refuse it.
    pub(crate) refused: Option<(usize, &'static str)>,
}

/// Examines `template`.
pub(crate) fn examine(template: &str) -> Examined {
    let parsed = jinja::parse(template);
    let mut machine = Machine::new(template);
    machine.run(&parsed);
    let Outcome {
        mut hits,
        literals,
        cut,
    } = machine.finish();
    let seen = |hits: &[Hit]| {
        hits.iter()
            .any(|hit| matches!(hit.sign, Sign::Dunder | Sign::HiddenDunder))
    };
    if !seen(&hits) {
        let reversed: String = literals.chars().rev().collect();
        let found = DUNDERS
            .iter()
            .find(|name| literals.contains(**name) || reversed.contains(**name));
        if let Some(name) = found {
            hits.push(Hit {
                sign: Sign::HiddenDunder,
                at: 0,
                evidence: (*name).to_owned(),
            });
        }
    }
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        // One of each kind and, of inner names, each: some weigh more than others.
        let same =
            |one: &Hit| one.sign == hit.sign && (hit.sign != Sign::Dunder || one.evidence == hit.evidence);
        if kept.len() < 16 && !kept.iter().any(same) {
            kept.push(hit);
        }
    }
    Examined {
        hits: kept,
        cut: cut || parsed.cut,
        refused: parsed.errors.first().map(|error| (error.at, error.rule)),
    }
}

fn is_dunder(word: &str) -> bool {
    word.len() > 4 && word.starts_with("__") && word.ends_with("__") && word.bytes().any(|byte| byte != b'_')
}

/// Finds a name between double underscores within a text.
fn dunder_within(text: &str) -> Option<&str> {
    text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'))
        .find(|word| is_dunder(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_are_seen() {
        for (template, sign) in [
            ("{{ ''.__class__.__mro__ }}", Sign::Dunder),
            ("{{ x['__globals__'] }}", Sign::Dunder),
            ("{{ x|attr('a') }}", Sign::AttrFilter),
            ("{{ x['\\x5f\\x5fclass\\x5f\\x5f'] }}", Sign::HiddenDunder),
            ("{{ x['\\u005f\\u005fclass__'] }}", Sign::HiddenDunder),
            ("{{ x['__cla' ~ 'ss__'] }}", Sign::HiddenDunder),
            (
                "{% set a = '__cla' %}{% set b = 'ss__' %}{{ x[a ~ b] }}",
                Sign::HiddenDunder,
            ),
            ("{{ x['__ssalc__'|reverse] }}", Sign::Dunder),
            ("{{ x['__' ~ 'ssalc'|reverse ~ '__'] }}", Sign::HiddenDunder),
            ("{{ x[['__cl', 'ass__']|join] }}", Sign::HiddenDunder),
            ("{{ x[('_' * 2) + 'class' + '_' * 2] }}", Sign::HiddenDunder),
            ("{{ x['_XclassX_'|replace('X', '_')] }}", Sign::HiddenDunder),
            ("{{ x['__CLASS__'|lower] }}", Sign::HiddenDunder),
            ("{{ x['%sclass%s' % ('__', '__')] }}", Sign::HiddenDunder),
            ("{{ x['{0}{0}class{0}{0}'.format('_')] }}", Sign::HiddenDunder),
            ("{{ x[dict(__cla=1, ss__=2)|join] }}", Sign::HiddenDunder),
            ("{{ x['a__class__b'[1:-1]] }}", Sign::HiddenDunder),
            (
                "{% set ns = namespace(s='') %}{% for c in ['_', '_', 'c', 'l', 'a', 's', 's', '_', '_'] %}{% set ns.s = ns.s ~ c %}{% endfor %}{{ x[ns.s] }}",
                Sign::HiddenDunder,
            ),
            (
                "{% macro u() %}_{% endmacro %}{{ x[u() ~ u() ~ 'class' ~ u() ~ u()] }}",
                Sign::HiddenDunder,
            ),
            (
                "{% set a %}_{% endset %}{% if y %}{% set a = '' %}{% endif %}{{ x[a * 2 ~ 'class' ~ a * 2] }}",
                Sign::HiddenDunder,
            ),
            ("{{ x|map(attribute='__class__')|list }}", Sign::Dunder),
            ("{{ x|map(attribute=y) }}", Sign::AttrFilter),
            ("{{ request.args.a }}", Sign::Gadget),
            ("{{ ''.format.x }}", Sign::Picking),
            ("{% for a in b %}{{ b.append(a) }}{% endfor %}", Sign::Endless),
            ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", Sign::Endless),
            ("{{ 'x'|center(999999999) }}", Sign::Endless),
            (
                "{% set ns = namespace(s='aa') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
                Sign::Endless,
            ),
            ("{% set f = ''.__class__ %}{{ a b }}", Sign::Dunder),
            ("{{ a b.__class__ }}", Sign::Dunder),
            ("{{ x['__' + y] }}", Sign::HiddenDunder),
            ("{{ cycler.next }}", Sign::Gadget),
            ("{{ x.ｏs.__ｃlass__ }}", Sign::Dunder),
            ("{{ self._TemplateReference__context }}", Sign::Gadget),
            ("{{ os.popen('id').read() }}", Sign::Call),
            ("{{ eval('1') }}", Sign::Call),
            ("{{ x.system('id') }}", Sign::Call),
            ("{{ x['popen']('id') }}", Sign::Call),
            ("{{ (x|string|list)[3] }}", Sign::Picking),
            ("{{ '%c%c'|format(95, 95) }}", Sign::Picking),
            ("{% for i in range(999999999) %}{% endfor %}", Sign::Endless),
            (
                "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
                Sign::Endless,
            ),
            ("{{ 'a' * 999999999 }}", Sign::Endless),
            ("{% for i in range(10**9) %}{% endfor %}", Sign::Endless),
            ("{{ '}}' }}{{ ''.__class__ }}", Sign::Dunder),
            ("{% include 'x' %}", Sign::Loads),
        ] {
            let signs: Vec<Sign> = examine(template).hits.iter().map(|hit| hit.sign).collect();
            assert!(signs.contains(&sign), "{template}: {signs:?}");
        }
    }

    #[test]
    fn honest_templates_are_silent() {
        for template in [
            "{% set ns = namespace(found=false) %}{% for m in messages %}{% set ns.found = true %}{% endfor %}",
            "{{ bos_token + '<|system|>\\n' + messages[0]['content'] | trim }}",
            "{%- if message.role == 'system' %}{{ system_message }}{% endif %}",
            "{{ raise_exception('roles must alternate user/assistant') }}",
            "{# __class__ in a comment #}text with __init__ in it",
            "{% for i in range(messages|length) %}{{ loop.index0 }}{% endfor %}",
            "{{ {'a': {'b': 1}} | tojson(indent=4) }}",
            "{{ strftime_now('%d %b %Y') }}",
            "{{ self.title() }}{{ config.x }}",
            "{{ m.content.split('</think>')[-1].lstrip('\\n') }}",
        ] {
            assert!(
                examine(template).hits.is_empty(),
                "{template}: {:?}",
                examine(template).hits
            );
        }
    }
}
