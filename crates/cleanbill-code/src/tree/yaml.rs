use std::{collections::HashMap, ops::Range};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{Budget, Entry, Kind, MAX_DEPTH, Node, NoteKind, Syntax, Tree};

/// LIMIT: most broken documents that are stepped over; each costs a new parser. Beyond it reading ends, as the note says.
const MAX_BROKEN: usize = 64;

/// Reads every document of a YAML text. After a broken one it goes on at the next `---`, as tools do that cut there first.
pub(super) fn parse(text: &str) -> Tree {
    let mut builder = Builder {
        offsets: Offsets::of(text),
        base: 0,
        document_start: 0,
        open: Vec::new(),
        too_deep: 0,
        anchors: HashMap::new(),
        documents: Vec::new(),
        budget: Budget::default(),
    };
    let mut from = 0;
    for _ in 0..MAX_BROKEN {
        let Some(broken) = read(text.get(from..).unwrap_or_default(), &mut builder) else {
            break;
        };
        builder.close_all(broken);
        // A line of dashes always ends a document, also where an open list or map hides it from the parser.
        let begun = builder.document_start.max(from);
        let rest = text.get(begun..).unwrap_or_default();
        let Some(next) = rest.find("\n---") else { break };
        from = begun.saturating_add(next).saturating_add(1);
        builder.base = text.get(..from).unwrap_or_default().chars().count();
    }
    builder.close_all(text.len());
    builder.budget.finish(Syntax::Yaml, builder.documents)
}

/// Reads until the end or a limit; where the text is broken, returns the byte.
fn read(text: &str, builder: &mut Builder) -> Option<usize> {
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        match next {
            Ok((event, span)) => {
                if !builder.take(event, span) {
                    return None;
                }
            }
            Err(error) => {
                let at = builder.byte(error.marker().index());
                let end = builder.offsets.length.max(at);
                builder.budget.note(NoteKind::Broken, at..end, error.info());
                return Some(at);
            }
        }
    }
    None
}

/// Holds a list or map whose end has not come.
struct Open {
    node: Node,
    anchor: usize,
    /// A key that waits for its value.
    key: Option<(String, Range<usize>)>,
}

struct Builder {
    offsets: Offsets,
    /// Characters before the part that the parser reads now.
    base: usize,
    /// Byte at which the document begins that is being read.
    document_start: usize,
    open: Vec<Open>,
    /// Lists and maps that are open but nest too deep to be kept.
    too_deep: usize,
    anchors: HashMap<usize, Node>,
    documents: Vec<Node>,
    budget: Budget,
}

impl Builder {
    fn byte(&self, character: usize) -> usize {
        self.offsets.byte(self.base.saturating_add(character))
    }

