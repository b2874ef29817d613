//! The processes that run on this machine, and how many may.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::run_dir;
use crate::record::{self, RecordState};

/// Counts the processes on this machine, over all namespaces.
pub(super) struct ProcessTable {
    run_dir: PathBuf,
    max: u32,
    processes: Mutex<Processes>,
}

#[derive(Default)]
struct Processes {
    /// Processes that this system worker started: each has a [`Permit`].
    own: u32,
    /// The records of processes that an earlier system worker left running; `None` until they are
    /// read.
    inherited: Option<Vec<PathBuf>>,
}

/// Permits one process to run. Dropping it permits another one.
pub(super) struct Permit(Arc<ProcessTable>);

impl ProcessTable {
    /// A table of at most `max` processes, with their records under `run_dir`.
    pub(super) fn new(run_dir: &Path, max: u32) -> Arc<Self> {
        Arc::new(Self { run_dir: run_dir.to_owned(), max, processes: Mutex::default() })
    }

    /// The number of processes that run now. May read the disk.
    pub(super) fn running(&self) -> u32 {
        self.lock().count(&self.run_dir)
    }

    /// Permits for at most `wanted` more processes. May read the disk.
    pub(super) fn reserve(self: &Arc<Self>, wanted: u32) -> Vec<Permit> {
        let mut processes = self.lock();
        let granted = wanted.min(self.max.saturating_sub(processes.count(&self.run_dir)));
        processes.own += granted;
        (0..granted).map(|_| Permit(Arc::clone(self))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Processes> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Processes {
    fn count(&mut self, run_dir: &Path) -> u32 {
        let inherited = self.inherited.get_or_insert_with(|| run_dir::records(run_dir));
        // A process that has exited does not come back: the list only gets shorter.
        inherited.retain(|path| matches!(record::state(path), Ok(RecordState::Supervised)));
        self.own.saturating_add(u32::try_from(inherited.len()).unwrap_or(u32::MAX))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut processes = self.0.lock();
        processes.own = processes.own.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_processes_are_permitted_than_the_maximum() {
        let dir = tempfile::tempdir().unwrap();
        let table = ProcessTable::new(dir.path(), 3);
        let first = table.reserve(2);
        assert_eq!((first.len(), table.running()), (2, 2));
        assert_eq!(table.reserve(5).len(), 1);
        drop(first);
        assert_eq!(table.running(), 0);
    }

    #[test]
    fn processes_of_an_earlier_system_worker_count_until_they_exit() {
        let dir = tempfile::tempdir().unwrap();
        let launch = dir.path().join("default").join("l");
        std::fs::create_dir_all(&launch).unwrap();
        record::create(&launch.join("0")).unwrap();
        let locked = record::open(&launch.join("0")).unwrap();
        assert!(record::try_lock(&locked).unwrap());
        let table = ProcessTable::new(dir.path(), 3);
        assert_eq!(table.running(), 1);
        assert_eq!(table.reserve(5).len(), 2);
        drop(locked);
        assert_eq!(table.running(), 0);
    }
}
