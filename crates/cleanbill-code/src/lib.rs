//! Understands text that is code or configuration: what a program imports and calls, what a template reaches, what a
//! manifest asks for. Text in, facts with byte ranges out. Nothing here judges, runs, renders, imports, opens files or
//! touches the network. Every reader bounds its depth and its work, and says where it gave up.
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

pub mod commands;
pub mod dependencies;
pub mod dockerfile;
pub mod jinja;
pub mod jsonc;
pub mod python;
pub mod tree;
pub mod words;
pub mod workflow;
pub mod workload;
