//! The `cleanbill` program.

use std::process::ExitCode;

/// Trees of small files are many small allocations from every core, which the allocators of systems make wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cleanbill::main()
}
