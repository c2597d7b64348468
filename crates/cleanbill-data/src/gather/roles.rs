//! Which field is what: as the caller says, or by the names that data sets usually give.

use std::collections::{BTreeMap, BTreeSet};

use super::{Value, bare};

/// What the caller said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) texts: Vec<String>,
    pub(crate) label: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) id: Option<String>,
}

/// Which fields are what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) texts: Vec<String>,
    /// Says who speaks, where the texts are turns of a conversation.
    pub(crate) speaker: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) id: Option<String>,
    /// Labels that were seen, as far as they are few.
    pub(crate) labels: Vec<String>,
}

/// Counts of the fields of the first records.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    fields: BTreeMap<String, Field>,
}

#[derive(Debug, Default)]
struct Field {
    values: u64,
    bytes: u64,
    distinct: BTreeSet<String>,
}

/// The values of a record that have a role.
#[derive(Debug, Default)]
pub(super) struct Chosen<'a> {
    pub(super) texts: Vec<&'a Value>,
    /// How many of them, at the end, are said to many records alike.
    pub(super) context: usize,
    pub(super) label: Option<&'a Value>,
    pub(super) source: Option<&'a Value>,
    pub(super) url: Option<&'a Value>,
    pub(super) digest: Option<&'a Value>,
    pub(super) id: Option<&'a Value>,
}

impl Roles {
    pub(crate) fn has(&self, bare: &str) -> bool {
        let others = [
            &self.speaker,
            &self.label,
            &self.source,
            &self.url,
            &self.digest,
            &self.id,
        ];
        self.texts.iter().any(|text| text == bare) || others.into_iter().flatten().any(|other| other == bare)
    }

    pub(super) fn choose<'a>(&self, values: &'a [Value]) -> Chosen<'a> {
        let of = |role: &Option<String>| {
            let role = role.as_ref()?;
            values.iter().find(|value| value.bare == *role)
        };
        let is_text = |value: &&Value| self.texts.contains(&value.bare);
        let mut chosen = Chosen {
            texts: values.iter().filter(is_text).collect(),
            context: 0,
            label: of(&self.label),
            source: of(&self.source),
            url: of(&self.url),
            digest: of(&self.digest),
            id: of(&self.id),
        };
        if let Some(speaker) = &self.speaker {
            let turn = |path: &str| path.rsplit_once('.').map(|(turn, _)| turn.to_owned());
            let answers: BTreeSet<String> = values
                .iter()
                .filter(|value| value.bare == *speaker && is_machine(&value.text))
                .filter_map(|value| turn(&value.path))
                .collect();
            let is_answer = |value: &&Value| turn(&value.path).is_some_and(|turn| answers.contains(&turn));
            if self.label.is_none() {
                chosen.label = chosen.texts.iter().rev().copied().find(|value| is_answer(value));
            }
            chosen.texts.retain(|value| !is_answer(value));
            let systems: BTreeSet<String> = values
                .iter()
                .filter(|value| value.bare == *speaker && is_system(&value.text))
                .filter_map(|value| turn(&value.path))
                .collect();
            let is_context = |value: &&Value| turn(&value.path).is_some_and(|turn| systems.contains(&turn));
            let (mut context, mut texts): (Vec<_>, Vec<_>) = chosen.texts.into_iter().partition(is_context);
            chosen.context = context.len();
            texts.append(&mut context);
            chosen.texts = texts;
        }
        chosen
    }
}

/// Says whether a machine speaks.
fn is_machine(speaker: &str) -> bool {
    let speaker = speaker.to_ascii_lowercase();
    ["assistant", "gpt", "bot", "model", "chatgpt", "chatbot", "ai"].contains(&speaker.as_str())
}

/// Says whether it is the frame of the conversation that speaks.
fn is_system(speaker: &str) -> bool {
    ["system", "developer"].contains(&speaker.to_ascii_lowercase().as_str())
}

