//! Instants, as core has them: certificates and signing times know whole seconds.

pub use cleanbill_core::UnixTime;
