//! The main job: bytes in; findings, formats and coverage out.
//!
//! `source` says where bytes come from, `engine` recognises, parses and opens them level by level, `detectors` look at the
//! typed views. No detector sees a path of this machine, a socket or a clock. Nothing here decides how a report looks.

mod agents;
mod archives;
mod callables;
mod collection;
mod dataflow;
mod detector;
mod detectors;
mod engine;
pub mod external;
pub mod facts;
mod hdf5_externals;
mod hidden;
mod hosted;
mod instructions;
pub mod inventory;
mod judgement;
mod keras_config;
mod leaks;
mod markup;
mod named_code;
mod names;
mod open;
mod operators;
mod overlaps;
mod paths;
mod programs;
mod promise;
mod r_functions;
mod reading;
mod scene;
mod servers;
mod sink;
pub mod source;
mod templates;
#[cfg(test)]
mod testing;
mod tokenizers;
mod yaml_lines;

pub use callables::{Allowed, Attack, Standing, standing};
pub use detector::{Check, Detector, Naming};
pub use detectors::DETECTORS;
pub use engine::{Options, Outcome, Progress, detectors_digest, scan};
pub use names::{KnownNames, KnownNamesError, Mention, NameKind};
