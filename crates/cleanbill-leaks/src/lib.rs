//! Finds secrets, and later personal data and hidden text, in bytes: rules as data, one pass over the bytes for all rules
//! at once, then a validator for each candidate. Pure: no I/O, no async, no clock.
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
