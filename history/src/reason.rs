//! The reasons of decisions in words: the one place where each is explained.

use wci_contract::decision::{ParsedReason, Reason, Reason as R};

use crate::phrase::{count, how_failed, span};

/// A time since the last start from which on there was none: it counts from the Unix epoch.
const NO_START_MS: i64 = 20 * 365 * 86_400_000;

/// A reason in plain English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What it says.
    pub text: String,
    /// What the reader could do about it, if anything.
    pub advice: Option<&'static str>,
}

/// Explains a reason's line. A line that this build does not know stands as it is.
pub fn explain(line: &str, is_worker_set: bool) -> Explanation {
    match Reason::parse(line) {
        ParsedReason::Unknown { line, .. } => Explanation { text: line.to_owned(), advice: None },
        ParsedReason::Known(reason) => {
            let of_set = if is_worker_set { words_of_set(&reason) } else { None };
            let text = of_set.unwrap_or_else(|| words(&reason));
            Explanation { text, advice: advice(&reason) }
        }
    }
}

/// What a reason says with its numbers.
#[rustfmt::skip] // one reason a row reads as the table that it is
fn words(reason: &Reason) -> String {
    let workers = |number: u64| count(number, "worker");
    match *reason {
        R::TasksAnnounced { misses } => format!("{} found no worker", count(misses, "task")),
        R::AnnouncedLate { misses } => format!("the backlog already counted {}", count(misses, "announced task")),
        R::SyncMatch { syncs } => format!("{} found a worker at once", count(syncs, "task")),
        R::Backlog { waiting, threshold: 0 } => wait(waiting),
        R::Backlog { waiting, threshold } => format!("{}, above the threshold of {threshold}", wait(waiting)),
        R::Deficit { waiting, covered: 0, workers: n } => format!("{}: this needs {}", wait(waiting), workers(n)),
        R::Deficit { waiting, covered, workers: n } => format!("{}, {covered} of them covered by running and starting workers: the rest needs {}", wait(waiting), workers(n)),
        R::BacklogGrows { tasks } => format!("the backlog grows: {} expected before a new worker polls, and count as waiting", be(tasks, "more task")),
        R::InFlightCovers { waiting, in_flight: 0 } => format!("{}, and workers that were started recently are expected to take {}", wait(waiting), them(waiting)),
        R::InFlightCovers { waiting, in_flight } => format!("{}, and {} starting: no more are needed yet", wait(waiting), be(in_flight, "worker")),
        R::SlotsFree { waiting, free } => format!("{}, and running workers have {}", wait(waiting), count(free, "free slot")),
        R::InDoubt { waiting, age_ms } => format!("{}, the oldest for {}: one more worker, whatever the numbers say", wait(waiting), span(age_ms)),
        R::WorkerLifetimeOver { waiting, since_ms: NO_START_MS.. } => format!("{}, and no start of a worker is known", wait(waiting)),
        R::WorkerLifetimeOver { waiting, since_ms } => format!("{}, and the last start was {} ago, longer than a worker's lifetime", wait(waiting), span(since_ms)),
        R::BelowMin { workers: n, min } => format!("{} running or starting, below the minimum of {min}", workers(n)),
        R::Desired { workers: n, planned } if n == planned => format!("{} planned, as before", workers(n.into())),
        R::Desired { workers: n, planned } => format!("rates and backlog call for {}, {planned} planned before", workers(n.into())),
        R::Cooloff { remaining_ms } => format!("the last start is too recent: next start in {} at the earliest", span(remaining_ms)),
        R::ScaleUpCooldown { remaining_ms } => format!("the last scale-up is too recent: next scale-up in {} at the earliest", span(remaining_ms)),
        R::ScaleDownCooldown { remaining_ms } => format!("the last scale-down is too recent: next scale-down in {} at the earliest", span(remaining_ms)),
        R::NoSyncQuiet { remaining_ms } => format!("tasks found no worker recently: no scale-down for {}", span(remaining_ms)),
        R::Suppressed { remaining_ms } => format!("tasks wait, and the dispatch rate has stayed the same for long: no start for {}", span(remaining_ms)),
        R::RateLimitedQueue { waiting, per_minute, remaining_ms: ..=0 } => format!("{}, but {per_minute} a minute are dispatched however many workers run: no more than one more worker", wait(waiting)),
        R::RateLimitedQueue { waiting, per_minute, remaining_ms } => format!("{}, but {per_minute} a minute are dispatched however many workers run: no start for {}", wait(waiting), span(remaining_ms)),
        R::QueueRateLimit { waiting, per_minute } => format!("{}, and the queue's rate limit lets through {per_minute} a minute: no more workers than these need", wait(waiting)),
        R::OldBacklog { waiting, age_ms } => format!("{}, the oldest for {}, and no worker has been there: one worker first, because such tasks may no longer exist", wait(waiting), span(age_ms)),
        R::StatsMissing => "the server did not report all figures of the task queues: no worker is removed because of it".to_owned(),
        R::MaxCount { planned, max } => format!("{} planned, the maximum is {max}", workers(planned.into())),
        R::MinCount { planned, min } => format!("{} planned, the minimum is {min}", workers(planned.into())),
        R::AtMaxConcurrent { workers: n, max } if n > max => format!("{} running or starting, and no more than {max} are allowed at a time", workers(n)),
        R::AtMaxConcurrent { max, .. } => format!("no more than {} allowed at a time", be(max, "worker")),
        R::RateBudgetSpent { requested, max, remaining_ms } if requested > max => format!("{} requested within a minute, and no more than {max} are allowed: more in {}", workers(requested), span(remaining_ms)),
        R::RateBudgetSpent { max, remaining_ms, .. } => format!("no more than {} allowed within a minute: more in {}", be(max, "worker"), span(remaining_ms)),
        R::TooManyLaunches { launches } => format!("{} under way, which is the maximum", count(launches, "launch")),
        R::LaunchSucceeded { started } => format!("a launch started {}", workers(started.into())),
        R::LaunchFailed { class, failures, wait_ms } => format!("a launch {}, {failures} in a row: retry in {}", how_failed(class.as_str()), span(wait_ms)),
        R::BackingOff { class, remaining_ms } => format!("backing off, because the last request {}: retry in {}", how_failed(class.as_str()), span(remaining_ms)),
        R::Probing { failures } => format!("probing the provider with one worker after {}", in_a_row(failures)),
        R::StartTimedOut { workers: n, after_ms } => format!("{} did not start polling within {} and count as failed", workers(n), span(after_ms)),
        R::WorkersDoNotAppear { failed, remaining_ms: ..=0 } => format!("{} in a row did not start polling: no more than one more", workers(failed)),
        R::WorkersDoNotAppear { failed, remaining_ms } => format!("{} in a row did not start polling: retry with one in {}", workers(failed), span(remaining_ms)),
        R::WorkersLeft { workers: n } => format!("{} stopped polling", workers(n)),
        R::NothingWaits => "nothing to do".to_owned(),
        R::NobodyServes { tasks } => format!("no group serves the task type of {}", count(tasks, "announced task")),
        R::UnsupportedAlgorithm { ref algorithm } => format!("this build has no scaler {algorithm:?} for this provider"),
    }
}

