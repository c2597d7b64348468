//! Reads rules from TOML and gathers all that is wrong with them. Besides the keys that `rule.rs` names, rules of users may have:
//!
//! | key | meaning |
//! |---|---|
//! | `regex` | an expression in the syntax of RE2, instead of `find` and what belongs to it |
//! | `group` | the group that is the value; else the first that matched something, or all |
//! | `entropy` | bits in each character that the value must exceed |
//! | `keywords` | texts in any case of which one must stand within some hundred bytes |
//! | `path` | an expression that the path of the artifact must match |
//! | `except` | tables of what is not reported: `regexes`, `target` (`secret`, `match`, `line`), `words`, `paths`, and `all = true` where all of these must hold |
//!
//! `[[except]]` outside of any rule holds for all rules of the file, or for those that its `rules` lists.

use std::{collections::BTreeMap, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    except::{Except, ExceptError, ExceptText, Target},
    expression::ExpressionError,
    gitleaks,
    pattern::{Pattern, PatternError, PatternText, SWEPT_BYTES, Search},
    problem::{ProblemLevel, Problems, RuleError, RuleProblem},
    rule::{Draft, Kind, Rule, Rules, SHORTEST_ANCHOR},
};

/// LIMIT: rules of one file. The rest is not read, which is an error.
const RULES: usize = 4_096;
/// LIMIT: bytes of all compiled expressions of one file. The rest is not read, which is an error.
const COMPILED_BYTES: usize = 256 << 20;

/// Says what form a file of rules has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleForm {
    /// That of this crate.
    Cleanbill,
    /// That of Gitleaks.
    Gitleaks,
}

/// Holds what was read of a file of rules.
#[derive(Debug)]
pub struct RuleFile {
    /// Its form.
    pub form: RuleForm,
    /// The rules that could be read.
    pub rules: Rules,
    /// What is wrong, in the order of the text.
    pub problems: Vec<RuleProblem>,
    /// The rules in the form of this crate, where they had another.
    pub converted: Option<String>,
    /// Where the ids stand.
    pub(crate) places: BTreeMap<String, usize>,
    /// Where examples stand, by id, key and number.
    pub(crate) examples: BTreeMap<(String, &'static str, usize), usize>,
}

impl RuleFile {
    /// Returns the rules, or the first error.
    pub fn into_rules(self) -> Result<Rules, RuleProblem> {
        let is_error = |problem: &RuleProblem| problem.level == ProblemLevel::Error;
        match self.problems.into_iter().find(is_error) {
            Some(problem) => Err(problem),
            None => Ok(self.rules),
        }
    }
}

/// Reads rules of any form.
pub fn read(text: &str) -> RuleFile {
    let mut problems = Problems::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(text.len(), |span| span.start);
        let problem = error.message().lines().collect::<Vec<_>>().join(", ");
        problems.tell(at, "", "", RuleError::Syntax { problem });
    }
    if gitleaks::is_form(table.get_ref()) {
        let imported = gitleaks::import(table.get_ref(), &mut problems);
        let places = Places::Elsewhere(&imported.places);
        let (again, errors) = DeTable::parse_recoverable(&imported.text);
        for error in errors {
            // What is written here can be read here; a test says so.
            let problem = error.message().to_owned();
            problems.tell(0, "", "", RuleError::Syntax { problem });
        }
        let mut file = Reader::new(&mut problems, places).all(again.get_ref());
        file.form = RuleForm::Gitleaks;
        file.problems = problems.finish();
        file.converted = Some(imported.text);
        return file;
    }
    let mut file = Reader::new(&mut problems, Places::Here).all(table.get_ref());
    file.problems = problems.finish();
    if !errors.is_empty() {
        // A broken line may have held what is missing.
        let is_missing = |error: &RuleError| matches!(error, RuleError::Pattern | RuleError::Missing);
        file.problems.retain(|problem| !is_missing(&problem.error));
    }
    file
}

/// Says where things stand that are to be told of.
enum Places<'a> {
    /// In the text that is read.
    Here,
    /// In another, by rule and key.
    Elsewhere(&'a BTreeMap<(String, String), usize>),
}

impl Places<'_> {
    fn of(&self, rule: &str, key: &str, at: usize) -> usize {
        match self {
            Self::Here => at,
            Self::Elsewhere(places) => {
                let of = |key: &str| places.get(&(rule.to_owned(), key.to_owned())).copied();
                of(key).or_else(|| of("")).unwrap_or(0)
            }
        }
    }
}

