//! Tests of the system file, of trust, and of the schemas.

mod decisions;
mod faults;
mod guide;
mod properties;
