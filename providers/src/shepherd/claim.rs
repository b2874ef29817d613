//! A shepherd's hold on the record of its process.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

use nix::unistd::Pid;

use super::{born, report::Report};
use crate::record::{self, Exit, Record};

/// Others hold the lock for moments, only to see whether it is free.
const TRIES: u32 = 40;
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// The record of a process that is ours to start; locked until this is dropped.
pub(super) struct Claim {
    file: File,
    path: PathBuf,
    record: Record,
}

impl Claim {
    /// Takes the record at `path`, unless another shepherd has it or had it.
    pub(super) fn take(path: &Path, deadline_ms: u64) -> Result<Self, Report> {
        let file = open_empty(path).map_err(|error| Report::failed(&error))?;
        let file = file.ok_or(Report::Taken)?;
        let shepherd = i32::try_from(process::id()).unwrap_or(0);
        let record =
            Record { shepherd, deadline_ms, pid: None, born: None, leaving: false, exit: None };
        record::write(&file, &record).map_err(|error| Report::failed(&error))?;
        Ok(Self { file, path: path.to_owned(), record })
    }

    /// Notes the process. A full disk does not keep it from being watched.
    pub(super) fn started(&mut self, pid: Pid) {
        self.record.pid = Some(pid.as_raw());
        self.record.born = born(pid);
        let _ = record::write(&self.file, &self.record);
    }

    /// Notes that the process was told to leave.
    pub(super) fn leaves(&mut self) {
        self.record.leaving = true;
        let _ = record::write(&self.file, &self.record);
    }

    /// Notes how the process ended.
    pub(super) fn ended(mut self, exit: Exit) {
        self.record.exit = Some(exit);
        let _ = record::write(&self.file, &self.record);
    }

    /// Gives the record up: another attempt may start the process.
    pub(super) fn abandon(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The file, locked, if nothing was ever started for it.
fn open_empty(path: &Path) -> io::Result<Option<File>> {
    let file = record::open(path)?;
    for _ in 0..TRIES {
        if record::try_lock(&file)? {
            let unused = file.metadata()?.len() == 0 && !record::is_removed(&file)?;
            return Ok(unused.then_some(file));
        }
        thread::sleep(BETWEEN_TRIES);
    }
    Ok(None)
}
