//! What a process holds, as the kernel tells.

use std::{fs, path::PathBuf};

/// What a process holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Open files, connections among them.
    pub files: usize,
    /// Threads.
    pub threads: usize,
    /// Resident memory in kB.
    pub resident_kb: usize,
}

impl Footprint {
    /// Of the process with this number.
    pub fn of(pid: u32) -> Self {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let count = |folder| fs::read_dir(proc.join(folder)).map_or(0, Iterator::count);
        let status = fs::read_to_string(proc.join("status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|line| line.split_whitespace().next());
        Self {
            files: count("fd"),
            threads: count("task"),
            resident_kb: resident.and_then(|kb| kb.parse().ok()).unwrap_or_default(),
        }
    }
}
