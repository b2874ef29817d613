//! The rate limit of a task queue: matching divides it evenly among the partitions, and each lets
//! through what its own share allows.

use crate::Micros;

/// The limit of one partition: the generic cell rate algorithm, as a token bucket of one second's
/// tasks, and of at least one.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartitionLimit {
    /// The time from one task to the next; `None` if no task is let through.
    spacing: Option<Micros>,
    /// By how much tasks may be early.
    tolerance: Micros,
    /// When the next task is on time.
    next: Micros,
}

impl PartitionLimit {
    /// The share of a partition in a limit of `rate` tasks a second for `partitions`.
    pub(super) fn new(rate: f64, partitions: u32) -> Self {
        let share = rate / f64::from(partitions.max(1));
        let spacing = (share > 0.0).then(|| Micros::from_secs(1.0 / share));
        let burst = share.ceil().max(1.0);
        let tolerance = Micros::from_secs((burst - 1.0) / share.max(f64::MIN_POSITIVE));
        Self { spacing, tolerance, next: Micros::ZERO }
    }

    /// When it lets through the next task; `None` for never.
    pub(super) fn opens_at(&self) -> Option<Micros> {
        self.spacing.map(|_| self.next.saturating_sub(self.tolerance))
    }

    pub(super) fn is_open(&self, now: Micros) -> bool {
        self.opens_at().is_some_and(|at| at <= now)
    }

    /// Lets a task through.
    pub(super) fn count(&mut self, now: Micros) {
        self.next = self.next.max(now) + self.spacing.unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tasks that a limit lets through within a minute.
    fn passed(rate: f64, partitions: u32) -> usize {
        let mut limit = PartitionLimit::new(rate, partitions);
        let times = (0..60_000).map(Micros::from_ms);
        times
            .filter(|now| {
                let is_open = limit.is_open(*now);
                if is_open {
                    limit.count(*now);
                }
                is_open
            })
            .count()
    }

    #[test]
    fn a_partition_lets_through_its_share_and_a_first_second_at_once() {
        assert_eq!(passed(2.0, 4), 30);
        assert_eq!(passed(40.0, 4), 609);
        assert_eq!(passed(0.0, 4), 0);
    }
}
