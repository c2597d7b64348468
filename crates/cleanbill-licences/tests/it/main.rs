//! Tests of the crate as others use it.

mod compare;
mod declared;
mod lineage;
mod properties;
mod terms;
mod texts;