type Value<'a> = Spanned<DeValue<'a>>;

/// An exception of the file, and the rules that it is for.
struct Shared {
    except: Arc<Except>,
    rules: Vec<String>,
}

struct Reader<'r, 't, 'p> {
    problems: &'r mut Problems<'t>,
    places: Places<'p>,
    compiled_bytes: usize,
    file: RuleFile,
}

impl<'r, 't, 'p> Reader<'r, 't, 'p> {
    fn new(problems: &'r mut Problems<'t>, places: Places<'p>) -> Self {
        Self {
            problems,
            places,
            compiled_bytes: 0,
            file: RuleFile {
                form: RuleForm::Cleanbill,
                rules: Rules::default(),
                problems: Vec::new(),
                converted: None,
                places: BTreeMap::new(),
                examples: BTreeMap::new(),
            },
        }
    }

    fn tell(&mut self, at: usize, rule: &str, key: &str, error: RuleError) {
        let at = self.places.of(rule, key, at);
        self.problems.tell(at, rule, key, error);
    }

    fn all(mut self, table: &DeTable<'_>) -> RuleFile {
        let mut shared = Vec::new();
        if let Some(value) = table.get("except") {
            for (at, text, rules) in self.excepts("", value) {
                if let Some(except) = self.except("", at, &text) {
                    shared.push(Shared { except, rules });
                }
            }
        }
        let mut entries: Vec<_> = table
            .iter()
            .filter(|(key, _)| key.get_ref() != "except")
            .collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        if let Some((key, _)) = entries.get(RULES) {
            self.tell(key.span().start, "", "", RuleError::Large);
        }
        for (key, value) in entries.into_iter().take(RULES) {
            let (id, at) = (key.get_ref().as_ref(), key.span().start);
            let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            let Some(table) = value.get_ref().as_table() else {
                self.tell(at, "", id, RuleError::Outside);
                continue;
            };
            if id.is_empty() || !id.bytes().all(is_fine) {
                self.tell(at, id, "", RuleError::Id);
            }
            if let Some(rule) = self.rule(id, at, table, &shared) {
                let place = self.places.of(id, "", at);
                self.file.places.insert(id.to_owned(), place);
                self.file.rules.push(rule);
            }
        }
        self.file
    }

