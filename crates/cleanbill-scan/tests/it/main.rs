//! Sources against real servers on the loopback interface.
#![cfg(test)]

#[cfg(feature = "http")]
mod http;
#[cfg(feature = "hub")]
mod hub;
#[cfg(feature = "http")]
mod server;
mod stdin;
