//! Reads tables of TOML key by key, and gathers every fault with its place instead of ending at the first.

mod problem;

use std::{collections::BTreeSet, ops::Range};

use cleanbill_core::{Language, Text, UnixTime, text};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use crate::limits;

pub use problem::{DateProblem, PathProblem, Problem};

/// Holds a line and a column, both counted from one; columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

/// Holds one thing that is wrong with a file: where, about which key, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// Which key it is about, such as `trust[2].namespace`; empty for the file.
    pub key: String,
    /// What is wrong.
    pub problem: Problem,
}

impl Fault {
    /// Returns the words for people: file, line, column, key, problem, and what may have been meant.
    pub fn text(&self, file: &str) -> Text {
        let Place { line, column } = self.place;
        let words = self.problem.text();
        let (en, zh) = (words.en(), words.get(Language::Chinese));
        if self.key.is_empty() {
            return text!("{file}:{line}:{column}: {en}", "{file}:{line}:{column}：{zh}");
        }
        let key = &self.key;
        text!(
            "{file}:{line}:{column}: `{key}`: {en}",
            "{file}:{line}:{column}：`{key}`：{zh}"
        )
    }
}

/// Gathers faults about one file.
pub(crate) struct Faults<'a> {
    /// Where each line begins.
    lines: Vec<usize>,
    text: &'a str,
    list: Vec<Fault>,
    more: usize,
}

impl<'a> Faults<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = breaks.map(|(at, _)| at.saturating_add(1));
        Self {
            lines: std::iter::once(0).chain(starts).collect(),
            text,
            list: Vec::new(),
            more: 0,
        }
    }

    pub(crate) fn place(&self, at: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self
            .lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let before = self.text.get(start..at.max(start)).unwrap_or_default();
        Place {
            line,
            column: before.chars().count().saturating_add(1),
        }
    }

    pub(crate) fn tell(&mut self, at: usize, key: impl Into<String>, problem: Problem) {
        if self.list.len() >= limits::FAULTS {
            self.more = self.more.saturating_add(1);
            return;
        }
        self.list.push(Fault {
            place: self.place(at),
            key: key.into(),
            problem,
        });
    }

    /// Returns the faults in the order of the file.
    pub(crate) fn finish(mut self) -> Vec<Fault> {
        self.list.sort_by_key(|fault| fault.place);
        if self.more > 0 {
            let place = self.list.last().map_or_else(Place::default, |fault| fault.place);
            self.list.push(Fault {
                place,
                key: String::new(),
                problem: Problem::More { count: self.more },
            });
        }
        self.list
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Forgets that keys are missing: a broken line may have held them.
    fn forgive_missing(&mut self) {
        self.list.retain(|fault| {
            !matches!(
                fault.problem,
                Problem::MissingKey | Problem::OneOf { .. } | Problem::MissingOneOf { .. }
            )
        });
    }
}

/// Reads a file of TOML; `read` takes the whole apart. Every fault is returned, those of the syntax among them.
pub(crate) fn document<T>(
    bytes: &[u8],
    limit: u64,
    read: impl FnOnce(Table<'_>, &mut Faults<'_>) -> T,
) -> Result<T, Vec<Fault>> {
    let whole = |problem| {
        vec![Fault {
            place: Place { line: 1, column: 1 },
            key: String::new(),
            problem,
        }]
    };
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(whole(Problem::TooLarge { limit }));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let text = String::from_utf8_lossy(valid);
            let mut faults = Faults::of(&text);
            faults.tell(text.len(), "", Problem::NotText);
            return Err(faults.finish());
        }
    };
    let mut faults = Faults::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(text.len(), |span| span.start);
        // The words of the parser may hold several lines.
        let problem = error.message().lines().collect::<Vec<_>>().join(", ");
        faults.tell(at, "", Problem::Syntax { problem });
    }
    let value = read(Table::new(table.get_ref(), 0..0, String::new()), &mut faults);
    if !errors.is_empty() {
        faults.forgive_missing();
    }
    if faults.is_empty() {
        Ok(value)
    } else {
        Err(faults.finish())
    }
}

