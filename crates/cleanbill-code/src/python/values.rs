//! Values as the reader of a program knows them.

use std::rc::Rc;

use super::facts::{Shown, Traits};

/// LIMIT: values that a list or dictionary keeps; honest constants that matter are shorter.
pub(super) const ITEMS: usize = 65_536;
/// LIMIT: characters of a text that a fact keeps for evidence and rules.
const SHOWN_CHARACTERS: usize = 2_000;
/// LIMIT: items of a list that a fact keeps.
const SHOWN_ITEMS: usize = 24;
/// LIMIT: bytes of a dotted name; what is longer is no callable that anybody knows, and would be copied at every step.
const NAME_BYTES: usize = 4_096;
/// LIMIT: values that a name may have at once, by the branches of a program.
const CHOICES: usize = 6;

/// Holds a value with what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) what: What,
    pub(super) traits: Traits,
    pub(super) origin: Option<Rc<str>>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Unknown,
    Text(Rc<str>),
    Bytes(Rc<[u8]>),
    Number(i64),
    Truth(bool),
    Nothing,
    Name(Rc<str>),
    List(Rc<Vec<Value>>),
    Dictionary(Rc<Vec<(Value, Value)>>),
    Function(usize),
    Class(usize),
    Instance(usize),
    /// A callable with arguments given in advance.
    Partial(Rc<(Value, Vec<Given>)>),
    /// A method of a constant.
    Method(Rc<(Value, String)>),
    /// `operator.attrgetter`, `itemgetter`, `methodcaller`.
    Getter(Rc<(String, Vec<Given>)>),
    /// `globals()` and its like.
    Namespace,
    Either(Rc<Vec<Value>>),
}

/// An argument: its name and value; a name of `*` spreads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    pub(super) name: Option<Rc<str>>,
    pub(super) value: Value,
}

impl From<What> for Value {
    fn from(what: What) -> Self {
        Self {
            what,
            traits: Traits::default(),
            origin: None,
        }
    }
}

impl Value {
    pub(super) fn unknown() -> Self {
        What::Unknown.into()
    }

    pub(super) fn name(name: &str) -> Self {
        if name.len() > NAME_BYTES {
            return Self::unknown();
        }
        What::Name(name.into()).into()
    }

    pub(super) fn text(text: &str) -> Self {
        What::Text(text.into()).into()
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        let traits = items
            .iter()
            .fold(Traits::default(), |all, item| all.with(item.traits));
        let origin = items.iter().find_map(|item| item.origin.clone());
        Self {
            what: What::List(Rc::new(items)),
            traits,
            origin,
        }
    }

    #[must_use]
    pub(super) fn made_of(mut self, traits: Traits) -> Self {
        self.traits = self.traits.with(traits);
        self
    }

    #[must_use]
    pub(super) fn with_origin(mut self, origin: Option<Rc<str>>) -> Self {
        if self.origin.is_none() {
            self.origin = origin;
        }
        self
    }

    /// Says whether anything is known of it.
    pub(super) fn is_known(&self) -> bool {
        !matches!(self.what, What::Unknown) || self.traits != Traits::default()
    }

    /// Says whether knowing it may change what a function does.
    pub(super) fn matters(&self) -> bool {
        match &self.what {
            What::Unknown => self.traits != Traits::default(),
            What::Number(_) | What::Truth(_) | What::Nothing | What::Instance(_) | What::Class(_) => false,
            _ => true,
        }
    }

    /// Returns a constant text; bytes are read as UTF-8.
    pub(super) fn constant(&self) -> Option<String> {
        match &self.what {
            What::Text(text) => Some(text.to_string()),
            What::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    /// Returns constant bytes; a text gives those of UTF-8.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        match &self.what {
            What::Text(text) => Some(text.as_bytes().to_vec()),
            What::Bytes(bytes) => Some(bytes.to_vec()),
            What::List(items) => items
                .iter()
                .map(|item| match item.what {
                    What::Number(number) => u8::try_from(number).ok(),
                    _ => None,
                })
                .collect(),
            _ => None,
        }
    }

    /// Returns the bytes that copying it takes, about.
    pub(super) fn weight(&self) -> usize {
        match &self.what {
            What::Text(text) => text.len(),
            What::Bytes(bytes) => bytes.len(),
            What::List(items) => items.len().saturating_mul(16),
            What::Dictionary(pairs) => pairs.len().saturating_mul(32),
            What::Method(method) => method.0.weight(),
            _ => 0,
        }
    }

