//! How much a worker takes on, and the times of its life.

use crate::error::Error;
use std::time::Duration;

/// Most slots of one kind: far more than one invocation can use.
pub(crate) const MOST_SLOTS: usize = 10_000;

/// How many tasks of each kind may run at once.
///
/// The defaults are small: a busy queue gets more invocations, not bigger ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Slots {
    /// Activities; 2 by default. With 1, every invocation isolates one activity from the others.
    pub activity: usize,
    /// Workflow tasks; 10 by default. At least 2 with a sticky cache, whose queue takes one.
    pub workflow: usize,
    /// Local activities; 2 by default.
    pub local_activity: usize,
    /// Nexus tasks; 5 by default. Has no effect until the SDK polls for Nexus tasks.
    pub nexus: usize,
}

impl Default for Slots {
    fn default() -> Self {
        Self { activity: 2, workflow: 10, local_activity: 2, nexus: 5 }
    }
}

/// How many polls wait at the server at once, and how many workflows stay cached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pollers {
    /// Polls for activities; 1 by default.
    pub activity: usize,
    /// Polls for workflow tasks, on the task queue and the sticky queue together; 2 by default.
    pub workflow: usize,
    /// Polls for Nexus tasks; 1 by default. Has no effect until the SDK polls for Nexus tasks.
    pub nexus: usize,
    /// Workflows kept in memory between their tasks; 100 by default. 0 turns the sticky queue off.
    pub sticky_cache: usize,
}

impl Default for Pollers {
    fn default() -> Self {
        Self { activity: 1, workflow: 2, nexus: 1, sticky_cache: 100 }
    }
}

/// The times of a worker's life.
///
/// They follow one rule: the worker stop timeout is longer than the longest activity, the
/// deadline buffer is longer than stop timeout and hook budget together, and the invocation is
/// longer than the longest activity and the buffer together. For activities of 5 minutes and
/// hooks of 3 s that means more than 300 s, 303 s and 603 s.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// How long to stay without a task, from the first poll or from the last task's end; 5 s by
    /// default. `None` stays until the deadline or a signal.
    pub idle_timeout: Option<Duration>,
    /// Time before the deadline at which the shutdown begins; 8 s by default.
    pub deadline_buffer: Duration,
    /// How long the shutdown waits for tasks that run; 5 s by default.
    pub worker_stop_timeout: Duration,
    /// How long all shutdown hooks together may take; 2 s by default.
    pub shutdown_hook_budget: Duration,
    /// The longest that an activity of this worker takes, for the rule above; unknown by default.
    pub longest_activity: Option<Duration>,
    /// How long connecting may take, and after that the first poll; 10 s by default.
    pub connect_timeout: Duration,
    /// How long the platform waits between SIGTERM and SIGKILL; a shutdown that a signal began
    /// takes no longer. `None`, the default, is the deadline buffer for a process, which fits
    /// the 10 s of most container platforms, and Lambda's 500 ms for a function.
    pub termination_grace: Option<Duration>,
    /// How often the worker tells the server how it is, from 1 s to 60 s; 5 s by default, since
    /// 60 s is longer than most invocations live. `None` turns it off.
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
    /// Applies the part of the rule that holds for every invocation.
    ///
    /// Returns what is worth a warning; refuses what cannot work, with the numbers.
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
                "{below}; raise the buffer above that or lower the others"
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
            format!("{equal}; nothing is left for the unexpected")
        }))
    }

    /// Applies the part of the rule that depends on the invocation, which has `left` to its
    /// deadline. An activity that does not fit is a warning: shorter ones may still run.
    pub(crate) fn check_deadline(&self, left: Duration) -> Option<String> {
        let longest = self.longest_activity?;
        let needed = longest.saturating_add(self.deadline_buffer);
        (left <= needed).then(|| {
            format!(
                "the deadline in {} ms leaves no room for the longest activity of {} ms plus the deadline buffer of {} ms; give the invocation more than {} ms",
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
