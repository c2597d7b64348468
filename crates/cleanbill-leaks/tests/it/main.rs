//! Tests of the crate from outside.
#![cfg(test)]
#![expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]

mod engine;
mod examples;
mod hidden;
mod people;
mod personal;
mod rules;
mod template;
