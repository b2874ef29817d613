//! Removing records that are no longer needed, and killing orphaned processes.

use std::{fs, io, path::Path, time::Duration};

use super::{launch_records, orphan, run_dir};
use crate::record::{self, RecordState};

/// No attempt is behind a claim of this age any more.
const STALE_CLAIM: Duration = Duration::from_secs(60);
/// Longer than any process may run: an unreadable record of this age is of no use.
const STALE_RECORD: Duration = Duration::from_secs(48 * 60 * 60);

/// Removes the records of processes whose deadline has passed, and kills processes that lost their
/// supervisor. `now_ms` is milliseconds since the Unix epoch.
pub(super) fn clean_up(run_dir: &Path, now_ms: u64) {
    for path in run_dir::records(run_dir) {
        if let Err(error) = clean_up_record(&path, now_ms) {
            tracing::warn!(path = %path.display(), %error, "cannot clean up a process record");
        }
    }
    for folder in run_dir::record_folders(run_dir) {
        // Fails as long as the folder holds a record.
        let _ = fs::remove_dir(folder);
    }
}

fn clean_up_record(path: &Path, now_ms: u64) -> io::Result<()> {
    match record::state(path)? {
        RecordState::Absent | RecordState::Supervised => Ok(()),
        RecordState::Claimed(age) => {
            if age > STALE_CLAIM {
                launch_records::release(path);
            }
            Ok(())
        }
        RecordState::Ended(Some(record)) => {
            orphan::kill(&record);
            if record.deadline_ms < now_ms { fs::remove_file(path) } else { Ok(()) }
        }
        RecordState::Ended(None) => {
            let age = fs::metadata(path)?.modified()?.elapsed().unwrap_or_default();
            if age > STALE_RECORD { fs::remove_file(path) } else { Ok(()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::record::{Exit, Record};

    const NOW_MS: u64 = 1_000_000;

    fn write_record(dir: &Path, launch: &str, deadline_ms: u64) -> PathBuf {
        let folder = dir.join("default").join(launch);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("0");
        record::create(&path).unwrap();
        let record = Record {
            supervisor: 1,
            deadline_ms,
            pid: None,
            start_ticks: None,
            stopping: false,
            exit: Some(Exit { code: Some(0), signal: None, overdue: false }),
        };
        record::write(&record::open(&path).unwrap(), &record).unwrap();
        path
    }

    #[test]
    fn a_record_stays_until_the_deadline_and_goes_with_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let past = write_record(dir.path(), "past", NOW_MS - 1);
        let future = write_record(dir.path(), "future", NOW_MS + 1);
        clean_up(dir.path(), NOW_MS);
        assert!(!past.parent().unwrap().exists());
        assert!(future.exists());
    }

    #[test]
    fn a_record_that_is_locked_stays_whatever_its_deadline() {
        let dir = tempfile::tempdir().unwrap();
        let path = write_record(dir.path(), "past", NOW_MS - 1);
        let locked = record::open(&path).unwrap();
        assert!(record::try_lock(&locked).unwrap());
        clean_up(dir.path(), NOW_MS);
        assert!(path.exists());
    }

    #[test]
    fn a_fresh_claim_stays() {
        let dir = tempfile::tempdir().unwrap();
        let launch = launch_records::LaunchRecords::new(dir.path(), "default", "l");
        let path = launch.claim(0).unwrap().unwrap();
        clean_up(dir.path(), NOW_MS);
        assert!(path.exists());
    }
}
