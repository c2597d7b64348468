//! Tests of the program, its documents and its house rules.

mod tidy;
