//! Every report over the same made-up scans: shapes, languages, hostile names; bills of materials in `boms`.

mod boms;
mod fixture;
mod languages;
mod shapes;
mod snapshots;
