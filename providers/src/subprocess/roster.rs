//! How many processes live, and may.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::sweep;
use crate::record::{self, State};

/// The processes of this machine, over all namespaces.
pub(super) struct Roster {
    run_dir: PathBuf,
    max: u32,
    living: Mutex<Living>,
}

#[derive(Default)]
struct Living {
    /// Ours: each has a [`Permit`].
    own: u32,
    /// Records of those that an earlier system worker left; `None` until looked for.
    left: Option<Vec<PathBuf>>,
}

/// One process may live. Dropping it makes room for another.
pub(super) struct Permit(Arc<Roster>);

impl Roster {
    /// No more than `max` processes, with their records under `run_dir`.
    pub(super) fn new(run_dir: &Path, max: u32) -> Arc<Self> {
        Arc::new(Self { run_dir: run_dir.to_owned(), max, living: Mutex::default() })
    }

    /// The most that may live at once.
    pub(super) fn max(&self) -> u32 {
        self.max
    }

    /// How many live now. May read the disk.
    pub(super) fn living(&self) -> u32 {
        self.lock().count(&self.run_dir)
    }

    /// Room for at most `wanted` more. May read the disk.
    pub(super) fn reserve(self: &Arc<Self>, wanted: u32) -> Vec<Permit> {
        let mut living = self.lock();
        let granted = wanted.min(self.max.saturating_sub(living.count(&self.run_dir)));
        living.own += granted;
        (0..granted).map(|_| Permit(Arc::clone(self))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Living> {
        self.living.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Living {
    fn count(&mut self, run_dir: &Path) -> u32 {
        let left = self.left.get_or_insert_with(|| sweep::records(run_dir));
        // What has ended does not come back: the list only gets shorter.
        left.retain(|path| matches!(record::state(path), Ok(State::Held)));
        self.own.saturating_add(u32::try_from(left.len()).unwrap_or(u32::MAX))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut living = self.0.lock();
        living.own = living.own.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_live_than_may() {
        let dir = tempfile::tempdir().unwrap();
        let roster = Roster::new(dir.path(), 3);
        let first = roster.reserve(2);
        assert_eq!((first.len(), roster.living()), (2, 2));
        assert_eq!(roster.reserve(5).len(), 1);
        drop(first);
        assert_eq!(roster.living(), 0);
    }

    #[test]
    fn those_that_an_earlier_worker_left_count_until_they_end() {
        let dir = tempfile::tempdir().unwrap();
        let launch = dir.path().join("default").join("l");
        std::fs::create_dir_all(&launch).unwrap();
        record::create(&launch.join("0")).unwrap();
        let held = record::open(&launch.join("0")).unwrap();
        assert!(record::try_lock(&held).unwrap());
        let roster = Roster::new(dir.path(), 3);
        assert_eq!(roster.living(), 1);
        assert_eq!(roster.reserve(5).len(), 2);
        drop(held);
        assert_eq!(roster.living(), 0);
    }
}