/// The same where it differs for a worker set: a launch there sets the set's size.
fn words_of_set(reason: &Reason) -> Option<String> {
    Some(match *reason {
        R::LaunchSucceeded { started: 0 } => "the provider accepted the size".to_owned(),
        R::LaunchSucceeded { started } => {
            format!("the provider accepted the size, {} more", count(started, "worker"))
        }
        R::LaunchFailed { class, failures, wait_ms } => format!(
            "a request for the size {}, {failures} in a row: retry in {}",
            how_failed(class.as_str()),
            span(wait_ms)
        ),
        R::Probing { failures } => format!("retrying the size after {}", in_a_row(failures)),
        _ => return None,
    })
}

/// What the reader could do about it.
fn advice(reason: &Reason) -> Option<&'static str> {
    Some(match reason {
        R::Suppressed { .. } => "check whether the tasks wait for something other than workers",
        R::RateLimitedQueue { .. } | R::QueueRateLimit { .. } => {
            "raise the rate limit of the task queue, if it has one"
        }
        R::StatsMissing => "check whether the server is healthy, if this lasts",
        R::MaxCount { .. } => "raise the scaler's max_count",
        R::AtMaxConcurrent { .. } => {
            "raise the scaler's max_concurrent_workers, if the provider allows more"
        }
        R::RateBudgetSpent { .. } => "raise the scaler's max_invocations_per_minute",
        R::TooManyLaunches { .. } => "check whether the provider hangs",
        R::LaunchFailed { .. } | R::BackingOff { .. } => {
            "read the provider's error in the outcome of the launch"
        }
        R::WorkersDoNotAppear { .. } => {
            "check the worker's deployment name, build ID and task queue, its network and \
             credentials"
        }
        R::NobodyServes { .. } => "add the task type to a group of the spec file",
        R::UnsupportedAlgorithm { .. } => {
            "choose a scaler that this build supports for the provider"
        }
        _ => return None,
    })
}

