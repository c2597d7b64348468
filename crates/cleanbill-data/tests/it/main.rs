//! Tests of kinds of data against builders of their own, bytes in, findings out.
#![cfg(test)]

mod archives;
mod avro;
mod libraries;
mod markup;
mod office;
mod sqlite;
mod support;
