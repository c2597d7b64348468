//! Tests of the crate as others use it.

mod support;

mod bytes_flipped;
mod claims;
mod claims_of_others;
mod listing;
mod refusals;
mod revocation;
mod round_trips;
mod schemas;
mod timestamps;
mod vectors;
