//! A tree of values with byte ranges, from YAML, JSON or TOML.
//!
//! What a key means is not here. A text that breaks off or breaks a rule still gives the documents before that place and
//! a note; scalars keep their spelling, since `yes`, `0777` and `1.10` mean different things to different readers.

mod json;
mod toml;
mod yaml;

use std::ops::Range;

/// LIMIT: deepest nesting that is kept; protects the stack of whoever walks the tree. What lies deeper is left out and noted.
pub const MAX_DEPTH: usize = 128;
/// LIMIT: most nodes of one tree, copies of aliases counted; protects memory from aliases of aliases. Beyond it reading ends
/// with a note. Lock files of large projects have a tenth of it.
pub const MAX_NODES: usize = 500_000;
/// LIMIT: most bytes of scalars in one tree, copies of aliases counted; protects memory for the same reason.
pub const MAX_SCALAR_BYTES: usize = 32 << 20;
/// LIMIT: most notes of one tree; more would repeat them.
const MAX_NOTES: usize = 64;

/// Says how a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// YAML 1.2 with merge keys; several documents may follow each other.
    Yaml,
    /// JSON; comments, trailing commas and several values are forgiven.
    Json,
    /// TOML 1.0.
    Toml,
}

/// Holds every document of a text.
#[derive(Clone, Debug)]
pub struct Tree {
    /// How it is written.
    pub syntax: Syntax,
    /// The documents, in order; JSON Lines give one for each value, TOML gives one.
    pub documents: Vec<Node>,
    /// What is wrong or unusual, with where.
    pub notes: Vec<Note>,
}

/// Says what is wrong or unusual at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What kind of thing it is.
    pub kind: NoteKind,
    /// Where in the text.
    pub span: Range<usize>,
    /// Words about it.
    pub detail: String,
}

/// Kinds of [`Note`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// A rule of the syntax is broken; what follows may be missing.
    Broken,
    /// A map names a key twice; readers differ in which one counts. Both are kept.
    DuplicateKey,
    /// An alias within the value that it names.
    UnknownAlias,
    /// One of our limits was reached; what follows is missing.
    Limit,
}

/// Holds one value.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// Bytes that spell it; for a copy made by an alias, those at the anchor.
    pub span: Range<usize>,
    /// The tag before it in YAML, such as `!reference`, where one stands.
    pub tag: Option<Box<str>>,
}

/// Kinds of values.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A text, number, truth value, date or null.
    Scalar {
        /// Its text, escapes resolved.
        text: Box<str>,
        /// Whether it stood in quotes or as a block, so that it can only be a text.
        quoted: bool,
    },
    /// Values in order.
    List(Vec<Node>),
    /// Keys with values in order; merge keys of YAML are resolved after the map's own keys.
    Map(Vec<Entry>),
}

/// Holds one key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key as text; a key that is a list or map is an empty text.
    pub key: Box<str>,
    /// Bytes that spell the key.
    pub key_span: Range<usize>,
    /// The value.
    pub value: Node,
}

impl Syntax {
    /// Guesses how a text is written from its first line that is no comment; `None` where it is none of the three.
    pub fn guess(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}');
        let line = text.lines().map(str::trim).find(|line| {
            !line.is_empty() && !line.starts_with(['#', '%']) && !line.starts_with("//") && *line != "---"
        })?;
        let mapping =
            line.ends_with(':') || line.contains(": ") || line.contains(":\t") || line.contains(" #");
        let bare_key = |key: &str| {
            let key = key.trim();
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'');
            !key.is_empty() && key.chars().all(plain)
        };
        if line.starts_with("/*")
            || line.starts_with('{') && !line.starts_with("{{") && !line.starts_with("{%")
        {
            return Some(Self::Json);
        }
        if line.starts_with('[') {
            let header = line.trim_start_matches('[').split(']').next().unwrap_or_default();
            let table = !header.is_empty() && line.contains(']') && header.split('.').all(bare_key);
            let number = header.parse::<f64>().is_ok() || header.starts_with('"');
            return Some(if table && !number { Self::Toml } else { Self::Json });
        }
        if line.split_once('=').is_some_and(|(key, _)| bare_key(key)) {
            return Some(Self::Toml);
        }
        let yaml = mapping
            || line.starts_with("- ")
            || line.starts_with("? ")
            || line.starts_with(['&', '!', '|'])
            || line == "-";
        yaml.then_some(Self::Yaml)
    }
}

