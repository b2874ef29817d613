//! Clearing away what launches left on disk.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{claims, remains};
use crate::record::{self, State};

/// A claim this old has no attempt behind it any more.
const STALE_CLAIM: Duration = Duration::from_secs(60);
/// Longer than any process may live: a record this old that cannot be read is of no use.
const STALE_RECORD: Duration = Duration::from_secs(48 * 60 * 60);

/// Removes the records of processes whose deadline is past, and ends processes that lost their
/// shepherd. `now_ms` is milliseconds since the Unix epoch.
pub(super) fn sweep(run_dir: &Path, now_ms: u64) {
    for path in records(run_dir) {
        if let Err(error) = look_at(&path, now_ms) {
            tracing::warn!(path = %path.display(), %error, "cannot look at a process's record");
        }
    }
    for launch in folders(run_dir).iter().flat_map(|namespace| folders(namespace)) {
        // Fails while a record is in it.
        let _ = fs::remove_dir(launch);
    }
}

/// Processes with records under `run_dir` that live now, whoever started them. Reads the disk.
pub fn living_in(run_dir: &Path) -> u32 {
    let held = records(run_dir).into_iter();
    let held = held.filter(|path| matches!(record::state(path), Ok(State::Held)));
    u32::try_from(held.count()).unwrap_or(u32::MAX)
}

/// All records under `run_dir`: `<namespace>/<launch>/<index>`.
pub(super) fn records(run_dir: &Path) -> Vec<PathBuf> {
    let launches = folders(run_dir).into_iter().flat_map(|namespace| folders(&namespace));
    launches.flat_map(|launch| entries(&launch, false)).collect()
}

fn look_at(path: &Path, now_ms: u64) -> io::Result<()> {
    match record::state(path)? {
        State::Free | State::Held => Ok(()),
        State::Claimed(age) => {
            if age > STALE_CLAIM {
                claims::release(path);
            }
            Ok(())
        }
        State::Over(Some(record)) => {
            remains::end(&record);
            if record.deadline_ms < now_ms { fs::remove_file(path) } else { Ok(()) }
        }
        State::Over(None) => {
            let age = fs::metadata(path)?.modified()?.elapsed().unwrap_or_default();
            if age > STALE_RECORD { fs::remove_file(path) } else { Ok(()) }
        }
    }
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    entries(dir, true)
}

fn entries(dir: &Path, folders: bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let wanted =
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir() == folders));
    wanted.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Exit, Record};

    const NOW_MS: u64 = 1_000_000;

    fn put(dir: &Path, launch: &str, deadline_ms: u64) -> PathBuf {
        let folder = dir.join("default").join(launch);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("0");
        record::create(&path).unwrap();
        let exit = Some(Exit { code: Some(0), signal: None, overdue: false });
        let record =
            Record { shepherd: 1, deadline_ms, pid: None, born: None, leaving: false, exit };
        record::write(&record::open(&path).unwrap(), &record).unwrap();
        path
    }

    #[test]
    fn a_record_stays_until_the_deadline_and_goes_with_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let past = put(dir.path(), "past", NOW_MS - 1);
        let future = put(dir.path(), "future", NOW_MS + 1);
        sweep(dir.path(), NOW_MS);
        assert!(!past.parent().unwrap().exists());
        assert!(future.exists());
    }

    #[test]
    fn a_record_that_is_held_stays_whatever_its_deadline() {
        let dir = tempfile::tempdir().unwrap();
        let path = put(dir.path(), "past", NOW_MS - 1);
        let held = record::open(&path).unwrap();
        assert!(record::try_lock(&held).unwrap());
        sweep(dir.path(), NOW_MS);
        assert!(path.exists());
    }

    #[test]
    fn a_fresh_claim_stays() {
        let dir = tempfile::tempdir().unwrap();
        let launch = claims::LaunchFolder::new(dir.path(), "default", "l");
        let path = launch.claim(0).unwrap().unwrap();
        sweep(dir.path(), NOW_MS);
        assert!(path.exists());
    }
}