/// Reads one table: each key is asked for once, and what nobody asked for is unknown.
pub(crate) struct Table<'a> {
    entries: &'a DeTable<'a>,
    /// Where it stands.
    span: Range<usize>,
    /// What it is called.
    name: String,
    asked: BTreeSet<&'static str>,
}

/// Holds a value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Found<T> {
    pub(crate) value: T,
    pub(crate) at: usize,
}

impl<'a> Table<'a> {
    fn new(table: &'a DeTable<'a>, span: Range<usize>, name: String) -> Self {
        Self {
            entries: table,
            span,
            name,
            asked: BTreeSet::new(),
        }
    }

    /// Returns where the table begins.
    pub(crate) fn at(&self) -> usize {
        self.span.start
    }

    /// Returns how a key of it is called in a fault.
    pub(crate) fn key(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Tells of every key that nobody asked for.
    pub(crate) fn finish(self, faults: &mut Faults<'_>) {
        for (key, _) in self.entries {
            let word: &DeString<'_> = key.get_ref();
            if !self.asked.contains(word.as_ref()) {
                let nearest = nearest(word, self.asked.iter().copied()).map(str::to_owned);
                let shown = shortened(word);
                faults.tell(
                    key.span().start,
                    self.key(&shown),
                    Problem::UnknownKey { nearest },
                );
            }
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.insert(key);
        self.entries.get(key)
    }

    /// Tells that a value is of another kind.
    fn wrong(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        expected: &'static str,
        faults: &mut Faults<'_>,
    ) {
        let problem = Problem::Kind {
            expected,
            found: kind(value.get_ref()),
        };
        faults.tell(value.span().start, self.key(key), problem);
    }

    pub(crate) fn missing(&self, key: &str, faults: &mut Faults<'_>) {
        faults.tell(self.at(), self.key(key), Problem::MissingKey);
    }

    /// Returns a text that is not empty.
    pub(crate) fn text(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<Found<&'a str>> {
        let value = self.value(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(key, value, "a text", faults);
            return None;
        };
        let at = value.span().start;
        match flaw(text) {
            None => Some(Found { value: text, at }),
            Some(problem) => {
                faults.tell(at, self.key(key), problem);
                None
            }
        }
    }

    /// Returns a text that has to be there.
    pub(crate) fn needed(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<Found<&'a str>> {
        if self.value(key).is_none() {
            self.missing(key, faults);
        }
        self.text(key, faults)
    }

    /// Returns texts that are not empty, each once.
    pub(crate) fn texts(
        &mut self,
        key: &'static str,
        faults: &mut Faults<'_>,
    ) -> Option<Vec<Found<&'a str>>> {
        let value = self.value(key)?;
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of texts", faults);
            return None;
        };
        if list.is_empty() {
            faults.tell(value.span().start, self.key(key), Problem::Empty);
        }
        if list.len() > limits::LIST_VALUES {
            let limit = limits::LIST_VALUES;
            faults.tell(value.span().start, self.key(key), Problem::TooMany { limit });
            return None;
        }
        let mut found: Vec<Found<&str>> = Vec::new();
        for item in list {
            let at = item.span().start;
            let Some(text) = item.get_ref().as_str() else {
                self.wrong(key, item, "a text", faults);
                continue;
            };
            if let Some(problem) = flaw(text) {
                faults.tell(at, self.key(key), problem);
            } else if let Some(first) = found.iter().find(|known| known.value == text) {
                let problem = Problem::Duplicate {
                    first: faults.place(first.at),
                    value: text.to_owned(),
                };
                faults.tell(at, self.key(key), problem);
            } else {
                found.push(Found { value: text, at });
            }
        }
        Some(found)
    }

