//! Tests of the crate as others use it.

mod support;

mod bytes_flipped;
mod listing;
mod refusals;
mod round_trips;
mod schemas;
mod vectors;
