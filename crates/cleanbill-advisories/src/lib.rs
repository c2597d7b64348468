//! Advisories: imports OSV records into one index file, and says which of them concern a package. Offline, without a clock.
//!
//! `import` reads sources (`sources`, `zip`, `json`, `wire`), brings records into the form that is kept (`record`) and writes the
//! index (`store`); [`Index`] answers queries by the rules of the OSV schema (`range`, `version`, `ecosystem`, `requirement`) and joins
//! aliases (`matching`). [`Epss`], [`Kev`] and [`KnownBad`] are further files that users supply.
//!
//! Not here: the network, reports, and the judgement what a match means for a verdict.
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

mod bills;
mod codec;
mod ecosystem;
mod enrichment;
mod fault;
mod file;
mod import;
mod index;
mod json;
mod known_bad;
pub mod limits;
mod matching;
mod purl;
mod range;
mod record;
mod requirement;
mod severity;
mod sources;
mod store;
mod version;
mod wire;
mod zip;

pub use bills::{BillMatches, Known, Told, match_bill};
pub use enrichment::{EnrichmentError, Epss, EpssScore, Kev, KevEntry};
pub use fault::{DocumentError, Fault, Place};
pub use import::{Broken, ImportError, ImportOptions, ImportSummary, import};
pub use index::{EcosystemInfo, Index, IndexError, IndexInfo, SourceInfo};
pub use known_bad::{KnownBad, KnownBadEntry, KnownBadError};
pub use matching::{Certainty, Gap, GapReason, Match, Matches, Package, PackageVersion};
pub use purl::{PurlError, package_of_purl};
pub use severity::{Basis, Rating};
pub use version::{Order, Version};
