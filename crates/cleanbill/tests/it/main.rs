//! Tests of the program, its documents and its house rules.

mod approved;
mod cli;
mod documents;
mod exit_codes;
mod languages;
mod support;
mod tidy;
