//! What a document type declaration declares.

use std::{collections::BTreeMap, ops::Range};

/// LIMIT: entities kept; honest documents declare some ten.
const ENTITIES: usize = 4_096;
/// Deepest chain of entities that is added up; deeper ones count as endless.
const DEPTH: u32 = 64;

/// Holds one declared entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its name.
    pub name: String,
    /// It is used within declarations (`%name;`).
    pub parameter: bool,
    /// Address that its content is fetched from.
    pub external: Option<String>,
    /// Its content, as it stands.
    pub value: String,
}

/// Holds what was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doctype {
    /// Name of the outermost element.
    pub root: String,
    /// Address of declarations that stand elsewhere.
    pub external: Option<String>,
    /// Declared entities.
    pub entities: Vec<Entity>,
    /// Where the declaration stands.
    pub range: Range<u64>,
}

impl Doctype {
    /// Reads the text between `<!DOCTYPE` and its `>`.
    pub(super) fn read(text: &str, range: Range<u64>) -> Self {
        let (head, subset) = text.split_once('[').unwrap_or((text, ""));
        let mut words = Words { rest: head };
        let root = words.word().unwrap_or_default();
        let external = address(&mut words);
        let mut entities = Vec::new();
        declarations(subset, &mut entities);
        Self {
            root,
            external,
            entities,
            range,
        }
    }

    /// Returns the size of the largest entity when it is replaced to the end; the greatest number where it never ends.
    pub fn largest(&self) -> u64 {
        let mut sizes = Sizes::of(self);
        let entities = self.entities.iter();
        let sizes = entities.map(|one| sizes.expand(&one.name, one.parameter, 0));
        sizes.max().unwrap_or(0)
    }

    /// Returns the size of all uses, counted by name, when they are replaced to the end.
    pub fn total(&self, uses: &BTreeMap<String, u64>) -> u64 {
        let mut sizes = Sizes::of(self);
        uses.iter().fold(0, |sum, (name, count)| {
            sum.saturating_add(sizes.expand(name, false, 0).saturating_mul(*count))
        })
    }
}

/// Reads the declarations of entities between the brackets.
fn declarations(subset: &str, entities: &mut Vec<Entity>) {
    let mut rest = subset;
    while let Some((_, after)) = rest.split_once("<!") {
        if let Some(comment) = after.strip_prefix("--") {
            rest = comment.split_once("-->").map_or("", |(_, left)| left);
            continue;
        }
        let Some(declared) = after.strip_prefix("ENTITY") else {
            rest = after;
            continue;
        };
        let mut words = Words { rest: declared };
        let mut name = words.word().unwrap_or_default();
        let parameter = name == "%";
        if parameter {
            name = words.word().unwrap_or_default();
        }
        let before = words.rest;
        let mut external = address(&mut words);
        let mut value = String::new();
        if external.is_none() {
            words.rest = before;
            value = words.word().unwrap_or_default();
            // A declaration put together within a value is a way around readers that look for declarations.
            let plain = characters(&value);
            if parameter && plain.contains("<!") && !plain.contains("<!--") || plain.contains("<!ENTITY") {
                external = Some(plain);
            }
        }
        if entities.len() < ENTITIES {
            entities.push(Entity {
                name,
                parameter,
                external,
                value,
            });
        }
        rest = words.rest;
    }
}

