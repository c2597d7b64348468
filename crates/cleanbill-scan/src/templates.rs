//! Looks into Jinja templates for what no honest chat template needs. Nothing is rendered.

mod tokens;

use tokens::{Block, Token, Value};

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
    "gi_code",
    "gi_frame",
    "mro",
    "tb_frame",
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

/// Examines `template`.
pub(crate) fn examine(template: &str) -> Vec<Hit> {
    let blocks = tokens::blocks(template);
    let mut hits: Vec<Hit> = Vec::new();
    let mut literals = String::new();
    let mut loops: Vec<u128> = Vec::new();
    for block in &blocks {
        examine_block(block, &mut hits);
        for token in &block.tokens {
            if let Value::Text { text, .. } = &token.value {
                literals.push_str(text);
            }
        }
        count_rounds(block, &mut loops, &mut hits);
    }
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
    kept
}

fn examine_block(block: &Block, hits: &mut Vec<Hit>) {
    let tokens = &block.tokens;
    let name = |index: Option<usize>| index.and_then(|index| tokens.get(index)).and_then(Token::name);
    let is = |index: Option<usize>, symbol: char| {
        index
            .and_then(|index| tokens.get(index))
            .is_some_and(|token| token.value == Value::Symbol(symbol))
    };
    let mut report = |sign: Sign, token: &Token, evidence: &str| {
        hits.push(Hit {
            sign,
            at: token.at,
            evidence: evidence.to_owned(),
        });
    };
    if block.is_statement
        && let Some(word @ ("include" | "import" | "extends" | "from")) = name(Some(0))
        && let Some(token) = tokens.first()
    {
        report(Sign::Loads, token, word);
    }
    for (index, token) in tokens.iter().enumerate() {
        let (before, after) = (index.checked_sub(1), Some(index + 1));
        match &token.value {
            Value::Name(word) => {
                let word = word.as_str();
                let called = is(after, '(');
                let dotted = is(before, '.');
                let opened = is(after, '.') || is(after, '[') || is(after, '|');
                if is_dunder(word) {
                    report(Sign::Dunder, token, word);
                } else if dotted && INNER.contains(&word) {
                    report(Sign::Gadget, token, word);
                } else if word == "attr" && is(before, '|') {
                    report(Sign::AttrFilter, token, "|attr");
                } else if called && (dotted && METHODS.contains(&word) || !dotted && CALLS.contains(&word))
                    || !dotted && is(after, '.') && MODULES.contains(&word)
                {
                    report(Sign::Call, token, word);
                } else if !dotted && opened && GADGETS.contains(&word) {
                    report(Sign::Gadget, token, word);
                } else if !dotted && is(after, '.') && PRIVATE_GADGETS.contains(&word) {
                    if let Some(inner) = name(Some(index + 2)).filter(|inner| inner.starts_with('_')) {
                        report(Sign::Gadget, token, &format!("{word}.{inner}"));
                    }
                } else if word == "list" && is(before, '|') && name(index.checked_sub(2)) == Some("string") {
                    report(Sign::Picking, token, "|string|list");
                }
            }
            Value::Text { text, escaped } => {
                if let Some(found) = dunder_within(text) {
                    let sign = if *escaped {
                        Sign::HiddenDunder
                    } else {
                        Sign::Dunder
                    };
                    report(sign, token, found);
                } else if *escaped && text.contains('_') {
                    report(Sign::HiddenDunder, token, text);
                } else if is(before, '[') && is(after, ']') && KEYS.contains(&text.as_str()) {
                    report(Sign::Call, token, text);
                } else if text.contains("%c")
                    || (text.contains("{0.") || text.contains("{0[") || text.contains("{._"))
                        && is(after, '.')
                        && name(Some(index + 2)).is_some_and(|word| word.starts_with("format"))
                {
                    report(Sign::Picking, token, text);
                } else if text == "__" {
                    report(Sign::HiddenDunder, token, text);
                }
            }
            Value::Number(number) => {
                let multiplied = is(before, '*') || is(after, '*');
                if *number >= ROUNDS && multiplied
                    || *number >= 4 && is(before, '*') && is(index.checked_sub(2), '*')
                {
                    // `10 ** 9` and `'a' * 999999999`; a small square or cube is honest.
                    report(Sign::Endless, token, &number.to_string());
                }
            }
            Value::Symbol(_) => {}
        }
    }
}

/// Multiplies the rounds of loops over `range` that stand in each other.
fn count_rounds(block: &Block, loops: &mut Vec<u128>, hits: &mut Vec<Hit>) {
    let word = block.tokens.first().and_then(Token::name);
    if block.is_statement && word == Some("endfor") {
        loops.pop();
        return;
    }
    let mut rounds = 1_u128;
    for (index, token) in block.tokens.iter().enumerate() {
        if token.name() == Some("range") {
            let arguments = block.tokens.get(index + 1..).unwrap_or_default();
            let inside = arguments
                .iter()
                .take_while(|token| token.value != Value::Symbol(')'));
            let largest = inside.filter_map(|token| match token.value {
                Value::Number(number) => Some(number),
                _ => None,
            });
            rounds = rounds.saturating_mul(largest.max().unwrap_or(1).max(1));
        }
    }
    let around = loops
        .iter()
        .fold(1_u128, |product, one| product.saturating_mul(*one));
    if rounds > 1
        && around.saturating_mul(rounds) >= ROUNDS
        && let Some(token) = block.tokens.first()
    {
        hits.push(Hit {
            sign: Sign::Endless,
            at: token.at,
            evidence: format!("range, {} rounds", around.saturating_mul(rounds)),
        });
    }
    if block.is_statement && word == Some("for") {
        loops.push(rounds);
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
            ("{{ x['__' + y] }}", Sign::HiddenDunder),
            ("{{ cycler.next }}", Sign::Gadget),
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
            let signs: Vec<Sign> = examine(template).iter().map(|hit| hit.sign).collect();
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
                examine(template).is_empty(),
                "{template}: {:?}",
                examine(template)
            );
        }
    }
}
