//! Idle detection.

use crate::{
    error::Error,
    millis::whole_millis,
    report::LeaveReason,
    settings::Settings,
    task_tracker::{TaskState, TaskTracker},
    timing::Timing,
};
use std::{future::pending, time::Duration};
use tokio::time::{sleep_until, timeout};

/// Waits until the worker has been idle for the idle timeout.
///
/// # Errors
/// [`Error::NotPolling`] if the first poll is not sent in time.
pub(super) async fn until_idle(
    tracker: &TaskTracker,
    settings: &Settings,
) -> Result<LeaveReason, Error> {
    let Timing { idle_timeout, connect_timeout, .. } = settings.timing;
    let mut states = tracker.subscribe();
    let first_poll = states.wait_for(|state| state.first_poll.is_some());
    if timeout(connect_timeout, first_poll).await.is_err() {
        return Err(Error::NotPolling { waited_ms: whole_millis(connect_timeout) });
    }
    tracing::info!(
        task_queue = settings.task_queue,
        deployment = settings.version.deployment_name,
        build_id = settings.version.build_id,
        first_poll_ms = tracker.state().first_poll.map(whole_millis),
        "polling"
    );
    let Some(idle_timeout) = idle_timeout else {
        return pending().await;
    };
    loop {
        match idleness(&tracker.state(), idle_timeout, tracker.elapsed()) {
            Idleness::Expired => return Ok(LeaveReason::Idle),
            Idleness::ExpiresAt(time) => sleep_until(tracker.instant(time)).await,
            Idleness::Busy => {
                let quiet = states.wait_for(|state| state.running.total() == 0);
                if quiet.await.is_err() {
                    return pending().await;
                }
            }
        }
    }
}

/// Whether the worker is idle. Times are durations since the invocation began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Idleness {
    /// A task is running, or no poll has been sent yet. Check again when that changes.
    Busy,
    /// No task is running. Unless something happens, the idle timeout expires at this time.
    ExpiresAt(Duration),
    /// Nothing has happened for the idle timeout.
    Expired,
}

/// Determines whether a worker with `state` has been idle for `timeout` at `now`, without a clock.
///
/// A workflow task whose commands lead to another task within `timeout` needs no special case: the
/// idle time restarts when it finishes, and the workflow is still cached when the next one arrives.
fn idleness(state: &TaskState, timeout: Duration, now: Duration) -> Idleness {
    let Some(since) = state.idle_since() else {
        return Idleness::Busy;
    };
    let expiry = since.saturating_add(timeout);
    if now >= expiry { Idleness::Expired } else { Idleness::ExpiresAt(expiry) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{environment::Environment, settings::tests::requested, task_counts::TaskCounts};
    use temporalio_sdk_core::SlotKindType;
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    fn settings() -> Settings {
        Settings::resolve(requested(), &Environment::default()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_never_polls_is_an_error() {
        let tracker = TaskTracker::new(Instant::now());
        let error = until_idle(&tracker, &settings()).await.unwrap_err();
        assert!(matches!(error, Error::NotPolling { waited_ms: 10_000 }), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_running_task_outlasts_the_idle_timeout_and_its_end_restarts_it() {
        let (tracker, settings) = (TaskTracker::new(Instant::now()), settings());
        tracker.poll_sent();
        let task = async {
            tokio::time::sleep(3 * SECOND).await;
            tracker.task_started(SlotKindType::Activity);
            tokio::time::sleep(60 * SECOND).await;
            tracker.task_finished(SlotKindType::Activity);
        };
        let (reason, ()) = tokio::join!(until_idle(&tracker, &settings), task);
        assert_eq!(reason.unwrap(), LeaveReason::Idle);
        assert_eq!(tracker.elapsed().as_secs(), 3 + 60 + 5);
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_idle_timeout_nothing_ends_the_wait() {
        let (tracker, mut settings) = (TaskTracker::new(Instant::now()), settings());
        settings.timing.idle_timeout = None;
        tracker.poll_sent();
        let wait = until_idle(&tracker, &settings);
        assert!(timeout(3600 * SECOND, wait).await.is_err());
    }

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
