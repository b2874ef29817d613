//! How the time of the shutdown is shared out. Knows no clock.

use crate::tuning::Timing;
use std::time::Duration;

/// Enough for activities that were given up to report so to the server.
const REPORT: Duration = Duration::from_millis(500);
/// The longest notice that an activity gets before it is given up.
const NOTICE: Duration = Duration::from_secs(1);

/// The parts of the shutdown, one after the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct DrainPlan {
    /// Wait for what runs.
    pub(crate) wait: Duration,
    /// Then give up the activities that still run and report that.
    pub(crate) report: Duration,
    /// Then run the hooks.
    pub(crate) hooks: Duration,
}

impl DrainPlan {
    /// Shares out `left`, the time to the deadline, if there is one.
    ///
    /// No shutdown takes longer than the deadline buffer. When less is left, the hooks keep
    /// most of it, since what they flush is lost otherwise, and giving up comes before waiting:
    /// a task whose end is reported is repeated at once, others only after their timeout.
    pub(crate) fn new(timing: &Timing, left: Option<Duration>) -> Self {
        let total = left.map_or(timing.deadline_buffer, |left| left.min(timing.deadline_buffer));
        let hooks = timing.shutdown_hook_budget.min(total * 4 / 5);
        let tasks = total - hooks;
        let report = REPORT.min(tasks / 2);
        let wait = timing.worker_stop_timeout.min(tasks - report);
        Self { wait, report, hooks }
    }
}

/// When, after the shutdown began, activities that still run are told to cancel, so that they
/// can save their progress before they are given up.
pub(crate) fn cancel_after(worker_stop_timeout: Duration) -> Duration {
    worker_stop_timeout - NOTICE.min(worker_stop_timeout / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(left_ms: Option<u64>) -> [u128; 3] {
        let plan = DrainPlan::new(&Timing::default(), left_ms.map(Duration::from_millis));
        [plan.wait, plan.report, plan.hooks].map(|part| part.as_millis())
    }

    #[test]
    fn with_the_whole_buffer_everyone_gets_what_they_ask_for() {
        assert_eq!(plan(Some(8_000)), [5_000, 500, 2_000]);
    }

    #[test]
    fn without_a_deadline_the_buffer_is_the_limit() {
        assert_eq!(plan(None), plan(Some(8_000)));
        assert_eq!(plan(Some(900_000)), plan(Some(8_000)));
    }

    #[test]
    fn when_time_is_short_the_tasks_get_less_and_the_hooks_keep_theirs() {
        assert_eq!(plan(Some(7_200)), [4_700, 500, 2_000]);
        assert_eq!(plan(Some(3_000)), [500, 500, 2_000]);
        assert_eq!(plan(Some(500)), [50, 50, 400]);
        assert_eq!(plan(Some(0)), [0, 0, 0]);
    }

    #[test]
    fn activities_get_notice_before_they_are_given_up() {
        assert_eq!(cancel_after(Duration::from_secs(5)).as_millis(), 4_000);
        assert_eq!(cancel_after(Duration::from_secs(1)).as_millis(), 500);
        assert_eq!(cancel_after(Duration::ZERO).as_millis(), 0);
    }
}
