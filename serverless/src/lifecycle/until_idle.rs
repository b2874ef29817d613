//! Waiting until the worker is idle.

use crate::{
    error::Error,
    idle::{Idleness, idleness},
    millis::whole_millis,
    report::LeaveReason,
    settings::Settings,
    task_tracker::TaskTracker,
    timing::Timing,
};
use std::future::pending;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{environment::Environment, settings::Requested};
    use std::time::Duration;
    use temporalio_sdk_core::SlotKindType;
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    fn settings() -> Settings {
        let requested = Requested {
            deployment_name: Some("shop".to_owned()),
            build_id: Some("v1".to_owned()),
            ..Requested::new("orders".to_owned())
        };
        Settings::resolve(requested, &Environment::default()).unwrap()
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
}
