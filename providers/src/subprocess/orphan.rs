//! Worker processes that lost their supervisor.

use nix::{
    sys::signal::{Signal, killpg},
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
