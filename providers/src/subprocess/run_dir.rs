//! The layout of the run directory: `<namespace>/<launch or pool>/<record>`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::record::{self, RecordState};

/// The number of processes with records under `run_dir` that run now, whoever started them. Reads
/// the disk.
pub fn running_processes_in(run_dir: &Path) -> u32 {
    let records = records(run_dir).into_iter();
    let running = records.filter(|path| matches!(record::state(path), Ok(RecordState::Supervised)));
    u32::try_from(running.count()).unwrap_or(u32::MAX)
}

/// All records under `run_dir`.
pub(super) fn records(run_dir: &Path) -> Vec<PathBuf> {
    let folders = record_folders(run_dir).into_iter();
    folders.flat_map(|folder| entries(&folder, false)).collect()
}

/// The folders that hold records: one for each launch and each pool.
pub(super) fn record_folders(run_dir: &Path) -> Vec<PathBuf> {
    let namespaces = entries(run_dir, true).into_iter();
    namespaces.flat_map(|namespace| entries(&namespace, true)).collect()
}

fn entries(dir: &Path, folders: bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let wanted =
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir() == folders));
    wanted.map(|entry| entry.path()).collect()
}
