//! What stands beside the weights: configuration, tokens, chat templates. Read as streams; nothing is rendered.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::difference::{Kind, SettingChange, TemplateChange, TokenChange, TokenChanges};
use cleanbill_formats::{
    bytes::{ReadAt, read_range},
    json::{Event, JsonError, Reader, Strictness},
};

use crate::model::Model;

/// LIMIT: entries kept of one JSON file.
const ENTRIES: usize = 400_000;
/// LIMIT: bytes kept of one value; chat templates are the longest.
const VALUE_BYTES: usize = 256 * 1024;
/// LIMIT: bytes kept of all values of one file.
const ALL_BYTES: usize = 48 << 20;
/// LIMIT: levels of JSON.
const DEPTH: usize = 64;
/// LIMIT: tokens kept; the largest vocabularies have some hundred thousand.
const TOKENS: usize = 2_000_000;
/// LIMIT: changes listed; all are counted.
const LISTED: usize = 1_000;
/// LIMIT: bytes of a file whose keys are compared.
const JSON_BYTES: u64 = 32 << 20;
/// LIMIT: bytes of a chat template in a file of its own.
const TEMPLATE_BYTES: u64 = 1 << 20;
/// LIMIT: lines shown of a changed template, each side.
const LINES: usize = 200;

/// One step of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(u64),
}

/// Calls `see` with the way to every value that is no container, the event and its text.
fn visit(source: &dyn ReadAt, see: &mut dyn FnMut(&[Step], Event, &str)) -> Result<(), JsonError> {
    let start = match read_range(source, 0..3, 3)?.as_slice() {
        b"\xef\xbb\xbf" => 3,
        _ => 0,
    };
    let mut reader = Reader::new(
        source,
        start..source.size(),
        Strictness::Python,
        DEPTH,
        VALUE_BYTES,
    );
    let mut way: Vec<Step> = Vec::new();
    // For each open container, whether it is a list.
    let mut lists: Vec<bool> = Vec::new();
    while let Some((event, _)) = reader.next()? {
        match event {
            Event::Key { .. } => {
                way.pop();
                way.push(Step::Key(reader.text().into_owned()));
                continue;
            }
            Event::ObjectEnd | Event::ArrayEnd => {
                way.pop();
                lists.pop();
                continue;
            }
            _ => {}
        }
        // A value in a list counts on.
        if lists.last() == Some(&true)
            && let Some(Step::Index(index)) = way.last_mut()
        {
            *index = index.wrapping_add(1);
        }
        match event {
            Event::ObjectStart => {
                lists.push(false);
                way.push(Step::Key(String::new()));
            }
            Event::ArrayStart => {
                lists.push(true);
                way.push(Step::Index(u64::MAX));
            }
            Event::Null => see(&way, event, "null"),
            _ => see(&way, event, &reader.text()),
        }
    }
    Ok(())
}

/// Lists every value of a JSON file under its keys, joined by dots; texts stand in quotes.
pub(crate) fn flatten(source: &dyn ReadAt) -> Result<Vec<(String, String)>, JsonError> {
    let mut entries = Vec::new();
    let mut bytes = 0_usize;
    visit(source, &mut |way, event, text| {
        if entries.len() >= ENTRIES || bytes > ALL_BYTES {
            return;
        }
        let mut key = String::new();
        for step in way {
            if !key.is_empty() {
                key.push('.');
            }
            match step {
                Step::Key(name) => key.push_str(name),
                Step::Index(index) => key.push_str(&index.to_string()),
            }
        }
        let value = if event == Event::String {
            format!("\"{text}\"")
        } else {
            text.to_owned()
        };
        bytes = bytes.saturating_add(key.len()).saturating_add(value.len());
        entries.push((key, value));
    })?;
    Ok(entries)
}

/// Holds the tokens of a model.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) path: String,
    pub(crate) numbers: BTreeMap<String, u64>,
    special: BTreeSet<String>,
    roles: BTreeMap<String, String>,
    merges: BTreeSet<u64>,
}

