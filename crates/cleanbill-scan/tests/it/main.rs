//! Tests of the scanner as a whole.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may stop at any surprise and say what it left out"
)]

mod fixtures;
mod properties;
mod support;
