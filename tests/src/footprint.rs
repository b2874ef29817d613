//! The resources of a process, from /proc.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The resources that a process uses now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Open files, including connections.
    pub files: usize,
    /// Threads.
    pub threads: usize,
    /// Resident memory in kB.
    pub resident_kb: usize,
}

impl Footprint {
    /// Reads those of the process `pid`.
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

/// TCP connections of the process `pid` to `port` on this machine.
pub fn connections_to(pid: u32, port: u16) -> usize {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/net/{name}"));
    let tables = ["tcp", "tcp6"].map(|name| read(name).unwrap_or_default());
    let own: BTreeSet<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .map(|files| files.flatten().filter_map(|file| inode(&file.path())).collect())
        .unwrap_or_default();
    // Columns: number, local address, remote address, state, …; the tenth is the inode.
    let wanted = format!(":{port:04X}");
    let ours = |line: &&str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        columns.len() > 9 && columns[2].ends_with(&wanted) && own.contains(columns[9])
    };
    tables.iter().map(|table| table.lines().filter(ours).count()).sum()
}

/// The inode of an open file that is a socket: `socket:[12345]`.
fn inode(file: &Path) -> Option<String> {
    let link = fs::read_link(file).ok()?;
    let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
    Some(inode.to_owned())
}
