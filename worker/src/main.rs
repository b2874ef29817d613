//! The program `wci`: the system worker, and the operator's commands of `wci-cli`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod command_line;
mod logging;
mod shepherd;
mod system;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The process that watches over a worker must start at once and stay small.
    if let Some(code) = shepherd::run_if_asked() {
        return code;
    }
    command_line::run()
}
