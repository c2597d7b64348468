//! Finds secrets, personal data and hidden content in bytes: rules as data, one pass over the bytes for all rules at once, then a
//! validator for each candidate. Pure: no I/O, no async, no clock.
//!
//! `rule` reads rules, `scanner` runs them, `anchors` is the single pass for texts, `shape` and `matchers` look at what it found,
//! `checks` and `placeholder` decide; rules of users may have expressions, see `reading`, `pattern` and `gitleaks`. What no text announces, numbers above all, is found by `seek`, read by `layouts`, decided by
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
mod check;
mod checks;
mod context;
mod encodings;
mod evidence;
mod except;
mod expression;
mod fields;
mod gitleaks;
mod hidden;
mod layouts;
mod masks;
mod matchers;
mod numbers;
mod pattern;
mod pending;
mod personal;
mod placeholder;
mod problem;
mod reading;
mod rule;
mod scanner;
mod seek;
mod shape;
pub mod template;
mod wrapped;

pub use check::check;
pub use evidence::Evidence;
pub use problem::{LeftOut, ProblemLevel, RuleError, RuleProblem};
pub use reading::{RuleFile, RuleForm, read};
pub use rule::{Class, Level, Rule, Rules};
pub use scanner::{HITS_PER_RULE, Hit, Scanner, State};
