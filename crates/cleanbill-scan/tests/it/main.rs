//! Tests of the scanner as a whole, and of its sources against real servers on the loopback interface.
#![cfg(test)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may stop at any surprise and say what it left out"
)]

mod fixtures;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "hub")]
mod hub;
mod properties;
#[cfg(feature = "http")]
mod server;
mod stdin;
mod support;
