//! Rules of Gitleaks, written in the form of this crate. What cannot be said in it is told as a problem, never left out in silence.
//!
//! Taken over: `id`, `description`, `regex`, `secretGroup`, `entropy`, `keywords`, `path`, `[[rules.allowlists]]` and the older
//! `[rules.allowlist]`, `[[allowlists]]` with `targetRules`, and `[allowlist]`; in them `regexes`, `regexTarget`, `stopwords`, `paths`, `condition`.

use std::{collections::BTreeMap, fmt::Write as _};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::problem::{LeftOut, ProblemLevel, Problems, RuleError};

/// Says whether a table has the form of a file of Gitleaks.
pub(crate) fn is_form(table: &DeTable<'_>) -> bool {
    let is_list = |key: &str| table.get(key).is_some_and(|value| value.get_ref().is_array());
    // A rule of this crate may be called so; its keys are others.
    let has = |key: &str, inner: &[&str]| {
        let table = table.get(key).and_then(|value| value.get_ref().as_table());
        table.is_some_and(|table| inner.iter().any(|key| table.contains_key(*key)))
    };
    is_list("rules")
        || is_list("allowlists")
        || has("extend", &["useDefault", "path", "url", "disabledRules"])
        || has("allowlist", &["paths", "regexes", "stopwords", "commits"])
}

/// Holds rules in the form of this crate, and where they came from, by rule and key.
pub(crate) struct Imported {
    pub(crate) text: String,
    pub(crate) places: BTreeMap<(String, String), usize>,
}

/// Writes the rules of a file of Gitleaks in the form of this crate.
pub(crate) fn import(table: &DeTable<'_>, problems: &mut Problems<'_>) -> Imported {
    let mut writer = Writer {
        problems,
        excepts: String::new(),
        rules: String::new(),
        places: BTreeMap::new(),
    };
    writer.file(table);
    Imported {
        text: format!("{}{}", writer.excepts, writer.rules),
        places: writer.places,
    }
}

type Value<'a> = Spanned<DeValue<'a>>;

struct Writer<'w, 't> {
    problems: &'w mut Problems<'t>,
    excepts: String,
    rules: String,
    places: BTreeMap<(String, String), usize>,
}

impl Writer<'_, '_> {
    fn left_out(&mut self, at: usize, rule: &str, key: &str, reason: LeftOut) {
        let level = match reason {
            LeftOut::Description => ProblemLevel::Note,
            _ => ProblemLevel::Warning,
        };
        self.problems
            .add(at, rule, key, level, RuleError::LeftOut { reason });
    }

    fn wrong(&mut self, value: &Value<'_>, rule: &str, key: &str, expected: &'static str) {
        self.problems
            .tell(value.span().start, rule, key, RuleError::Kind { expected });
    }

    fn file(&mut self, table: &DeTable<'_>) {
        for (key, value) in sorted(table) {
            let at = value.span().start;
            match key {
                "title" | "description" | "minVersion" => {}
                "extend" => self.extend(value),
                "allowlist" => self.allow("", value),
                "allowlists" => self.each("", key, value, |writer, item| writer.allow("", item)),
                "rules" => self.each("", key, value, Self::rule),
                _ => self.left_out(at, "", key, LeftOut::Unknown),
            }
        }
    }

