//! Parsers against the readers of the formats' own makers.
#![cfg(test)]

mod pickletools;
