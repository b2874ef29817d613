//! The processes on this machine, over all namespaces.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    crash_counts::CrashCounts,
    failed_exits::FailedExits,
    pool::OwnedPools,
    process_table::{Permit, ProcessTable},
    record_cleanup,
};
use crate::{ProcessSettings, SupervisorProgram, clock::now_ms};

const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// The processes on this machine, over all namespaces.
pub(crate) struct Machine {
    settings: ProcessSettings,
    process_table: Arc<ProcessTable>,
    last_cleanup: Mutex<Option<Instant>>,
    pools: OwnedPools,
    failed_exits: FailedExits,
    crash_counts: CrashCounts,
}

impl Machine {
    /// A machine with these settings. Does not touch the disk yet.
    pub(crate) fn new(settings: ProcessSettings) -> Self {
        let process_table = ProcessTable::new(&settings.run_dir, settings.max_processes);
        Self {
            settings,
            process_table,
            last_cleanup: Mutex::default(),
            pools: OwnedPools::default(),
            failed_exits: FailedExits::default(),
            crash_counts: CrashCounts::default(),
        }
    }

    /// How worker processes exited that failed lately.
    pub(super) fn failed_exits(&self) -> &FailedExits {
        &self.failed_exits
    }

    /// How many workers of each group failed in a row.
    pub(crate) fn crash_counts(&self) -> &CrashCounts {
        &self.crash_counts
    }

    /// The number of processes that run now. May read the disk.
    pub(crate) fn running_processes(&self) -> u32 {
        self.process_table.running()
    }

    /// Removes the records of finished launches, at most once a minute. Reads the disk.
    pub(crate) fn clean_up_records(&self) {
        let mut last = self.last_cleanup.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|at| at.elapsed() >= CLEANUP_INTERVAL) {
            *last = Some(Instant::now());
            drop(last);
            record_cleanup::clean_up(self.run_dir(), now_ms());
        }
    }

    /// Permits for at most `wanted` more processes. May read the disk.
    pub(super) fn reserve(&self, wanted: u32) -> Vec<Permit> {
        self.process_table.reserve(wanted)
    }

    /// The maximum number of processes that may run at the same time.
    pub(super) fn max_processes(&self) -> u32 {
        self.settings.max_processes
    }

    /// The folder of the records.
    pub(super) fn run_dir(&self) -> &Path {
        &self.settings.run_dir
    }

    /// The pools that this process owns.
    pub(crate) fn pools(&self) -> &OwnedPools {
        &self.pools
    }

    /// How long the processes of a pool run without an owner.
    pub(super) fn lease(&self) -> Duration {
        self.settings.lease
    }

    /// How long a pool stays after the last request of its instance, milliseconds.
    pub(super) fn lapse_ms(&self) -> i64 {
        i64::try_from(self.settings.lapse.as_millis()).unwrap_or(i64::MAX)
    }

    /// The program that supervises each process.
    pub(super) fn supervisor(&self) -> &SupervisorProgram {
        &self.settings.supervisor
    }

    /// The message when no further process may run.
    pub(super) fn limit_reached(&self) -> String {
        format!(
            "the limit of {} processes on this machine is reached: wait until some exit, or raise \
             the system worker's --max-processes",
            self.max_processes()
        )
    }

    /// The message when a record cannot be written.
    pub(super) fn cannot_write_records(&self, error: &io::Error) -> String {
        format!(
            "cannot write process records in {}: {error}: check the folder's permissions and free \
             space",
            self.run_dir().display()
        )
    }

    /// The message when a supervisor cannot be started.
    pub(super) fn cannot_start_supervisor(&self, error: &io::Error) -> String {
        format!("cannot start the supervisor {}: {error}", self.supervisor().program.display())
    }
}
