//! The record of one process: a file that says whether it was started, lives, and how it ended.
//!
//! Whoever wants the process creates the file empty. A shepherd locks it for as long as it
//! lives, and only one that finds it empty may start the process. So a process is started at
//! most once, however many attempts there are, and a lock that is free says that nobody watches.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

/// A record is a few short numbers; more is not ours.
const MAX_BYTES: u64 = 4096;

/// What a record's file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The shepherd's process.
    pub(crate) shepherd: i32,
    /// When the process must be gone, milliseconds since the Unix epoch; 0 for one that is kept.
    pub(crate) deadline_ms: u64,
    /// The process, and so its group; `None` until it is started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<i32>,
    /// When the machine started that process, in its own ticks: tells it from a later process
    /// of the same number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) born: Option<u64>,
    /// Whether it was told to leave, by whoever keeps the set that it is of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) leaving: bool,
    /// How it ended; `None` while it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exit: Option<Exit>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exit {
    /// Its exit code, unless a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Whether it had to be told to leave.
    pub(crate) overdue: bool,
}

/// What is known of a record's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// There is no such file.
    Free,
    /// Claimed this long ago, and no shepherd has come to life.
    Claimed(Duration),
    /// A shepherd holds it.
    Held,
    /// The shepherd is gone. `None`: it wrote nothing that can be read.
    Over(Option<Record>),
}

/// Creates the file; `false` when it is there already.
pub(crate) fn create(path: &Path) -> io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens an existing file for reading and writing.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// What is known of the file.
pub(crate) fn state(path: &Path) -> io::Result<State> {
    let file = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Free),
        opened => opened?,
    };
    if !try_lock(&file)? {
        return Ok(State::Held);
    }
    let metadata = file.metadata()?;
    if metadata.len() > 0 {
        return Ok(State::Over(read(&file)));
    }
    let age = SystemTime::now().duration_since(metadata.modified()?).unwrap_or_default();
    Ok(State::Claimed(age))
}

/// Takes the lock without waiting; `false` when another has it. Closing the file gives it back.
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

/// Replaces what the file says. It is never empty in between: empty means unclaimed.
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
        shepherd: 7,
        deadline_ms: 1,
        pid: Some(8),
        born: Some(9),
        leaving: false,
        exit: None,
    };

    #[test]
    fn only_the_first_creates_the_record() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0");
        assert_eq!(state(&path).unwrap(), State::Free);
        assert!(create(&path).unwrap());
        assert!(!create(&path).unwrap());
        assert!(matches!(state(&path).unwrap(), State::Claimed(_)));
    }

    #[test]
    fn a_lock_says_that_the_shepherd_lives() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0");
        create(&path).unwrap();
        let file = open(&path).unwrap();
        assert!(try_lock(&file).unwrap());
        assert_eq!(state(&path).unwrap(), State::Held);
        write(&file, &RECORD).unwrap();
        drop(file);
        assert_eq!(state(&path).unwrap(), State::Over(Some(RECORD)));
    }

    #[test]
    fn a_shorter_record_leaves_nothing_of_a_longer_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0");
        create(&path).unwrap();
        let file = open(&path).unwrap();
        write(&file, &RECORD).unwrap();
        let short = Record { pid: None, born: None, ..RECORD };
        write(&file, &short).unwrap();
        drop(file);
        assert_eq!(state(&path).unwrap(), State::Over(Some(short)));
    }
}
