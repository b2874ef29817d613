//! The hidden subcommand that supervises one worker process of the subprocess providers.

use std::{env, process::ExitCode};

/// The subcommand that runs this program as a supervisor. It never changes: after an upgrade, a
/// system worker of an older build still starts the executable at its own path with this word.
pub(crate) const SUBCOMMAND: &str = "shepherd";

/// Runs the supervisor if this process was started as one.
pub(crate) fn run_if_requested() -> Option<ExitCode> {
    let mut args = env::args_os().skip(1);
    (args.next()? == SUBCOMMAND).then(|| wci_providers::supervisor::run(args))
}
