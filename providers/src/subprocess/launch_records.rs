//! The records of one launch: which of its workers have been started, and which may be.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::folder_name::folder_name;
use crate::record::{self, RecordState};

/// A claim that no supervisor has locked for this long is abandoned.
const ABANDONED_AFTER: Duration = Duration::from_secs(1);
/// A cleanup may remove the folder just before its first record is created.
const ATTEMPTS: u32 = 5;

/// The folder with the records of one launch: one file for each worker, named by its index.
#[derive(Debug, Clone)]
pub(super) struct LaunchRecords(PathBuf);

/// Which workers of a launch have been started.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LaunchStatus {
    /// The number of workers that have been started, whether or not they still run.
    pub(super) started: u32,
    /// The number of workers that another attempt has claimed and not started yet.
    pub(super) pending: u32,
    /// The indexes of the other workers.
    pub(super) unclaimed: Vec<u32>,
}

impl LaunchRecords {
    /// The records of this launch; the folder need not exist.
    pub(super) fn new(run_dir: &Path, namespace: &str, launch_id: &str) -> Self {
        Self(run_dir.join(folder_name(namespace)).join(folder_name(launch_id)))
    }

    /// Reads the records of the workers 0 to `count` - 1.
    pub(super) fn status(&self, count: u32) -> io::Result<LaunchStatus> {
        let mut status = LaunchStatus::default();
        for index in 0..count {
            match record::state(&self.path(index))? {
                RecordState::Supervised | RecordState::Ended(_) => status.started += 1,
                RecordState::Claimed(age) if age < ABANDONED_AFTER => status.pending += 1,
                RecordState::Claimed(_) | RecordState::Absent => status.unclaimed.push(index),
            }
        }
        Ok(status)
    }

    /// Claims the worker `index` and returns its record; `None` if another attempt has it.
    pub(super) fn claim(&self, index: u32) -> io::Result<Option<PathBuf>> {
        let path = self.path(index);
        if create(&self.0, &path)? {
            return Ok(Some(path));
        }
        match record::state(&path)? {
            RecordState::Claimed(age) if age >= ABANDONED_AFTER => {
                record::open(&path)?.set_modified(SystemTime::now())?;
                Ok(Some(path))
            }
            _ => Ok(None),
        }
    }

    fn path(&self, index: u32) -> PathBuf {
        self.0.join(index.to_string())
    }
}

/// Creates the record `path` in `folder`; `false` if it exists already.
pub(super) fn create(folder: &Path, path: &Path) -> io::Result<bool> {
    let mut attempts = 0;
    loop {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        match record::create(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempts < ATTEMPTS => {
                attempts += 1;
            }
            created => return created,
        }
    }
}

/// Releases a claim that no supervisor has locked, so that another attempt need not wait.
pub(super) fn release(path: &Path) {
    if let Ok(RecordState::Claimed(_)) = record::state(path) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_claimed_once() {
        let dir = tempfile::tempdir().unwrap();
        let launch = LaunchRecords::new(dir.path(), "default", "l/1");
        assert_eq!(launch.status(2).unwrap().unclaimed, [0, 1]);
        let path = launch.claim(0).unwrap().unwrap();
        assert_eq!(launch.claim(0).unwrap(), None);
        let status = launch.status(2).unwrap();
        assert_eq!((status.pending, status.unclaimed.as_slice()), (1, [1].as_slice()));
        release(&path);
        assert!(launch.claim(0).unwrap().is_some());
    }

    #[test]
    fn an_abandoned_claim_can_be_claimed_again() {
        let dir = tempfile::tempdir().unwrap();
        let launch = LaunchRecords::new(dir.path(), "default", "l");
        let path = launch.claim(0).unwrap().unwrap();
        let old = SystemTime::now() - ABANDONED_AFTER;
        record::open(&path).unwrap().set_modified(old).unwrap();
        assert_eq!(launch.status(1).unwrap().unclaimed, [0]);
        assert_eq!(launch.claim(0).unwrap(), Some(path));
        assert_eq!(launch.claim(0).unwrap(), None);
    }

    #[test]
    fn a_worker_that_has_exited_is_not_started_again() {
        let dir = tempfile::tempdir().unwrap();
        let launch = LaunchRecords::new(dir.path(), "default", "l");
        let path = launch.claim(0).unwrap().unwrap();
        fs::write(&path, "cut off").unwrap();
        assert_eq!(launch.status(1).unwrap().started, 1);
        assert_eq!(launch.claim(0).unwrap(), None);
        release(&path);
        assert!(path.exists());
    }
}
