//! The program `wci`: the system worker, and the operator's commands of `wci-cli`.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod command_line;
mod logging;
mod response_limit;
mod supervisor;
mod system;

use std::process::ExitCode;

fn main() -> ExitCode {
    // A supervisor must start at once and stay small.
    if let Some(code) = supervisor::run_if_requested() {
        return code;
    }
    command_line::run()
}
