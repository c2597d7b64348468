//! The `cleanbill` program.
fn main() {}