impl Tokens {
    /// Reads the tokens out of the first file that has them.
    pub(crate) fn read(model: &Model) -> Self {
        let mut tokens = Self::default();
        let at = |name: &str| {
            let inside = format!("{}/{name}", model.root);
            model
                .file(inside.trim_start_matches('/'))
                .or_else(|| model.file(name))
        };
        for name in ["tokenizer.json", "vocab.json", "vocab.txt"] {
            if let Some(file) = at(name) {
                tokens.path.clone_from(&file.path);
                let source = file.source.as_ref();
                match name {
                    "tokenizer.json" => tokens.tokenizer(source),
                    "vocab.json" => tokens.vocabulary(source),
                    _ => tokens.lines(source),
                }
                break;
            }
        }
        for name in ["special_tokens_map.json", "tokenizer_config.json"] {
            let Some(file) = at(name) else { continue };
            for (key, value) in flatten(file.source.as_ref()).unwrap_or_default() {
                let role = key.strip_suffix(".content").unwrap_or(&key);
                if role.ends_with("_token") && value.starts_with('"') {
                    let token = value.trim_matches('"').to_owned();
                    tokens.special.insert(token.clone());
                    tokens.roles.insert(role.to_owned(), token);
                }
            }
        }
        tokens
    }

    fn add(&mut self, token: &str, number: u64) {
        if self.numbers.len() < TOKENS {
            self.numbers.insert(token.to_owned(), number);
        }
    }

    fn tokenizer(&mut self, source: &dyn ReadAt) {
        use Step::{Index, Key};
        let (mut number, mut content, mut special) = (None, None, false);
        let mut last = u64::MAX;
        let mut added: Vec<(String, u64, bool)> = Vec::new();
        let result = visit(source, &mut |way, event, text| match way {
            [Key(model), Key(vocab), Key(token)] if model == "model" && vocab == "vocab" => {
                if let Ok(number) = text.parse() {
                    self.add(token, number);
                }
            }
            // A list of pairs: token and score.
            [Key(model), Key(vocab), Index(number), Index(0)] if model == "model" && vocab == "vocab" => {
                self.add(text, *number);
            }
            [Key(model), Key(merges), Index(_), rest @ ..]
                if model == "model" && merges == "merges" && event == Event::String =>
            {
                // Older files have one text for a pair, newer ones two.
                let half = matches!(rest, [Index(1)]);
                let hash = text.bytes().fold(if half { 17 } else { 7 }, |hash, byte| {
                    crate::number::mixed(hash ^ u64::from(byte))
                });
                if self.merges.len() < TOKENS {
                    self.merges
                        .insert(if half { last.wrapping_add(hash) } else { hash });
                }
                last = hash;
            }
            [Key(names), Index(index), Key(key)] if names == "added_tokens" => {
                if *index != last {
                    (number, content, special) = (None, None, false);
                    last = *index;
                }
                match key.as_str() {
                    "id" => number = text.parse().ok(),
                    "content" => content = Some(text.to_owned()),
                    "special" => special = text == "true",
                    _ => {}
                }
                if let (Some(number), Some(content)) = (number, &content) {
                    added.retain(|(_, known, _)| *known != number);
                    added.push((content.clone(), number, special));
                }
            }
            _ => {}
        });
        for (token, number, special) in added {
            self.add(&token, number);
            if special {
                self.special.insert(token);
            }
        }
        let _ = result;
    }

    fn vocabulary(&mut self, source: &dyn ReadAt) {
        let _ = visit(source, &mut |way, _, text| {
            if let ([Step::Key(token)], Ok(number)) = (way, text.parse()) {
                self.add(token, number);
            }
        });
    }

    fn lines(&mut self, source: &dyn ReadAt) {
        let bytes = read_range(source, 0..source.size(), JSON_BYTES).unwrap_or_default();
        let mut number = 0_u64;
        for line in bytes.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                self.add(&String::from_utf8_lossy(line), number);
            }
            number = number.saturating_add(1);
        }
    }

    /// Lists the tokens by number.
    pub(crate) fn by_number(&self) -> BTreeMap<u64, &str> {
        let pairs = self.numbers.iter();
        pairs.map(|(token, number)| (*number, token.as_str())).collect()
    }

    fn is_special(&self, token: &str) -> bool {
        self.special.contains(token)
    }
}

