//! The processes of a pool, as their records have them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::super::{claims, remains};
use crate::record::{self, State};

/// A claim that no shepherd took for this long is nobody's.
const ABANDONED: Duration = Duration::from_secs(10);

/// One process of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The higher, the later it was started.
    pub(super) number: u64,
    /// Of the settings that it was started with.
    pub(super) generation: i64,
    /// How it is.
    pub(super) standing: Standing,
    record: PathBuf,
}

/// How a process of a pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is about to run.
    Starting,
    /// It runs, and this process watches over it.
    Serving {
        /// The shepherd's process.
        shepherd: i32,
    },
    /// It was told to leave.
    Leaving,
}

impl Member {
    /// The record of a process that is to be started.
    pub(super) fn record(folder: &Path, number: u64, generation: i64) -> PathBuf {
        folder.join(format!("{number}-{generation}"))
    }

    /// Tells it to leave. Its shepherd sees to it that it does in time.
    pub(super) fn dismiss(&self) {
        let Standing::Serving { shepherd } = self.standing else { return };
        // While the record is held its shepherd lives, so that the number is nobody else's.
        if matches!(record::state(&self.record), Ok(State::Held)) {
            let _ = kill(Pid::from_raw(shepherd), Signal::SIGTERM);
        }
    }

    fn read(path: PathBuf) -> io::Result<Option<Self>> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((number, generation)) = name.split_once('-') else { return Ok(None) };
        let (Ok(number), Ok(generation)) = (number.parse(), generation.parse()) else {
            return Ok(None);
        };
        let standing = match record::state(&path)? {
            State::Free => return Ok(None),
            State::Claimed(age) if age < ABANDONED => Standing::Starting,
            State::Claimed(_) => {
                claims::release(&path);
                return Ok(None);
            }
            State::Held => held(&path),
            State::Over(record) => {
                if let Some(record) = record {
                    remains::end(&record);
                }
                let _ = fs::remove_file(&path);
                return Ok(None);
            }
        };
        Ok(Some(Self { number, generation, standing, record: path }))
    }
}

/// A record that is being written cannot be read, for a moment.
fn held(path: &Path) -> Standing {
    let record = record::open(path).ok().and_then(|file| record::read(&file));
    match record {
        Some(record) if record.leaving => Standing::Leaving,
        Some(record) if record.pid.is_some() => Standing::Serving { shepherd: record.shepherd },
        _ => Standing::Starting,
    }
}

/// Looks at the processes in `folder`, the oldest first. What is over is cleared away.
pub(super) fn survey(folder: &Path) -> io::Result<Vec<Member>> {
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
