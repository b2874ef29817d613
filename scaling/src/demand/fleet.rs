//! The workers that were asked for.

use serde_json::{Map, Value};

use super::{
    counts::Counts,
    fields::{Fields, put, put_counts},
};

/// How long what was asked counts against the budget of invocations, milliseconds.
const MINUTE_MS: i64 = 60_000;

/// The workers that were asked for and are not known to have left.
#[derive(Debug, Clone, Default)]
pub(super) struct Fleet {
    /// Workers by when they were asked for.
    starts: Counts,
    /// Those that were asked for up to then are taken to have arrived, milliseconds since the
    /// Unix epoch.
    settled_ms: i64,
    /// Workers asked for in the last minute, whatever became of them.
    requested: Counts,
}

impl Fleet {
    pub(super) fn read(fields: Fields<'_>) -> Self {
        Self {
            starts: fields.counts("starts"),
            settled_ms: fields.time("settled_ms").unwrap_or_default(),
            requested: fields.counts("asked"),
        }
    }

    pub(super) fn write(&self, map: &mut Map<String, Value>) {
        put_counts(map, "starts", &self.starts);
        put_counts(map, "asked", &self.requested);
        put(map, "settled_ms", (self.starts.sum() > 0).then_some(self.settled_ms));
    }

    /// Forgets workers whose life is over.
    pub(super) fn expire(&mut self, now_ms: i64, lifetime_ms: i64) {
        self.starts.expire(now_ms.saturating_sub(lifetime_ms));
        self.requested.expire(now_ms.saturating_sub(MINUTE_MS));
    }

    /// Workers that arrive by `now_ms`, by when they do, if it takes `start_ms`.
    pub(super) fn arrive(&mut self, now_ms: i64, start_ms: i64) -> Vec<(i64, u64)> {
        let start_ms = start_ms.max(1);
        let settled_ms = now_ms.saturating_sub(start_ms);
        if settled_ms <= self.settled_ms {
            return Vec::new();
        }
        let arrived = self.starts.between(self.settled_ms, settled_ms);
        self.settled_ms = settled_ms;
        arrived.into_iter().map(|(ms, count)| (ms.saturating_add(start_ms), count)).collect()
    }

    /// Takes note of workers that were asked for now.
    pub(super) fn record_request(&mut self, now_ms: i64, count: u64) {
        self.starts.add(now_ms, count);
        self.requested.add(now_ms, count);
    }

    /// Takes note of workers that were refused: the last that were asked for.
    pub(super) fn refused(&mut self, count: u64) {
        self.starts.take_newest(count);
    }

    /// Forgets workers asked for from after `since_ms` up to `until_ms`; answers with how many.
    pub(super) fn remove_failed(&mut self, since_ms: i64, until_ms: i64) -> u64 {
        self.starts.take_between(since_ms, until_ms)
    }

    /// Of the workers asked for up to `until_ms` no more than `seen` are left; answers with how
    /// many have gone, the oldest first.
    pub(super) fn remove_departed(&mut self, seen: u64, until_ms: i64) -> u64 {
        let known = self.starts.sum() - self.starts.since(until_ms);
        let gone = known.saturating_sub(seen);
        self.starts.take_oldest(gone, until_ms);
        gone
    }

    /// Workers asked for and not known to have left.
    pub(super) fn workers(&self) -> u64 {
        self.starts.sum()
    }

    /// Workers that are taken to have arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.workers() - self.in_flight()
    }

    /// How long the workers that have arrived were there within the last `window_ms`, all
    /// together, milliseconds; and how many of them arrived within the last `lately_ms`.
    pub(super) fn worked(
        &self,
        now_ms: i64,
        start_ms: i64,
        (window_ms, recent_ms): (i64, i64),
    ) -> (u64, u64) {
        let arrived_by_ms = now_ms.saturating_sub(start_ms);
        let mut sums = (0_u64, 0_u64);
        for (ms, count) in self.starts.between(i64::MIN, arrived_by_ms) {
            let there_ms = arrived_by_ms.saturating_sub(ms).min(window_ms).unsigned_abs();
            sums.0 = sums.0.saturating_add(there_ms.saturating_mul(count));
            sums.1 += if arrived_by_ms.saturating_sub(ms) < recent_ms { count } else { 0 };
        }
        sums
    }

    /// Workers that are taken to be on their way.
    pub(super) fn in_flight(&self) -> u64 {
        self.starts.since(self.settled_ms)
    }

    /// Workers asked for after `ms`.
    pub(super) fn since(&self, ms: i64) -> u64 {
        self.starts.since(ms)
    }

    /// When the next worker is taken to have left, if each lives for `lifetime_ms`.
    pub(super) fn next_to_leave(&self, lifetime_ms: i64) -> Option<i64> {
        self.starts.oldest().map(|ms| ms.saturating_add(lifetime_ms))
    }

    /// When the first of those asked for after `ms` was asked for.
    pub(super) fn first_since(&self, ms: i64) -> Option<i64> {
        self.starts.between(ms, i64::MAX).first().map(|(ms, _)| *ms)
    }

    /// Workers asked for within the last minute.
    pub(super) fn requested(&self) -> u64 {
        self.requested.sum()
    }

    /// When the first of those asked for within the last minute no longer counts.
    pub(super) fn next_budget(&self, now_ms: i64) -> i64 {
        self.requested.oldest().unwrap_or(now_ms).saturating_add(MINUTE_MS)
    }

    /// When workers were last asked for, within the last minute or among those still there.
    pub(super) fn last_requested(&self) -> Option<i64> {
        self.requested.newest().max(self.starts.newest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet(requested: &[(i64, u64)]) -> Fleet {
        let mut fleet = Fleet::default();
        for (ms, count) in requested {
            fleet.record_request(*ms, *count);
        }
        fleet
    }

    #[test]
    fn workers_arrive_once_when_they_have_had_the_time() {
        let mut fleet = fleet(&[(1_000, 2), (5_000, 3)]);
        assert_eq!(fleet.arrive(3_000, 2_000), [(3_000, 2)]);
        assert_eq!(fleet.arrive(4_000, 2_000), []);
        assert_eq!((fleet.workers(), fleet.arrived(), fleet.in_flight()), (5, 2, 3));
        assert_eq!(fleet.arrive(7_000, 2_000), [(7_000, 3)]);
        assert_eq!((fleet.arrived(), fleet.in_flight()), (5, 0));
    }

    #[test]
    fn workers_that_arrived_worked_since_then_and_no_longer_than_is_asked() {
        let fleet = fleet(&[(9_000, 2), (98_000, 3), (99_500, 4)]);
        // Two for the whole window, three for a second; four are on their way.
        assert_eq!(fleet.worked(100_000, 1_000, (27_500, 90_000)), (58_000, 3));
        assert_eq!(fleet.worked(100_000, 1_000, (27_500, 90_001)), (58_000, 5));
    }

    #[test]
    fn the_first_that_was_asked_for_after_a_time_is_found() {
        let fleet = fleet(&[(1_000, 2), (5_000, 3)]);
        assert_eq!(fleet.first_since(0), Some(1_000));
        assert_eq!(fleet.first_since(1_000), Some(5_000));
        assert_eq!(fleet.first_since(5_000), None);
    }
}