impl Profile {
    pub(super) fn record<'a>(&mut self, values: impl Iterator<Item = (&'a str, &'a str)>) {
        for (path, text) in values {
            if !self.fields.contains_key(path) && self.fields.len() >= FIELDS {
                continue;
            }
            let field = self.fields.entry(path.to_owned()).or_default();
            field.values = field.values.saturating_add(1);
            field.bytes = field.bytes.saturating_add(u64::try_from(text.len()).unwrap_or(0));
            if field.distinct.len() <= DISTINCT {
                let end = (0..=text.len().min(256))
                    .rev()
                    .find(|end| text.is_char_boundary(*end));
                field
                    .distinct
                    .insert(text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned());
            }
        }
    }

    /// Decides which field is what.
    pub(crate) fn roles(&self, wishes: &Wishes) -> Roles {
        let named = |name: &Option<String>| name.as_deref().map(bare);
        let mut roles = Roles {
            texts: wishes.texts.iter().map(|name| bare(name)).collect(),
            label: named(&wishes.label),
            source: named(&wishes.source),
            id: named(&wishes.id),
            ..Roles::default()
        };
        let conversation = self.conversation();
        match (&conversation, roles.texts.as_slice()) {
            (Some((content, speaker)), []) => {
                roles.texts = vec![content.clone()];
                roles.speaker = Some(speaker.clone());
            }
            (Some((content, speaker)), [only]) if only == content => roles.speaker = Some(speaker.clone()),
            _ => {}
        }
        if roles.texts.is_empty() {
            roles.texts = self.texts();
        }
        if wishes.texts.is_empty() && !roles.texts.iter().any(String::is_empty) {
            // Files that are one text, beside those that have fields.
            roles.texts.push(String::new());
        }
        let free = |name: &String| !roles.texts.contains(name);
        roles.url = self.first(URLS).filter(free);
        roles.digest = self
            .first(DIGESTS)
            .filter(|name| roles.url.is_some() && free(name));
        if roles.label.is_none() && roles.speaker.is_none() {
            roles.label = self.label(&roles.texts);
        }
        if roles.id.is_none() {
            roles.id = self.first(IDS).filter(|name| !roles.texts.contains(name));
        }
        if roles.source.is_none() {
            let label = roles.label.clone();
            roles.source = self
                .first(SOURCES)
                .filter(|name| !roles.texts.contains(name) && label.as_ref() != Some(name));
        }
        if let Some(field) = roles.label.as_ref().and_then(|label| self.fields.get(label))
            && field.distinct.len() <= LABELS
        {
            roles.labels = field.distinct.iter().cloned().collect();
        }
        roles
    }

    /// Returns the field that has one of the names; one that stands higher comes first.
    fn first(&self, names: &[&str]) -> Option<String> {
        let depth = |path: &str| path.matches('.').count();
        names.iter().find_map(|name| {
            let mut paths: Vec<&String> = self
                .fields
                .keys()
                .filter(|path| last(path).eq_ignore_ascii_case(name))
                .collect();
            paths.sort_by_key(|path| (depth(path), (*path).clone()));
            paths.first().map(|path| (*path).clone())
        })
    }

    /// Finds the turns of a conversation, and who speaks.
    fn conversation(&self) -> Option<(String, String)> {
        for speaker in self.fields.keys() {
            let Some((parent, name)) = speaker.rsplit_once('.') else {
                continue;
            };
            if !["role", "from", "speaker"].contains(&name) {
                continue;
            }
            for content in ["content", "value", "text"] {
                let content = format!("{parent}.{content}");
                if self.fields.contains_key(&content) {
                    return Some((content, speaker.clone()));
                }
            }
        }
        None
    }

    fn texts(&self) -> Vec<String> {
        for names in TEXTS {
            let fields: Vec<String> = names.iter().filter_map(|name| self.first(&[name])).collect();
            let is_whole = names.len() == 1 || fields.len() > 1 || names.first() == Some(&"instruction");
            if !fields.is_empty() && is_whole {
                return fields;
            }
        }
        // Else the longest.
        let mean = |field: &Field| field.bytes.checked_div(field.values).unwrap_or(0);
        let others = [URLS, DIGESTS, SOURCES, ANSWERS].concat();
        let longest = self
            .fields
            .iter()
            .filter(|(name, field)| !name.is_empty() && mean(field) >= 16 && !others.contains(&last(name)))
            .max_by_key(|(name, field)| (mean(field), std::cmp::Reverse(*name)));
        longest.map(|(name, _)| name.clone()).into_iter().collect()
    }

    fn label(&self, texts: &[String]) -> Option<String> {
        let free = |name: &String| !texts.contains(name);
        if let Some(label) = self.first(LABELS_NAMED).filter(free) {
            return Some(label);
        }
        if let Some(answer) = self.first(ANSWERS).filter(free) {
            return Some(answer);
        }
        // Columns without names: one of few and short values.
        let unnamed = self.fields.iter().find(|(name, field)| {
            name.starts_with('[')
                && free(name)
                && (2..=16).contains(&field.distinct.len())
                && field.values >= 200
                && field.bytes <= field.values.saturating_mul(32)
        });
        unnamed.map(|(name, _)| name.clone())
    }
}

fn last(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}

