//! One sample of the server's statistics.

use wci_contract::{
    decision::Poll,
    stats::{QueueStats, WorkersSeen, is_complete},
};

use super::queue_limit;

/// The statistics of one poll of the queues, of all types together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sample {
    pub(super) waiting: u64,
    /// Age of the oldest task, milliseconds.
    pub(super) age_ms: i64,
    /// Tasks a second.
    pub(super) arrival: f64,
    /// Tasks a second.
    pub(super) dispatch: f64,
    pub(super) workers: Option<WorkersSeen>,
    /// Tasks a second that the server lets through, if every type with waiting tasks has a limit.
    pub(super) limit: Option<f64>,
    /// Of the waiting tasks, those that the server's limits let through in time.
    pub(super) reachable: u64,
    /// Whether all figures were reported. Otherwise these are lower bounds.
    pub(super) is_complete: bool,
}

impl Sample {
    /// The statistics of `poll`; a rate that makes no sense counts as 0, and leaves the sample
    /// incomplete. Tasks within `lead_ms` count as let through in time.
    pub(super) fn of(poll: &Poll, lead_ms: i64) -> Self {
        let rate = |rate: f64| if rate.is_finite() { rate.max(0.0) } else { 0.0 };
        let is_complete = is_complete(&poll.stats);
        let mut sample = Self { workers: poll.workers, is_complete, ..Self::default() };
        let mut is_limited = true;
        for stats in poll.stats.values() {
            let QueueStats { backlog, arrival_rate, dispatch_rate, age_ms, .. } = *stats;
            sample.waiting = sample.waiting.saturating_add(backlog);
            sample.age_ms = sample.age_ms.max(i64::try_from(age_ms).unwrap_or(i64::MAX));
            sample.arrival = (sample.arrival + rate(arrival_rate)).min(f64::MAX);
            sample.dispatch = (sample.dispatch + rate(dispatch_rate)).min(f64::MAX);
            let limit = stats.rate_limit.filter(|limit| limit.is_finite() && *limit >= 0.0);
            let reachable =
                limit.map_or(backlog, |limit| queue_limit::tasks_within(limit, lead_ms));
            sample.reachable = sample.reachable.saturating_add(reachable.min(backlog));
            if backlog > 0 {
                is_limited &= limit.is_some();
                sample.limit = limit.map(|limit| sample.limit.unwrap_or(0.0) + limit);
            }
        }
        sample.limit = sample.limit.filter(|_| is_limited);
        sample
    }

    /// Slots that are known to be free.
    pub(super) fn free(&self) -> u64 {
        self.workers.map_or(0, |workers| workers.slots_free)
    }
}
