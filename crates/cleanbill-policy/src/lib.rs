//! Rules: what a system consists of, whom it trusts for what, and which bytes it was pinned to.
//!
//! The system file `cleanbill.toml` is read ([`policy_file`]), a signer is held against its rules ([`trust`]), and its artifacts against
//! the lock file ([`lock`]). Where a checkout says which revision it is, [`revision`] reads that.
//!
//! Everything is a function of its arguments. Not here: files, the clock, the network, signatures, the terminal.
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

pub mod limits;
pub mod lock;
mod name;
pub mod policy_file;
mod reader;
pub mod revision;
pub mod trust;

pub use name::{ArtifactName, Namespace, PatternProblem};
pub use reader::{DateProblem, Fault, PathProblem, Place, Problem};
