//! A place in a document that is being read: the value, its JSON pointer and where the value came from.

use std::collections::BTreeMap;

use cleanbill_core::bill::{Source, Sourced};

use super::{
    names::{property, source_of},
    tree::{Node, Value, pointer_step},
};

/// Holds what a document says of the origin of its own values.
#[derive(Debug)]
pub(crate) struct Origins {
    document: String,
    cited: BTreeMap<String, Source>,
}

impl Origins {
    /// Reads `citations` and the properties that our own documents carry.
    pub(crate) fn of(tree: &Node, document: &str) -> Self {
        let mut origins = Self {
            document: document.to_owned(),
            cited: BTreeMap::new(),
        };
        for citation in tree.all("citations") {
            let Some(source) = citation.said("note").and_then(source_of) else {
                continue;
            };
            for pointer in citation.all("pointers") {
                if let Some(pointer) = pointer.as_text() {
                    origins.cited.insert(pointer.to_owned(), source.clone());
                }
            }
        }
        origins.properties(tree, "");
        origins
    }

    /// Recursion ends: trees are read with a limit of depth.
    fn properties(&mut self, node: &Node, path: &str) {
        for one in node.all("properties") {
            if let Some(pointer) = one
                .said("name")
                .and_then(|name| name.strip_prefix(property::SOURCE))
                && let Some(source) = one.said("value").and_then(source_of)
            {
                self.cited.insert(format!("{path}{pointer}"), source);
            }
        }
        for (index, item) in node.items().iter().enumerate() {
            if matches!(item.value, Value::Map(_) | Value::List(_)) {
                self.properties(item, &format!("{path}/{index}"));
            }
        }
        for (key, value) in node.members() {
            if matches!(value.value, Value::Map(_) | Value::List(_)) {
                self.properties(value, &format!("{path}/{}", pointer_step(key)));
            }
        }
    }

    fn source(&self, path: &str) -> Source {
        if !self.cited.is_empty() {
            let mut path = path;
            loop {
                if let Some(source) = self.cited.get(path) {
                    return source.clone();
                }
                match path.rsplit_once('/') {
                    Some((outer, _)) => path = outer,
                    None => break,
                }
            }
        }
        Source::foreign(&self.document, path)
    }
}

/// Points at a value of a document.
#[derive(Clone, Debug)]
pub(crate) struct Spot<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: String,
    origins: &'a Origins,
}

impl<'a> Spot<'a> {
    pub(crate) fn root(node: &'a Node, origins: &'a Origins) -> Self {
        Self {
            node,
            path: String::new(),
            origins,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        Some(Self {
            node: self.node.get(key)?,
            path: format!("{}/{}", self.path, pointer_step(key)),
            origins: self.origins,
        })
    }

    /// Goes along keys.
    pub(crate) fn find(&self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self.clone(), |spot, key| spot.get(key))
    }

    /// Lists the items of a member; a single value stands for a list of one, as many writers have it.
    pub(crate) fn list(&self, key: &str) -> Vec<Self> {
        let Some(spot) = self.get(key) else {
            return Vec::new();
        };
        match &spot.node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, node)| Self {
                    node,
                    path: format!("{}/{index}", spot.path),
                    origins: spot.origins,
                })
                .collect(),
            Value::Null => Vec::new(),
            _ => vec![spot],
        }
    }

    /// Returns text of a member that is not blank.
    pub(crate) fn said(&self, key: &str) -> Option<&'a str> {
        self.node.said(key)
    }

    /// Returns the value as text that is not blank.
    pub(crate) fn plain(&self) -> Option<String> {
        self.node.plain().filter(|text| !text.trim().is_empty())
    }

    /// Returns the text of a member with where it came from; numbers count as text.
    pub(crate) fn sourced(&self, key: &str) -> Option<Sourced<String>> {
        let spot = self.get(key)?;
        let text = spot.plain()?;
        Some(spot.with(text))
    }

    /// Lists the texts of a member with where they came from.
    pub(crate) fn texts(&self, key: &str) -> Vec<Sourced<String>> {
        self.list(key)
            .into_iter()
            .filter_map(|spot| spot.plain().map(|text| spot.with(text)))
            .collect()
    }

    pub(crate) fn source(&self) -> Source {
        self.origins.source(&self.path)
    }

    /// Joins what was read here with where it came from.
    pub(crate) fn with<T>(&self, value: T) -> Sourced<T> {
        Sourced::new(value, self.source())
    }
}
