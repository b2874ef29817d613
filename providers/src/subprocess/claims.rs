//! The records of one launch: which of its workers are started, and which may be.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::folder::folder_name;
use crate::record::{self, State};

/// A claim that no shepherd took for this long is nobody's.
const ABANDONED: Duration = Duration::from_secs(1);
/// A sweep may remove the folder just before the first claim in it.
const TRIES: u32 = 5;

/// The folder with the records of one launch: one file for each worker, named by its index.
#[derive(Debug, Clone)]
pub(super) struct LaunchFolder(PathBuf);

/// Which workers of a launch are started.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// How many are, or were.
    pub(super) started: u32,
    /// How many another attempt is about to start, or was when it broke off.
    pub(super) pending: u32,
    /// Indexes of those that are not.
    pub(super) open: Vec<u32>,
}

impl LaunchFolder {
    /// The folder of this launch; it may not exist yet.
    pub(super) fn new(run_dir: &Path, namespace: &str, launch_id: &str) -> Self {
        Self(run_dir.join(folder_name(namespace)).join(folder_name(launch_id)))
    }

    /// Looks at the workers 0 to `count`.
    pub(super) fn survey(&self, count: u32) -> io::Result<Survey> {
        let mut survey = Survey::default();
        for index in 0..count {
            match record::state(&self.path(index))? {
                State::Held | State::Over(_) => survey.started += 1,
                State::Claimed(age) if age < ABANDONED => survey.pending += 1,
                State::Claimed(_) | State::Free => survey.open.push(index),
            }
        }
        Ok(survey)
    }

    /// Claims the worker `index`; `None` when another attempt has it.
    pub(super) fn claim(&self, index: u32) -> io::Result<Option<PathBuf>> {
        let path = self.path(index);
        if create(&self.0, &path)? {
            return Ok(Some(path));
        }
        match record::state(&path)? {
            State::Claimed(age) if age >= ABANDONED => {
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

/// Creates the record `path` in `folder`; `false` when it is there already.
pub(super) fn create(folder: &Path, path: &Path) -> io::Result<bool> {
    let mut tries = 0;
    loop {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        match record::create(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries < TRIES => tries += 1,
            created => return created,
        }
    }
}

/// Gives a claim up that no shepherd took, so that another attempt need not wait.
pub(super) fn release(path: &Path) {
    if let Ok(State::Claimed(_)) = record::state(path) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_claimed_once() {
        let dir = tempfile::tempdir().unwrap();
        let launch = LaunchFolder::new(dir.path(), "default", "l/1");
        assert_eq!(launch.survey(2).unwrap().open, [0, 1]);
        let path = launch.claim(0).unwrap().unwrap();
        assert_eq!(launch.claim(0).unwrap(), None);
        let survey = launch.survey(2).unwrap();
        assert_eq!((survey.pending, survey.open.as_slice()), (1, [1].as_slice()));
        release(&path);
        assert!(launch.claim(0).unwrap().is_some());
    }

    #[test]
    fn a_claim_whose_shepherd_never_came_is_taken_again() {
        let dir = tempfile::tempdir().unwrap();
        let launch = LaunchFolder::new(dir.path(), "default", "l");
        let path = launch.claim(0).unwrap().unwrap();
        let old = SystemTime::now() - ABANDONED;
        record::open(&path).unwrap().set_modified(old).unwrap();
        assert_eq!(launch.survey(1).unwrap().open, [0]);
        assert_eq!(launch.claim(0).unwrap(), Some(path));
        assert_eq!(launch.claim(0).unwrap(), None);
    }

    #[test]
    fn a_worker_that_is_over_is_not_started_again() {
        let dir = tempfile::tempdir().unwrap();
        let launch = LaunchFolder::new(dir.path(), "default", "l");
        let path = launch.claim(0).unwrap().unwrap();
        fs::write(&path, "cut off").unwrap();
        assert_eq!(launch.survey(1).unwrap().started, 1);
        assert_eq!(launch.claim(0).unwrap(), None);
        release(&path);
        assert!(path.exists());
    }
}
