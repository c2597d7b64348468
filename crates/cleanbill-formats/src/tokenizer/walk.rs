use std::ops::Range;

use super::{BROKEN, Insertion, LIMIT, Pattern, REPEATED, Rewrite, SHAPE, Shared, Stage, UNKNOWN, View};
use crate::{
    bytes::{ReadAt, SourceError, read_range, size_usize},
    json::{Event, JsonError, Reader, Strictness},
    notes::Notes,
    tokens::{Tokens, base64, is_telling},
};

/// LIMIT: levels that values nest, as in the library's own reader.
const DEPTH: usize = 128;
/// LIMIT: bytes of a token that are read; vocabularies hold tokens of a few hundred.
const TOKEN_BYTES: usize = 16 * 1024;
/// LIMIT: bytes of a rule's text that are read; a compiled table of characters has some 300 KiB.
const RULE_BYTES: usize = 1 << 20;
/// LIMIT: bytes of all rules' texts that are kept.
const KEPT_BYTES: usize = 16 << 20;
/// LIMIT: rules of each kind that are kept.
const RULES: usize = 10_000;
/// LIMIT: added tokens that are compared with the vocabulary.
const ADDED: usize = 100_000;
/// LIMIT: added tokens with another's id that are kept; the first few say enough.
const RENAMED: usize = 256;
/// Rules of the library.
const KINDS: &[&str] = &[
    "BPEDecoder",
    "BertNormalizer",
    "BertPreTokenizer",
    "BertProcessing",
    "ByteFallback",
    "ByteLevel",
    "CTC",
    "CharDelimiterSplit",
    "Delimiter",
    "Digits",
    "FixedLength",
    "Fuse",
    "Lowercase",
    "Metaspace",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Nmt",
    "Precompiled",
    "Prepend",
    "Punctuation",
    "Replace",
    "RobertaProcessing",
    "Sequence",
    "Split",
    "Strip",
    "StripAccents",
    "TemplateProcessing",
    "UnicodeScripts",
    "Whitespace",
    "WhitespaceSplit",
    "WordPiece",
];
const MODELS: &[&str] = &["BPE", "WordPiece", "WordLevel", "Unigram"];

pub(super) fn walk(source: &dyn ReadAt) -> Result<View, SourceError> {
    let size = source.size();
    let first = read_range(source, 0..size.min(3), 3)?;
    let start = if first == b"\xef\xbb\xbf" { 3 } else { 0 };
    let mut walk = Walk {
        reader: Reader::new(source, start..size, Strictness::Python, DEPTH, TOKEN_BYTES),
        notes: Notes::default(),
        tokens: Tokens::default(),
        added: Vec::new(),
        kept: 0,
        view: View::default(),
    };
    match walk.root() {
        Ok(()) => {}
        Err(JsonError::Source(error)) => return Err(error),
        Err(JsonError::Depth { offset }) => walk.notes.push(&LIMIT, offset..size, "nested too deep"),
        Err(error) => {
            let at = error.offset().unwrap_or(0);
            walk.notes.push(&BROKEN, at..size.max(at), error.to_string());
        }
    }
    Ok(walk.finish(size))
}

/// Holds an added token until the vocabulary is known.
struct Added {
    id: u64,
    text: String,
    range: Range<u64>,
}

/// Holds what a value began with; a text or number is in the reader.
struct Value {
    event: Event,
    range: Range<u64>,
}

type Walked<T> = Result<T, JsonError>;

struct Walk<'a> {
    reader: Reader<'a>,
    notes: Notes,
    tokens: Tokens,
    added: Vec<Added>,
    kept: usize,
    view: View,
}

