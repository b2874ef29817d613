//! The shepherd as a program of its own, for this crate's tests. A system worker runs its own
//! executable as shepherd instead.

use std::process::ExitCode;

fn main() -> ExitCode {
    wci_providers::shepherd::run(std::env::args_os().skip(1))
}
