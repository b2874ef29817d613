//! The program `wci`.

use std::process::ExitCode;

fn main() -> ExitCode {
    wci::run()
}
