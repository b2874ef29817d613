//! Timeouts, retries and summaries of the activities, in one place.

use std::time::Duration;

use temporalio_workflow::{
    ActivityCancellationType, ActivityCloseTimeouts, ActivityOptions, RetryPolicy, TimerOptions,
};
use wci_contract::names::watch_queue;

/// A launch that was lost with its process is noticed within this time.
const LAUNCH_HEARTBEAT: Duration = Duration::from_secs(4);
/// A provider may take this long over one attempt of a launch.
const LAUNCH_ATTEMPT: Duration = Duration::from_secs(60);
/// Attempts at a launch that was lost. A provider's refusal is an answer, and not repeated here.
const LAUNCH_ATTEMPTS: u32 = 5;
/// A decision takes microseconds; one that was lost with its process is asked for again after this.
const DECIDE_ATTEMPT: Duration = Duration::from_secs(2);
/// Asking the providers whether a spec is sound; clients of an update wait for it.
const VALIDATE_ATTEMPT: Duration = Duration::from_secs(20);
const VALIDATE_TOTAL: Duration = Duration::from_secs(45);
/// A watch that was lost with its process is noticed within this time: while something is going
/// on, and while not. Each version has one at all times, so its heartbeats are most of what an
/// idle version costs the server.
const BUSY_HEARTBEAT: Duration = Duration::from_secs(5);
const IDLE_HEARTBEAT: Duration = Duration::from_secs(30);

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

/// The retries are those of a launch: a size that a provider does not take is an answer.
pub(crate) fn resize(group: &str, count: u32) -> ActivityOptions {
    let workers = if count == 1 { "worker" } else { "workers" };
    ActivityOptions::with_start_to_close_timeout(LAUNCH_ATTEMPT)
        .heartbeat_timeout(LAUNCH_HEARTBEAT)
        .cancellation_type(ActivityCancellationType::Abandon)
        .retry_policy(retry(LAUNCH_ATTEMPTS, Duration::from_millis(200), Duration::from_secs(5)))
        .summary(format!("{group}: keep {count} {workers}"))
        .build()
}

pub(crate) fn validate() -> ActivityOptions {
    ActivityOptions::with_close_timeouts(ActivityCloseTimeouts::ScheduleAndStartToClose {
        schedule_to_close: VALIDATE_TOTAL,
        start_to_close: VALIDATE_ATTEMPT,
    })
    .retry_policy(retry(3, Duration::from_millis(500), Duration::from_secs(5)))
    .summary("check the compute config")
    .build()
}

/// Nobody waits for a check of a spec that is in service.
pub(crate) fn revalidate() -> ActivityOptions {
    ActivityOptions::with_close_timeouts(ActivityCloseTimeouts::ScheduleAndStartToClose {
        schedule_to_close: VALIDATE_TOTAL,
        start_to_close: VALIDATE_ATTEMPT,
    })
    .retry_policy(retry(3, Duration::from_millis(500), Duration::from_secs(5)))
    .summary("check the compute config again")
    .build()
}

pub(crate) fn register() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(LAUNCH_ATTEMPT)
        .heartbeat_timeout(LAUNCH_HEARTBEAT)
        .cancellation_type(ActivityCancellationType::Abandon)
        .retry_policy(retry(5, Duration::from_secs(1), Duration::from_secs(10)))
        .summary("register task queues that the server does not know yet")
        .build()
}

/// Not a local activity: while one runs, a query makes the SDK record another order of things
/// than a replay goes through.
pub(crate) fn decide() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(DECIDE_ATTEMPT)
        .retry_policy(retry(3, Duration::from_millis(50), Duration::from_millis(200)))
        .summary("decide")
        .build()
}

/// A watch that may last for `lasting`, on the queue beside `task_queue`.
pub(crate) fn watch(task_queue: &str, lasting: Duration, is_busy: bool) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(lasting + Duration::from_secs(60))
        .heartbeat_timeout(if is_busy { BUSY_HEARTBEAT } else { IDLE_HEARTBEAT })
        .task_queue(watch_queue(task_queue))
        .retry_policy(retry(0, Duration::from_millis(500), Duration::from_secs(10)))
        .do_not_eagerly_execute(true)
        .summary("watch the backlog")
        .build()
}

pub(crate) fn timer(duration: Duration, summary: &str) -> TimerOptions {
    TimerOptions::builder(duration).summary(summary.to_owned()).build()
}