/// Compares the tokens of two models.
pub(crate) fn tokens(before: &Tokens, after: &Tokens) -> TokenChanges {
    let mut result = TokenChanges {
        tokens: (
            cleanbill_formats::bytes::size_u64(before.numbers.len()),
            cleanbill_formats::bytes::size_u64(after.numbers.len()),
        ),
        ..TokenChanges::default()
    };
    // Of a model without tokens of its own nothing can be said.
    if before.numbers.is_empty() || after.numbers.is_empty() {
        return result;
    }
    let change = |token: &str, old: Option<u64>, new: Option<u64>| TokenChange {
        path: after.path.clone(),
        token: token.to_owned(),
        before: old,
        after: new,
        special: before.is_special(token) || after.is_special(token),
    };
    let (mut added, mut removed, mut renumbered) = (0_u64, 0_u64, 0_u64);
    let mut changes = Vec::new();
    for (token, number) in &before.numbers {
        match after.numbers.get(token) {
            Some(new) if new == number => {}
            Some(new) => {
                renumbered = renumbered.saturating_add(1);
                changes.push(change(token, Some(*number), Some(*new)));
            }
            None => {
                removed = removed.saturating_add(1);
                changes.push(change(token, Some(*number), None));
            }
        }
    }
    for (token, number) in &after.numbers {
        if !before.numbers.contains_key(token) {
            added = added.saturating_add(1);
            changes.push(change(token, None, Some(*number)));
        }
    }
    changes.sort_by_key(|change| (!change.special, change.before.or(change.after)));
    changes.truncate(LISTED);
    result.counts = (added, removed, renumbered);
    result.changes = changes;
    let differing = before.merges.symmetric_difference(&after.merges).count();
    result.merges = cleanbill_formats::bytes::size_u64(differing);
    let roles: BTreeSet<&String> = before.roles.keys().chain(after.roles.keys()).collect();
    for role in roles {
        let (old, new) = (before.roles.get(role), after.roles.get(role));
        if old != new {
            result.roles.push((role.clone(), old.cloned(), new.cloned()));
        }
    }
    result
}

/// Compares the keys of JSON files of the same name, and the metadata of containers.
pub(crate) fn settings(before: &Model, after: &Model, paths: &[(String, String)]) -> Vec<SettingChange> {
    let mut changes = Vec::new();
    for (old_path, new_path) in paths {
        let (Some(old), Some(new)) = (before.file(old_path), after.file(new_path)) else {
            continue;
        };
        let name = new_path.rsplit('/').next().unwrap_or_default();
        let skipped = ["tokenizer.json", "vocab.json"].contains(&name) || name.ends_with(".index.json");
        let long = old.source.size().max(new.source.size()) > JSON_BYTES;
        if !has_extension(name, "json") || skipped || long {
            continue;
        }
        let (Ok(old), Ok(new)) = (flatten(old.source.as_ref()), flatten(new.source.as_ref())) else {
            continue;
        };
        keys(
            new_path,
            &old.into_iter().collect(),
            &new.into_iter().collect(),
            &mut changes,
        );
    }
    let metadata = |model: &Model| -> BTreeMap<String, String> {
        let entries = model.metadata.iter();
        entries
            .map(|(_, key, value)| (key.clone(), value.clone()))
            .collect()
    };
    keys("[metadata]", &metadata(before), &metadata(after), &mut changes);
    changes.truncate(LISTED.saturating_mul(4));
    changes
}

fn keys(
    path: &str,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
    changes: &mut Vec<SettingChange>,
) {
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = all.into_iter().filter(|key| old.get(*key) != new.get(*key));
    // A template has a place of its own.
    for key in differing
        .filter(|key| !key.contains("chat_template"))
        .take(LISTED)
    {
        changes.push(SettingChange {
            path: path.to_owned(),
            key: key.clone(),
            before: old.get(key).map(|value| cut(value)),
            after: new.get(key).map(|value| cut(value)),
        });
    }
}