/// Replaces references to characters by number, as a reader does when it stores a value.
fn characters(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let found = after.split_once(';');
        if let Some((character, left)) = found.and_then(|(name, left)| Some((super::reference(name)?, left)))
        {
            out.push(character);
            rest = left;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Adds up entities.
struct Sizes<'a> {
    entities: BTreeMap<(&'a str, bool), &'a str>,
    known: BTreeMap<(String, bool), u64>,
}

impl<'a> Sizes<'a> {
    fn of(doctype: &'a Doctype) -> Self {
        // The first declaration of a name counts.
        let entities = doctype.entities.iter().rev();
        Self {
            entities: entities
                .map(|one| ((one.name.as_str(), one.parameter), one.value.as_str()))
                .collect(),
            known: BTreeMap::new(),
        }
    }

    fn expand(&mut self, name: &str, parameter: bool, depth: u32) -> u64 {
        let Some(value) = self.entities.get(&(name, parameter)).copied() else {
            return 0;
        };
        let key = (name.to_owned(), parameter);
        if let Some(size) = self.known.get(&key) {
            return *size;
        }
        if depth >= DEPTH {
            return u64::MAX;
        }
        // While it is being added up, a use of itself counts as endless.
        self.known.insert(key.clone(), u64::MAX);
        let value = ["&#37;", "&#x25;"]
            .iter()
            .fold(value.to_owned(), |text, code| text.replace(code, "%"));
        let value = ["&#38;", "&#x26;"]
            .iter()
            .fold(value, |text, code| text.replace(code, "&"));
        let mut size = u64::try_from(value.len()).unwrap_or(u64::MAX);
        for (mark, parameter) in [('&', false), ('%', true)] {
            for rest in value.split(mark).skip(1) {
                if let Some((inner, _)) = rest.split_once(';') {
                    size = size.saturating_add(self.expand(inner, parameter, depth.saturating_add(1)));
                }
            }
        }
        self.known.insert(key, size);
        size
    }
}

/// Reads `SYSTEM "address"` or `PUBLIC "id" "address"`.
fn address(words: &mut Words<'_>) -> Option<String> {
    match words.word()?.as_str() {
        "SYSTEM" => Some(words.word().unwrap_or_default()),
        "PUBLIC" => {
            let public = words.word().unwrap_or_default();
            Some(words.quoted().unwrap_or(public))
        }
        _ => None,
    }
}

/// Walks over words and quoted texts.
#[derive(Debug)]
struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn word(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        if let Some(text) = self.quoted() {
            return Some(text);
        }
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || matches!(c, '>' | '"' | '\''))
            .unwrap_or(self.rest.len());
        let word = self.rest.get(..end)?.to_owned();
        self.rest = self.rest.get(end..)?;
        (!word.is_empty()).then_some(word)
    }

    fn quoted(&mut self) -> Option<String> {
        let rest = self.rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (text, left) = rest.get(1..)?.split_once(quote)?;
        self.rest = left;
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_added_up() {
        let bomb = "a [<!ENTITY x \"0123456789\"><!ENTITY y \"&x;&x;\"><!ENTITY z \"&y;&y;&y;\">";
        let doctype = Doctype::read(bomb, 0..1);
        assert_eq!(doctype.largest(), 87);
        assert_eq!(doctype.total(&BTreeMap::from([("y".to_owned(), 10)])), 260);
        let circle = Doctype::read("a [<!ENTITY x \"&y;\"><!ENTITY y \"&x;\">", 0..1);
        assert_eq!(circle.largest(), u64::MAX);
    }

    #[test]
    fn a_declaration_within_a_value_is_seen() {
        for text in [
            "a [<!ENTITY % x \"&#60;!ENTITY y SYSTEM 'file:///etc/x'>\"> %x;",
            "a [<!ENTITY % k 'ENTITY'><!ENTITY % x \"<!&#37;k; y SYS\">",
        ] {
            assert!(
                Doctype::read(text, 0..1)
                    .entities
                    .iter()
                    .any(|one| one.external.is_some()),
                "{text}"
            );
        }
    }

    #[test]
    fn addresses_are_found() {
        let doctype = Doctype::read(
            " PMML PUBLIC \"-//x\" \"http://host.example.invalid/a.dtd\" [<!ENTITY % p SYSTEM 'b'> %p;",
            0..1,
        );
        assert_eq!(doctype.root, "PMML");
        assert_eq!(
            doctype.external.as_deref(),
            Some("http://host.example.invalid/a.dtd")
        );
        assert!(doctype.entities[0].parameter);
        assert_eq!(doctype.entities[0].external.as_deref(), Some("b"));
    }
}
