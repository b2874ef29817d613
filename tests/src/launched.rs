//! Workers that the system worker launched as processes, from the records in its run folder.

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

/// A running worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launched {
    /// Its process, which leads its process group.
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
    /// Kills it, as a crash would.
    pub fn kill(self) {
        let _ = killpg(Pid::from_raw(self.pid), Signal::SIGKILL);
    }
}

/// The running workers with records under `run_dir`.
pub(crate) fn running(run_dir: &Path) -> Vec<Launched> {
    record_paths(run_dir).iter().filter_map(|path| read_running(path)).collect()
}

/// `<namespace>/<launch>/<index>` for each worker.
fn record_paths(run_dir: &Path) -> Vec<PathBuf> {
    let launches = folders(run_dir).flat_map(|namespace| folders(&namespace));
    launches.flat_map(|launch| entries(&launch)).collect()
}

/// The number of workers that were started, or are about to be, including those that exited. A
/// record stays until the worker's deadline.
pub(crate) fn records(run_dir: &Path) -> usize {
    record_paths(run_dir).len()
}

/// Kills all workers and waits until they are gone.
pub(crate) fn kill_all(run_dir: &Path) {
    let began = Instant::now();
    while running_processes_in(run_dir) > 0 && began.elapsed() < LIMIT {
        for worker in running(run_dir) {
            worker.kill();
            let _ = kill(Pid::from_raw(worker.supervisor), Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Reads a record if its supervisor holds its lock.
fn read_running(path: &Path) -> Option<Launched> {
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
