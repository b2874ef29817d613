//! The queue's stats as the server reports them: up to a few seconds old.

use wci_contract::stats::QueueStats;

use crate::{Micros, queue::Queue};

/// The server counts tasks in buckets of this length and takes rates over
/// [`BUCKETS`] of them (service/matching/task_tracker.go of the server).
const BUCKET: Micros = Micros::from_ms(5_000);
const BUCKETS: usize = 6;

/// Tasks a second, as the server computes them.
#[derive(Debug, Default)]
struct Rate {
    counts: [u32; BUCKETS],
    /// The number of the current bucket.
    bucket: u64,
}

impl Rate {
    fn count(&mut self, now: Micros) {
        self.advance(now);
        let slot = Self::slot(self.bucket);
        self.counts[slot] = self.counts[slot].saturating_add(1);
    }

    fn slot(bucket: u64) -> usize {
        usize::try_from(bucket % 6).unwrap_or_default()
    }

    fn advance(&mut self, now: Micros) {
        let bucket = now.div_floor(BUCKET);
        for passed in (self.bucket + 1..=bucket).take(BUCKETS) {
            self.counts[Self::slot(passed)] = 0;
        }
        self.bucket = bucket;
    }

    fn per_second(&mut self, now: Micros) -> f64 {
        self.advance(now);
        let span =
            BUCKET.saturating_mul(5) + now.saturating_sub(BUCKET.saturating_mul(self.bucket));
        self.counts.iter().map(|count| f64::from(*count)).sum::<f64>() / span.as_secs()
    }
}

/// The stats of one queue, and the answer that the server caches.
#[derive(Debug)]
pub(crate) struct ServerStats {
    added: Rate,
    dispatched: Rate,
    cached: Cached,
    /// The answer to the other question, which the server caches on its own.
    described: Cached,
}

/// An answer, and until when the server repeats it.
#[derive(Debug, Clone, Copy, Default)]
struct Cached {
    stats: QueueStats,
    until: Micros,
}

impl ServerStats {
    /// The stats of a queue that was empty at the last read, whose answer is cached until
    /// `cached_until`.
    pub(crate) fn new(cached_until: Micros) -> Self {
        let (added, dispatched) = (Rate::default(), Rate::default());
        let cached = Cached { until: cached_until, ..Cached::default() };
        Self { added, dispatched, cached, described: Cached::default() }
    }

    /// Counts a task that was added.
    pub(crate) fn added(&mut self, now: Micros) {
        self.added.count(now);
    }

    /// Counts a task that was dispatched.
    pub(crate) fn dispatched(&mut self, now: Micros) {
        self.dispatched.count(now);
    }

    /// The server's answer: the last one, until it is `age` old.
    pub(crate) fn read(&mut self, now: Micros, queue: &Queue, age: Micros) -> QueueStats {
        if now >= self.cached.until {
            self.cached = Cached { stats: self.compute(now, queue), until: now + age };
        }
        self.cached.stats
    }

    /// The same as a description of the version has it: the server computes it independently.
    pub(crate) fn describe(&mut self, now: Micros, queue: &Queue, age: Micros) -> QueueStats {
        if now >= self.described.until {
            self.described = Cached { stats: self.compute(now, queue), until: now + age };
        }
        self.described.stats
    }

    /// The server repeats its last answer until this time.
    pub(crate) fn repeat_until(&mut self, until: Micros) {
        self.cached.until = self.cached.until.max(until);
    }

    fn compute(&mut self, now: Micros, queue: &Queue) -> QueueStats {
        QueueStats {
            backlog: queue.waiting(),
            arrival_rate: self.added.per_second(now),
            dispatch_rate: self.dispatched.per_second(now),
            age_ms: queue.oldest().map_or(0, |since| now.saturating_sub(since).whole_ms()),
            ..QueueStats::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Task;

    #[test]
    fn a_rate_is_that_of_the_last_half_minute() {
        let mut rate = Rate::default();
        for second in 0..60 {
            rate.count(Micros::from_ms(second * 1000));
        }
        let at = |ms| Micros::from_ms(ms);
        assert!((rate.per_second(at(59_999)) - 1.0).abs() < 0.01);
        assert!((rate.per_second(at(75_000)) - 10.0 / 25.0).abs() < 0.01);
        assert!(rate.per_second(at(200_000)) <= 0.0);
    }

    #[test]
    fn the_server_repeats_its_answer_for_five_seconds() {
        let mut queue = Queue::new(1, 4, None);
        let mut stats = ServerStats::new(Micros::ZERO);
        let mut backlog = |ms, queue: &Queue| {
            stats.read(Micros::from_ms(ms), queue, Micros::from_ms(5_000)).backlog
        };
        assert_eq!(backlog(0, &queue), 0);
        queue.add(0, Task { since: Micros::ZERO, service: Micros::ZERO });
        assert_eq!(backlog(4_999, &queue), 0);
        assert_eq!(backlog(5_000, &queue), 1);
    }
}
