//! Tests of import, index and matching as a whole, and against other implementations.
#![cfg(test)]

mod differential;
mod enrichment;
mod hostile;
mod importing;
mod purls;
mod querying;
mod support;
