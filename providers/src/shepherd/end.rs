//! Ending what a worker leaves behind, also what left its process group.

use std::{fs, thread, time::Duration};

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};

const TRIES: u32 = 500;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// Makes this process the parent of everything that its descendants leave behind.
pub(super) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Kills and reaps all children, and so theirs, which become ours when they die. Gives up after
/// 5 s: a process that hangs in the kernel dies when it comes back.
pub(super) fn kill_orphans() {
    for _ in 0..TRIES {
        for pid in children() {
            let _ = kill(pid, Signal::SIGKILL);
        }
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) => return,
            Ok(status) if status.pid().is_some() => {}
            _ => thread::sleep(BETWEEN_TRIES),
        }
    }
}

/// Our children now; none where the system does not list them.
fn children() -> Vec<Pid> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(read_pid).collect::<Vec<_>>())
        .collect()
}

fn read_pid(text: &str) -> Option<Pid> {
    text.parse().ok().map(Pid::from_raw)
}

/// When the machine started the process, in its own ticks; `None` when there is no such process.
pub(crate) fn born(pid: Pid) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name comes second, in brackets, and may hold anything. The start is the
    // 20th field after it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start() {
        assert_eq!(born(Pid::this()), born(Pid::this()));
        assert!(born(Pid::this()).is_some());
        assert_eq!(born(Pid::from_raw(i32::MAX)), None);
    }
}