    /// Takes one event; false ends reading.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let span = self.byte(span.start.index())..self.byte(span.end.index());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.too_deep > 0 {
                    return true;
                }
                if !self.budget.take(text.len(), &span) {
                    return false;
                }
                let mut node = Node::scalar(&text, style != ScalarStyle::Plain, span);
                node.tag = tag.map(|tag| spelled(&tag));
                self.remember(anchor, &node) && self.place(node)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(Kind::List(Vec::new()), anchor, tag.as_deref(), span)
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(Kind::Map(Vec::new()), anchor, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span.end),
            Event::Alias(anchor) => {
                if self.too_deep > 0 {
                    return true;
                }
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    self.budget.note(
                        NoteKind::UnknownAlias,
                        span.clone(),
                        "an alias within its own value",
                    );
                    return self.place(Node::scalar("", false, span));
                };
                let weight = node.weight();
                if self.open.len().saturating_add(weight.height) >= MAX_DEPTH {
                    self.budget
                        .note(NoteKind::Limit, span.clone(), "nested deeper than is read");
                    return self.place(Node::scalar("", false, span));
                }
                if !self.budget.take_many(weight.nodes, weight.scalar_bytes, &span) {
                    return false;
                }
                self.place(node)
            }
            Event::DocumentStart(_) => {
                self.anchors.clear();
                self.document_start = span.start;
                true
            }
            _ => true,
        }
    }

    fn begin(&mut self, kind: Kind, anchor: usize, tag: Option<&Tag>, span: Range<usize>) -> bool {
        if self.too_deep > 0 || self.open.len() >= MAX_DEPTH {
            if self.too_deep == 0 {
                self.budget
                    .note(NoteKind::Limit, span, "nested deeper than is read");
            }
            self.too_deep = self.too_deep.saturating_add(1);
            return true;
        }
        if !self.budget.take(0, &span) {
            return false;
        }
        let node = Node {
            kind,
            span,
            tag: tag.map(spelled),
        };
        self.open.push(Open {
            node,
            anchor,
            key: None,
        });
        true
    }

    fn end(&mut self, at: usize) -> bool {
        if self.too_deep > 0 {
            self.too_deep = self.too_deep.saturating_sub(1);
            // What was too deep still stood for a value.
            return self.too_deep > 0 || self.place(Node::scalar("", false, at..at));
        }
        let Some(Open { mut node, anchor, .. }) = self.open.pop() else {
            return true;
        };
        node.span.end = at.max(node.span.start);
        if let Kind::Map(entries) = &mut node.kind {
            self.budget.note_duplicates(entries);
            merge(entries);
        }
        self.remember(anchor, &node) && self.place(node)
    }

    /// Keeps a copy of an anchored node, which costs as much as one more.
    fn remember(&mut self, anchor: usize, node: &Node) -> bool {
        if anchor == 0 {
            return true;
        }
        let weight = node.weight();
        let fits = self
            .budget
            .take_many(weight.nodes, weight.scalar_bytes, &node.span);
        if fits {
            self.anchors.insert(anchor, node.clone());
        }
        fits
    }

    fn place(&mut self, node: Node) -> bool {
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return true;
        };
        match (&mut open.node.kind, open.key.take()) {
            (Kind::List(items), _) => items.push(node),
            (Kind::Map(_), None) => {
                let text = match &node.kind {
                    Kind::Scalar { text, .. } => text.to_string(),
                    _ => String::new(),
                };
                open.key = Some((text, node.span));
            }
            (Kind::Map(entries), Some((key, key_span))) => entries.push(Entry {
                key: key.into(),
                key_span,
                value: node,
            }),
            (Kind::Scalar { .. }, _) => {}
        }
        true
    }

    /// Closes what a break or limit left open, so that what stands before it is kept.
    fn close_all(&mut self, at: usize) {
        self.too_deep = 0;
        while let Some(Open { mut node, .. }) = self.open.pop() {
            node.span.end = at.max(node.span.start);
            if let Kind::Map(entries) = &mut node.kind {
                merge(entries);
            }
            self.place(node);
        }
    }
}

/// Adds what `<<` brings in, behind the map's own keys and only where they lack a key.
fn merge(entries: &mut Vec<Entry>) {
    let mut brought: Vec<Entry> = Vec::new();
    for entry in entries.iter().filter(|entry| &*entry.key == "<<") {
        for source in entry.value.one_or_many() {
            brought.extend(source.entries().iter().cloned());
        }
    }
    if brought.is_empty() {
        return;
    }
    let mut known: std::collections::HashSet<Box<str>> =
        entries.iter().map(|entry| entry.key.clone()).collect();
    entries.retain(|entry| &*entry.key != "<<");
    entries.extend(
        brought
            .into_iter()
            .filter(|entry| known.insert(entry.key.clone())),
    );
}

fn spelled(tag: &Tag) -> Box<str> {
    format!("{}{}", tag.handle, tag.suffix).into()
}

/// Turns the parser's counts of characters into bytes.
struct Offsets {
    /// The byte at which each step of characters begins; empty where every character is one byte.
    steps: Vec<usize>,
    text: String,
    length: usize,
}

/// Characters between two remembered places.
const STEP: usize = 256;

impl Offsets {
    fn of(text: &str) -> Self {
        let ascii = text.is_ascii();
        Self {
            steps: if ascii {
                Vec::new()
            } else {
                text.char_indices().step_by(STEP).map(|(at, _)| at).collect()
            },
            text: if ascii { String::new() } else { text.to_owned() },
            length: text.len(),
        }
    }

    fn byte(&self, character: usize) -> usize {
        if self.steps.is_empty() {
            return character.min(self.length);
        }
        let Some(start) = self.steps.get(character / STEP) else {
            return self.length;
        };
        let rest = self.text.get(*start..).unwrap_or_default();
        let within = rest
            .char_indices()
            .nth(character % STEP)
            .map_or(rest.len(), |(at, _)| at);
        start.saturating_add(within)
    }
}
