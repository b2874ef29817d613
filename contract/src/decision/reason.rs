//! The reasons that a decision gives: a closed set, declared once.
//!
//! A reason is stored and logged as one line: its name, the failure class in brackets where it
//! has one, and its numbers. For example `launch_failed(throttled) failures=2 wait_ms=2000`.

#[macro_use]
mod declare;
mod parse;
#[cfg(test)]
mod tests;

use crate::FailureClass;

pub use self::parse::ParsedReason;
use self::{declare::Field, parse::Line};

declare_reasons! {
    /// Tasks found no worker.
    "tasks_announced" TasksAnnounced {
        /// Tasks.
        misses: u64,
    }
    /// The backlog already counted these announced tasks.
    "announced_late" AnnouncedLate {
        /// Tasks.
        misses: u64,
    }
    /// All announced tasks found a worker at once.
    "sync_match" SyncMatch {
        /// Tasks.
        syncs: u64,
    }
    /// The backlog exceeds the threshold.
    "backlog" Backlog {
        /// Tasks that wait.
        waiting: u64,
        /// The largest backlog that starts no worker.
        threshold: u64,
    }
    /// More tasks wait than the running and starting workers will take.
    "deficit" Deficit {
        /// Tasks that wait.
        waiting: u64,
        /// Of these, tasks that running and starting workers will take.
        covered: u64,
        /// Workers that the rest needs.
        workers: u64,
    }
    /// Tasks arrive faster than they are dispatched: those that are expected before a new worker
    /// polls count as waiting.
    "backlog_grows" BacklogGrows {
        /// Tasks that are expected.
        tasks: u64,
    }
    /// Workers that are starting, or have just started, will take the tasks that wait.
    "in_flight_covers" InFlightCovers {
        /// Tasks that wait.
        waiting: u64,
        /// Workers that are starting.
        in_flight: u64,
    }
    /// Running workers have free slots for the tasks that wait.
    "slots_free" SlotsFree {
        /// Tasks that wait.
        waiting: u64,
        /// Free slots.
        free: u64,
    }
    /// Tasks have waited for so long that one more worker is started, whatever the numbers say.
    "in_doubt" InDoubt {
        /// Tasks that wait.
        waiting: u64,
        /// Age of the oldest, milliseconds.
        age_ms: i64,
    }
    /// Tasks wait, and the last start is longer ago than a worker's lifetime.
    "worker_lifetime_over" WorkerLifetimeOver {
        /// Tasks that wait.
        waiting: u64,
        /// Milliseconds since the last start.
        since_ms: i64,
    }
    /// Fewer workers are running or starting than the configured minimum.
    "below_min" BelowMin {
        /// Workers that were requested and are not known to have left.
        workers: u64,
        /// The minimum.
        min: u64,
    }
    /// The number of workers that rates and backlog call for.
    "desired" Desired {
        /// Workers that they call for.
        workers: u32,
        /// Workers planned before this decision.
        planned: u32,
    }
    /// The last start is too recent.
    "cooloff" Cooloff {
        /// Milliseconds until the next start is allowed.
        remaining_ms: i64,
    }
    /// The last scale-up is too recent.
    "scale_up_cooldown" ScaleUpCooldown {
        /// Milliseconds until the next scale-up is allowed.
        remaining_ms: i64,
    }
    /// The last scale-down is too recent.
    "scale_down_cooldown" ScaleDownCooldown {
        /// Milliseconds until the next scale-down is allowed.
        remaining_ms: i64,
    }
    /// Tasks found no worker too recently to scale down.
    "no_sync_quiet" NoSyncQuiet {
        /// Milliseconds until a scale-down is allowed.
        remaining_ms: i64,
    }
    /// The dispatch rate has not changed for so long that more workers would not help.
    "suppressed" Suppressed {
        /// Milliseconds until starts are allowed again.
        remaining_ms: i64,
    }
    /// More workers do not raise the queue's dispatch rate.
    "rate_limited_queue" RateLimitedQueue {
        /// Tasks that wait.
        waiting: u64,
        /// Tasks dispatched per minute.
        per_minute: u64,
        /// Milliseconds until one more worker is tried.
        remaining_ms: i64,
    }
    /// A rate limit of the task queue lets through only some of the waiting tasks before more workers
    /// could be there: workers are started for these.
    "queue_rate_limit" QueueRateLimit {
        /// Tasks that wait.
        waiting: u64,
        /// Tasks that the limit lets through per minute.
        per_minute: u64,
    }
    /// Tasks have waited for so long without any worker that they may no longer exist: one worker is
    /// started first, and the others once it finds them.
    "old_backlog" OldBacklog {
        /// Tasks that wait, as far as the server knows.
        waiting: u64,
        /// Age of the oldest, milliseconds.
        age_ms: i64,
    }
    /// The server did not report all figures of the task queues: nothing is learned from the others,
    /// and no worker is removed because of them.
    "stats_missing" StatsMissing
    /// The maximum number of workers is planned.
    "max_count" MaxCount {
        /// Workers planned.
        planned: u32,
        /// The maximum.
        max: u32,
    }
    /// The minimum number of workers is planned.
    "min_count" MinCount {
        /// Workers planned.
        planned: u32,
        /// The minimum.
        min: u32,
    }
    /// The maximum number of workers is running or starting.
    "at_max_concurrent" AtMaxConcurrent {
        /// Workers that were requested and are not known to have left.
        workers: u64,
        /// The maximum.
        max: u64,
    }
    /// The maximum number of workers per minute has been requested.
    "rate_budget_spent" RateBudgetSpent {
        /// Workers requested within the last minute.
        requested as "asked": u64,
        /// The maximum.
        max: u64,
        /// Milliseconds until one more may be requested.
        remaining_ms: i64,
    }
    /// The maximum number of launches is under way.
    "too_many_launches" TooManyLaunches {
        /// Launches under way.
        launches: u64,
    }
    /// A launch started workers, or a worker set's size was accepted.
    "launch_succeeded" LaunchSucceeded {
        /// Workers started.
        started: u32,
    }
    /// A launch failed; the group waits before the next.
    "launch_failed" LaunchFailed {
        /// What failed.
        class: FailureClass,
        /// Failures in a row.
        failures: u32,
        /// Milliseconds until the retry.
        wait_ms: i64,
    }
    /// The group is backing off after a failure.
    "backing_off" BackingOff {
        /// What failed last.
        class: FailureClass,
        /// Milliseconds until the retry.
        remaining_ms: i64,
    }
    /// The provider is probed with one worker.
    "probing" Probing {
        /// Failures in a row so far.
        failures: u32,
    }
    /// Requested workers did not start polling in time and count as failed.
    "start_timed_out" StartTimedOut {
        /// Workers.
        workers: u64,
        /// The time they had, milliseconds.
        after_ms: i64,
    }
    /// No worker starts polling: deployment name, build ID, network or credentials may be wrong.
    "workers_do_not_appear" WorkersDoNotAppear {
        /// Workers in a row that did not start polling.
        failed: u64,
        /// Milliseconds until one more is tried.
        remaining_ms: i64,
    }
    /// Workers stopped polling.
    "workers_left" WorkersLeft {
        /// Workers.
        workers: u64,
    }
    /// There is nothing to do.
    "nothing_waits" NothingWaits
    /// No group serves the task type of the announced tasks.
    "nobody_serves" NobodyServes {
        /// Tasks.
        tasks: u64,
    }
    /// This build has no such algorithm for the group's provider.
    "unsupported_algorithm" UnsupportedAlgorithm {
        /// The algorithm's name in the spec.
        algorithm: String,
    }
}
