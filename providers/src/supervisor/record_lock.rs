//! The supervisor's lock on the record of its process.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

use nix::unistd::Pid;

use super::{report::Report, start_time::start_ticks};
use crate::record::{self, Exit, Record};

/// Other processes hold the lock only for moments, to test whether it is free.
const LOCK_ATTEMPTS: u32 = 40;
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(5);

/// The locked record of the process that this supervisor starts. Dropping it releases the lock.
pub(super) struct RecordLock {
    file: File,
    path: PathBuf,
    record: Record,
}

impl RecordLock {
    /// Locks the record at `path`, unless another supervisor holds it or has used it.
    pub(super) fn acquire(path: &Path, deadline_ms: Option<u64>) -> Result<Self, Report> {
        let file = lock_unused(path).map_err(|error| Report::failed(&error))?;
        let file = file.ok_or(Report::Taken)?;
        let record = Record {
            supervisor: i32::try_from(process::id()).unwrap_or(0),
            deadline_ms: deadline_ms.unwrap_or(0),
            pid: None,
            start_ticks: None,
            stopping: false,
            exit: None,
        };
        record::write(&file, &record).map_err(|error| Report::failed(&error))?;
        Ok(Self { file, path: path.to_owned(), record })
    }

    /// Records that the process has started. A failure to write (a full disk) is ignored: the
    /// process must be supervised all the same. This holds for the later writes, too.
    pub(super) fn write_started(&mut self, pid: Pid) {
        self.record.pid = Some(pid.as_raw());
        self.record.start_ticks = start_ticks(pid);
        let _ = record::write(&self.file, &self.record);
    }

    /// Records that the process got SIGTERM.
    pub(super) fn write_stopping(&mut self) {
        self.record.stopping = true;
        let _ = record::write(&self.file, &self.record);
    }

    /// Records how the process exited.
    pub(super) fn write_exit(mut self, exit: Exit) {
        self.record.exit = Some(exit);
        let _ = record::write(&self.file, &self.record);
    }

    /// Removes the record, so that another attempt may start the process.
    pub(super) fn abandon(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Opens and locks the file; `None` if a process was ever started for it.
fn lock_unused(path: &Path) -> io::Result<Option<File>> {
    let file = record::open(path)?;
    for _ in 0..LOCK_ATTEMPTS {
        if record::try_lock(&file)? {
            let is_unused = file.metadata()?.len() == 0 && !record::is_removed(&file)?;
            return Ok(is_unused.then_some(file));
        }
        thread::sleep(ATTEMPT_INTERVAL);
    }
    Ok(None)
}
