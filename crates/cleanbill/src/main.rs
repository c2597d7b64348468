//! The `cleanbill` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    cleanbill::main()
}
