//! The program `wci`: the system worker, and what an operator does with its instances.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 usage.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod cli;
mod clock;
mod commands;
mod connection;
mod control;
mod demo;
mod diff;
mod logging;
mod output;
mod ownership;
pub mod replay;
mod shepherd;
mod simulate;
mod spec_file;
mod story;
mod system;
mod timeline;
mod when;
mod yaml_file;

use std::process::ExitCode;

/// Runs the program with the arguments of the process.
pub fn run() -> ExitCode {
    // The process that watches over a worker must start at once and stay small.
    if let Some(code) = shepherd::run_if_asked() {
        return code;
    }
    cli::run()
}
