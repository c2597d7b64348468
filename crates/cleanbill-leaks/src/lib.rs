//! Finds secrets and hidden content, and later personal data, in bytes: rules as data, one pass over the bytes for all rules
//! at once, then a validator for each candidate. Pure: no I/O, no async, no clock.
//!
//! `rule` reads rules, `scanner` runs them, `anchors` is the single pass, `shape` and `matchers` look at what it found,
//! `checks` and `placeholder` decide; `hidden` knows what people do not see. A secret never leaves this crate: see `evidence`.
#![cfg_attr(
    not(test),
    deny(
        clippy::panic,
        clippy::unreachable,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
    )
)]

mod anchors;
mod assigned;
mod checks;
mod encodings;
mod evidence;
mod hidden;
mod matchers;
mod pending;
mod placeholder;
mod rule;
mod scanner;
mod shape;

pub use evidence::Evidence;
pub use rule::{Class, Level, Rule, RuleError, Rules};
pub use scanner::{HITS_PER_RULE, Hit, Scanner, State};
