//! Understands licences: what a package or a card declares, which licence a text holds, what each licence allows and
//! demands, where the licences along a lineage contradict each other, and whether a declaration and a text agree.
//!
//! Text in, facts out. Nothing here opens files, keeps time or gives legal advice: a fact about a licence comes from
//! `data/*.toml`, says whether it was checked against the licence's text, and an open question of law is reported as
//! a question.
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

mod catalog;
mod compare;
mod declared;
mod expression;
pub mod lineage;
mod recognise;
mod terms;
mod words;

pub use catalog::{Catalog, CatalogError, Clause, Licence, catalog};
pub use compare::{Agreement, Comparison, compare};
pub use declared::{Declared, Note, Reading, read_card, read_classifiers, read_declared};
pub use expression::{Expression, Term};
pub use recognise::{ClauseFound, Findings, Found, FoundKind, recognise};
pub use terms::{
    Basis, Commercial, Copyleft, Exclusion, Military, NoticeFile, OutputUse, Patents, Permission, Terms,
    UseRestrictions,
};
