//! Sources against real servers on the loopback interface.
#![cfg(test)]

#[cfg(feature = "object-store")]
mod bucket;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "hub")]
mod hub;
#[cfg(feature = "http")]
mod server;
mod stdin;