    pub(crate) fn flag(&mut self, key: &'static str, faults: &mut Faults<'_>) -> bool {
        let Some(value) = self.value(key) else {
            return false;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(key, value, "`true` or `false`", faults);
            false
        })
    }

    /// Returns a whole number in decimal digits.
    pub(crate) fn number(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<u64> {
        let Some(value) = self.value(key) else {
            self.missing(key, faults);
            return None;
        };
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong(key, value, "a number", faults);
            return None;
        };
        let parsed = number.as_str().parse().ok().filter(|_| number.radix() == 10);
        if parsed.is_none() {
            faults.tell(value.span().start, self.key(key), Problem::Number);
        }
        parsed
    }

    /// Returns a date, as its first second in UTC, or an instant.
    pub(crate) fn date(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<Found<UnixTime>> {
        let value = self.value(key)?;
        let at = value.span().start;
        let problem = match value.get_ref() {
            DeValue::Datetime(date) if date.date.is_none() => DateProblem::NoDate,
            DeValue::Datetime(date) if date.time.is_some() && date.offset.is_none() => DateProblem::NoOffset,
            // TOML 1.1 lets seconds be left out; they are written out again.
            DeValue::Datetime(date) => match UnixTime::parse(&date.to_string()) {
                Some(value) => return Some(Found { value, at }),
                None => DateProblem::NoSuchDay,
            },
            DeValue::String(text) if UnixTime::parse(text).is_some() => DateProblem::Quoted,
            _ => {
                self.wrong(key, value, "a date", faults);
                return None;
            }
        };
        faults.tell(at, self.key(key), Problem::Date { problem });
        None
    }

    /// Returns a table within this one.
    pub(crate) fn table(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<Self> {
        let value = self.value(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(key, value, "a table", faults);
            return None;
        };
        Some(Self::new(table, value.span(), self.key(key)))
    }

    /// Returns the tables of a list; nothing where there is none, or more than `limit`.
    pub(crate) fn tables(&mut self, key: &'static str, limit: usize, faults: &mut Faults<'_>) -> Vec<Self> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of tables", faults);
            return Vec::new();
        };
        if list.len() > limit {
            faults.tell(value.span().start, self.key(key), Problem::TooMany { limit });
            return Vec::new();
        }
        let mut tables = Vec::new();
        for (index, item) in list.iter().enumerate() {
            let number = index.saturating_add(1);
            match item.get_ref().as_table() {
                Some(table) => tables.push(Self::new(
                    table,
                    item.span(),
                    format!("{}[{number}]", self.key(key)),
                )),
                None => self.wrong(key, item, "a table", faults),
            }
        }
        tables
    }

    pub(crate) fn has(&mut self, key: &'static str) -> bool {
        self.value(key).is_some()
    }
}

fn flaw(text: &str) -> Option<Problem> {
    if text.is_empty() {
        Some(Problem::Empty)
    } else if text.len() > limits::TEXT_BYTES {
        Some(Problem::TooLong)
    } else {
        None
    }
}

/// Tells of a text that a person cannot have meant: with blanks around it, or characters that nobody sees.
pub(crate) fn check_plain(key: String, found: &Found<&str>, faults: &mut Faults<'_>) -> bool {
    let text = found.value;
    let is_plain = text.trim() == text && !text.chars().any(char::is_control);
    if !is_plain {
        faults.tell(found.at, key, Problem::Blank);
    }
    is_plain
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Returns the known word that was meant, if one is within two slips, or a third of a short word.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase().replace('_', "-");
    let most = (word.chars().count() / 3).clamp(1, 2);
    let distances = known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, candidate), candidate));
    let best = distances.min_by_key(|(distance, _)| *distance);
    best.filter(|(distance, _)| *distance <= most)
        .map(|(_, candidate)| candidate)
}

pub(crate) fn shortened(word: &str) -> String {
    let shown: String = word.chars().take(64).flat_map(char::escape_debug).collect();
    if word.chars().count() > 64 {
        format!("{shown}...")
    } else {
        shown
    }
}
