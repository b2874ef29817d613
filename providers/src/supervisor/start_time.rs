//! When a process started, which distinguishes it from a later process with the same ID.

use std::fs;

use nix::unistd::Pid;

/// The start time of the process in clock ticks since boot (`starttime` in proc(5)); `None` if
/// there is no such process.
pub(crate) fn start_ticks(pid: Pid) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may contain any character.
    // The start time is the 20th field after it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_has_a_fixed_start_time() {
        assert_eq!(start_ticks(Pid::this()), start_ticks(Pid::this()));
        assert!(start_ticks(Pid::this()).is_some());
        assert_eq!(start_ticks(Pid::from_raw(i32::MAX)), None);
    }
}
