//! One watch of a version at a time, in one process.
//!
//! A watch that the workflow has cancelled hears so only with its next heartbeat. It ends sooner
//! when the one in its place begins here.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Mutex, PoisonError},
};

use wci_contract::VersionId;

/// Which watch of each version is the latest of this process. Knows of those that run alone.
#[derive(Debug, Default)]
pub struct WatchLeases {
    running: Mutex<BTreeMap<VersionId, Running>>,
}

/// The watches of one version.
#[derive(Debug, Default)]
struct Running {
    latest: u64,
    count: u32,
}

/// A watch that runs.
#[derive(Debug)]
pub(crate) struct WatchLease<'a> {
    turns: &'a WatchLeases,
    key: VersionId,
    number: u64,
}

impl WatchLeases {
    /// Makes the caller's watch of `version` the latest.
    pub(crate) fn take(&self, version: &VersionId) -> WatchLease<'_> {
        let key = version.clone();
        let mut all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = all.entry(key.clone()).or_default();
        running.latest += 1;
        running.count += 1;
        let number = running.latest;
        WatchLease { turns: self, key, number }
    }
}

impl WatchLease<'_> {
    /// Whether another watch of the version has begun since.
    pub(crate) fn is_over(&self) -> bool {
        let all = self.turns.running.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&self.key).is_some_and(|running| running.latest > self.number)
    }
}

impl Drop for WatchLease<'_> {
    fn drop(&mut self) {
        let mut all = self.turns.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = all.entry(self.key.clone()) {
            entry.get_mut().count -= 1;
            if entry.get().count == 0 {
                entry.remove();
            }
        }
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
        let turns = WatchLeases::default();
        let (first, other) = (turns.take(&version("v1")), turns.take(&version("v2")));
        assert!(!first.is_over());
        let second = turns.take(&version("v1"));
        assert!(first.is_over() && !second.is_over() && !other.is_over());
        drop(second);
        assert!(first.is_over(), "it was replaced, though by one that is gone");
    }

    #[test]
    fn of_versions_that_nobody_watches_nothing_is_kept() {
        let turns = WatchLeases::default();
        for n in 0..100 {
            let (one, next) =
                (turns.take(&version(&n.to_string())), turns.take(&version(&n.to_string())));
            drop(one);
            assert_eq!(turns.running.lock().unwrap().len(), 1);
            drop(next);
        }
        assert!(turns.running.lock().unwrap().is_empty());
    }
}
