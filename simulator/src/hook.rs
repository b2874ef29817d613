//! How matching announces tasks: for each partition the first at once, then no more often than an
//! interval allows. What is left over rides on the next task; nothing announces it by itself.

use crate::{Micros, agenda::Announced, scenario::QueueModel};

/// The hook of one partition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hook {
    misses: Batch,
    syncs: Batch,
}

#[derive(Debug, Clone, Default)]
struct Batch {
    last: Option<Micros>,
    pending: u32,
}

impl Hook {
    /// Takes note of a task, and tells when that is to be announced now.
    pub(crate) fn note(
        &mut self,
        now: Micros,
        is_sync_match: bool,
        queue: &QueueModel,
    ) -> Option<Announced> {
        let (batch, interval) = match is_sync_match {
            true => (&mut self.syncs, queue.sync_interval),
            false => (&mut self.misses, queue.miss_interval),
        };
        let tasks = batch.note(now, interval)?;
        Some(Announced { is_sync_match, tasks })
    }
}

impl Batch {
    fn note(&mut self, now: Micros, interval: Micros) -> Option<u32> {
        self.pending = self.pending.saturating_add(1);
        if self.last.is_some_and(|last| now.less(last) < interval) {
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
        let mut hook = Hook::default();
        let mut tasks = |ms| {
            let announced = hook.note(Micros::from_ms(ms), false, &queue);
            announced.map(|announced| announced.tasks)
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
        let mut hook = Hook::default();
        let mut note = |ms, is_sync| hook.note(Micros::from_ms(ms), is_sync, &queue).is_some();
        assert!(note(0, true) && note(0, false));
        assert!(!note(59_999, true) && note(59_999, false) && note(60_000, true));
    }
}
