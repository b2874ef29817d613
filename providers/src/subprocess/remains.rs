//! Processes that lost their shepherd.

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use crate::{record::Record, shepherd};

/// Ends the process group of a worker whose shepherd is gone: nobody else would at its deadline.
/// Does nothing when the process is gone, or is another one by now.
pub(super) fn end(record: &Record) {
    let (Some(pid), Some(born), None) = (record.pid, record.born, record.exit) else { return };
    let pid = Pid::from_raw(pid);
    if shepherd::born(pid) == Some(born) {
        tracing::warn!(%pid, "ending a worker process that lost its shepherd");
        let _ = killpg(pid, Signal::SIGKILL);
    }
}