    fn each(
        &mut self,
        rule: &str,
        key: &str,
        value: &Value<'_>,
        mut take: impl FnMut(&mut Self, &Value<'_>),
    ) {
        match value.get_ref().as_array() {
            Some(list) => list.iter().for_each(|item| take(self, item)),
            // A single table stands for a list of one.
            None if value.get_ref().is_table() => take(self, value),
            None => self.wrong(value, rule, key, "a list of tables"),
        }
    }

    fn extend(&mut self, value: &Value<'_>) {
        let Some(table) = value.get_ref().as_table() else {
            return self.wrong(value, "", "extend", "a table");
        };
        for (key, value) in sorted(table) {
            let shown = format!("extend.{key}");
            let reason = match key {
                "useDefault" if value.get_ref().as_bool() == Some(false) => continue,
                "useDefault" => LeftOut::Default,
                "path" | "url" => LeftOut::OtherFile,
                "disabledRules" => LeftOut::Disabled,
                _ => LeftOut::Unknown,
            };
            self.left_out(value.span().start, "", &shown, reason);
        }
    }

    fn rule(&mut self, value: &Value<'_>) {
        let at = value.span().start;
        let Some(table) = value.get_ref().as_table() else {
            return self.wrong(value, "", "rules", "a table");
        };
        let Some(id) = table.get("id").and_then(|id| id.get_ref().as_str()) else {
            return self.problems.tell(at, "", "id", RuleError::Missing);
        };
        let place = table.get("id").map_or(at, |id| id.span().start);
        if self
            .places
            .insert((id.to_owned(), String::new()), place)
            .is_some()
        {
            return self.problems.tell(place, id, "", RuleError::Twice);
        }
        if !table.contains_key("regex") {
            let (key, reason) = if table.contains_key("path") {
                ("path", LeftOut::PathOnly)
            } else {
                return self.problems.tell(place, id, "regex", RuleError::Missing);
            };
            let place = table.get(key).map_or(place, |value| value.span().start);
            return self.left_out(place, id, key, reason);
        }
        let mut body = format!("\n[{}]\n", quoted_key(id));
        let mut excepts = String::new();
        for (key, value) in sorted(table) {
            let place = value.span().start;
            let mut put = |writer: &mut Self, name: &str, text: Option<String>, expected| match text {
                Some(text) => {
                    writer.places.insert((id.to_owned(), name.to_owned()), place);
                    let _ = writeln!(body, "{name} = {text}");
                }
                None => writer.wrong(value, id, key, expected),
            };
            match key {
                "id" => {}
                "description" => put(self, "name", text(value), "a text"),
                "regex" => put(self, "regex", text(value), "a text"),
                "path" => put(self, "path", text(value), "a text"),
                "secretGroup" => {
                    if number(value).as_deref() != Some("0") {
                        put(self, "group", number(value), "a number");
                    }
                }
                "entropy" => {
                    if number(value).and_then(|number| number.parse::<f64>().ok()) != Some(0.0) {
                        put(self, "entropy", number(value), "a number");
                    }
                }
                "keywords" => {
                    if value.get_ref().as_array().is_none_or(|list| !list.is_empty()) {
                        put(self, "keywords", texts(value), "a list of texts");
                    }
                }
                "allowlist" | "allowlists" => {
                    let mut all = Vec::new();
                    self.each(id, key, value, |writer, item| all.extend(writer.except(id, item)));
                    for except in all {
                        let _ = write!(excepts, "\n[[{}.except]]\n{except}", quoted_key(id));
                    }
                    self.places.insert((id.to_owned(), "except".to_owned()), place);
                }
                "tags" => self.left_out(place, id, key, LeftOut::Description),
                "skipReport" if value.get_ref().as_bool() == Some(false) => {}
                "skipReport" => return self.left_out(place, id, key, LeftOut::Skipped),
                "required" => self.left_out(place, id, key, LeftOut::Required),
                _ => self.left_out(place, id, key, LeftOut::Unknown),
            }
        }
        // Nothing but its looks speaks for what an expression finds.
        body.push_str("confidence = \"medium\"\n");
        self.rules.push_str(&body);
        self.rules.push_str(&excepts);
    }

    /// Writes what holds for all rules, or for those that it names.
    fn allow(&mut self, rule: &str, value: &Value<'_>) {
        if let Some(except) = self.except(rule, value) {
            let _ = write!(self.excepts, "\n[[except]]\n{except}");
            let place = value.span().start;
            self.places.entry((String::new(), String::new())).or_insert(place);
        }
    }

    /// Writes an exception; nothing where nothing of it is left.
    fn except(&mut self, rule: &str, value: &Value<'_>) -> Option<String> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, rule, "allowlist", "a table");
            return None;
        };
        let is_all = |value: &Value<'_>| {
            let word = value.get_ref().as_str().unwrap_or_default();
            word.eq_ignore_ascii_case("AND") || word == "&&"
        };
        let all = table.get("condition").is_some_and(is_all);
        let mut body = String::new();
        let mut parts = 0_usize;
        for (key, value) in sorted(table) {
            let place = value.span().start;
            let shown = format!("allowlist.{key}");
            let name = match key {
                "description" | "condition" => continue,
                "regexes" => "regexes",
                "stopwords" => "words",
                "paths" => "paths",
                "targetRules" if rule.is_empty() => "rules",
                "regexTarget" => {
                    match text(value).map(|text| text.to_ascii_lowercase()) {
                        Some(text) if text != "\"\"" => {
                            let _ = writeln!(body, "target = {text}");
                        }
                        Some(_) => {}
                        None => self.wrong(value, rule, &shown, "a text"),
                    }
                    continue;
                }
                "commits" => {
                    self.left_out(place, rule, &shown, LeftOut::Commits);
                    if all {
                        return None;
                    }
                    continue;
                }
                _ => {
                    self.left_out(place, rule, &shown, LeftOut::Unknown);
                    continue;
                }
            };
            if value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
                continue;
            }
            match texts(value) {
                Some(texts) => {
                    parts = parts.saturating_add(usize::from(name != "rules"));
                    self.places
                        .insert((rule.to_owned(), format!("except.{name}")), place);
                    let _ = writeln!(body, "{name} = {texts}");
                }
                None => self.wrong(value, rule, &shown, "a list of texts"),
            }
        }
        if all {
            body.push_str("all = true\n");
        }
        (parts > 0).then_some(body)
    }
}

/// Lists the entries of a table in the order of the text.
fn sorted<'a>(table: &'a DeTable<'a>) -> Vec<(&'a str, &'a Value<'a>)> {
    let mut all: Vec<_> = table.iter().collect();
    all.sort_by_key(|(key, _)| key.span().start);
    all.into_iter()
        .map(|(key, value)| (key.get_ref().as_ref(), value))
        .collect()
}

fn text(value: &Value<'_>) -> Option<String> {
    value.get_ref().as_str().map(quoted)
}

fn texts(value: &Value<'_>) -> Option<String> {
    let list = value.get_ref().as_array()?;
    let texts: Option<Vec<String>> = list.iter().map(text).collect();
    let texts = texts?;
    Some(match texts.as_slice() {
        [only] => format!("[{only}]"),
        several => format!("[\n    {},\n]", several.join(",\n    ")),
    })
}

fn number(value: &Value<'_>) -> Option<String> {
    match value.get_ref() {
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

fn quoted_key(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.bytes().all(is_bare) {
        key.to_owned()
    } else {
        escaped(key)
    }
}

/// Writes a text as TOML: as it is where it may stand so.
fn quoted(text: &str) -> String {
    let plain = |character: char| !character.is_control() || character == '\t';
    if !text.contains('\\') && !text.contains('"') || !text.chars().all(plain) {
        return escaped(text);
    }
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    if !text.contains("'''") && !text.ends_with('\'') {
        return format!("'''{text}'''");
    }
    escaped(text)
}

fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if other.is_control() => {
                let _ = write!(out, "\\U{:08x}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
