//! What this process remembers about each version.

pub(crate) mod idle_versions;
pub(crate) mod known_queues;
pub(crate) mod quiet_periods;
pub(crate) mod recent_launches;
pub(crate) mod watch_leases;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use wci_contract::VersionId;

/// From this many versions on, those that were not used for [`FORGET_AFTER`] are forgotten.
const CROWDED: usize = 4096;
const FORGET_AFTER: Duration = Duration::from_secs(600);
/// The shortest time between two searches for versions to forget.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// Versions remembered at most; there are never more watches in one namespace.
const MAX_VERSIONS: usize = 20_000;

/// One value for each version, shared by the activities of one process. A version that does not
/// fit is not remembered: every user of this map works without it, only less well.
#[derive(Debug)]
pub(crate) struct PerVersion<T> {
    entries: Mutex<Entries<T>>,
}

#[derive(Debug)]
struct Entries<T> {
    by_version: BTreeMap<VersionId, Entry<T>>,
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Entry<T> {
    used: Instant,
    value: T,
}

impl<T> Default for PerVersion<T> {
    fn default() -> Self {
        Self { entries: Mutex::new(Entries { by_version: BTreeMap::new(), swept: None }) }
    }
}

impl<T> PerVersion<T> {
    /// Reads or changes the value of `version`; `None` if there is none.
    pub(crate) fn with<R>(&self, version: &VersionId, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut entries = self.lock();
        let entry = entries.by_version.get_mut(version)?;
        entry.used = Instant::now();
        Some(f(&mut entry.value))
    }

    /// Changes the value of `version`, which starts as `initial`; `None` if there is no space for
    /// one more version.
    pub(crate) fn with_or_insert<R>(
        &self,
        version: &VersionId,
        initial: T,
        f: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let mut entries = self.lock();
        let used = Instant::now();
        if !entries.by_version.contains_key(version) && !entries.has_space(used) {
            return None;
        }
        let new = Entry { used, value: initial };
        let entry = entries.by_version.entry(version.clone()).or_insert(new);
        entry.used = used;
        Some(f(&mut entry.value))
    }

    /// Forgets `version` if its value meets the condition.
    pub(crate) fn remove_if(&self, version: &VersionId, condition: impl FnOnce(&T) -> bool) {
        let mut entries = self.lock();
        if entries.by_version.get(version).is_some_and(|entry| condition(&entry.value)) {
            entries.by_version.remove(version);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().by_version.len()
    }

    /// A panic elsewhere leaves the map whole: every change of an entry is a plain assignment.
    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Entries<T> {
    /// Whether there is space for one more version, after old ones are forgotten.
    fn has_space(&mut self, now: Instant) -> bool {
        let is_due = self.swept.is_none_or(|swept| now - swept >= SWEEP_INTERVAL);
        if self.by_version.len() >= CROWDED && is_due {
            self.swept = Some(now);
            self.by_version.retain(|_, entry| now - entry.used < FORGET_AFTER);
        }
        self.by_version.len() < MAX_VERSIONS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(n: usize) -> VersionId {
        VersionId::new("d", &n.to_string()).unwrap()
    }

    #[test]
    fn a_value_is_changed_in_place_and_removed_on_a_condition() {
        let map = PerVersion::default();
        assert_eq!(map.with(&version(1), |n: &mut u32| *n), None);
        assert_eq!(map.with_or_insert(&version(1), 5, |n| *n), Some(5));
        map.with(&version(1), |n| *n += 1);
        map.remove_if(&version(1), |n| *n == 5);
        assert_eq!(map.with_or_insert(&version(1), 0, |n| *n), Some(6));
        map.remove_if(&version(1), |n| *n == 6);
        assert_eq!(map.len(), 0);
    }

    #[test]
    fn more_versions_than_fit_are_not_remembered() {
        let map = PerVersion::default();
        let kept =
            (0..MAX_VERSIONS + 3).filter_map(|n| map.with_or_insert(&version(n), (), |_| ()));
        assert_eq!(kept.count(), MAX_VERSIONS);
        assert_eq!(map.with_or_insert(&version(0), (), |_| ()), Some(()), "it is there already");
    }

    #[test]
    fn versions_that_nobody_used_for_long_make_space() {
        let map = PerVersion::default();
        for n in 0..CROWDED {
            map.with_or_insert(&version(n), (), |_| ());
        }
        let Some(long_ago) = Instant::now().checked_sub(FORGET_AFTER) else { return };
        map.lock().by_version.values_mut().for_each(|entry| entry.used = long_ago);
        map.with(&version(7), |_| ());
        map.with_or_insert(&version(CROWDED), (), |_| ());
        assert_eq!(map.len(), 2, "the one just used, and the new one");
    }
}
