//! The processes of a pool, read from their records.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::super::{launch_records, orphan};
use crate::record::{self, RecordState};

/// A claim that no supervisor has locked for this long is abandoned.
const ABANDONED_AFTER: Duration = Duration::from_secs(10);

/// One process of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Counts up: a later process has a higher number.
    pub(super) number: u64,
    /// The generation of the config that it was started with.
    pub(super) generation: i64,
    /// Its state.
    pub(super) state: MemberState,
    record: PathBuf,
}

/// The state of a process of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberState {
    /// It is about to run.
    Starting,
    /// It runs.
    Serving {
        /// The process ID of its supervisor.
        supervisor: i32,
    },
    /// It got SIGTERM.
    Stopping,
}

impl Member {
    /// The record of a process that is about to be started.
    pub(super) fn record(folder: &Path, number: u64, generation: i64) -> PathBuf {
        folder.join(format!("{number}-{generation}"))
    }

    /// Tells the process to stop. Its supervisor enforces the stop timeout.
    pub(super) fn stop(&self) {
        let MemberState::Serving { supervisor } = self.state else { return };
        // While the record is locked its supervisor lives, so the ID belongs to no other process.
        if matches!(record::state(&self.record), Ok(RecordState::Supervised)) {
            let _ = kill(Pid::from_raw(supervisor), Signal::SIGTERM);
        }
    }

    fn read(path: PathBuf) -> io::Result<Option<Self>> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((number, generation)) = name.split_once('-') else { return Ok(None) };
        let (Ok(number), Ok(generation)) = (number.parse(), generation.parse()) else {
            return Ok(None);
        };
        let state = match record::state(&path)? {
            RecordState::Absent => return Ok(None),
            RecordState::Claimed(age) if age < ABANDONED_AFTER => MemberState::Starting,
            RecordState::Claimed(_) => {
                launch_records::release(&path);
                return Ok(None);
            }
            RecordState::Supervised => supervised_state(&path),
            RecordState::Ended(record) => {
                if let Some(record) = record {
                    orphan::kill(&record);
                }
                let _ = fs::remove_file(&path);
                return Ok(None);
            }
        };
        Ok(Some(Self { number, generation, state, record: path }))
    }
}

/// A record cannot be read for the moment in which it is written; the process then counts as
/// starting.
fn supervised_state(path: &Path) -> MemberState {
    let record = record::open(path).ok().and_then(|file| record::read(&file));
    match record {
        Some(record) if record.stopping => MemberState::Stopping,
        Some(record) if record.pid.is_some() => {
            MemberState::Serving { supervisor: record.supervisor }
        }
        _ => MemberState::Starting,
    }
}

/// The processes with records in `folder`, the oldest first. Removes the records of those that
/// have exited.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Member>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut members = Vec::new();
    for entry in entries {
        members.extend(Member::read(entry?.path())?);
    }
    members.sort_by_key(|member| member.number);
    Ok(members)
}