impl Walk<'_> {
    fn finish(mut self, size: u64) -> View {
        let mut view = self.view;
        for one in self.added {
            if self.tokens.belongs_to_another(&one.text, one.id) && view.renamed.len() < RENAMED {
                view.renamed.push(Shared {
                    id: one.id,
                    text: one.text.clone(),
                    range: one.range.clone(),
                });
            }
            self.tokens.note_id(one.id, &one.range);
            self.tokens.look_at(&one.text, one.id, &one.range);
        }
        if self.tokens.cut {
            self.notes.push(&LIMIT, 0..size, "tokens");
        }
        view.tokens = self.tokens.count;
        view.largest = self.tokens.largest.take();
        view.shared = std::mem::take(&mut self.tokens.shared);
        view.telling = self.tokens.finish();
        view.anomalies = self.notes.finish();
        view
    }

    fn root(&mut self) -> Walked<()> {
        let Some(value) = self.value()? else { return Ok(()) };
        if value.event != Event::ObjectStart {
            return self.misfit(&value);
        }
        while let Some(key) = self.key("tokenizer")? {
            match key.as_str() {
                "model" => self.model()?,
                "added_tokens" => self.added_tokens()?,
                "normalizer" => self.rule(Stage::Normalizer)?,
                "pre_tokenizer" => self.rule(Stage::PreTokenizer)?,
                "post_processor" => self.rule(Stage::PostProcessor)?,
                "decoder" => self.rule(Stage::Decoder)?,
                _ => self.skip()?,
            }
        }
        Ok(())
    }

    /// Returns the next key of the open object, or `None` at its end.
    fn key(&mut self, place: &str) -> Walked<Option<String>> {
        self.reader.keep(TOKEN_BYTES);
        match self.reader.next()? {
            Some((Event::Key { repeated }, range)) => {
                let key = self.reader.text().into_owned();
                if repeated {
                    self.notes.push(&REPEATED, range, format!("{place}: {key}"));
                }
                Ok(Some(key))
            }
            _ => Ok(None),
        }
    }

    fn value(&mut self) -> Walked<Option<Value>> {
        let next = self.reader.next()?;
        Ok(next.map(|(event, range)| Value { event, range }))
    }

    /// Begins a list; `false` where there is none.
    fn begins(&mut self, wanted: Event) -> Walked<Option<Value>> {
        let Some(value) = self.value()? else {
            return Ok(None);
        };
        if value.event == wanted {
            return Ok(Some(value));
        }
        if value.event != Event::Null {
            self.misfit(&value)?;
        }
        Ok(None)
    }

    /// Notes a value of another kind than the library reads, and passes over the rest of it.
    fn misfit(&mut self, value: &Value) -> Walked<()> {
        self.notes.push(&SHAPE, value.range.clone(), "");
        self.rest(value)
    }

    /// Passes over what is left of a value that began.
    fn rest(&mut self, value: &Value) -> Walked<()> {
        if matches!(value.event, Event::ObjectStart | Event::ArrayStart) {
            self.close(self.reader.depth())?;
        }
        Ok(())
    }

    /// Passes over everything up to the end of the container at `depth`.
    fn close(&mut self, depth: usize) -> Walked<()> {
        while self.reader.depth() >= depth {
            if self.reader.next()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn skip(&mut self) -> Walked<()> {
        self.reader.keep(0);
        match self.value()? {
            Some(value) => self.rest(&value),
            None => Ok(()),
        }
    }

    /// Reads a text; other kinds of values are passed over.
    fn text(&mut self, most: usize) -> Walked<Option<(String, Range<u64>)>> {
        self.reader.keep(most);
        let Some(value) = self.value()? else {
            return Ok(None);
        };
        if value.event == Event::String {
            if self.reader.is_cut() {
                self.notes.push(&LIMIT, value.range.clone(), "a long text");
            }
            return Ok(Some((self.reader.text().into_owned(), value.range)));
        }
        self.rest(&value)?;
        Ok(None)
    }

    fn model(&mut self) -> Walked<()> {
        if self.begins(Event::ObjectStart)?.is_none() {
            return Ok(());
        }
        while let Some(key) = self.key("model")? {
            match key.as_str() {
                "type" => {
                    if let Some((kind, range)) = self.text(64)? {
                        if !MODELS.contains(&kind.as_str()) {
                            self.notes.push(&UNKNOWN, range, kind.clone());
                        }
                        self.view.model = Some(kind);
                    }
                }
                "vocab" => self.vocabulary()?,
                "merges" => self.merges()?,
                _ => self.skip()?,
            }
        }
        Ok(())
    }

    /// Reads a map of tokens to ids, or a list of tokens with scores whose places are the ids.
    fn vocabulary(&mut self) -> Walked<()> {
        self.reader.keep(TOKEN_BYTES);
        let Some(value) = self.value()? else { return Ok(()) };
        match value.event {
            Event::ObjectStart => self.map(),
            Event::ArrayStart => self.list(),
            Event::Null => Ok(()),
            _ => self.misfit(&value),
        }
    }

    fn map(&mut self) -> Walked<()> {
        let mut token = String::new();
        while let Some((Event::Key { repeated }, range)) = self.reader.next()? {
            token.clear();
            token.push_str(&self.reader.text());
            if self.reader.is_cut() {
                self.notes.push(&LIMIT, range.clone(), "a long token");
            }
            if repeated {
                self.notes
                    .push(&REPEATED, range.clone(), format!("vocab: {token}"));
            }
            let Some(value) = self.value()? else { return Ok(()) };
            let id = match value.event {
                Event::Number => self.reader.text().parse::<u64>().ok(),
                _ => None,
            };
            match id {
                Some(id) => {
                    let range = range.start..value.range.end;
                    self.tokens.take(token.as_bytes(), &token, id, &range);
                }
                None => self.misfit(&value)?,
            }
        }
        Ok(())
    }

    fn list(&mut self) -> Walked<()> {
        let mut place = 0_u64;
        while let Some(value) = self.value()? {
            match value.event {
                Event::ArrayEnd => break,
                Event::ArrayStart => self.scored(place)?,
                _ => self.misfit(&value)?,
            }
            place = place.saturating_add(1);
        }
        Ok(())
    }

    /// Reads the token of a list that began.
    fn scored(&mut self, place: u64) -> Walked<()> {
        let depth = self.reader.depth();
        let Some(first) = self.value()? else { return Ok(()) };
        if first.event == Event::String {
            if self.reader.is_cut() {
                self.notes.push(&LIMIT, first.range.clone(), "a long token");
            }
            let token = self.reader.text();
            self.tokens.take(token.as_bytes(), &token, place, &first.range);
        } else {
            self.notes.push(&SHAPE, first.range, "");
        }
        self.close(depth)
    }

    /// Reads merges: texts of two parts with a blank between, or lists of two parts.
    fn merges(&mut self) -> Walked<()> {
        self.reader.keep(TOKEN_BYTES);
        if self.begins(Event::ArrayStart)?.is_none() {
            return Ok(());
        }
        let mut made = String::new();
        while let Some(value) = self.value()? {
            made.clear();
            match value.event {
                Event::ArrayEnd => break,
                Event::String => {
                    if let Some((left, right)) = self.reader.text().split_once(' ') {
                        made.push_str(left);
                        made.push_str(right);
                    }
                }
                Event::ArrayStart => {
                    while let Some(part) = self.value()? {
                        match part.event {
                            Event::ArrayEnd => break,
                            Event::String => made.push_str(&self.reader.text()),
                            _ => self.misfit(&part)?,
                        }
                    }
                }
                _ => self.misfit(&value)?,
            }
            self.view.merges = self.view.merges.saturating_add(1);
            self.tokens.merge(&made);
        }
        Ok(())
    }

    fn added_tokens(&mut self) -> Walked<()> {
        if self.begins(Event::ArrayStart)?.is_none() {
            return Ok(());
        }
        while let Some(value) = self.value()? {
            match value.event {
                Event::ArrayEnd => break,
                Event::ObjectStart => self.added_token()?,
                _ => self.misfit(&value)?,
            }
        }
        Ok(())
    }

    fn added_token(&mut self) -> Walked<()> {
        let (mut id, mut text, mut special, mut at) = (None, String::new(), false, 0..0);
        while let Some(key) = self.key("added token")? {
            match key.as_str() {
                "content" => {
                    if let Some((content, range)) = self.text(TOKEN_BYTES)? {
                        (text, at) = (content, range);
                    }
                }
                "id" | "special" => {
                    let Some(value) = self.value()? else { return Ok(()) };
                    match value.event {
                        Event::Number if key == "id" => id = self.reader.text().parse::<u64>().ok(),
                        // `true` is four bytes long.
                        Event::Bool => special = value.range.end.saturating_sub(value.range.start) == 4,
                        _ => self.misfit(&value)?,
                    }
                }
                _ => self.skip()?,
            }
        }
        self.view.added = self.view.added.saturating_add(1);
        self.view.special = self.view.special.saturating_add(u64::from(special));
        if let Some(id) = id {
            if self.added.len() < ADDED && self.room(text.len()) {
                self.added.push(Added { id, text, range: at });
            } else {
                self.notes.push(&LIMIT, at, "added tokens");
            }
        }
        Ok(())
    }

    /// Takes from what may be kept of rules and added tokens.
    fn room(&mut self, bytes: usize) -> bool {
        self.kept = self.kept.saturating_add(bytes);
        self.kept <= KEPT_BYTES
    }

    /// Reads a rule; rules nest no deeper than the reader allows.
    fn rule(&mut self, stage: Stage) -> Walked<()> {
        match self.begins(Event::ObjectStart)? {
            Some(value) => self.rule_body(stage, value.range.start),
            None => Ok(()),
        }
    }

    fn rules(&mut self, stage: Stage) -> Walked<()> {
        if self.begins(Event::ArrayStart)?.is_none() {
            return Ok(());
        }
        while let Some(value) = self.value()? {
            match value.event {
                Event::ArrayEnd => break,
                Event::ObjectStart => self.rule_body(stage, value.range.start)?,
                _ => self.misfit(&value)?,
            }
        }
        Ok(())
    }

    fn rule_body(&mut self, stage: Stage, start: u64) -> Walked<()> {
        let mut kind = String::new();
        let (mut pattern, mut content, mut prepend) = (None, None, None);
        while let Some(key) = self.key("rule")? {
            match key.as_str() {
                "type" => {
                    if let Some((text, range)) = self.text(64)? {
                        if !KINDS.contains(&text.as_str()) {
                            self.notes.push(&UNKNOWN, range, text.clone());
                        }
                        kind = text;
                    }
                }
                "normalizers" | "pretokenizers" | "decoders" | "processors" => self.rules(stage)?,
                "pattern" => pattern = self.pattern()?,
                "content" => content = self.text(RULE_BYTES)?,
                "prepend" => prepend = self.text(RULE_BYTES)?,
                "precompiled_charsmap" => self.table()?,
                "special_tokens" => self.special_tokens()?,
                _ => self.skip()?,
            }
        }
        let range = start..self.reader.position();
        let (from, regex) = pattern.map_or((None, false), |(text, regex)| (Some(text), regex));
        if let Some(text) = from.clone().filter(|_| regex) {
            if self.view.patterns.len() < RULES && self.room(text.len()) {
                let range = range.clone();
                self.view.patterns.push(Pattern { text, range });
            } else {
                self.notes.push(&LIMIT, range.clone(), "patterns");
            }
        }
        let (from, to) = match kind.as_str() {
            "Prepend" => (None, prepend),
            "Replace" => (Some(from.unwrap_or_default()), content),
            _ => return Ok(()),
        };
        let Some((to, _)) = to else { return Ok(()) };
        let bytes = to.len().saturating_add(from.as_ref().map_or(0, String::len));
        if self.view.rewrites.len() < RULES && self.room(bytes) {
            self.view.rewrites.push(Rewrite {
                stage,
                from,
                regex,
                to,
                range,
            });
        } else {
            self.notes.push(&LIMIT, range, "rules");
        }
        Ok(())
    }

    fn table(&mut self) -> Walked<()> {
        if let Some((text, range)) = self.text(RULE_BYTES)? {
            // The size of the table of places, that table, then texts that each end with a zero.
            let bytes = base64(text.as_bytes()).unwrap_or_default();
            let size = bytes.first_chunk().map_or(0, |size| u32::from_le_bytes(*size));
            let skip = size_usize(u64::from(size).saturating_add(4));
            let Some(texts) = bytes.get(skip..).filter(|_| bytes.len() > 4) else {
                self.notes.push(&SHAPE, range, "precompiled_charsmap");
                return Ok(());
            };
            for text in texts.split(|byte| *byte == 0) {
                let text = String::from_utf8_lossy(text);
                if is_telling(&text) && self.view.tables.len() < RULES && self.room(text.len()) {
                    let (text, range) = (text.into_owned(), range.clone());
                    self.view.tables.push(Pattern { text, range });
                }
            }
        }
        Ok(())
    }

    /// Reads `{"String": ...}`, `{"Regex": ...}` or a plain text; says whether it is an expression.
    fn pattern(&mut self) -> Walked<Option<(String, bool)>> {
        self.reader.keep(RULE_BYTES);
        let Some(value) = self.value()? else {
            return Ok(None);
        };
        let mut found = None;
        match value.event {
            Event::String => found = Some((self.reader.text().into_owned(), false)),
            Event::ObjectStart => {
                while let Some(key) = self.key("pattern")? {
                    if let Some((text, _)) = self.text(RULE_BYTES)? {
                        found = Some((text, key == "Regex"));
                    }
                }
            }
            _ => self.misfit(&value)?,
        }
        Ok(found)
    }

    /// Reads the ids that a template puts in for each name.
    fn special_tokens(&mut self) -> Walked<()> {
        let Some(value) = self.value()? else { return Ok(()) };
        if value.event != Event::ObjectStart {
            return self.rest(&value);
        }
        while let Some(name) = self.key("special token")? {
            let Some(value) = self.begins(Event::ObjectStart)? else {
                continue;
            };
            let mut ids = 0_u64;
            while let Some(key) = self.key("special token")? {
                let Some(value) = self.value()? else { return Ok(()) };
                if value.event == Event::ArrayStart {
                    let count = self.count()?;
                    ids = if key == "ids" { count } else { ids };
                } else {
                    self.rest(&value)?;
                }
            }
            let range = value.range.start..self.reader.position();
            if self.view.insertions.len() < RULES && self.room(name.len()) {
                self.view.insertions.push(Insertion { name, ids, range });
            } else {
                self.notes.push(&LIMIT, range, "special tokens");
            }
        }
        Ok(())
    }

    /// Counts the values of a list that began.
    fn count(&mut self) -> Walked<u64> {
        let mut count = 0_u64;
        while let Some(one) = self.value()? {
            if one.event == Event::ArrayEnd {
                break;
            }
            self.rest(&one)?;
            count = count.saturating_add(1);
        }
        Ok(count)
    }
}
