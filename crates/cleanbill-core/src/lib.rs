//! The vocabulary of Cleanbill: what every crate means by artifact, finding, coverage and verdict.
//!
//! Nothing here reads, writes, keeps time, runs in parallel or serialises; the crates that do so build on these types and
//! convert them at their own edges.

pub mod bill;
mod coverage;
mod definition;
pub mod difference;
mod digest;
mod finding;
pub mod leak;
mod report;
mod severity;
pub mod tensors;
mod text;
mod time;
mod verdict;

pub use coverage::{Coverage, CoverageState};
pub use definition::{Definition, DefinitionKind};
pub use digest::{Sha256Digest, hex};
pub use finding::{ByteRange, Finding, Location};
pub use report::{ArtifactReport, CoverageCounts, Report, SeverityCounts, Summary, ToolInfo};
pub use severity::{Confidence, Severity};
pub use text::{Language, Text};
pub use time::UnixTime;
pub use verdict::{ExitCode, Verdict};
