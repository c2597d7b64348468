//! Hidden content: what a person who reads a text does not see and a machine does, and sentences that are meant to steer a model.
//!
//! `seek` finds what no anchor can find cheaply, `characters` decodes, the rest looks at one place each: a window of fixed size.

mod alike;
mod bidi;
mod characters;
mod chinese;
mod codes;
mod exfil;
mod injection;
mod invisible;
mod lexicon;
mod markup;
mod patterns;
mod phrases;
mod seek;
mod shown;
mod tokens;
mod words;

pub(crate) use seek::Seek;
pub(crate) use shown::printable;

use crate::{matchers::Found, rule::Rule};

/// Says what a rule for hidden content looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    ZeroWidth,
    Bidi,
    Tags,
    Selectors,
    Homoglyph,
    Html,
    Exfil,
    Ansi,
    Token,
    Injection,
    Base64,
}

impl Sort {
    /// Returns the kind of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "zero-width" => Self::ZeroWidth,
            "bidi" => Self::Bidi,
            "tag-characters" => Self::Tags,
            "variation-selectors" => Self::Selectors,
            "homoglyph" => Self::Homoglyph,
            "hidden-markup" => Self::Html,
            "exfil-address" => Self::Exfil,
            "ansi" => Self::Ansi,
            "special-token" => Self::Token,
            "injection" => Self::Injection,
            "base64-injection" => Self::Base64,
            _ => return None,
        })
    }

    /// Says whether it needs no anchors, since [`Seek`] finds it, or it is found where runs of base64 are looked at.
    pub(crate) fn is_sought(self) -> bool {
        matches!(
            self,
            Self::ZeroWidth
                | Self::Bidi
                | Self::Tags
                | Self::Selectors
                | Self::Homoglyph
                | Self::Ansi
                | Self::Base64
        )
    }
}

/// Looks at `at`, where an anchor of `length` bytes stands or where [`Seek`] found something.
pub(crate) fn look(sort: Sort, rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    match sort {
        Sort::ZeroWidth => invisible::zero_width(rule, window, at),
        Sort::Tags => invisible::tags(rule, window, at),
        Sort::Selectors => invisible::selectors(rule, window, at),
        Sort::Bidi => bidi::look(rule, window, at),
        Sort::Homoglyph => alike::look(rule, window, at),
        Sort::Html => markup::look(rule, window, at, length),
        Sort::Exfil => exfil::look(rule, window, at, length),
        Sort::Ansi => codes::look(rule, window, at),
        Sort::Token => tokens::look(rule, window, at, length),
        Sort::Injection => injection::look(rule, window, at, length),
        // See `within`.
        Sort::Base64 => None,
    }
}

/// Looks for an instruction around `at` of a text that stood in base64.
pub(crate) fn within(rule: &Rule, text: &[u8], at: usize) -> Option<Found> {
    injection::within(rule, text, at)
}