/// `1 task waits`, `2 tasks wait`.
fn wait(waiting: u64) -> String {
    format!("{} {}", count(waiting, "task"), if waiting == 1 { "waits" } else { "wait" })
}

/// `1 worker is`, `2 workers are`.
fn be(number: u64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "is" } else { "are" })
}

fn them(number: u64) -> &'static str {
    if number == 1 { "it" } else { "them" }
}

/// `1 failure`, `2 failures in a row`.
fn in_a_row(failures: u32) -> String {
    count(failures, "failure") + if failures == 1 { "" } else { " in a row" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the reasons are explained to users.
    const PAGE: &str = include_str!("../../docs/explain.md");

    fn words(line: &str) -> String {
        explain(line, false).text
    }

    #[test]
    fn a_reason_is_explained_with_its_numbers() {
        assert_eq!(words("tasks_announced misses=1"), "1 task found no worker");
        assert_eq!(
            words("launch_failed(access-denied) failures=2 wait_ms=10000"),
            "a launch failed (access-denied), 2 in a row: retry in 10s"
        );
        assert_eq!(
            words("launch_failed(throttled) failures=1 wait_ms=1000"),
            "a launch was throttled, 1 in a row: retry in 1s"
        );
        assert_eq!(
            words("too_many_launches launches=8"),
            "8 launches under way, which is the maximum"
        );
        assert_eq!(
            words("deficit waiting=9 covered=4 workers=1"),
            "9 tasks wait, 4 of them covered by running and starting workers: the rest needs 1 \
             worker"
        );
        assert_eq!(
            words("deficit waiting=9 covered=0 workers=1"),
            "9 tasks wait: this needs 1 worker"
        );
    }

    #[test]
    fn for_a_worker_set_the_explanation_speaks_of_its_size() {
        let words = |line| explain(line, true).text;
        assert_eq!(
            words("launch_failed(throttled) failures=2 wait_ms=1000"),
            "a request for the size was throttled, 2 in a row: retry in 1s"
        );
        assert_eq!(
            words("launch_succeeded started=1"),
            "the provider accepted the size, 1 worker more"
        );
        assert_eq!(words("launch_succeeded started=0"), "the provider accepted the size");
        assert_eq!(words("probing failures=1"), "retrying the size after 1 failure");
        assert_eq!(words("nothing_waits"), "nothing to do");
    }

    #[test]
    fn a_reason_of_a_later_build_stands_as_it_is() {
        for line in ["moon_is_full phase=3", "launch_failed(eclipsed)", "(", "", "cooler(x", "ä=1"]
        {
            assert_eq!(words(line), line);
        }
    }

    #[test]
    fn every_reason_has_one_row_in_the_docs_and_no_other_has() {
        let (_, table) = PAGE.split_once("## Reasons").unwrap();
        let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
        let mut names: Vec<&str> =
            cells.flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches('`')).collect();
        names.sort_unstable();
        let mut expected = Reason::NAMES.to_vec();
        expected.sort_unstable();
        assert_eq!(names, expected);
    }
}
