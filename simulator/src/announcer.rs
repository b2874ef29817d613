//! How matching announces tasks: for each partition the first at once, then at most one signal in
//! each interval. The tasks since the last signal are announced with the next task, and only then.

use crate::{Micros, event_queue::Announcement, scenario::QueueModel};

/// Announces the tasks of one partition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Announcer {
    misses: Batch,
    syncs: Batch,
}

#[derive(Debug, Clone, Default)]
struct Batch {
    last: Option<Micros>,
    pending: u32,
}

impl Announcer {
    /// Records a task. Returns the announcement that is due with it, if any.
    pub(crate) fn record(
        &mut self,
        now: Micros,
        is_sync_match: bool,
        queue: &QueueModel,
    ) -> Option<Announcement> {
        let (batch, interval) = match is_sync_match {
            true => (&mut self.syncs, queue.sync_interval),
            false => (&mut self.misses, queue.miss_interval),
        };
        let tasks = batch.record(now, interval)?;
        Some(Announcement { is_sync_match, tasks })
    }
}

impl Batch {
    fn record(&mut self, now: Micros, interval: Micros) -> Option<u32> {
        self.pending = self.pending.saturating_add(1);
        if self.last.is_some_and(|last| now.saturating_sub(last) < interval) {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.pending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;

    #[test]
    fn the_tail_of_a_burst_rides_on_the_next_task_however_late() {
        let queue = Scenario::default().queue;
        let mut announcer = Announcer::default();
        let mut tasks = |ms| {
            let announcement = announcer.record(Micros::from_ms(ms), false, &queue);
            announcement.map(|announcement| announcement.tasks)
        };
        assert_eq!(tasks(0), Some(1));
        assert_eq!([tasks(1), tasks(2), tasks(499)], [None; 3]);
        assert_eq!(tasks(500), Some(4));
        assert_eq!([tasks(501), tasks(999)], [None; 2]);
        assert_eq!(tasks(100_000), Some(3));
    }

    #[test]
    fn tasks_that_found_a_worker_are_announced_once_a_minute_beside_those_that_did_not() {
        let queue = Scenario::default().queue;
        let mut announcer = Announcer::default();
        let mut is_announced =
            |ms, is_sync| announcer.record(Micros::from_ms(ms), is_sync, &queue).is_some();
        assert!(is_announced(0, true) && is_announced(0, false));
        assert!(!is_announced(59_999, true) && is_announced(59_999, false));
        assert!(is_announced(60_000, true));
    }
}
