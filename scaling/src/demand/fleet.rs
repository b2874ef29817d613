//! The workers that were requested.

use serde_json::{Map, Value};

use super::{
    counts::Counts,
    fields::{Fields, put, put_counts},
};

/// How long a request counts against the budget of invocations, milliseconds.
const MINUTE_MS: i64 = 60_000;

/// The longest time from a decision to the request for its workers that is expected, milliseconds.
const DECISION_MS: i64 = 10_000;

/// The workers that were requested and are not known to have left.
#[derive(Debug, Clone, Default)]
pub(super) struct Fleet {
    /// Workers by the time of the request.
    starts: Counts,
    /// Workers that were requested up to this time count as arrived, milliseconds since the Unix
    /// epoch.
    settled_ms: i64,
    /// Workers requested in the last minute, whatever their outcome.
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

    /// Removes workers whose lifetime is over.
    pub(super) fn expire(&mut self, now_ms: i64, lifetime_ms: i64) {
        self.starts.expire(now_ms.saturating_sub(lifetime_ms));
        self.requested.expire(now_ms.saturating_sub(MINUTE_MS));
    }

    /// The workers that have newly arrived by `now_ms`, with their times of arrival, if a start
    /// takes `start_ms`.
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

    /// Records a request for workers.
    pub(super) fn record_request(&mut self, now_ms: i64, count: u64) {
        self.starts.add(now_ms, count);
        self.requested.add(now_ms, count);
    }

    /// Records workers that were refused: the last that were decided on before the request at
    /// `requested_ms`. They may be forgotten by then, and others requested since.
    pub(super) fn refused(&mut self, count: u64, requested_ms: i64) {
        let since_ms = requested_ms.saturating_sub(DECISION_MS);
        self.starts.take_newest(count, (since_ms, requested_ms));
    }

    /// Removes the workers requested after `since_ms`, up to `until_ms`; returns their number.
    pub(super) fn remove_failed(&mut self, since_ms: i64, until_ms: i64) -> u64 {
        self.starts.take_between(since_ms, until_ms)
    }

    /// Of the workers requested up to `until_ms`, only `seen` are still there: removes the oldest,
    /// and returns their number.
    pub(super) fn remove_departed(&mut self, seen: u64, until_ms: i64) -> u64 {
        let known = self.starts.sum() - self.starts.since(until_ms);
        let gone = known.saturating_sub(seen);
        self.starts.take_oldest(gone, until_ms);
        gone
    }

    /// Workers that were requested and are not known to have left.
    pub(super) fn workers(&self) -> u64 {
        self.starts.sum()
    }

    /// Workers that count as arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.workers() - self.in_flight()
    }

    /// The total time that arrived workers were there within the last `window_ms`, milliseconds,
    /// and the number that arrived within the last `recent_ms`.
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

    /// Workers that count as starting.
    pub(super) fn in_flight(&self) -> u64 {
        self.starts.since(self.settled_ms)
    }

    /// Workers requested after `ms`.
    pub(super) fn since(&self, ms: i64) -> u64 {
        self.starts.since(ms)
    }

    /// When the lifetime of the next worker is over.
    pub(super) fn next_to_leave(&self, lifetime_ms: i64) -> Option<i64> {
        self.starts.oldest().map(|ms| ms.saturating_add(lifetime_ms))
    }

    /// The time of the first request after `ms`.
    pub(super) fn first_since(&self, ms: i64) -> Option<i64> {
        self.starts.between(ms, i64::MAX).first().map(|(ms, _)| *ms)
    }

    /// Workers requested within the last minute.
    pub(super) fn requested(&self) -> u64 {
        self.requested.sum()
    }

    /// Workers requested after `since_ms`, up to `until_ms`, whatever became of them; known for the
    /// last minute.
    pub(super) fn requested_between(&self, since_ms: i64, until_ms: i64) -> u64 {
        self.requested.between(since_ms, until_ms).into_iter().map(|(_, count)| count).sum()
    }

    /// The time of the first request that is known.
    pub(super) fn first_known(&self) -> Option<i64> {
        self.starts.oldest().into_iter().chain(self.requested.oldest()).min()
    }

    /// When the oldest request stops counting against the budget.
    pub(super) fn next_budget(&self, now_ms: i64) -> i64 {
        self.requested.oldest().unwrap_or(now_ms).saturating_add(MINUTE_MS)
    }

    /// The time of the last request within the last minute, or for workers that are still there.
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
    fn workers_arrive_once_after_their_start_time() {
        let mut fleet = fleet(&[(1_000, 2), (5_000, 3)]);
        assert_eq!(fleet.arrive(3_000, 2_000), [(3_000, 2)]);
        assert_eq!(fleet.arrive(4_000, 2_000), []);
        assert_eq!((fleet.workers(), fleet.arrived(), fleet.in_flight()), (5, 2, 3));
        assert_eq!(fleet.arrive(7_000, 2_000), [(7_000, 3)]);
        assert_eq!((fleet.arrived(), fleet.in_flight()), (5, 0));
    }

    #[test]
    fn arrived_workers_worked_since_their_arrival_within_the_window() {
        let fleet = fleet(&[(9_000, 2), (98_000, 3), (99_500, 4)]);
        // Two for the whole window, three for a second; four are starting.
        assert_eq!(fleet.worked(100_000, 1_000, (27_500, 90_000)), (58_000, 3));
        assert_eq!(fleet.worked(100_000, 1_000, (27_500, 90_001)), (58_000, 5));
    }

    #[test]
    fn the_first_request_after_a_time_is_found() {
        let fleet = fleet(&[(1_000, 2), (5_000, 3)]);
        assert_eq!(fleet.first_since(0), Some(1_000));
        assert_eq!(fleet.first_since(1_000), Some(5_000));
        assert_eq!(fleet.first_since(5_000), None);
    }
}