/// Names of texts; those of one row belong together, and the first rows come first.
const TEXTS: &[&[&str]] = &[
    &["instruction", "input"],
    &["premise", "hypothesis"],
    &["sentence1", "sentence2"],
    &["question1", "question2"],
    &["text"],
    &["sentence"],
    &["review"],
    &["review_body"],
    &["reviewtext"],
    &["content"],
    &["comment"],
    &["prompt"],
    &["question"],
    &["query"],
    &["document"],
    &["body"],
    &["tweet"],
    &["message"],
    &["article"],
    &["input"],
    &["caption"],
    &["utterance"],
    &["code"],
    &["func"],
    &["title"],
];
const LABELS_NAMED: &[&str] = &[
    "label",
    "labels",
    "class",
    "category",
    "sentiment",
    "rating",
    "stars",
    "star_rating",
    "score",
    "overall",
    "intent",
    "topic",
    "is_spam",
    "spam",
    "toxic",
    "toxicity",
    "target",
    "gold",
    "coarse_label",
    "fine_label",
    "y",
];
const ANSWERS: &[&str] = &[
    "output",
    "response",
    "answer",
    "completion",
    "chosen",
    "reply",
    "answers",
    "summary",
    "translation",
];
const SOURCES: &[&str] = &[
    "source",
    "domain",
    "site",
    "origin",
    "provider",
    "contributor",
    "annotator",
    "annotator_id",
    "worker_id",
    "author",
    "user",
    "user_id",
    "uploader",
    "dataset",
    "subset",
];
const IDS: &[&str] = &["id", "_id", "uuid", "qid", "question_id", "task_id", "guid"];
const URLS: &[&str] = &[
    "url",
    "image_url",
    "img_url",
    "video_url",
    "audio_url",
    "download_url",
    "uri",
    "link",
];
const DIGESTS: &[&str] = &[
    "sha256",
    "image_sha256",
    "sha256sum",
    "sha512",
    "sha1",
    "md5",
    "checksum",
    "digest",
    "content_hash",
    "hash",
];
/// LIMIT: fields that are looked at.
const FIELDS: usize = 4_096;
/// LIMIT: values of a field that are told apart, and labels that are called few.
const DISTINCT: usize = 300;
const LABELS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(record: &[(&str, &str)], wishes: &Wishes) -> Roles {
        let mut profile = Profile::default();
        for _ in 0..3 {
            profile.record(record.iter().copied());
        }
        profile.roles(wishes)
    }

    #[test]
    fn usual_names_are_known() {
        let found = roles(
            &[
                ("id", "1"),
                ("text", "some words"),
                ("label", "1"),
                ("source", "a"),
            ],
            &Wishes::default(),
        );
        assert_eq!(
            (found.texts, found.label),
            (vec!["text".to_owned(), String::new()], Some("label".to_owned()))
        );
        assert_eq!(found.source.as_deref(), Some("source"));
        assert_eq!(found.labels, ["1"]);
    }

    #[test]
    fn a_conversation_is_known_by_who_speaks() {
        let record = [("messages.role", "user"), ("messages.content", "hello there")];
        let found = roles(&record, &Wishes::default());
        assert_eq!(found.speaker.as_deref(), Some("messages.role"));
        let value = |path: &str, text: &str| Value {
            path: path.to_owned(),
            bare: bare(path),
            text: text.to_owned(),
        };
        let values = [
            value("messages[0].content", "hello"),
            value("messages[0].role", "user"),
            value("messages[1].role", "assistant"),
            value("messages[1].content", "good day"),
        ];
        let chosen = found.choose(&values);
        assert_eq!(chosen.texts.len(), 1);
        assert_eq!(chosen.label.map(|value| value.text.as_str()), Some("good day"));
    }

    #[test]
    fn what_the_caller_says_comes_first() {
        let wishes = Wishes {
            texts: vec!["title".to_owned()],
            label: Some("meta.kind".to_owned()),
            ..Wishes::default()
        };
        let found = roles(
            &[("text", "x"), ("title", "y"), ("label", "1"), ("meta.kind", "2")],
            &wishes,
        );
        assert_eq!(
            (found.texts, found.label),
            (vec!["title".to_owned()], Some("meta.kind".to_owned()))
        );
    }

    #[test]
    fn without_a_usual_name_the_longest_is_the_text() {
        let long = "a text that is long enough to be one";
        let found = roles(
            &[
                ("a", "1"),
                ("b", long),
                ("url", "https://a.example/long/address/of/a/page.html"),
            ],
            &Wishes::default(),
        );
        assert_eq!(found.texts, ["b", ""]);
    }
}
