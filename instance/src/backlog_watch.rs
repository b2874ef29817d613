//! When the stats that a watch reads call for a decision.

use std::time::Duration;

use wci_contract::{
    activities::{WatchEnd, WatchInput},
    stats::{StatsByType, is_complete},
};

/// Between two samples while tasks wait or workers are starting.
const BUSY_INTERVAL: Duration = Duration::from_secs(1);
/// Between two samples of queues that were active lately: the tail of a burst is never announced, and
/// signals are lost when there are many.
const LATE_INTERVAL: Duration = Duration::from_secs(2);
/// For how long after that.
const LATE: Duration = Duration::from_secs(60);
/// Between two samples of a version to which nothing has happened for as long, on a server that
/// announces tasks: a sample finds only what was not announced.
const ANNOUNCED_INTERVALS: [(Duration, Duration); 2] =
    [(LATE, Duration::from_secs(60)), (Duration::from_secs(3_600), Duration::from_secs(300))];
/// The same where no task was announced yet: there a sample is what finds the tasks.
const UNANNOUNCED_INTERVALS: [(Duration, Duration); 2] = [
    (Duration::from_secs(600), Duration::from_secs(5)),
    (Duration::from_secs(3_600), Duration::from_secs(10)),
];
/// For this long after a launch, its workers are expected to take the backlog, milliseconds. The
/// server's stats alone are up to 5 s old.
const LAUNCH_GRACE_MS: i64 = 5_000;
/// A backlog needs more workers if it has not become smaller for this long, although tasks are
/// dispatched from it. Longer than the server's stats are old, milliseconds.
const STUCK_MS: i64 = 6_000;
/// Tasks that have waited for so long may no longer exist, milliseconds.
const OLD_MS: u64 = 60_000;
/// For this long after a launch, stats are read anew for an old backlog, milliseconds.
const FRESH_FOR_MS: i64 = 15_000;

/// Workers are counted with every fifth sample while some poll or were launched within
/// [`RECENT_LAUNCH_MS`], and otherwise with every thirtieth. Counting thus costs a fraction of
/// sampling.
const SAMPLES_WITH_WORKERS: u32 = 5;
const SAMPLES_WITHOUT: u32 = 30;
const RECENT_LAUNCH_MS: i64 = 60_000;

/// The stats of the watched types at one time.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// The time, milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// The time since this process launched workers for the version, milliseconds.
    pub since_launch_ms: Option<i64>,
    /// The stats.
    pub stats: StatsByType,
}

/// A version that is left alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Idleness {
    /// For how long nothing has happened to it.
    pub lasting: Duration,
    /// Whether the server announces tasks of its namespace, as far as this process has seen.
    pub is_announced: bool,
}

impl Idleness {
    /// The time until the next sample.
    pub fn interval(self) -> Duration {
        let steps = if self.is_announced { ANNOUNCED_INTERVALS } else { UNANNOUNCED_INTERVALS };
        let reached = steps.iter().rev().find(|(after, _)| self.lasting >= *after);
        reached.map_or(LATE_INTERVAL, |(_, interval)| *interval)
    }
}

/// Whether tasks have waited for long, and nobody takes any. They may no longer exist.
pub fn is_old_and_unserved(stats: &StatsByType) -> bool {
    let is_served = stats.values().any(|stats| stats.dispatch_rate > 0.0);
    let age_ms = stats.values().map(|stats| stats.age_ms).max();
    !is_served && age_ms.is_some_and(|age_ms| age_ms >= OLD_MS)
}

/// One watch of a version's task queues: judges each sample by the earlier ones.
#[derive(Debug, Default)]
pub struct BacklogWatch {
    /// The backlog, and since when it has not become smaller.
    standing: Option<(u64, i64)>,
    /// Samples since the last count of the workers.
    samples: u32,
    /// Whether the last sample had an old backlog that nobody took from.
    was_unserved: bool,
}

impl BacklogWatch {
    /// Whether `sample` ends the watch. A backlog ends it if no workers were launched lately and it is
    /// not becoming smaller; from `due_ms` on, any backlog ends it. The first dispatch from an old
    /// backlog ends it, too, and so does its disappearance: now it is known whether its tasks exist.
    pub fn judge(&mut self, input: &WatchInput, sample: &Sample) -> Option<WatchEnd> {
        let is_unserved = is_old_and_unserved(&sample.stats);
        let is_found = std::mem::replace(&mut self.was_unserved, is_unserved) && !is_unserved;
        let Some(standing_ms) = self.standing_ms(sample) else {
            // The tasks of the old backlog did not exist: this is worth knowing, too.
            if is_found && is_complete(&sample.stats) {
                return Some(WatchEnd::Backlog);
            }
            return (sample.now_ms >= input.until_ms).then_some(WatchEnd::TimeUp);
        };
        if sample.now_ms >= input.due_ms || is_found {
            return Some(WatchEnd::Backlog);
        }
        // Without grace the read was requested, even if workers are starting.
        let is_helped = input.backlog_grace.until_ms().is_some_and(|until_ms| {
            sample.since_launch_ms.is_some_and(|since| since < LAUNCH_GRACE_MS)
                || sample.now_ms < until_ms
        });
        let is_worked_off =
            sample.stats.values().any(|stats| stats.dispatch_rate > 0.0) && standing_ms < STUCK_MS;
        (!is_helped && !is_worked_off).then_some(WatchEnd::Backlog)
    }

