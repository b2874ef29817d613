//! The timeouts of a worker's run, and the rule that they follow.

use crate::error::Error;
use std::time::Duration;

/// The timeouts of a worker's run.
///
/// Choose them by one rule:
///
/// - the worker stop timeout is longer than the longest activity;
/// - the deadline buffer is longer than the worker stop timeout plus the shutdown hook budget;
/// - the invocation is longer than the longest activity plus the deadline buffer.
///
/// For activities of 5 minutes and hooks of 3 s that means more than 300 s, 303 s and 603 s.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// Time without a task after which the worker shuts down, from the first poll or the end of
    /// the last task; 5 s by default. With `None` the worker runs until the deadline or a signal.
    pub idle_timeout: Option<Duration>,
    /// Time before the deadline at which the shutdown begins; 8 s by default.
    pub deadline_buffer: Duration,
    /// How long the shutdown waits for running tasks; 5 s by default.
    pub worker_stop_timeout: Duration,
    /// How long all shutdown hooks together may take; 2 s by default.
    pub shutdown_hook_budget: Duration,
    /// Duration of this worker's longest activity, to check the rule above; unknown by default.
    pub longest_activity: Option<Duration>,
    /// How long connecting may take, and how long the first poll may take after that; 10 s by
    /// default.
    pub connect_timeout: Duration,
    /// Time between SIGTERM and SIGKILL on the platform, which limits a shutdown caused by a
    /// signal. `None`, the default, means the deadline buffer in a process, which fits the 10 s of
    /// most container platforms, and Lambda's 500 ms in a function.
    pub termination_grace: Option<Duration>,
    /// Interval of the worker's heartbeats, from 1 s to 60 s; 5 s by default, because the SDK's
    /// default of 60 s is longer than most invocations. `None` disables heartbeats.
    pub heartbeat_interval: Option<Duration>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            idle_timeout: Some(Duration::from_secs(5)),
            deadline_buffer: Duration::from_secs(8),
            worker_stop_timeout: Duration::from_secs(5),
            shutdown_hook_budget: Duration::from_secs(2),
            longest_activity: None,
            connect_timeout: Duration::from_secs(10),
            termination_grace: None,
            heartbeat_interval: Some(Duration::from_secs(5)),
        }
    }
}

impl Timing {
    /// Checks the part of the rule that holds for every invocation.
    ///
    /// Returns a warning for a combination that works without any reserve.
    ///
    /// # Errors
    /// [`Error::Tuning`] with the numbers, for a combination that cannot work.
    pub(crate) fn check(&self) -> Result<Option<String>, Error> {
        let (stop, hooks) = (self.worker_stop_timeout, self.shutdown_hook_budget);
        let needed = stop.saturating_add(hooks);
        let compared = |how: &str| {
            format!(
                "the deadline buffer of {} ms is {how} the worker stop timeout of {} ms plus the shutdown hook budget of {} ms, {} ms in all",
                self.deadline_buffer.as_millis(),
                stop.as_millis(),
                hooks.as_millis(),
                needed.as_millis()
            )
        };
        if self.deadline_buffer < needed {
            let below = compared("below");
            return Err(Error::Tuning(format!(
                "{below}; raise the deadline buffer above that or lower the others"
            )));
        }
        if let Some(longest) = self.longest_activity.filter(|longest| stop <= *longest) {
            return Err(Error::Tuning(format!(
                "the worker stop timeout of {} ms is not longer than the longest activity of {} ms; raise it above that, and the deadline buffer above {} ms",
                stop.as_millis(),
                longest.as_millis(),
                longest.saturating_add(hooks).as_millis()
            )));
        }
        Ok((self.deadline_buffer == needed).then(|| {
            let equal = compared("no more than");
            format!("{equal}; raise the deadline buffer to leave a reserve")
        }))
    }

    /// Checks the part of the rule that depends on the invocation, whose deadline is `left` away.
    ///
    /// Returns a warning, not an error, if the longest activity does not fit: shorter ones may
    /// still run.
    pub(crate) fn check_deadline(&self, left: Duration) -> Option<String> {
        let longest = self.longest_activity?;
        let needed = longest.saturating_add(self.deadline_buffer);
        (left <= needed).then(|| {
            format!(
                "the deadline in {} ms leaves too little time for the longest activity of {} ms plus the deadline buffer of {} ms; give the invocation more than {} ms",
                left.as_millis(),
                longest.as_millis(),
                self.deadline_buffer.as_millis(),
                needed.as_millis()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(buffer: u64, stop: u64, hooks: u64) -> Timing {
        Timing {
            deadline_buffer: Duration::from_secs(buffer),
            worker_stop_timeout: Duration::from_secs(stop),
            shutdown_hook_budget: Duration::from_secs(hooks),
            ..Timing::default()
        }
    }

    #[test]
    fn the_defaults_need_no_warning() {
        assert_eq!(Timing::default().check().unwrap(), None);
    }

    #[test]
    fn a_buffer_below_stop_timeout_and_hooks_is_refused_with_the_numbers() {
        let error = seconds(6, 5, 2).check().unwrap_err().to_string();
        for number in ["6000 ms", "5000 ms", "2000 ms", "7000 ms"] {
            assert!(error.contains(number), "{error}");
        }
    }

    #[test]
    fn a_buffer_of_exactly_stop_timeout_and_hooks_is_warned_about() {
        let warning = seconds(7, 5, 2).check().unwrap().unwrap();
        assert!(warning.contains("7000 ms is no more than"), "{warning}");
    }

    #[test]
    fn the_stop_timeout_must_be_longer_than_the_longest_activity() {
        let mut timing = seconds(310, 300, 3);
        timing.longest_activity = Some(Duration::from_secs(300));
        let error = timing.check().unwrap_err().to_string();
        assert!(error.contains("300000 ms is not longer"), "{error}");
        timing.worker_stop_timeout = Duration::from_secs(301);
        assert_eq!(timing.check().unwrap(), None);
    }

    #[test]
    fn an_invocation_shorter_than_activity_and_buffer_is_warned_about() {
        let mut timing = seconds(304, 301, 2);
        assert_eq!(timing.check_deadline(Duration::from_secs(1)), None);
        timing.longest_activity = Some(Duration::from_secs(300));
        assert!(timing.check_deadline(Duration::from_secs(604)).is_some());
        assert_eq!(timing.check_deadline(Duration::from_secs(605)), None);
    }
}
