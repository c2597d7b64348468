//! Tests of the crate through its public surface.

mod containers;
mod hostile;
mod lineage;
mod support;
