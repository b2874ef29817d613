//! A map that evicts the least recently used entry.

use std::{collections::HashMap, hash::Hash};

/// Holds at most `max` entries.
pub(super) struct LruMap<K, V> {
    entries: HashMap<K, (u64, V)>,
    max: usize,
    uses: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> LruMap<K, V> {
    /// An empty map of at most `max` entries.
    pub(super) fn new(max: usize) -> Self {
        Self { entries: HashMap::new(), max, uses: 0 }
    }

    /// The value of `key`; inserts the result of `make` if there is none.
    pub(super) fn get_or_insert_with(&mut self, key: &K, make: impl FnOnce() -> V) -> V {
        self.uses += 1;
        if let Some((used, value)) = self.entries.get_mut(key) {
            *used = self.uses;
            return value.clone();
        }
        if self.entries.len() >= self.max {
            self.evict_oldest();
        }
        let value = make();
        self.entries.insert(key.clone(), (self.uses, value.clone()));
        value
    }

    fn evict_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_entry_is_evicted_first() {
        let mut map = LruMap::new(2);
        let made = |map: &mut LruMap<_, _>, key| {
            let mut fresh = false;
            map.get_or_insert_with(&key, || fresh = true);
            fresh
        };
        assert!(made(&mut map, 'a') && made(&mut map, 'b'));
        assert!(!made(&mut map, 'a'));
        assert!(made(&mut map, 'c'));
        assert!(!made(&mut map, 'a'));
        assert!(made(&mut map, 'b'));
    }
}
