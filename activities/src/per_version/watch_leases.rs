//! One watch of a version at a time, in one process.
//!
//! A watch that the workflow has cancelled learns about it only with its next heartbeat. It ends sooner
//! when its successor starts in the same process.

use std::sync::atomic::{AtomicU64, Ordering};

use wci_contract::VersionId;

use super::PerVersion;

/// The number of the latest watch of each version in this process.
#[derive(Debug, Default)]
pub struct WatchLeases {
    latest: PerVersion<u64>,
    numbers: AtomicU64,
}

/// The lease of a running watch.
#[derive(Debug)]
pub(crate) struct WatchLease<'a> {
    leases: &'a WatchLeases,
    version: VersionId,
    /// `None` for a watch of one version too many, which does not notice that it was replaced.
    number: Option<u64>,
}

impl WatchLeases {
    /// Makes the caller's watch of `version` the latest.
    pub(crate) fn take(&self, version: &VersionId) -> WatchLease<'_> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let kept = self.latest.with_or_insert(version, number, |latest| {
            // Two watches that start together may get here in either order.
            *latest = number.max(*latest);
        });
        WatchLease { leases: self, version: version.clone(), number: kept.map(|()| number) }
    }
}

impl WatchLease<'_> {
    /// Whether another watch of the version has started since.
    pub(crate) fn is_over(&self) -> bool {
        let Some(number) = self.number else { return false };
        // Only the latest watch removes the entry.
        self.leases.latest.with(&self.version, |latest| *latest) != Some(number)
    }
}

impl Drop for WatchLease<'_> {
    fn drop(&mut self) {
        self.leases.latest.remove_if(&self.version, |latest| Some(*latest) == self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(build: &str) -> VersionId {
        VersionId::new("d", build).unwrap()
    }

    #[test]
    fn a_watch_is_over_when_another_of_its_version_begins() {
        let leases = WatchLeases::default();
        let (first, other) = (leases.take(&version("v1")), leases.take(&version("v2")));
        assert!(!first.is_over());
        let second = leases.take(&version("v1"));
        assert!(first.is_over() && !second.is_over() && !other.is_over());
        drop(second);
        assert!(first.is_over(), "it was replaced, though by one that is gone");
    }

    #[test]
    fn nothing_is_kept_of_versions_that_nobody_watches() {
        let leases = WatchLeases::default();
        for n in 0..100 {
            let (one, next) =
                (leases.take(&version(&n.to_string())), leases.take(&version(&n.to_string())));
            drop(one);
            assert_eq!(leases.latest.len(), 1);
            drop(next);
        }
        assert_eq!(leases.latest.len(), 0);
    }
}