    /// Returns the item at `at`, counted from the end where it is negative; `None` where there is no such item, or it is not known.
    pub(super) fn item(&self, at: i64) -> Option<Self> {
        let place = |length: usize| {
            let length = i64::try_from(length).ok()?;
            usize::try_from(if at < 0 { at.checked_add(length)? } else { at }).ok()
        };
        match &self.what {
            What::List(items) => items.get(place(items.len())?).cloned(),
            What::Text(text) if text.is_ascii() => {
                let place = place(text.len())?;
                let one = text.get(place..place.checked_add(1)?)?;
                Some(Self::text(one).made_of(self.traits))
            }
            What::Bytes(bytes) => bytes
                .get(place(bytes.len())?)
                .map(|byte| What::Number(i64::from(*byte)).into()),
            _ => {
                let items = self.items()?;
                items.get(place(items.len())?).cloned()
            }
        }
    }

    /// Returns the values that it iterates over, where they are constant.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match &self.what {
            What::List(items) => Some(items.to_vec()),
            What::Text(text) if text.len() <= ITEMS => {
                let mut buffer = [0_u8; 4];
                let one = |c: char| Self::text(c.encode_utf8(&mut buffer)).made_of(self.traits);
                Some(text.chars().map(one).collect())
            }
            What::Bytes(bytes) if bytes.len() <= ITEMS => Some(
                bytes
                    .iter()
                    .map(|byte| What::Number(i64::from(*byte)).into())
                    .collect(),
            ),
            What::Dictionary(pairs) => Some(pairs.iter().map(|(key, _)| key.clone()).collect()),
            _ => None,
        }
    }

    /// Joins what a name was and what it may be now.
    pub(super) fn or(self, new: Self) -> Self {
        if !new.is_known() || self == new {
            return self;
        }
        if !self.is_known() || matches!(self.what, What::Nothing) {
            return new;
        }
        let traits = self.traits.with(new.traits);
        let origin = new.origin.clone().or_else(|| self.origin.clone());
        let mut choices = match self.what {
            What::Either(choices) => choices.to_vec(),
            _ => vec![self],
        };
        let more = match new.what {
            What::Either(more) => more.to_vec(),
            _ => vec![new],
        };
        for one in more {
            if choices.len() < CHOICES && !choices.contains(&one) {
                choices.push(one);
            }
        }
        Self {
            what: What::Either(Rc::new(choices)),
            traits,
            origin,
        }
    }

    pub(super) fn shown(&self, own: &impl Fn(usize, bool) -> String, depth: u32) -> Shown {
        let cut = |text: &str| text.chars().take(SHOWN_CHARACTERS).collect::<String>();
        let deeper = depth.saturating_add(1);
        match &self.what {
            _ if depth > 4 => Shown::Unknown,
            What::Text(text) => Shown::Text(cut(text)),
            What::Bytes(bytes) => {
                let start = bytes.get(..bytes.len().min(SHOWN_CHARACTERS)).unwrap_or_default();
                Shown::Text(cut(&String::from_utf8_lossy(start)))
            }
            What::Number(number) => Shown::Number(*number),
            What::Truth(truth) => Shown::Truth(*truth),
            What::Nothing => Shown::Nothing,
            What::Name(name) => Shown::Name(cut(name)),
            What::List(items) => {
                let items = items.iter().take(SHOWN_ITEMS);
                Shown::List(items.map(|item| item.shown(own, deeper)).collect())
            }
            What::Dictionary(pairs) => {
                let pairs = pairs.iter().take(SHOWN_ITEMS);
                Shown::Dictionary(
                    pairs
                        .map(|(key, value)| (key.shown(own, deeper), value.shown(own, deeper)))
                        .collect(),
                )
            }
            What::Function(id) => Shown::Own(own(*id, false)),
            What::Class(id) | What::Instance(id) => Shown::Own(own(*id, true)),
            What::Either(choices) => choices
                .iter()
                .find(|choice| choice.matters())
                .map_or(Shown::Unknown, |choice| choice.shown(own, deeper)),
            _ => Shown::Unknown,
        }
    }
}
