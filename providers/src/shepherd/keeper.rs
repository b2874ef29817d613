//! Whether somebody still keeps a worker that has no deadline.

use std::{
    fs::File,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::Term;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Whoever holds the lock of a file: the operating system gives it back when its process ends,
/// however that comes about, so nobody has to renew anything.
pub(super) struct Keeper {
    file: PathBuf,
    lease: Duration,
    stop_ms: u64,
    seen: Instant,
    looked: Option<Instant>,
}

impl Keeper {
    /// The keeper of a worker with this term, if it has one.
    pub(super) fn of(term: &Term) -> Option<Self> {
        let Term::Kept { keeper, lease_ms, stop_ms } = term else { return None };
        Some(Self {
            file: keeper.clone(),
            lease: Duration::from_millis(*lease_ms),
            stop_ms: *stop_ms,
            seen: Instant::now(),
            looked: None,
        })
    }

    /// How long the worker may take to leave, milliseconds.
    pub(super) fn stop_ms(&self) -> u64 {
        self.stop_ms
    }

    /// How long the worker may take to leave if nobody has kept it for a whole lease.
    pub(super) fn lets_go(&mut self) -> Option<u64> {
        if self.looked.is_none_or(|at| at.elapsed() >= LOOK) {
            self.looked = Some(Instant::now());
            if self.is_there() {
                self.seen = Instant::now();
            }
        }
        (self.seen.elapsed() >= self.lease).then_some(self.stop_ms)
    }

    /// A shared lock, so that shepherds that look at once do not take each other for the keeper.
    fn is_there(&self) -> bool {
        File::open(&self.file).is_ok_and(|file| file.try_lock_shared().is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_let_go_when_nobody_held_the_lock_for_a_lease() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("keeper");
        let held = File::create(&file).unwrap();
        held.try_lock().unwrap();
        let term = Term::Kept { keeper: file, lease_ms: 0, stop_ms: 7 };
        let keeper = Keeper::of(&term).unwrap();
        assert!(keeper.is_there());
        drop(held);
        assert!(!keeper.is_there());
        assert_eq!(Keeper { looked: Some(Instant::now()), ..keeper }.lets_go(), Some(7));
        let deadline = Term::Deadline { deadline_ms: 1, grace_ms: 0 };
        assert!(Keeper::of(&deadline).is_none());
    }
}