impl Tree {
    /// Reads `text` in the given syntax.
    pub fn parse(text: &str, syntax: Syntax) -> Self {
        match syntax {
            Syntax::Yaml => yaml::parse(text),
            Syntax::Json => json::parse(text),
            Syntax::Toml => toml::parse(text),
        }
    }

    /// Returns the first document.
    pub fn root(&self) -> Option<&Node> {
        self.documents.first()
    }

    /// Says whether something may be missing from it.
    pub fn is_cut(&self) -> bool {
        self.notes
            .iter()
            .any(|note| matches!(note.kind, NoteKind::Broken | NoteKind::Limit))
    }
}

impl Node {
    /// Makes a scalar.
    pub(crate) fn scalar(text: &str, quoted: bool, span: Range<usize>) -> Self {
        Self {
            kind: Kind::Scalar {
                text: text.into(),
                quoted,
            },
            span,
            tag: None,
        }
    }

    /// Returns the text of a scalar of any kind: of a number or truth value its spelling. `None` for null.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// Returns the text of a scalar that can only be a text, or is none of null, truth value and number.
    pub fn as_text(&self) -> Option<&str> {
        let text = self.as_str()?;
        let quoted = matches!(self.kind, Kind::Scalar { quoted: true, .. });
        (quoted || self.as_bool().is_none() && text.parse::<f64>().is_err()).then_some(text)
    }

    /// Returns a truth value, in quotes or not, in any spelling of YAML 1.1.
    pub fn as_bool(&self) -> Option<bool> {
        let text = self.as_str()?;
        let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        if is(&["true", "yes", "on"]) {
            Some(true)
        } else if is(&["false", "no", "off"]) {
            Some(false)
        } else {
            None
        }
    }

    /// Returns a whole number, in quotes or not.
    pub fn as_integer(&self) -> Option<i64> {
        self.as_str()?.replace('_', "").parse().ok()
    }

    /// Says whether it is null: the word, a tilde or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, quoted: false } if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Returns the values of a list; empty for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the values of a list, or the value itself where it is none and not null: many keys take one or many.
    pub fn one_or_many(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ if self.is_null() => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// Returns the entries of a map; empty for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Says whether it is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// Returns the value of `key`; the last one where it stands twice, as most readers take.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Returns the key itself with its value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| &*entry.key == key)
    }

    /// Returns the value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the text at a path of keys.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// Returns the truth value at a path of keys.
    pub fn bool_at(&self, path: &[&str]) -> Option<bool> {
        self.at(path)?.as_bool()
    }

    /// Calls `visit` with this node and everything below it, in order, with the key above each (empty in a list).
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a Self)) {
        self.walk_under("", visit);
    }

    fn walk_under<'a>(&'a self, key: &'a str, visit: &mut dyn FnMut(&'a str, &'a Self)) {
        visit(key, self);
        match &self.kind {
            Kind::Scalar { .. } => {}
            Kind::List(items) => items.iter().for_each(|item| item.walk_under("", visit)),
            Kind::Map(entries) => {
                for entry in entries {
                    entry.value.walk_under(&entry.key, visit);
                }
            }
        }
    }

    fn weight(&self) -> Weight {
        let mut weight = Weight {
            nodes: 1,
            ..Weight::default()
        };
        match &self.kind {
            Kind::Scalar { text, .. } => weight.scalar_bytes = text.len(),
            Kind::List(items) => items.iter().for_each(|item| weight.add(&item.weight(), 0)),
            Kind::Map(entries) => {
                for entry in entries {
                    weight.add(&entry.value.weight(), entry.key.len());
                }
            }
        }
        weight
    }
}

