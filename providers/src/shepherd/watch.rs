//! Waiting for a worker's end, and bringing it about when its time is up.

use std::{os::fd::AsFd, time::Duration};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, SigmaskHow, Signal, killpg, sigprocmask},
        signalfd::{SfdFlags, SignalFd},
        wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid},
    },
    unistd::Pid,
};

use super::{Term, end, keeper::Keeper};
use crate::{clock::now_ms, record::Exit};

/// The wall clock may jump, so it is looked at this often at least.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(1);
/// Looks for the worker's end this often where no descriptor tells of it.
const LOOK_AT_WORKER: Duration = Duration::from_millis(50);

/// A worker that lives, and its times.
pub(super) struct Watch {
    pid: Pid,
    leave_at_ms: u64,
    deadline_ms: u64,
    keeper: Option<Keeper>,
    signals: Option<SignalFd>,
    told_to_leave: bool,
}

impl Watch {
    /// Watches the worker `pid`. From now on no signal but SIGKILL ends this process.
    pub(super) fn new(pid: Pid, term: &Term) -> Self {
        // After the start: the worker would inherit the mask.
        let _ = sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), None);
        let (leave_at_ms, deadline_ms) = match term {
            Term::Deadline { deadline_ms, grace_ms } => {
                (deadline_ms.saturating_sub(*grace_ms), *deadline_ms)
            }
            Term::Kept { .. } => (u64::MAX, u64::MAX),
        };
        let keeper = Keeper::of(term);
        let mut heard = SigSet::empty();
        heard.add(Signal::SIGCHLD);
        if keeper.is_some() {
            heard.add(Signal::SIGTERM);
        }
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Self {
            pid,
            leave_at_ms,
            deadline_ms,
            keeper,
            signals: SignalFd::with_flags(&heard, flags).ok(),
            told_to_leave: false,
        }
    }

    /// Waits until the worker has ended, at its deadline at the latest, and everything that it
    /// started with it. Calls `leaves` once when it is told to leave.
    pub(super) fn until_over(mut self, mut leaves: impl FnMut()) -> Exit {
        while !self.has_ended() {
            if self.keep_time() {
                leaves();
            }
            self.sleep();
        }
        // The worker is not reaped yet, so its group's number cannot be another's.
        let _ = killpg(self.pid, Signal::SIGKILL);
        let status = waitpid(self.pid, None);
        end::kill_orphans();
        self.exit(status.ok())
    }

    /// Whether the worker has ended. Reaps what else has, but not the worker.
    fn has_ended(&self) -> bool {
        let peek = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        loop {
            match waitid(Id::All, peek).map(|status| status.pid()) {
                Ok(Some(pid)) if pid != self.pid => {
                    let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
                }
                Ok(None) => return false,
                // No child at all: somebody reaped it before us.
                Ok(Some(_)) | Err(_) => return true,
            }
        }
    }

    /// Whether the worker was told to leave just now.
    fn keep_time(&mut self) -> bool {
        let now = now_ms();
        if let Some(stop_ms) = self.keeper.as_mut().and_then(Keeper::lets_go) {
            self.leave(now, stop_ms);
        }
        let is_told = now >= self.leave_at_ms && !self.told_to_leave;
        if is_told {
            self.told_to_leave = true;
            let _ = killpg(self.pid, Signal::SIGTERM);
        }
        if now >= self.deadline_ms {
            let _ = killpg(self.pid, Signal::SIGKILL);
        }
        is_told
    }

    /// From `now` on the worker has `stop_ms` to leave; the first word counts.
    fn leave(&mut self, now: u64, stop_ms: u64) {
        if !self.told_to_leave {
            self.leave_at_ms = now;
            self.deadline_ms = now.saturating_add(stop_ms);
        }
    }

    fn sleep(&mut self) {
        let next = if self.told_to_leave { self.deadline_ms } else { self.leave_at_ms };
        let left = match Duration::from_millis(next.saturating_sub(now_ms())) {
            Duration::ZERO => LOOK_AT_WORKER,
            left => left,
        };
        let Some(signals) = &self.signals else {
            return std::thread::sleep(left.min(LOOK_AT_WORKER));
        };
        let timeout = PollTimeout::try_from(left.min(LOOK_AT_CLOCK)).unwrap_or(PollTimeout::ZERO);
        let _ = poll(&mut [PollFd::new(signals.as_fd(), PollFlags::POLLIN)], timeout);
        let mut is_told = false;
        while let Ok(Some(signal)) = signals.read_signal() {
            is_told |= i32::try_from(signal.ssi_signo) == Ok(Signal::SIGTERM as i32);
        }
        if let Some(stop_ms) = self.keeper.as_ref().filter(|_| is_told).map(Keeper::stop_ms) {
            self.leave(now_ms(), stop_ms);
        }
    }

    fn exit(&self, status: Option<WaitStatus>) -> Exit {
        let (code, signal) = match status {
            Some(WaitStatus::Exited(_, code)) => (Some(code), None),
            Some(WaitStatus::Signaled(_, signal, _)) => (None, Some(signal as i32)),
            _ => (None, None),
        };
        Exit { code, signal, overdue: self.told_to_leave }
    }
}