    /// Reads a rule; nothing where something about it is wrong.
    fn rule(&mut self, id: &str, at: usize, table: &DeTable<'_>, shared: &[Shared]) -> Option<Rule> {
        let mut draft = Draft::new(id);
        let mut pattern = PatternText::default();
        let mut has_pattern = false;
        let mut is_fine = true;
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            let place = value.span().start;
            if name == "except" {
                for (at, text, _) in self.excepts(id, value) {
                    match self.except(id, at, &text) {
                        Some(except) => pattern.excepts.push(except),
                        None => is_fine = false,
                    }
                }
                continue;
            }
            if !KEYS.contains(&name) {
                self.tell(key.span().start, id, name, unknown(KEYS));
                is_fine = false;
                continue;
            }
            let Some(values) = self.values(id, name, value) else {
                is_fine = false;
                continue;
            };
            let only = values.first().cloned().unwrap_or_default();
            let error = match name {
                "regex" => {
                    has_pattern = true;
                    pattern.expression = only;
                    None
                }
                "keywords" => {
                    let is_empty = values.iter().any(String::is_empty);
                    pattern.keywords = values;
                    is_empty.then(|| RuleError::Short {
                        text: String::new(),
                        least: 1,
                    })
                }
                "path" => {
                    pattern.path = Some(only);
                    None
                }
                "group" => {
                    pattern.group = only.parse().ok();
                    pattern
                        .group
                        .is_none()
                        .then_some(RuleError::Kind { expected: "a number" })
                }
                "entropy" => {
                    pattern.entropy = only.parse().ok().filter(|bits: &f64| bits.is_finite());
                    pattern
                        .entropy
                        .is_none()
                        .then_some(RuleError::Kind { expected: "a number" })
                }
                _ => {
                    if name == "check" {
                        pattern.is_checked = true;
                    }
                    self.note_examples(id, name, value);
                    draft.set(name, values).is_none().then(|| {
                        let known = known(name);
                        let value = only;
                        if known.is_empty() && value.is_empty() {
                            RuleError::Kind { expected: "a text" }
                        } else {
                            RuleError::Value { value, known }
                        }
                    })
                }
            };
            if let Some(error) = error {
                self.tell(place, id, name, error);
                is_fine = false;
            }
        }
        for one in shared {
            if one.rules.is_empty() || one.rules.iter().any(|rule| rule == id) {
                pattern.excepts.push(Arc::clone(&one.except));
            }
        }
        is_fine &= self.belongs(id, table, has_pattern);
        if !is_fine {
            return None;
        }
        if has_pattern {
            draft.rule.kind = Kind::Pattern;
            pattern.check = pattern.is_checked.then_some(draft.rule.check);
            draft.rule.pattern = Some(Arc::new(self.pattern(id, at, table, pattern)?));
        }
        match draft.finish() {
            Ok(rule) => Some(rule),
            Err(error) => {
                let error = short_anchor(table).map_or(error, |text| short_text(&text));
                self.tell(at, id, "", error);
                None
            }
        }
    }

    /// Says whether the keys of a rule may stand beside each other.
    fn belongs(&mut self, id: &str, table: &DeTable<'_>, has_pattern: bool) -> bool {
        let (wrong, other) = if has_pattern {
            (SHAPE_KEYS, "regex")
        } else {
            (PATTERN_KEYS, "find")
        };
        let mut fine = true;
        for (key, _) in table {
            let name = key.get_ref().as_ref();
            if wrong.contains(&name) {
                let error = if has_pattern {
                    RuleError::Excludes { other }
                } else {
                    RuleError::Missing
                };
                let about = if has_pattern { name } else { "regex" };
                self.tell(key.span().start, id, about, error);
                fine = false;
            }
        }
        fine
    }

    fn pattern(&mut self, id: &str, at: usize, table: &DeTable<'_>, text: PatternText) -> Option<Pattern> {
        let place = |key: &str| table.get(key).map_or(at, |value| value.span().start);
        let (key, error) = match Pattern::new(text) {
            Ok(pattern) => {
                self.compiled_bytes = self.compiled_bytes.saturating_add(pattern.memory_bytes());
                if self.compiled_bytes > COMPILED_BYTES {
                    self.tell(place("regex"), id, "regex", RuleError::Large);
                    return None;
                }
                if pattern.search == Search::Sweep {
                    let at = self.places.of(id, "regex", place("regex"));
                    let level = ProblemLevel::Warning;
                    self.problems.add(at, id, "regex", level, RuleError::Unannounced);
                }
                return Some(pattern);
            }
            Err(PatternError::Expression(error)) => ("regex", expression(error)),
            Err(PatternError::Path(error)) => ("path", expression(error)),
            Err(PatternError::Empty) => ("regex", RuleError::Empty),
            Err(PatternError::Never) => ("regex", RuleError::Never),
            Err(PatternError::Group(groups)) => ("group", RuleError::Group { groups }),
            Err(PatternError::Unbounded) => ("regex", RuleError::Unbounded { most: SWEPT_BYTES }),
        };
        self.tell(place(key), id, key, error);
        None
    }

    /// Reads the exceptions of a rule, or of the file.
    fn excepts(&mut self, id: &str, value: &Value<'_>) -> Vec<(usize, ExceptText, Vec<String>)> {
        let mut found = Vec::new();
        let Some(list) = value.get_ref().as_array() else {
            let expected = "a list of tables";
            self.tell(value.span().start, id, "except", RuleError::Kind { expected });
            return found;
        };
        for item in list {
            let at = item.span().start;
            let Some(table) = item.get_ref().as_table() else {
                self.tell(at, id, "except", RuleError::Kind { expected: "a table" });
                continue;
            };
            let mut text = ExceptText::default();
            let mut rules = Vec::new();
            for (key, value) in table {
                let name = key.get_ref().as_ref();
                let shown = format!("except.{name}");
                if name == "all" {
                    match value.get_ref().as_bool() {
                        Some(all) => text.all = all,
                        None => self.tell(value.span().start, id, &shown, RuleError::Kind { expected: BOOL }),
                    }
                    continue;
                }
                if !EXCEPT_KEYS.contains(&name) || name == "rules" && !id.is_empty() {
                    self.tell(key.span().start, id, &shown, unknown(EXCEPT_KEYS));
                    continue;
                }
                let Some(values) = self.values(id, &shown, value) else {
                    continue;
                };
                match name {
                    "regexes" => text.regexes = values,
                    "words" => text.words = values,
                    "paths" => text.paths = values,
                    "rules" => rules = values,
                    _ => {
                        let value_text = values.first().cloned().unwrap_or_default();
                        if let Some(target) = Target::named(&value_text) {
                            text.target = target;
                        } else {
                            let known = TARGETS.to_vec();
                            let error = RuleError::Value {
                                value: value_text,
                                known,
                            };
                            self.tell(value.span().start, id, &shown, error);
                        }
                    }
                }
            }
            if text.regexes.is_empty() && text.words.is_empty() && text.paths.is_empty() {
                self.tell(at, id, "except.regexes", RuleError::Missing);
                continue;
            }
            found.push((at, text, rules));
        }
        found
    }

    fn except(&mut self, id: &str, at: usize, text: &ExceptText) -> Option<Arc<Except>> {
        match Except::new(text) {
            Ok(except) => Some(Arc::new(except)),
            Err(ExceptError { key, error, .. }) => {
                self.tell(at, id, &format!("except.{key}"), expression(error));
                None
            }
        }
    }

    /// Reads a text, a number, or a list of texts.
    fn values(&mut self, id: &str, key: &str, value: &Value<'_>) -> Option<Vec<String>> {
        let is_number = matches!(key, "group" | "entropy");
        let is_list = LISTS.contains(&key.strip_prefix("except.").unwrap_or(key));
        let expected = if is_number {
            "a number"
        } else if is_list {
            "a list of texts"
        } else {
            "a text"
        };
        let read = match value.get_ref() {
            DeValue::String(text) if !is_list => Some(vec![text.to_string()]),
            DeValue::Integer(number) if is_number => Some(vec![number.as_str().to_owned()]),
            DeValue::Float(number) if is_number => Some(vec![number.as_str().to_owned()]),
            DeValue::Array(list) if is_list => {
                let texts = list.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
                texts.collect()
            }
            // A single text stands for a list of one.
            DeValue::String(text) => Some(vec![text.to_string()]),
            _ => None,
        };
        if read.is_none() {
            self.tell(value.span().start, id, key, RuleError::Kind { expected });
        }
        read
    }

    fn note_examples(&mut self, id: &str, key: &str, value: &Value<'_>) {
        let key = match key {
            "examples" => "examples",
            "negative" => "negative",
            _ => return,
        };
        let list = value.get_ref().as_array().map(|list| list.iter());
        for (number, item) in list.into_iter().flatten().enumerate() {
            let place = self.places.of(id, key, item.span().start);
            self.file.examples.insert((id.to_owned(), key, number), place);
        }
    }
}

