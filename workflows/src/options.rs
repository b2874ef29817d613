//! Timeouts, retries and summaries of the activities and timers.

use std::time::Duration;

use temporalio_workflow::{
    ActivityCancellationType, ActivityCloseTimeouts, ActivityOptions, RetryPolicy, TimerOptions,
};
use wci_contract::names::watch_queue;

/// A launch that was lost with its process is noticed within this time.
const LAUNCH_HEARTBEAT: Duration = Duration::from_secs(4);
/// The time limit of one attempt of a launch.
const LAUNCH_ATTEMPT: Duration = Duration::from_secs(60);
/// Attempts of a launch that is lost. A provider's refusal is a result, and is not retried here.
const LAUNCH_ATTEMPTS: u32 = 5;
/// The time limit of a decision. It takes microseconds; one that was lost with its process is
/// retried after this.
const DECIDE_ATTEMPT: Duration = Duration::from_secs(2);
/// The time limits of a validation by the providers. Clients of an update wait for it.
const VALIDATE_ATTEMPT: Duration = Duration::from_secs(20);
const VALIDATE_TOTAL: Duration = Duration::from_secs(45);

fn retry(attempts: u32, first: Duration, most: Duration) -> RetryPolicy {
    RetryPolicy::builder()
        .initial_interval(first)
        .maximum_interval(most)
        .maximum_attempts(attempts)
        .build()
}

pub(crate) fn invoke(group: &str, count: u32) -> ActivityOptions {
    let workers = if count == 1 { "worker" } else { "workers" };
    ActivityOptions::with_start_to_close_timeout(LAUNCH_ATTEMPT)
        .heartbeat_timeout(LAUNCH_HEARTBEAT)
        .cancellation_type(ActivityCancellationType::Abandon)
        .retry_policy(retry(LAUNCH_ATTEMPTS, Duration::from_millis(200), Duration::from_secs(5)))
        .summary(format!("{group}: start {count} {workers}"))
        .build()
}

/// Retried like a launch: a provider's refusal of a size is a result.
pub(crate) fn resize(group: &str, count: u32) -> ActivityOptions {
    let workers = if count == 1 { "worker" } else { "workers" };
    ActivityOptions::with_start_to_close_timeout(LAUNCH_ATTEMPT)
        .heartbeat_timeout(LAUNCH_HEARTBEAT)
        .cancellation_type(ActivityCancellationType::Abandon)
        .retry_policy(retry(LAUNCH_ATTEMPTS, Duration::from_millis(200), Duration::from_secs(5)))
        .summary(format!("{group}: set the size to {count} {workers}"))
        .build()
}

pub(crate) fn validate() -> ActivityOptions {
    ActivityOptions::with_close_timeouts(ActivityCloseTimeouts::ScheduleAndStartToClose {
        schedule_to_close: VALIDATE_TOTAL,
        start_to_close: VALIDATE_ATTEMPT,
    })
    .retry_policy(retry(3, Duration::from_millis(500), Duration::from_secs(5)))
    .summary("validate the compute config")
    .build()
}

/// No client waits for the validation of a spec that is in service.
pub(crate) fn revalidate() -> ActivityOptions {
    ActivityOptions::with_close_timeouts(ActivityCloseTimeouts::ScheduleAndStartToClose {
        schedule_to_close: VALIDATE_TOTAL,
        start_to_close: VALIDATE_ATTEMPT,
    })
    .retry_policy(retry(3, Duration::from_millis(500), Duration::from_secs(5)))
    .summary("validate the compute config again")
    .build()
}

pub(crate) fn register() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(LAUNCH_ATTEMPT)
        .heartbeat_timeout(LAUNCH_HEARTBEAT)
        .cancellation_type(ActivityCancellationType::Abandon)
        .retry_policy(retry(5, Duration::from_secs(1), Duration::from_secs(10)))
        .summary("register task queues")
        .build()
}

/// Not a local activity: if a query arrives while one runs, the SDK records a different order of
/// events than a replay produces.
pub(crate) fn decide() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(DECIDE_ATTEMPT)
        .retry_policy(retry(3, Duration::from_millis(50), Duration::from_millis(200)))
        .summary("decide")
        .build()
}

/// A watch that may last for `lasting` and whose loss is noticed within `heartbeat`, on the watch
/// queue of `task_queue`.
pub(crate) fn watch(task_queue: &str, lasting: Duration, heartbeat: Duration) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(lasting + Duration::from_secs(60))
        .heartbeat_timeout(heartbeat)
        .task_queue(watch_queue(task_queue))
        .retry_policy(retry(0, Duration::from_millis(500), Duration::from_secs(10)))
        .do_not_eagerly_execute(true)
        .summary("watch the backlog")
        .build()
}

pub(crate) fn timer(duration: Duration, summary: &str) -> TimerOptions {
    TimerOptions::builder(duration).summary(summary.to_owned()).build()
}
