//! Searches data for leaks: sources as records in bounded pieces, the engine of `cleanbill-leaks` over every text, findings in the
//! order of the records, and copies in which what was found is replaced.
//!
//! What leaks is the engine's to say; what a report looks like is not said here, but for the one that is a table. Files are opened
//! by whoever calls.
#![cfg_attr(
    not(test),
    deny(
        clippy::panic,
        clippy::unreachable,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
    )
)]

mod batch;
mod blocks;
mod copy;
mod csv;
mod encoding;
mod gather;
mod input;
mod json;
mod key;
mod kinds;
mod limits;
mod markup;
mod members;
mod names;
mod number;
mod outcome;
mod path;
mod poison;
mod pseudonym;
mod records;
mod run;
mod sequence;
mod source;
mod table;
mod values;

pub use batch::{BatchError, batch, leaks};
pub use input::ReadAt;
pub use key::{Key, LEAST_KEY_BYTES};
pub use kinds::{KINDS, Kind};
pub use poison::{Fields, Poison};
pub use pseudonym::Pseudonyms;
pub use run::{
    Artifact, Copies, Emit, Merge, Observer, Opener, Options, Outcome, PartReport, Redaction, RunError,
    Searcher, Shift, rules_digest, run,
};
pub use sequence::{Part, parts};
pub use table::Table;