fn unknown(known: &[&'static str]) -> RuleError {
    RuleError::UnknownKey {
        known: known.to_vec(),
    }
}

fn short_text(text: &str) -> RuleError {
    RuleError::Short {
        text: text.to_owned(),
        least: SHORTEST_ANCHOR,
    }
}

/// Returns a text to look for that is too short.
fn short_anchor(table: &DeTable<'_>) -> Option<String> {
    let lists = ["anchors", "after"]
        .into_iter()
        .filter_map(|key| table.get(key)?.get_ref().as_array());
    let mut texts = lists
        .flat_map(|list| list.iter())
        .filter_map(|item| item.get_ref().as_str());
    texts.find(|text| text.len() < SHORTEST_ANCHOR).map(str::to_owned)
}

fn expression(error: ExpressionError) -> RuleError {
    match error {
        ExpressionError::Syntax(problem) => RuleError::Expression { problem },
        ExpressionError::Large => RuleError::Large,
    }
}

/// Lists the values that a key takes.
fn known(key: &str) -> Vec<&'static str> {
    match key {
        "severity" | "confidence" => vec!["high", "medium", "low"],
        "class" => vec!["secret", "personal", "hidden", "poison"],
        "kind" => KINDS.to_vec(),
        "check" => CHECKS.to_vec(),
        _ => Vec::new(),
    }
}

