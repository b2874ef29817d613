//! Waiting for a worker to exit, and stopping it when its time is up.

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

use super::{Lifetime, descendants, lease_watch::LeaseWatch};
use crate::{clock::now_ms, record::Exit};

/// The wall clock may jump, so it is read at least this often.
const CLOCK_INTERVAL: Duration = Duration::from_secs(1);
/// How often to test whether the worker has exited where no signal descriptor reports it.
const EXIT_INTERVAL: Duration = Duration::from_millis(50);

/// A running worker and its stop times.
pub(super) struct SupervisedWorker {
    pid: Pid,
    stop_at_ms: u64,
    deadline_ms: u64,
    lease: Option<LeaseWatch>,
    signals: Option<SignalFd>,
    is_stopping: bool,
}

impl SupervisedWorker {
    /// Supervises the worker `pid`. From now on no signal but SIGKILL ends this process.
    pub(super) fn new(pid: Pid, lifetime: &Lifetime) -> Self {
        // Only after the worker has started: it would inherit the mask.
        let _ = sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), None);
        let (stop_at_ms, deadline_ms) = match lifetime {
            Lifetime::Deadline { deadline_ms, grace_ms } => {
                (deadline_ms.saturating_sub(*grace_ms), *deadline_ms)
            }
            Lifetime::Leased { .. } => (u64::MAX, u64::MAX),
        };
        let lease = LeaseWatch::new(lifetime);
        let mut received = SigSet::empty();
        received.add(Signal::SIGCHLD);
        if lease.is_some() {
            received.add(Signal::SIGTERM);
        }
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Self {
            pid,
            stop_at_ms,
            deadline_ms,
            lease,
            signals: SignalFd::with_flags(&received, flags).ok(),
            is_stopping: false,
        }
    }

    /// Waits until the worker has exited, at its deadline at the latest, and kills its
    /// descendants. Calls `on_stop` once, when the worker gets SIGTERM.
    pub(super) fn wait(mut self, mut on_stop: impl FnMut()) -> Exit {
        while !self.has_exited() {
            if self.enforce_limits() {
                on_stop();
            }
            self.sleep();
        }
        // The worker is not reaped yet, so its group ID cannot belong to another group.
        let _ = killpg(self.pid, Signal::SIGKILL);
        let status = waitpid(self.pid, None);
        descendants::kill_all();
        self.exit(status.ok())
    }

    /// Whether the worker has exited. Reaps every other child that has, but not the worker.
    fn has_exited(&self) -> bool {
        let peek = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        loop {
            match waitid(Id::All, peek).map(|status| status.pid()) {
                Ok(Some(pid)) if pid != self.pid => {
                    let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
                }
                Ok(None) => return false,
                // An error means that there is no child: the worker has been reaped already.
                Ok(Some(_)) | Err(_) => return true,
            }
        }
    }

    /// Sends the signals that are due. Returns whether the worker got its SIGTERM in this call.
    fn enforce_limits(&mut self) -> bool {
        let now = now_ms();
        if let Some(lease) = &mut self.lease
            && lease.has_expired()
        {
            let stop_ms = lease.stop_ms();
            self.schedule_stop(now, stop_ms);
        }
        let stops_now = now >= self.stop_at_ms && !self.is_stopping;
        if stops_now {
            self.is_stopping = true;
            let _ = killpg(self.pid, Signal::SIGTERM);
        }
        if now >= self.deadline_ms {
            let _ = killpg(self.pid, Signal::SIGKILL);
        }
        stops_now
    }

    /// Gives the worker `stop_ms` from `now` to exit. Has no effect once it is stopping.
    fn schedule_stop(&mut self, now: u64, stop_ms: u64) {
        if !self.is_stopping {
            self.stop_at_ms = now;
            self.deadline_ms = now.saturating_add(stop_ms);
        }
    }

    fn sleep(&mut self) {
        let next = if self.is_stopping { self.deadline_ms } else { self.stop_at_ms };
        let remaining = match Duration::from_millis(next.saturating_sub(now_ms())) {
            Duration::ZERO => EXIT_INTERVAL,
            remaining => remaining,
        };
        let Some(signals) = &self.signals else {
            return std::thread::sleep(remaining.min(EXIT_INTERVAL));
        };
        let timeout =
            PollTimeout::try_from(remaining.min(CLOCK_INTERVAL)).unwrap_or(PollTimeout::ZERO);
        let _ = poll(&mut [PollFd::new(signals.as_fd(), PollFlags::POLLIN)], timeout);
        let mut stop_requested = false;
        while let Ok(Some(signal)) = signals.read_signal() {
            stop_requested |= i32::try_from(signal.ssi_signo) == Ok(Signal::SIGTERM as i32);
        }
        let lease = self.lease.as_ref().filter(|_| stop_requested);
        if let Some(stop_ms) = lease.map(LeaseWatch::stop_ms) {
            self.schedule_stop(now_ms(), stop_ms);
        }
    }

    fn exit(&self, status: Option<WaitStatus>) -> Exit {
        let (code, signal) = match status {
            Some(WaitStatus::Exited(_, code)) => (Some(code), None),
            Some(WaitStatus::Signaled(_, signal, _)) => (None, Some(signal as i32)),
            _ => (None, None),
        };
        Exit { code, signal, overdue: self.is_stopping }
    }
}
