//! The operator's commands of the program `wci`, one module each, and the parts that the system
//! worker shares with them: connection, admin client, ownership and YAML files.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 usage.

// Only `output` prints: it escapes what came from outside.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod clock;
mod commands;
pub mod connection;
pub mod control;
mod diff;
mod health;
mod output;
pub mod ownership;
mod spec_file;
mod when;
pub mod yaml_file;

pub use commands::{Command, replay, run};
pub use output::error as print_error;
