//! Removing records that are no longer needed, and killing orphaned processes.

use std::{fs, io, path::Path, time::Duration};

use super::{launch_records, orphan, run_dir};
use crate::record::{self, RecordState};

/// No attempt is behind a claim of this age any more.
const STALE_CLAIM: Duration = Duration::from_secs(60);
/// Longer than another attempt of a launch may come after its process has ended: an instance gives
/// a launch five attempts of a minute.
const STALE_RECORD: Duration = Duration::from_secs(6 * 60);
/// How long after its deadline a process may still run: its supervisor kills it at the deadline.
const OVERDUE_MS: u64 = 5_000;

/// Removes the records of processes that have ended, and kills processes that lost their supervisor
/// or outlived their deadline. Returns the next deadline of a process that runs. Times are
/// milliseconds since the Unix epoch.
pub(super) fn clean_up(run_dir: &Path, now_ms: u64) -> Option<u64> {
    let mut next_ms = None::<u64>;
    for path in run_dir::records(run_dir) {
        match clean_up_record(&path, now_ms) {
            Ok(Some(at)) => next_ms = Some(next_ms.map_or(at, |next| next.min(at))),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot clean up a process record");
            }
        }
    }
    for folder in run_dir::record_folders(run_dir) {
        // Fails as long as the folder holds a record.
        let _ = fs::remove_dir(folder);
    }
    next_ms
}

/// Returns when the process is to be looked at again, if it runs and has a deadline.
fn clean_up_record(path: &Path, now_ms: u64) -> io::Result<Option<u64>> {
    match record::state(path)? {
        RecordState::Absent => {}
        RecordState::Supervised => return Ok(supervised(path, now_ms)),
        RecordState::Claimed(age) => {
            if age > STALE_CLAIM {
                launch_records::release(path);
            }
        }
        RecordState::Ended(record) => {
            let past = record.is_some_and(|record| record.deadline_ms < now_ms);
            if let Some(record) = record {
                orphan::kill(&record);
            }
            // The supervisor wrote the record last when the process ended.
            let age = fs::metadata(path)?.modified()?.elapsed().unwrap_or_default();
            if past || age > STALE_RECORD {
                fs::remove_file(path)?;
            }
        }
    }
    Ok(None)
}

fn supervised(path: &Path, now_ms: u64) -> Option<u64> {
    let record = record::read(&record::open(path).ok()?)?;
    // A process of a pool has no deadline.
    let overdue_ms = (record.deadline_ms > 0).then(|| record.deadline_ms + OVERDUE_MS)?;
    if overdue_ms <= now_ms {
        orphan::kill_supervisor(&record, path);
    }
    // If the supervisor is gone by its deadline, the process has to be found then.
    Some(if now_ms < record.deadline_ms { record.deadline_ms } else { overdue_ms })
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::SystemTime};

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
    fn a_record_goes_with_its_folder_at_the_deadline_or_soon_after_its_process_ended() {
        let dir = tempfile::tempdir().unwrap();
        let past = write_record(dir.path(), "past", NOW_MS - 1);
        let future = write_record(dir.path(), "future", NOW_MS + 1);
        clean_up(dir.path(), NOW_MS);
        assert!(!past.parent().unwrap().exists());
        assert!(future.exists(), "another attempt of its launch may come");
        let ended = SystemTime::now() - STALE_RECORD - Duration::from_secs(1);
        record::open(&future).unwrap().set_modified(ended).unwrap();
        clean_up(dir.path(), NOW_MS);
        assert!(!future.parent().unwrap().exists());
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
