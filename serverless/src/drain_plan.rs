//! How the shutdown divides its time. Without a clock.

use crate::timing::Timing;
use std::time::Duration;

/// Enough for abandoned activities to report their failure to the server.
const REPORT: Duration = Duration::from_millis(500);
/// The longest time between an activity's cancellation and its abandonment.
const MAX_NOTICE: Duration = Duration::from_secs(1);

/// The steps of the shutdown, one after the other, and how long each may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct DrainPlan {
    /// Wait for running tasks.
    pub(crate) wait: Duration,
    /// Abandon the activities that still run, and report that.
    pub(crate) report: Duration,
    /// Run the shutdown hooks.
    pub(crate) hooks: Duration,
}

impl DrainPlan {
    /// Divides `left`, the time until the deadline, if there is one.
    ///
    /// The shutdown never takes longer than the deadline buffer. If less time is left, the hooks
    /// keep most of it, because what they flush would otherwise be lost. Reporting comes before
    /// waiting: the server retries a reported task immediately, any other only after its timeout.
    pub(crate) fn new(timing: &Timing, left: Option<Duration>) -> Self {
        let total = left.map_or(timing.deadline_buffer, |left| left.min(timing.deadline_buffer));
        let hooks = timing.shutdown_hook_budget.min(total * 4 / 5);
        let tasks = total - hooks;
        let report = REPORT.min(tasks / 2);
        let wait = timing.worker_stop_timeout.min(tasks - report);
        Self { wait, report, hooks }
    }
}

/// Returns how long after the start of the shutdown running activities are cancelled, so that
/// they can save their progress before they are abandoned.
pub(crate) fn cancel_after(worker_stop_timeout: Duration) -> Duration {
    worker_stop_timeout - MAX_NOTICE.min(worker_stop_timeout / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(left_ms: Option<u64>) -> [u128; 3] {
        let plan = DrainPlan::new(&Timing::default(), left_ms.map(Duration::from_millis));
        [plan.wait, plan.report, plan.hooks].map(|step| step.as_millis())
    }

    #[test]
    fn with_the_whole_buffer_every_step_gets_what_it_needs() {
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
    fn activities_are_cancelled_before_they_are_abandoned() {
        assert_eq!(cancel_after(Duration::from_secs(5)).as_millis(), 4_000);
        assert_eq!(cancel_after(Duration::from_secs(1)).as_millis(), 500);
        assert_eq!(cancel_after(Duration::ZERO).as_millis(), 0);
    }
}
