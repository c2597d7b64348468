//! Every report over the same made-up scans: shapes, languages, hostile names.

mod fixture;
mod languages;
mod shapes;
mod snapshots;