/// Counts what a node and all below it cost.
#[derive(Debug, Default)]
struct Weight {
    nodes: usize,
    scalar_bytes: usize,
    height: usize,
}

impl Weight {
    fn add(&mut self, below: &Self, key_bytes: usize) {
        self.nodes = self.nodes.saturating_add(below.nodes);
        self.scalar_bytes = self
            .scalar_bytes
            .saturating_add(below.scalar_bytes)
            .saturating_add(key_bytes);
        self.height = self.height.max(below.height.saturating_add(1));
    }
}

/// Counts what a tree has cost while it is built.
#[derive(Debug, Default)]
struct Budget {
    nodes: usize,
    scalar_bytes: usize,
    notes: Vec<Note>,
}

impl Budget {
    /// Counts one node; false where a limit is reached, which is then noted.
    fn take(&mut self, scalar_bytes: usize, at: &Range<usize>) -> bool {
        self.take_many(1, scalar_bytes, at)
    }

    fn take_many(&mut self, nodes: usize, scalar_bytes: usize, at: &Range<usize>) -> bool {
        self.nodes = self.nodes.saturating_add(nodes);
        self.scalar_bytes = self.scalar_bytes.saturating_add(scalar_bytes);
        let fits = self.nodes <= MAX_NODES && self.scalar_bytes <= MAX_SCALAR_BYTES;
        if !fits {
            self.note(NoteKind::Limit, at.clone(), "more values than are kept");
        }
        fits
    }

    fn note(&mut self, kind: NoteKind, span: Range<usize>, detail: &str) {
        // The last place is kept for what says that something is missing.
        let room = match kind {
            NoteKind::Broken | NoteKind::Limit => MAX_NOTES,
            _ => MAX_NOTES.saturating_sub(2),
        };
        if self.notes.len() < room {
            self.notes.push(Note {
                kind,
                span,
                detail: detail.to_owned(),
            });
        }
    }

    /// Notes keys that stand twice in one map.
    fn note_duplicates(&mut self, entries: &[Entry]) {
        let mut seen = std::collections::HashSet::with_capacity(entries.len());
        for entry in entries {
            if !seen.insert(&*entry.key) && !entry.key.is_empty() {
                self.note(NoteKind::DuplicateKey, entry.key_span.clone(), &entry.key);
            }
        }
    }

