//! The record of one process: a file that says whether the process was started, whether it runs,
//! and how it exited.
//!
//! Whoever wants the process creates the file empty. A supervisor locks the file for as long as it
//! lives, and only a supervisor that finds it empty may start the process. So the process is
//! started at most once, however many attempts there are, and an unlocked file means that the
//! process has no supervisor.
//!
//! Supervisors of other builds read and write these files, so the JSON keys never change.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
    time::{Duration, SystemTime},
};

use nix::{fcntl::OFlag, unistd::geteuid};
use serde::{Deserialize, Serialize};

/// A record is a few short numbers; a larger file is not a record.
const MAX_BYTES: u64 = 4096;

/// The content of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The supervisor's process ID.
    #[serde(rename = "shepherd")]
    pub(crate) supervisor: i32,
    /// When the process must be gone, milliseconds since the Unix epoch; 0 for a process of a
    /// pool, which has no deadline.
    pub(crate) deadline_ms: u64,
    /// The ID of the process and of its group; `None` until it is started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<i32>,
    /// When the process started, in clock ticks since boot: distinguishes it from a later process
    /// with the same ID.
    #[serde(default, rename = "born", skip_serializing_if = "Option::is_none")]
    pub(crate) start_ticks: Option<u64>,
    /// Whether the process got SIGTERM.
    #[serde(default, rename = "leaving", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) stopping: bool,
    /// How the process exited; `None` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exit: Option<Exit>,
}

/// How a process exited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exit {
    /// Its exit code, unless a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Whether it got SIGTERM before it exited.
    pub(crate) overdue: bool,
}

/// The state of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordState {
    /// The file does not exist.
    Absent,
    /// The file was created this long ago, and no supervisor has locked it yet.
    Claimed(Duration),
    /// A supervisor holds the lock.
    Supervised,
    /// The supervisor is gone. `None`: the content cannot be read.
    Ended(Option<Record>),
}

/// Creates the file; `false` if it exists already.
pub(crate) fn create(path: &Path) -> io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens an existing file of this user for reading and writing.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let no_link = OFlag::O_NOFOLLOW.bits();
    let file = OpenOptions::new().read(true).write(true).custom_flags(no_link).open(path)?;
    check_owner(&file)?;
    Ok(file)
}

/// Refuses a file of another user: whoever wrote it could have processes killed by its content.
pub(crate) fn check_owner(file: &File) -> io::Result<()> {
    let (owner, user) = (file.metadata()?.uid(), geteuid().as_raw());
    if owner == user {
        return Ok(());
    }
    let message = format!("it belongs to the user {owner}, not to {user}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

/// The state of the record at `path`.
pub(crate) fn state(path: &Path) -> io::Result<RecordState> {
    let file = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(RecordState::Absent),
        opened => opened?,
    };
    if !try_lock(&file)? {
        return Ok(RecordState::Supervised);
    }
    let metadata = file.metadata()?;
    if metadata.len() > 0 {
        return Ok(RecordState::Ended(read(&file)));
    }
    let age = SystemTime::now().duration_since(metadata.modified()?).unwrap_or_default();
    Ok(RecordState::Claimed(age))
}

/// Takes the lock without waiting; `false` if another process holds it. Closing the file releases
/// it.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether the file has been removed since it was opened.
pub(crate) fn is_removed(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() == 0)
}

/// The record in the file, if it can be read.
pub(crate) fn read(file: &File) -> Option<Record> {
    let mut text = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Replaces the content. The file is never empty in between: empty means unused.
pub(crate) fn write(file: &File, record: &Record) -> io::Result<()> {
    let mut text = serde_json::to_vec(record)?;
    text.push(b'\n');
    file.write_all_at(&text, 0)?;
    file.set_len(text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: Record = Record {
        supervisor: 7,
        deadline_ms: 1,
        pid: Some(8),
        start_ticks: Some(9),
        stopping: false,
        exit: None,
    };

    #[test]
    fn only_the_first_creates_the_record() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0");
        assert_eq!(state(&path).unwrap(), RecordState::Absent);
        assert!(create(&path).unwrap());
        assert!(!create(&path).unwrap());
        assert!(matches!(state(&path).unwrap(), RecordState::Claimed(_)));
    }

    #[test]
    fn a_locked_record_has_a_supervisor() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0");
        create(&path).unwrap();
        let file = open(&path).unwrap();
        assert!(try_lock(&file).unwrap());
        assert_eq!(state(&path).unwrap(), RecordState::Supervised);
        write(&file, &RECORD).unwrap();
        drop(file);
        assert_eq!(state(&path).unwrap(), RecordState::Ended(Some(RECORD)));
    }

    #[test]
    fn a_shorter_record_leaves_nothing_of_a_longer_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0");
        create(&path).unwrap();
        let file = open(&path).unwrap();
        write(&file, &RECORD).unwrap();
        let short = Record { pid: None, start_ticks: None, ..RECORD };
        write(&file, &short).unwrap();
        drop(file);
        assert_eq!(state(&path).unwrap(), RecordState::Ended(Some(short)));
    }

    #[test]
    fn records_of_other_builds_are_read() {
        let record = Record { stopping: true, ..RECORD };
        let text = r#"{"shepherd":7,"deadline_ms":1,"pid":8,"born":9,"leaving":true}"#;
        assert_eq!(serde_json::from_str::<Record>(text).unwrap(), record);
        assert_eq!(serde_json::to_string(&record).unwrap(), text);
    }
}