const KEYS: &[&str] = &[
    "name",
    "find",
    "anchors",
    "behind",
    "after",
    "near",
    "names",
    "kind",
    "layouts",
    "check",
    "severity",
    "confidence",
    "class",
    "examples",
    "negative",
    "regex",
    "group",
    "entropy",
    "keywords",
    "path",
    "except",
];
/// Keys of rules with a shape.
const SHAPE_KEYS: &[&str] = &[
    "find", "anchors", "behind", "after", "near", "names", "kind", "layouts",
];
/// Keys of rules with an expression.
const PATTERN_KEYS: &[&str] = &["group", "entropy", "keywords", "path", "except"];
const LISTS: &[&str] = &[
    "anchors", "after", "near", "names", "layouts", "examples", "negative", "keywords", "regexes", "words",
    "paths", "rules",
];
const EXCEPT_KEYS: &[&str] = &["regexes", "target", "words", "paths", "all", "rules"];
const TARGETS: &[&str] = &["secret", "match", "line"];
const BOOL: &str = "`true` or `false`";
const KINDS: &[&str] = &[
    "token",
    "pem",
    "url",
    "basic",
    "docker-auth",
    "assigned-key",
    "assigned-password",
    "number",
    "phone",
    "mail",
    "ipv4",
    "ipv6",
    "mac",
    "plate",
    "address",
    "birth",
    "person",
    "zero-width",
    "bidi",
    "tag-characters",
    "variation-selectors",
    "homoglyph",
    "hidden-markup",
    "exfil-address",
    "ansi",
    "special-token",
    "injection",
    "base64-injection",
];
const CHECKS: &[&str] = &[
    "random",
    "digits",
    "mixed",
    "mixed-digits",
    "crc62",
    "aws-id",
    "aws-secret",
    "base64-64",
    "jwt",
    "macaroon",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let told = read(text).problems;
        told.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |text: &str, expected: &str| assert_eq!(told(text), [expected], "{text}");
        check("name = \"x\"", "1:1: `name`: stands outside of any rule");
        check("[a]\nfind = 'abc'\nnome = \"x\"", "3:1: `a`: `nome`: unknown key");
        check(
            "[a]\nfind = 'ab\\d'",
            "1:2: `a`: there is no pattern that can be searched",
        );
        check(
            "[a]\nname = 'x'",
            "1:2: `a`: there is no pattern that can be searched",
        );
        check("[a]\nfind = 3", "2:8: `a`: `find`: must be a text");
        check(
            "[a]\nfind = 'abc'\nseverity = 'hihg'",
            "3:12: `a`: `severity`: `hihg` has no meaning here",
        );
        check(
            "[a]\nregex = 'abc'\nfind = 'abc'",
            "3:1: `a`: `find`: cannot stand beside `regex`",
        );
        check("[a]\nfind = 'abc'\nentropy = 3", "3:1: `a`: `regex`: is missing");
        check(
            "[a]\nregex = 'abc'\ngroup = 1",
            "3:9: `a`: `group`: there are 0 groups",
        );
        check(
            "[a]\nregex = '(abc)?'",
            "2:9: `a`: `regex`: the expression matches the empty text",
        );
        check(
            "['a b']\nfind = 'abc'",
            "1:2: `a b`: an id holds letters, digits, `_` and `-` only",
        );
        check(
            "[a]\nfind = '\\d{9}'\nafter = ['x']",
            "1:2: `a`: `x` is shorter than 3 bytes",
        );
        check(
            "[a]\nregex = 'abc'\n[[a.except]]\nwords = ['x']\ntarget = 'lines'",
            "5:10: `a`: `except.target`: `lines` has no meaning here",
        );
        check(
            "[a]\nregex = 'abc'\nkeywords = ['']",
            "3:12: `a`: `keywords`: `` is shorter than 1 bytes",
        );
        assert!(told("[a]\nfind = 'abc'\n[a]\nfind = 'abc'")[0].starts_with("3:"));
        assert!(told("[a]\nname")[0].starts_with("2:"));
        assert!(told("[a]\nregex = '(?=x)abc'")[0].starts_with("2:9: `a`: `regex`: look-around"));
    }

    #[test]
    fn every_name_that_is_offered_is_taken() {
        for (key, names) in [("kind", KINDS), ("check", CHECKS), ("class", &known("class"))] {
            for name in names {
                assert!(
                    Draft::new("a").set(key, vec![(*name).to_owned()]).is_some(),
                    "{key} {name}"
                );
            }
        }
    }
}
