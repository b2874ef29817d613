//! The supervisor as a separate program, for this crate's tests. A system worker runs its own
//! executable as the supervisor instead.

use std::process::ExitCode;

fn main() -> ExitCode {
    wci_providers::supervisor::run(std::env::args_os().skip(1))
}
