//! Bounds the bytes of one response of the Temporal server, and how much freed memory is kept.
//!
//! A client of a namespace can make the history of a workflow tens of megabytes long, and the server
//! sends it in one response. The SDK reads its limit (128 MiB by default) only from the environment,
//! which a running program cannot change safely. So the system worker starts itself anew, in the
//! same process, before anything else.

use std::{env, os::unix::process::CommandExt, process::Command};

use anyhow::Context;

/// Settings of glibc: large blocks are returned when they are freed, and few threads keep small ones.
/// Otherwise the process keeps, after a few large messages, several times what it uses.
const ALLOCATOR: [(&str, &str); 2] =
    [("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_ARENA_MAX", "2")];
/// The SDK's variable.
const VARIABLE: &str = "TEMPORAL_MAX_INCOMING_GRPC_BYTES";
/// Twice the size of a history that the server wants continued in a new run.
const LIMIT: &str = "8388608";

/// Starts this program anew with a limit, unless there is one.
///
/// # Errors
/// The program cannot be started.
pub(crate) fn apply() -> anyhow::Result<()> {
    if env::var_os(VARIABLE).is_some_and(|limit| !limit.is_empty()) {
        return Ok(());
    }
    let program = env::current_exe().context("cannot find the path of this program")?;
    let mut command = Command::new(&program);
    if let Some(name) = env::args_os().next() {
        command.arg0(name);
    }
    for (name, value) in ALLOCATOR.into_iter().filter(|(name, _)| env::var_os(name).is_none()) {
        command.env(name, value);
    }
    let error = command.args(env::args_os().skip(1)).env(VARIABLE, LIMIT).exec();
    Err(error).with_context(|| {
        format!("cannot start {} with {VARIABLE}={LIMIT}; set this variable", program.display())
    })
}
