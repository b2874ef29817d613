//! Whether a worker without a deadline still has an owner.

use std::{
    fs::File,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::Lifetime;

const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Watches the lock that a pool's owner holds. The operating system releases the lock whenever
/// the owner's process ends, for whatever reason, so no lease has to be renewed.
pub(super) struct LeaseWatch {
    owner_lock: PathBuf,
    lease: Duration,
    stop_ms: u64,
    last_owned: Instant,
    last_check: Option<Instant>,
}

impl LeaseWatch {
    /// The watch for a worker with this lifetime; `None` if it has a deadline instead.
    pub(super) fn new(lifetime: &Lifetime) -> Option<Self> {
        let Lifetime::Leased { owner_lock, lease_ms, stop_ms } = lifetime else { return None };
        Some(Self {
            owner_lock: owner_lock.clone(),
            lease: Duration::from_millis(*lease_ms),
            stop_ms: *stop_ms,
            last_owned: Instant::now(),
            last_check: None,
        })
    }

    /// How long the worker may take to exit after SIGTERM, milliseconds.
    pub(super) fn stop_ms(&self) -> u64 {
        self.stop_ms
    }

    /// Whether nobody has owned the pool for a whole lease.
    pub(super) fn has_expired(&mut self) -> bool {
        if self.last_check.is_none_or(|at| at.elapsed() >= CHECK_INTERVAL) {
            self.last_check = Some(Instant::now());
            if self.is_owned() {
                self.last_owned = Instant::now();
            }
        }
        self.last_owned.elapsed() >= self.lease
    }

    /// Tries a shared lock, so that supervisors that check at the same time do not mistake each
    /// other for the owner.
    fn is_owned(&self) -> bool {
        File::open(&self.owner_lock).is_ok_and(|file| file.try_lock_shared().is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lease_expires_when_nobody_has_held_the_lock_for_its_duration() {
        let dir = tempfile::tempdir().unwrap();
        let owner_lock = dir.path().join("owner");
        let held = File::create(&owner_lock).unwrap();
        held.try_lock().unwrap();
        let lifetime = Lifetime::Leased { owner_lock, lease_ms: 0, stop_ms: 7 };
        let watch = LeaseWatch::new(&lifetime).unwrap();
        assert!(watch.is_owned());
        drop(held);
        assert!(!watch.is_owned());
        assert!(LeaseWatch { last_check: Some(Instant::now()), ..watch }.has_expired());
        let deadline = Lifetime::Deadline { deadline_ms: 1, grace_ms: 0 };
        assert!(LeaseWatch::new(&deadline).is_none());
    }
}
