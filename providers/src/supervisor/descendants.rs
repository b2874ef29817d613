//! Killing the descendants that a worker leaves behind, including those outside its process group.

use std::{fs, thread, time::Duration};

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};

const ATTEMPTS: u32 = 500;
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(10);

/// Makes this process the parent of orphaned descendants.
pub(super) fn become_subreaper() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Kills and reaps all children, and then theirs, which become ours when their parents die. Gives
/// up after 5 s: a process that hangs in the kernel dies when it returns from there.
pub(super) fn kill_all() {
    for _ in 0..ATTEMPTS {
        for pid in children() {
            let _ = kill(pid, Signal::SIGKILL);
        }
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) => return,
            Ok(status) if status.pid().is_some() => {}
            _ => thread::sleep(ATTEMPT_INTERVAL),
        }
    }
}

/// The current children; empty where the operating system does not list them.
fn children() -> Vec<Pid> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(parse_pid).collect::<Vec<_>>())
        .collect()
}

fn parse_pid(text: &str) -> Option<Pid> {
    text.parse().ok().map(Pid::from_raw)
}
