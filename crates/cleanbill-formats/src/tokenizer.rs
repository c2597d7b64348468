//! Tokenizers of Hugging Face's library (`tokenizer.json`).

mod walk;

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Probe, Score,
    registry::{ParseResult, format_info},
    tokens::{Shared, Telling},
    words::Words,
};

format_info! {
    /// ## What it is
    /// What the library `tokenizers` saves as `tokenizer.json`: how text is prepared, cut and turned into ids, and how ids become
    /// text again. It is data, but its rules rewrite what goes into a model and what comes out of it.
    /// ## What is read
    /// The JSON to its end, as a stream; no tree of the vocabulary is built. Kept are the model's kind, the number of tokens and
    /// of merges, the largest id, ids that two tokens have, added tokens under the id of another token, tokens that read like an
    /// address, a command or a sentence, and every rule that replaces, puts before or inserts text, with its patterns.
    /// ## What is reported
    /// JSON that breaks off, parts of another kind than the library reads, keys that stand twice, kinds of rules that this build
    /// does not know.
    /// ## Limits
    /// Values nest at most 128 levels, as in the library. Ids above 2,000,000 are not compared; 100,000 added tokens, 10,000 rules
    /// and 4,096 telling tokens are kept, rules of up to 1 MiB; more makes the coverage partial.
    /// ## References
    /// The library's documentation, "Components".
    "tokenizer", "Hugging Face tokenizer", extensions: &["json"], refines: Some("text"),
    dialects: [
        "bpe": "byte pair encoding", "wordpiece": "WordPiece", "wordlevel": "a table of words", "unigram": "Unigram",
    ]
}

static BROKEN: AnomalyKind = AnomalyKind::damage(
    "tokenizer-broken",
    "the JSON of the tokenizer breaks off",
    "分词器的 JSON 中断",
);
static SHAPE: AnomalyKind = AnomalyKind::damage(
    "tokenizer-shape",
    "a part of the tokenizer is not of the kind that the library reads",
    "分词器的某部分不是该库所读取的类型",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "tokenizer-limit",
    "the tokenizer has more or longer parts than are examined",
    "分词器的部分过多或过长，未全部检查",
);
static UNKNOWN: AnomalyKind = AnomalyKind::limit(
    "tokenizer-unknown-rule",
    "a rule of the tokenizer is of a kind that this build does not know",
    "分词器含有此版本不认识的规则",
);
static REPEATED: AnomalyKind = AnomalyKind::evasion(
    "tokenizer-repeated-key",
    "a part or token of the tokenizer stands twice",
    "分词器的某个部分或词元出现两次",
);

/// Says where in the way of a text a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Text that goes in is prepared.
    Normalizer,
    /// Text that goes in is cut.
    PreTokenizer,
    /// Ids of what went in are completed.
    PostProcessor,
    /// Ids become text that comes out.
    Decoder,
}

/// Holds a rule that puts other text in the place of text, or before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// Where it stands.
    pub stage: Stage,
    /// What is replaced; `None` for a rule that puts text before every text.
    pub from: Option<String>,
    /// What is replaced is a regular expression.
    pub regex: bool,
    /// What comes in its place.
    pub to: String,
    /// Where the rule stands in the file.
    pub range: Range<u64>,
}

/// Holds a regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The expression.
    pub text: String,
    /// Where it stands in the file.
    pub range: Range<u64>,
}

/// Holds ids that are put beside every text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// The name by which the template calls them.
    pub name: String,
    /// How many ids come in.
    pub ids: u64,
    /// Where they stand in the file.
    pub range: Range<u64>,
}

/// Shows a tokenizer.
#[derive(Debug, Default)]
pub struct View {
    /// `BPE`, `WordPiece`, `WordLevel` or `Unigram`.
    pub model: Option<String>,
    /// Tokens of the vocabulary.
    pub tokens: u64,
    /// Merges.
    pub merges: u64,
    /// Added tokens.
    pub added: u64,
    /// Added tokens that are special.
    pub special: u64,
    /// The largest id of any token, and where it stands.
    pub largest: Option<(u64, Range<u64>)>,
    /// Tokens that read like more than a piece of a word.
    pub telling: Vec<Telling>,
    /// Ids that two tokens of the vocabulary have.
    pub shared: Vec<Shared>,
    /// Added tokens whose id is that of another token of the vocabulary.
    pub renamed: Vec<Shared>,
    /// Rules that change text.
    pub rewrites: Vec<Rewrite>,
    /// Regular expressions of all rules.
    pub patterns: Vec<Pattern>,
    /// Ids that are put beside every text.
    pub insertions: Vec<Insertion>,
    /// Texts of compiled tables of characters that read like more than characters.
    pub tables: Vec<Pattern>,
    anomalies: Vec<Anomaly>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn dialects(&self) -> Vec<&'static str> {
        let known = match self.model.as_deref() {
            Some("BPE") => "bpe",
            Some("WordPiece") => "wordpiece",
            Some("WordLevel") => "wordlevel",
            Some("Unigram") => "unigram",
            _ => return Vec::new(),
        };
        vec![known]
    }
}

/// Keys of the outermost object and of the model.
const KEYS: &[&[u8]] = &[
    b"\"added_tokens\"",
    b"\"normalizer\"",
    b"\"pre_tokenizer\"",
    b"\"post_processor\"",
    b"\"decoder\"",
    b"\"merges\"",
    b"\"vocab\"",
];

static ANY_KEY: Words = Words::new(KEYS);

/// Knows a tokenizer by its keys, at the start or at the end, since the vocabulary between them is long.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let head = probe.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(probe.head);
    if head.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    // Each way to be known takes one of them, and most JSON holds none.
    if !probe.parts().any(|part| ANY_KEY.any_in(part)) {
        return None;
    }
    let has = |key: &[u8]| {
        probe
            .parts()
            .any(|part| memchr::memmem::find(part, key).is_some())
    };
    let parts = KEYS.iter().filter(|key| has(key)).count();
    let model = has(b"\"model\"") && (has(b"\"vocab\"") || parts >= 2);
    // The library writes these first, and many added tokens after them.
    let first = has(b"\"truncation\"") && has(b"\"padding\"") && has(b"\"added_tokens\"");
    (parts >= 3 || model || first).then_some(Score::Likely)
}

/// Walks over the whole file.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    walk::walk(input.source)
}

#[cfg(test)]
mod tests;
