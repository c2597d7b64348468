//! Bills of materials of the standards: written from a [`Bill`](cleanbill_core::bill::Bill), read into one, and what works on
//! bills alone.

pub mod cyclonedx;
pub mod json;
pub mod fields;
mod names;
mod purl;
pub mod read;
pub mod spdx;
mod spot;
pub mod strict;
pub mod tree;
mod xml;
