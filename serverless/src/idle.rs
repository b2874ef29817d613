//! Idle detection, without a clock: times are durations since the invocation began.

use crate::task_tracker::TaskState;
use std::time::Duration;

/// Whether the worker is idle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Idleness {
    /// A task is running, or no poll has been sent yet. Check again when that changes.
    Busy,
    /// No task is running. Unless something happens, the idle timeout expires at this time.
    ExpiresAt(Duration),
    /// Nothing has happened for the idle timeout.
    Expired,
}

/// Determines whether a worker with `state` has been idle for `timeout` at `now`.
///
/// A workflow task whose commands lead to another task within `timeout` needs no special case: the
/// idle time restarts when it finishes, and the workflow is still cached when the next one arrives.
pub(crate) fn idleness(state: &TaskState, timeout: Duration, now: Duration) -> Idleness {
    let Some(since) = state.idle_since() else {
        return Idleness::Busy;
    };
    let expiry = since.saturating_add(timeout);
    if now >= expiry { Idleness::Expired } else { Idleness::ExpiresAt(expiry) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_counts::TaskCounts;

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn polling_since(seconds: u64) -> TaskState {
        TaskState { first_poll: Some(at(seconds)), ..TaskState::default() }
    }

    #[test]
    fn a_worker_that_does_not_poll_yet_is_not_idle() {
        assert_eq!(idleness(&TaskState::default(), TIMEOUT, at(100)), Idleness::Busy);
    }

    #[test]
    fn the_idle_time_begins_with_the_first_poll() {
        let state = polling_since(3);
        assert_eq!(idleness(&state, TIMEOUT, at(4)), Idleness::ExpiresAt(at(8)));
        assert_eq!(idleness(&state, TIMEOUT, at(8)), Idleness::Expired);
    }

    #[test]
    fn the_end_of_the_last_task_restarts_the_idle_time() {
        let state = TaskState { last_change: Some(at(20)), ..polling_since(3) };
        assert_eq!(idleness(&state, TIMEOUT, at(24)), Idleness::ExpiresAt(at(25)));
        assert_eq!(idleness(&state, TIMEOUT, at(25)), Idleness::Expired);
    }

    #[test]
    fn a_worker_with_a_running_task_of_any_kind_is_busy() {
        let one = |set: fn(&mut TaskCounts)| {
            let mut counts = TaskCounts::default();
            set(&mut counts);
            counts
        };
        for running in [
            one(|counts| counts.workflow = 1),
            one(|counts| counts.activity = 1),
            one(|counts| counts.local_activity = 1),
            one(|counts| counts.nexus = 1),
        ] {
            let state = TaskState { running, last_change: Some(at(4)), ..polling_since(3) };
            assert_eq!(idleness(&state, TIMEOUT, at(1_000)), Idleness::Busy);
        }
    }
}
