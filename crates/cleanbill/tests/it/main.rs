//! Tests of the program, its documents and its house rules.

mod advisories;
mod approved;
mod attest;
mod attest_run;
mod bom;
mod cli;
mod diff;
mod documents;
mod exit_codes;
#[path = "../../../cleanbill-documents/tests/it/boms/tools.rs"]
mod judges;
mod languages;
mod leak_numbers;
mod leak_sources;
mod leaks;
mod lock;
mod names;
mod packages;
mod policy;
mod policy_time;
mod revocation;
mod signing;
mod signing_reference;
mod support;
mod tidy;
mod token;