fn has_extension(name: &str, wanted: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case(wanted))
}

fn cut(value: &str) -> String {
    let mut shown: String = value.chars().take(200).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    shown
}

/// Collects the chat templates of a model by where they stand, counted from its folder.
fn templates_of(model: &Model) -> BTreeMap<String, String> {
    let mut templates = BTreeMap::new();
    for file in &model.files {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        if [
            "tokenizer_config.json",
            "chat_template.json",
            "processor_config.json",
        ]
        .contains(&name)
            && file.source.size() <= JSON_BYTES
        {
            for (key, value) in flatten(file.source.as_ref()).unwrap_or_default() {
                if key == "chat_template" || (key.starts_with("chat_template.") && key.ends_with(".template"))
                {
                    let value = value.trim_matches('"').to_owned();
                    templates.insert(format!("{name}#{key}"), value);
                }
            }
        } else if has_extension(name, "jinja") {
            let bytes = read_range(file.source.as_ref(), 0..file.source.size(), TEMPLATE_BYTES);
            let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
            templates.insert(name.to_owned(), text);
        }
    }
    for (path, key, text) in &model.templates {
        let name = path.rsplit('/').next().unwrap_or_default();
        templates.insert(format!("{name}#{key}"), text.clone());
    }
    templates
}

/// Compares the chat templates.
pub(crate) fn templates(before: &Model, after: &Model) -> Vec<TemplateChange> {
    let (old, new) = (templates_of(before), templates_of(after));
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes = Vec::new();
    for path in all {
        let (before, after) = (old.get(path), new.get(path));
        let kind = match (before, after) {
            (Some(one), Some(other)) if one == other => Kind::Same,
            (Some(_), Some(_)) => Kind::Changed,
            (None, _) => Kind::Added,
            (_, None) => Kind::Removed,
        };
        let lines = |text: Option<&String>, other: Option<&String>| -> Vec<String> {
            let known: BTreeSet<&str> = other.map(|other| other.lines().collect()).unwrap_or_default();
            let lines = text.map(|text| text.lines()).into_iter().flatten();
            let own = lines.filter(|line| !known.contains(line));
            own.take(LINES).map(cut).collect()
        };
        let lines = match kind {
            Kind::Changed => (lines(before, after), lines(after, before)),
            Kind::Added => (Vec::new(), lines(after, None)),
            _ => (Vec::new(), Vec::new()),
        };
        changes.push(TemplateChange {
            path: path.clone(),
            kind,
            lines,
        });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_flattened() {
        let source = br#"{"a":{"b":[1,{"c":"x"},[true]]},"d":null}"#.to_vec();
        let entries = flatten(&source).unwrap();
        let shown: Vec<String> = entries
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(shown, ["a.b.0=1", "a.b.1.c=\"x\"", "a.b.2.0=true", "d=null"]);
    }

    #[test]
    fn tokens_are_read_and_compared() {
        let read = |text: &str| {
            let mut tokens = Tokens::default();
            tokens.tokenizer(&text.as_bytes().to_vec());
            tokens
        };
        let before = read(
            r#"{"added_tokens":[{"id":0,"content":"<s>","special":true}],"model":{"vocab":{"<s>":0,"a":1,"b":2},"merges":["a b"]}}"#,
        );
        let after = read(
            r#"{"added_tokens":[{"id":3,"content":"<s>","special":true}],"model":{"vocab":{"a":1,"c":2},"merges":["a c"]}}"#,
        );
        let changes = tokens(&before, &after);
        assert_eq!(changes.counts, (1, 1, 1));
        assert_eq!(
            (changes.changes[0].token.as_str(), changes.changes[0].special),
            ("<s>", true)
        );
        assert_eq!(changes.merges, 2);
        assert_eq!(
            read(r#"{"model":{"vocab":[["x",-1.0],["y",-2.0]]}}"#).numbers["y"],
            1
        );
    }
}
