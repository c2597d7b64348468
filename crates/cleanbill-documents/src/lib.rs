//! Documents that Cleanbill writes for people and machines, each with a versioned shape.
//!
//! A report is rendered here from core types into bytes, a bill of materials is written, read, checked and compared; nothing
//! here opens files, knows the terminal or keeps time. Types that derive serde are copies of core types for one version of one
//! document and stay in this crate.

pub mod approved;
pub mod boms;
pub mod differences;
mod escape;

pub mod leaks;
pub mod reports;
pub mod terminal;
