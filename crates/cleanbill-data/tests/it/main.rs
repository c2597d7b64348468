//! Tests of kinds of data against builders of their own, bytes in, findings out.

mod archives;
mod markup;
mod support;