    /// Whether newer stats are wanted than the server repeats for a few seconds: a worker was sent to
    /// an old backlog, and may have found its tasks, or none.
    pub fn wants_fresh_stats(&self, sample: &Sample) -> bool {
        let is_sent = sample.since_launch_ms.is_some_and(|since| since < FRESH_FOR_MS);
        is_sent && is_old_and_unserved(&sample.stats)
    }

    /// Whether to count the workers now although nothing calls for a decision. `has_workers` is
    /// whether the last count found any.
    pub fn wants_count(&mut self, sample: &Sample, has_workers: bool) -> bool {
        let is_recent = sample.since_launch_ms.is_some_and(|since| since < RECENT_LAUNCH_MS);
        let every = if has_workers || is_recent { SAMPLES_WITH_WORKERS } else { SAMPLES_WITHOUT };
        self.samples += 1;
        if self.samples < every {
            return false;
        }
        self.samples = 0;
        true
    }

    /// For how long the backlog has not become smaller, milliseconds; `None` while there is none.
    fn standing_ms(&mut self, sample: &Sample) -> Option<i64> {
        let backlog = backlog(&sample.stats);
        if backlog == 0 {
            // What was not reported may be a backlog.
            if is_complete(&sample.stats) {
                self.standing = None;
            }
            return None;
        }
        match self.standing {
            Some((last, since)) if backlog >= last => Some(sample.now_ms - since),
            _ => {
                self.standing = Some((backlog, sample.now_ms));
                Some(0)
            }
        }
    }

    /// Whether tasks wait, or workers were launched within a minute.
    pub fn is_active(&self, sample: &Sample) -> bool {
        let is_recent = sample.since_launch_ms.is_some_and(|since| since < RECENT_LAUNCH_MS);
        self.standing.is_some() || is_recent
    }

    /// The time until the next sample.
    pub fn interval(&self, sample: &Sample, idleness: Idleness) -> Duration {
        let is_busy = self.standing.is_some()
            || sample.since_launch_ms.is_some_and(|since| since < 2 * LAUNCH_GRACE_MS);
        match (is_busy, self.is_active(sample)) {
            (true, _) => BUSY_INTERVAL,
            (false, true) => LATE_INTERVAL,
            (false, false) => idleness.interval(),
        }
    }
}

