//! Tests of the program, its documents and its house rules.

mod advisories;
mod approved;
mod bom;
mod cli;
mod documents;
mod exit_codes;
mod languages;
mod signing;
mod signing_reference;
mod support;
mod tidy;
