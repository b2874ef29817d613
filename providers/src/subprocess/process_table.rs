//! The processes that run on this machine, and how many may.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{folder_name::folder_name, run_dir};
use crate::record::{self, RecordState};

/// Counts the processes on this machine, over all namespaces and for each of them.
pub(super) struct ProcessTable {
    run_dir: PathBuf,
    max: u32,
    processes: Mutex<Processes>,
}

#[derive(Default)]
struct Processes {
    /// Processes that this system worker started, by the folder of their namespace: each has a
    /// [`Permit`].
    own: BTreeMap<String, u32>,
    /// The records of processes that an earlier system worker left running; `None` until they are
    /// read.
    inherited: Option<Vec<PathBuf>>,
}

/// Permits one process to run. Dropping it permits another one.
pub(super) struct Permit {
    table: Arc<ProcessTable>,
    /// The folder of its namespace.
    namespace: String,
}

impl ProcessTable {
    /// A table of at most `max` processes, with their records under `run_dir`.
    pub(super) fn new(run_dir: &Path, max: u32) -> Arc<Self> {
        Arc::new(Self { run_dir: run_dir.to_owned(), max, processes: Mutex::default() })
    }

    /// The number of processes that run now. May read the disk.
    pub(super) fn running(&self) -> u32 {
        self.lock().count(&self.run_dir, None)
    }

    /// The number of processes of `namespace` that run now. May read the disk.
    pub(super) fn running_in(&self, namespace: &str) -> u32 {
        self.lock().count(&self.run_dir, Some(&folder_name(namespace)))
    }

    /// Permits for at most `wanted` more processes of `namespace`, which may have `share`. May read
    /// the disk.
    pub(super) fn reserve(
        self: &Arc<Self>,
        namespace: &str,
        share: u32,
        wanted: u32,
    ) -> Vec<Permit> {
        let namespace = folder_name(namespace);
        let mut processes = self.lock();
        let on_machine = self.max.saturating_sub(processes.count(&self.run_dir, None));
        let in_namespace = share.saturating_sub(processes.count(&self.run_dir, Some(&namespace)));
        let granted = wanted.min(on_machine).min(in_namespace);
        let own = processes.own.entry(namespace.clone()).or_default();
        *own = own.saturating_add(granted);
        let permit = || Permit { table: Arc::clone(self), namespace: namespace.clone() };
        (0..granted).map(|_| permit()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Processes> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Processes {
    /// Counts those of one namespace, by its folder, or all.
    fn count(&mut self, run_dir: &Path, namespace: Option<&str>) -> u32 {
        let inherited = self.inherited.get_or_insert_with(|| run_dir::records(run_dir));
        // A process that has exited does not come back: the list only gets shorter.
        inherited.retain(|path| matches!(record::state(path), Ok(RecordState::Supervised)));
        let is_counted = |folder: &str| namespace.is_none_or(|namespace| namespace == folder);
        let of_record = |path: &&PathBuf| run_dir::namespace_of(path).is_some_and(is_counted);
        let inherited = inherited.iter().filter(of_record).count();
        let own = self.own.iter().filter(|(folder, _)| is_counted(folder));
        let own = own.fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        own.saturating_add(u32::try_from(inherited).unwrap_or(u32::MAX))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut processes = self.table.lock();
        if let Some(own) = processes.own.get_mut(&self.namespace) {
            *own = own.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_processes_are_permitted_than_the_maximum() {
        let dir = tempfile::tempdir().unwrap();
        let table = ProcessTable::new(dir.path(), 3);
        let first = table.reserve("a", 3, 2);
        assert_eq!((first.len(), table.running()), (2, 2));
        assert_eq!(table.reserve("b", 3, 5).len(), 1);
        drop(first);
        assert_eq!(table.running(), 0);
    }

    #[test]
    fn a_namespace_leaves_the_processes_of_the_others_alone() {
        let dir = tempfile::tempdir().unwrap();
        let table = ProcessTable::new(dir.path(), 10);
        let greedy = table.reserve("greedy", 5, 1000);
        assert_eq!((greedy.len(), table.running_in("greedy")), (5, 5));
        assert_eq!(table.reserve("greedy", 5, 1).len(), 0);
        assert_eq!(table.reserve("modest", 5, 5).len(), 5);
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
        assert_eq!((table.running(), table.running_in("default")), (1, 1));
        assert_eq!(table.running_in("other"), 0);
        assert_eq!(table.reserve("default", 2, 5).len(), 1);
        assert_eq!(table.reserve("other", 3, 5).len(), 2);
        drop(locked);
        assert_eq!(table.running(), 0);
    }
}
