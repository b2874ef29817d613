//! The processes on this machine, over all namespaces.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::spawn_blocking;

use super::{
    crash_counts::CrashCounts,
    failed_exits::FailedExits,
    output_budget::{OutputBudget, OutputBudgets},
    pool::OwnedPools,
    process_access::ProcessLimits,
    process_table::{Permit, ProcessTable},
    record_cleanup::clean_up,
    run_dir::prepare_run_dir,
};
use crate::{ProcessSettings, SupervisorProgram, clock::now_ms};

/// Time between two cleanups where nothing is due earlier.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(5);
/// The shortest time between two cleanups.
const MIN_CLEANUP_INTERVAL: Duration = Duration::from_millis(500);

/// The processes on this machine, over all namespaces.
pub(crate) struct Machine {
    settings: ProcessSettings,
    process_table: Arc<ProcessTable>,
    last_cleanup: Mutex<Option<Instant>>,
    is_kept_clean: AtomicBool,
    pools: OwnedPools,
    failed_exits: FailedExits,
    crash_counts: CrashCounts,
    output_budgets: OutputBudgets,
}

impl Machine {
    /// A machine with these settings. Does not touch the disk yet.
    pub(crate) fn new(settings: ProcessSettings) -> Self {
        let process_table = ProcessTable::new(&settings.run_dir, settings.max_processes);
        Self {
            settings,
            process_table,
            last_cleanup: Mutex::default(),
            is_kept_clean: AtomicBool::new(false),
            pools: OwnedPools::default(),
            failed_exits: FailedExits::default(),
            crash_counts: CrashCounts::default(),
            output_budgets: OutputBudgets::default(),
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

    /// The number of processes of `namespace` that run now. May read the disk.
    pub(crate) fn running_in(&self, namespace: &str) -> u32 {
        self.process_table.running_in(namespace)
    }

    /// Checks the run directory, and removes the records of finished launches if that was not done
    /// lately. Reads the disk.
    pub(super) fn prepare(&self) -> io::Result<()> {
        prepare_run_dir(self.run_dir())?;
        let mut last = self.last_cleanup.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|at| at.elapsed() >= 2 * CLEANUP_INTERVAL) {
            *last = Some(Instant::now());
            drop(last);
            clean_up(self.run_dir(), now_ms());
        }
        Ok(())
    }

    /// From now on removes records of processes that have ended, and kills processes that lost
    /// their supervisor or outlived their deadline. Needs a tokio runtime; a second call has no
    /// effect.
    pub(crate) fn keep_clean(self: &Arc<Self>) {
        if self.is_kept_clean.swap(true, Ordering::Relaxed) {
            return;
        }
        let machine = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let wait = machine.clean_up_in_background().await;
                tokio::time::sleep(wait).await;
            }
        });
    }

    /// Cleans up once, and returns the time until the next cleanup: no process is to be found
    /// later than at its deadline.
    async fn clean_up_in_background(self: &Arc<Self>) -> Duration {
        let machine = Arc::clone(self);
        let cleaning = spawn_blocking(move || {
            *machine.last_cleanup.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Instant::now());
            clean_up(machine.run_dir(), now_ms())
        });
        let next_deadline_ms = cleaning.await.ok().flatten().unwrap_or(u64::MAX);
        let until = Duration::from_millis(next_deadline_ms.saturating_sub(now_ms()));
        until.clamp(MIN_CLEANUP_INTERVAL, CLEANUP_INTERVAL)
    }

    /// Permits for at most `wanted` more processes of `namespace`. May read the disk.
    pub(super) fn reserve(
        &self,
        namespace: &str,
        limits: ProcessLimits,
        wanted: u32,
    ) -> Vec<Permit> {
        self.process_table.reserve(namespace, limits.processes, wanted)
    }

    /// What the processes of `namespace` may write to the log.
    pub(super) fn output_budget(
        &self,
        namespace: &str,
        limits: ProcessLimits,
    ) -> Arc<OutputBudget> {
        self.output_budgets.of(namespace, limits.log_bytes_per_minute)
    }

    /// The maximum number of processes of one namespace that may run at the same time.
    pub(super) fn max_processes(&self, limits: ProcessLimits) -> u32 {
        self.settings.max_processes.min(limits.processes)
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

    /// The message when no further process of `namespace` may run.
    pub(super) fn limit_reached(&self, namespace: &str, limits: ProcessLimits) -> String {
        let max = self.settings.max_processes;
        let share = limits.processes;
        if share < max && self.running_in(namespace) >= share {
            return format!(
                "the limit of {share} processes of namespace {namespace} on this machine is \
                 reached: wait until some exit, or have the operator raise max_processes of the \
                 namespace (by default its share of --max-processes, which is {max})"
            );
        }
        format!(
            "the limit of {max} processes on this machine is reached: wait until some exit, or \
             raise the system worker's --max-processes"
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
