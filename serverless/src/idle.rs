//! When a worker has nothing to do. Knows no clock: times are durations since the invocation
//! began.

use crate::ledger::Activity;
use std::time::Duration;

/// What to do about idleness right now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// A task runs, or no poll was sent yet: ask again when that has changed.
    Busy,
    /// Nothing runs: ask again at this time unless something happens before.
    Until(Duration),
    /// Nothing has happened for the idle timeout.
    Leave,
}

/// Judges whether a worker that does `activity` at `now` has been idle for `timeout`.
///
/// A workflow task whose commands lead to another task within `timeout` needs no case of its own:
/// the clock starts again when it ends, and the workflow is still cached when the other comes.
pub(crate) fn judge(activity: &Activity, timeout: Duration, now: Duration) -> Verdict {
    let Some(since) = activity.idle_since() else {
        return Verdict::Busy;
    };
    let until = since.saturating_add(timeout);
    if now >= until { Verdict::Leave } else { Verdict::Until(until) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::TaskCounts;

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn polling_since(seconds: u64) -> Activity {
        Activity { ready: Some(at(seconds)), ..Activity::default() }
    }

    #[test]
    fn a_worker_that_does_not_poll_yet_is_not_idle() {
        assert_eq!(judge(&Activity::default(), TIMEOUT, at(100)), Verdict::Busy);
    }

    #[test]
    fn a_worker_waits_for_its_first_task_from_its_first_poll_on() {
        let activity = polling_since(3);
        assert_eq!(judge(&activity, TIMEOUT, at(4)), Verdict::Until(at(8)));
        assert_eq!(judge(&activity, TIMEOUT, at(8)), Verdict::Leave);
    }

    #[test]
    fn the_last_task_s_end_starts_the_clock_again() {
        let activity = Activity { last_change: Some(at(20)), ..polling_since(3) };
        assert_eq!(judge(&activity, TIMEOUT, at(24)), Verdict::Until(at(25)));
        assert_eq!(judge(&activity, TIMEOUT, at(25)), Verdict::Leave);
    }

    #[test]
    fn a_running_task_of_any_kind_keeps_the_worker() {
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
            let activity = Activity { running, last_change: Some(at(4)), ..polling_since(3) };
            assert_eq!(judge(&activity, TIMEOUT, at(1_000)), Verdict::Busy);
        }
    }
}
