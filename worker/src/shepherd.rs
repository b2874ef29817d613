//! `wci shepherd`: the small process that watches over one worker of the subprocess provider.
//! Not for people, so it is not in the help.

use std::{env, process::ExitCode};

/// The argument that makes this process a shepherd.
pub(crate) const ARGUMENT: &str = "shepherd";

/// Runs the shepherd if that is what the process was started for.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    let mut args = env::args_os().skip(1);
    (args.next()? == ARGUMENT).then(|| wci_providers::shepherd::run(args))
}
