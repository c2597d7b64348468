//! Tests of the scanner as a whole, and of its sources against real servers on the loopback interface.
#![cfg(test)]

mod advisories;
#[cfg(feature = "object-store")]
mod bucket;
mod corpus;
mod fixtures;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "hub")]
mod hub;
mod inventory;
mod libraries;
mod packages;
mod properties;
#[cfg(feature = "http")]
mod server;
mod stdin;
mod support;
