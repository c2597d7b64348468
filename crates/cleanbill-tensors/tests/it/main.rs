//! Tests of the crate through its public surface.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod containers;
mod hostile;
mod lineage;
mod packed;
mod packed_parts;
mod support;
