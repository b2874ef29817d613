//! Worker processes that lost their supervisor.

use std::{fs, path::Path};

use nix::{
    sys::signal::{Signal, kill as signal, killpg},
    unistd::Pid,
};

use crate::{record::Record, supervisor};

/// Kills the process group of a worker whose supervisor is gone: nobody else would stop it at its
/// deadline. Does nothing if the process is gone or its ID belongs to another process by now.
pub(super) fn kill(record: &Record) {
    let (Some(pid), Some(start_ticks), None) = (record.pid, record.start_ticks, record.exit) else {
        return;
    };
    let pid = Pid::from_raw(pid);
    if supervisor::start_ticks(pid) == Some(start_ticks) {
        tracing::warn!(%pid, "killing a worker process that lost its supervisor");
        let _ = killpg(pid, Signal::SIGKILL);
    }
}

/// Kills the supervisor of the record at `path`, which holds its lock and has not ended its worker
/// in time; without it, the worker is an orphan and is killed as such.
pub(super) fn kill_supervisor(record: &Record, path: &Path) {
    // Its command line names the record, so it is no other process with the same ID.
    let command_line = fs::read(format!("/proc/{}/cmdline", record.supervisor)).unwrap_or_default();
    let record_path = path.as_os_str().as_encoded_bytes();
    if command_line.split(|byte| *byte == 0).any(|arg| arg == record_path) {
        let pid = Pid::from_raw(record.supervisor);
        tracing::warn!(%pid, "killing the supervisor of a worker process that outlived its deadline");
        let _ = signal(pid, Signal::SIGKILL);
    }
}