fn backlog(stats: &StatsByType) -> u64 {
    stats.values().map(|stats| stats.backlog).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wci_contract::{TaskType, VersionId, activities::BacklogGrace, stats::QueueStats};

    const INPUT: fn() -> WatchInput = || WatchInput {
        backlog_grace: BacklogGrace::Until(1_000),
        due_ms: 60_000,
        until_ms: 90_000,
        version: VersionId::new("d", "b").unwrap(),
        types: Vec::new(),
        known_crashes: Default::default(),
    };

    fn sample(now_ms: i64, backlog: u64, dispatch_rate: f64) -> Sample {
        let stats = QueueStats { backlog, dispatch_rate, ..QueueStats::default() };
        Sample { now_ms, since_launch_ms: None, stats: [(TaskType::Workflow, stats)].into() }
    }

    #[test]
    fn a_first_task_that_nobody_helps_ends_the_watch_at_once() {
        assert_eq!(
            BacklogWatch::default().judge(&INPUT(), &sample(2_000, 1, 0.0)),
            Some(WatchEnd::Backlog)
        );
    }

    #[test]
    fn a_backlog_that_workers_are_on_their_way_to_is_left_to_them() {
        let mut watch = BacklogWatch::default();
        assert_eq!(watch.judge(&INPUT(), &sample(500, 9, 0.0)), None);
        let launched = Sample { since_launch_ms: Some(100), ..sample(2_000, 9, 0.0) };
        assert_eq!(watch.judge(&INPUT(), &launched), None);
    }

    #[test]
    fn a_backlog_that_is_worked_off_is_left_alone_until_it_is_due() {
        let mut watch = BacklogWatch::default();
        for (second, backlog) in [(2, 50), (7, 50), (8, 40), (13, 40)] {
            assert_eq!(watch.judge(&INPUT(), &sample(second * 1000, backlog, 3.0)), None);
        }
        assert_eq!(watch.judge(&INPUT(), &sample(60_000, 30, 3.0)), Some(WatchEnd::Backlog));
    }

    #[test]
    fn a_backlog_that_does_not_shrink_wants_help() {
        let mut watch = BacklogWatch::default();
        assert_eq!(watch.judge(&INPUT(), &sample(2_000, 50, 3.0)), None);
        assert_eq!(watch.judge(&INPUT(), &sample(8_000, 50, 3.0)), Some(WatchEnd::Backlog));
    }

    #[test]
    fn workers_are_counted_often_while_there_are_some_and_seldom_otherwise() {
        let quiet = sample(1, 0, 0.0);
        let launched = Sample { since_launch_ms: Some(59_999), ..quiet.clone() };
        let long_ago = Sample { since_launch_ms: Some(60_000), ..quiet.clone() };
        for (sample, has_workers, every) in
            [(&quiet, false, 30), (&quiet, true, 5), (&launched, false, 5), (&long_ago, false, 30)]
        {
            let mut watch = BacklogWatch::default();
            let counts = (0..60).filter(|_| watch.wants_count(sample, has_workers)).count();
            assert_eq!(counts, 60 / every);
        }
    }

    #[test]
    fn stats_that_lack_figures_are_no_end_of_a_backlog() {
        let mut watch = BacklogWatch::default();
        assert_eq!(watch.judge(&INPUT(), &sample(2_000, 50, 3.0)), None);
        let mut silent = sample(5_000, 0, 0.0);
        silent.stats.values_mut().for_each(|stats| stats.partial = true);
        assert_eq!(watch.judge(&INPUT(), &silent), None);
        assert_eq!(watch.judge(&INPUT(), &sample(8_000, 50, 3.0)), Some(WatchEnd::Backlog));
    }

    #[test]
    fn the_first_task_that_a_worker_finds_in_an_old_backlog_calls_for_the_others_at_once() {
        let old = |now_ms, dispatch_rate| {
            let mut sample = sample(now_ms, 50, dispatch_rate);
            sample.stats.values_mut().for_each(|stats| stats.age_ms = 90_000);
            Sample { since_launch_ms: Some(now_ms), ..sample }
        };
        let mut watch = BacklogWatch::default();
        assert_eq!(watch.judge(&INPUT(), &old(500, 0.0)), None);
        assert!(watch.wants_fresh_stats(&old(1_500, 0.0)));
        assert_eq!(watch.judge(&INPUT(), &old(1_500, 0.1)), Some(WatchEnd::Backlog));
        assert!(!watch.wants_fresh_stats(&old(1_500, 0.1)));
        assert!(!watch.wants_fresh_stats(&old(15_000, 0.0)));
        assert!(!watch.wants_fresh_stats(&sample(1_500, 50, 0.0)));
    }

    #[test]
    fn an_idle_version_is_read_the_less_the_longer_it_is_idle() {
        let interval = |is_announced, seconds| {
            let lasting = Duration::from_secs(seconds);
            let idleness = Idleness { lasting, is_announced };
            BacklogWatch::default().interval(&sample(1, 0, 0.0), idleness).as_secs()
        };
        assert_eq!([0, 59, 60, 3_599, 3_600].map(|s| interval(true, s)), [2, 2, 60, 60, 300]);
        assert_eq!([0, 599, 600, 3_600].map(|s| interval(false, s)), [2, 2, 5, 10]);
    }

    #[test]
    fn workers_that_start_and_tasks_that_wait_are_looked_after_however_long_it_was_quiet() {
        let idle = Idleness { lasting: Duration::from_secs(7_200), is_announced: true };
        let mut watch = BacklogWatch::default();
        let launched = |ms| Sample { since_launch_ms: Some(ms), ..sample(1, 0, 0.0) };
        let seconds = [9_999, 59_999, 60_000].map(|ms| watch.interval(&launched(ms), idle));
        assert_eq!(seconds.map(|it| it.as_secs()), [1, 2, 300]);
        watch.judge(&INPUT(), &sample(500, 1, 1.0));
        assert_eq!(watch.interval(&sample(500, 1, 1.0), idle), BUSY_INTERVAL);
    }

    #[test]
    fn an_idle_watch_ends_when_its_time_is_up() {
        let mut watch = BacklogWatch::default();
        assert_eq!(watch.judge(&INPUT(), &sample(89_999, 0, 0.0)), None);
        assert_eq!(watch.judge(&INPUT(), &sample(90_000, 0, 0.0)), Some(WatchEnd::TimeUp));
    }
}
