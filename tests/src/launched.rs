//! Workers that the system worker launched as processes: their records in its run folder.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use serde::Deserialize;
use wci_providers::running_processes_in;

const LIMIT: Duration = Duration::from_secs(5);

/// One worker that lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launched {
    /// Its process, and so its group.
    pub pid: i32,
    /// The process that supervises it.
    pub supervisor: i32,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "shepherd")]
    supervisor: i32,
    pid: Option<i32>,
}

impl Launched {
    /// Ends it at once, as a crash would.
    pub fn kill(self) {
        let _ = killpg(Pid::from_raw(self.pid), Signal::SIGKILL);
    }
}

/// The workers with records under `run_dir` that live now.
pub(crate) fn living(run_dir: &Path) -> Vec<Launched> {
    all(run_dir).iter().filter_map(|path| look_at(path)).collect()
}

/// `<namespace>/<launch>/<index>` for each worker.
fn all(run_dir: &Path) -> Vec<PathBuf> {
    let launches = folders(run_dir).flat_map(|namespace| folders(&namespace));
    launches.flat_map(|launch| entries(&launch)).collect()
}

/// How many workers were started, or are about to be, whether or not they still live. A record
/// stays until the worker's deadline.
pub(crate) fn records(run_dir: &Path) -> usize {
    all(run_dir).len()
}

/// Ends all of them, and waits until they are gone.
pub(crate) fn end_all(run_dir: &Path) {
    let began = Instant::now();
    while running_processes_in(run_dir) > 0 && began.elapsed() < LIMIT {
        for worker in living(run_dir) {
            worker.kill();
            let _ = kill(Pid::from_raw(worker.supervisor), Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A record whose lock its supervisor holds.
fn look_at(path: &Path) -> Option<Launched> {
    let file = File::open(path).ok()?;
    if !matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let record: Record = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    Some(Launched { pid: record.pid?, supervisor: record.supervisor })
}

fn folders(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    entries(dir).into_iter().filter(|path| path.is_dir())
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