    fn finish(self, syntax: Syntax, documents: Vec<Node>) -> Tree {
        Tree {
            syntax,
            documents,
            notes: self.notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str, syntax: Syntax) -> Node {
        let tree = Tree::parse(text, syntax);
        assert_eq!(tree.notes, Vec::new(), "{text}");
        assert_eq!(tree.documents.len(), 1, "{text}");
        tree.documents.into_iter().next().unwrap()
    }

    #[test]
    fn three_syntaxes_give_one_tree() {
        for (text, syntax) in [
            ("a:\n  b: [1, x]\n  c: yes\n", Syntax::Yaml),
            (r#"{"a": {"b": [1, "x"], "c": true,},} // end"#, Syntax::Json),
            ("[a]\nb = [1, 'x']\nc = true\n", Syntax::Toml),
        ] {
            let root = only(text, syntax);
            let list = root.at(&["a", "b"]).unwrap().items();
            assert_eq!(list[0].as_integer(), Some(1), "{text}");
            assert_eq!(list[1].as_text(), Some("x"), "{text}");
            assert_eq!(root.bool_at(&["a", "c"]), Some(true), "{text}");
            let span = list[1].span.clone();
            assert_eq!(text.get(span).unwrap().trim_matches(['"', '\'']), "x", "{text}");
            let key = root.get("a").unwrap().entry("c").unwrap().key_span.clone();
            assert_eq!(text.get(key).unwrap().trim_matches('"'), "c", "{text}");
        }
    }

    #[test]
    fn the_syntax_is_guessed_from_the_first_line() {
        for (text, syntax) in [
            ("# c\n---\napiVersion: v1\n", Some(Syntax::Yaml)),
            ("- name: x\n", Some(Syntax::Yaml)),
            ("\"kind\": Pod\n", Some(Syntax::Yaml)),
            ("// c\n{\"a\": 1}", Some(Syntax::Json)),
            ("[1, 2]", Some(Syntax::Json)),
            ("[\"a\"]", Some(Syntax::Json)),
            ("[build-system]\nrequires = []\n", Some(Syntax::Toml)),
            ("[[package]]\nname = 'x'\n", Some(Syntax::Toml)),
            ("version = 1\n", Some(Syntax::Toml)),
            ("FROM python\n", None),
            ("{% if a %}", None),
            ("import os\n", None),
        ] {
            assert_eq!(Syntax::guess(text), syntax, "{text}");
        }
    }

    #[test]
    fn yaml_documents_anchors_merges_and_tags() {
        let text = "é: &d {x: 1, y: 2}\nm:\n  <<: *d\n  y: 3\nt: !ref [a]\n---\nz\n";
        let tree = Tree::parse(text, Syntax::Yaml);
        assert_eq!(tree.documents.len(), 2);
        let root = tree.root().unwrap();
        assert_eq!(root.str_at(&["m", "x"]), Some("1"));
        assert_eq!(root.str_at(&["m", "y"]), Some("3"));
        assert_eq!(root.get("t").unwrap().tag.as_deref(), Some("!ref"));
        assert_eq!(tree.documents[1].as_str(), Some("z"));
        let span = root.at(&["m", "y"]).unwrap().span.clone();
        assert_eq!(text.get(span), Some("3"));
    }

    #[test]
    fn laughs_depth_and_breaks_are_noted() {
        let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let below = level - 1;
            let list = vec![format!("*a{below}"); 10].join(", ");
            laughs = format!("{laughs}a{level}: &a{level} [{list}]\n");
        }
        let (open, close) = ("[".repeat(100), "]".repeat(100));
        let stairs = format!("a: &a {open}{close}\nb: &b {open}*a{close}\n");
        for (text, syntax, kind) in [
            (laughs.as_str(), Syntax::Yaml, NoteKind::Limit),
            (&"[".repeat(100_000), Syntax::Json, NoteKind::Limit),
            (
                &format!("a = {}", "[".repeat(100_000)),
                Syntax::Toml,
                NoteKind::Broken,
            ),
            (&"- ".repeat(3_000), Syntax::Yaml, NoteKind::Limit),
            ("a: 1\na: 2\n", Syntax::Yaml, NoteKind::DuplicateKey),
            ("{\"a\": 1, \"a\": 2}", Syntax::Json, NoteKind::DuplicateKey),
            ("a: *b\n", Syntax::Yaml, NoteKind::Broken),
            (&stairs, Syntax::Yaml, NoteKind::Limit),
            ("a: &a [*a]\n", Syntax::Yaml, NoteKind::UnknownAlias),
            ("a: [1\nb: 2\n", Syntax::Yaml, NoteKind::Broken),
            ("{\"a\" 1}", Syntax::Json, NoteKind::Broken),
            ("a = \n", Syntax::Toml, NoteKind::Broken),
        ] {
            let tree = Tree::parse(text, syntax);
            let shown: String = text.chars().take(40).collect();
            assert!(
                tree.notes.iter().any(|note| note.kind == kind),
                "{shown}: {:?}",
                tree.notes
            );
        }
    }

    #[test]
    fn what_stands_before_a_break_is_kept() {
        for (text, syntax) in [
            ("a: 1\n---\nb: 2\n---\nc: [\n", Syntax::Yaml),
            ("a: 1\nb: {\n", Syntax::Yaml),
            ("a: 1\nb: [1\n---\nc: 2\n", Syntax::Yaml),
            ("{\"a\": 1, \"b\": [2, ", Syntax::Json),
            ("a = 1\nb = = 2\n", Syntax::Toml),
        ] {
            let tree = Tree::parse(text, syntax);
            assert!(tree.is_cut(), "{text}");
            assert_eq!(
                tree.root().and_then(|root| root.str_at(&["a"])),
                Some("1"),
                "{text}"
            );
        }
    }
}
