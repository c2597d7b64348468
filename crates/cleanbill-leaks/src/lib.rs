//! Finds secrets, personal data and hidden content in bytes: rules as data, one pass over the bytes for all rules at once, then a
//! validator for each candidate. Pure: no I/O, no async, no clock.
//!
//! `rule` reads rules, `scanner` runs them, `anchors` is the single pass for texts, `shape` and `matchers` look at what it found,
//! `checks` and `placeholder` decide. What no text announces, numbers above all, is found by `seek`, read by `layouts`, decided by
//! `personal` and `numbers`; `hidden` knows what people do not see. A value never leaves this crate: see `evidence`.
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
mod context;
mod encodings;
mod evidence;
mod hidden;
mod layouts;
mod matchers;
mod numbers;
mod pending;
mod personal;
mod placeholder;
pub mod poison;
mod rule;
mod scanner;
mod seek;
mod shape;

pub use evidence::Evidence;
pub use rule::{Class, Level, Rule, RuleError, Rules};
pub use scanner::{HITS_PER_RULE, Hit, Scanner, State};
