//! Bills of materials of the standards: written from a [`Bill`](cleanbill_core::bill::Bill), read into one, and what works on
//! bills alone.

pub mod against;
pub mod check;
pub mod compare;
pub mod convert;
pub mod cyclonedx;
pub mod fields;
pub mod json;
pub mod merge;
mod names;
mod purl;
pub mod read;
pub mod render;
pub mod spdx;
mod spot;
pub mod strict;
pub mod tree;
pub mod vex;
mod weakness;
mod xml;
