//! The binary that is released.

use std::process::ExitCode;

fn main() -> ExitCode {
    strongroom::run()
}
