//! When what a watch sees calls for a decision. Pure.

use std::time::Duration;

use wci_contract::{
    activities::{WatchEnd, WatchInput},
    stats::StatsByType,
};

/// Between two looks while something is going on.
const BUSY_PACE: Duration = Duration::from_secs(1);
/// Between two looks at quiet queues.
const IDLE_PACE: Duration = Duration::from_secs(2);
/// For this long after a launch its workers are taken to be on their way to the backlog,
/// milliseconds. The server's figures alone are up to 5 s old.
const LAUNCH_QUIET_MS: i64 = 5_000;
/// A backlog that tasks are taken from, but that has not become smaller for this long, wants
/// help: longer than the server's figures are old, milliseconds.
const STUCK_MS: i64 = 6_000;

/// The workers are counted at every fifth look while some are there, or were launched within this
/// time, and otherwise at every thirtieth: what that costs is a share of what looks cost.
const LOOKS_WITH_WORKERS: u32 = 5;
const LOOKS_WITHOUT: u32 = 30;
const LAUNCHED_LATELY_MS: i64 = 60_000;

/// What was seen at one time, of the watched types.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    pub(crate) now_ms: i64,
    /// How long ago this process launched workers for the version.
    pub(crate) since_launch_ms: Option<i64>,
    pub(crate) stats: StatsByType,
}

/// Remembers what was seen before.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// The backlog, and since when it has not become smaller.
    standing: Option<(u64, i64)>,
    /// Looks since the workers were counted.
    looks: u32,
}

impl Watch {
    /// Whether `look` ends the watch. A backlog does when nothing was launched lately and it is
    /// not being worked off, and at `due_ms` in any case.
    pub(crate) fn judge(&mut self, input: &WatchInput, look: &Look) -> Option<WatchEnd> {
        let Some(standing_ms) = self.stands(look) else {
            return (look.now_ms >= input.until_ms).then_some(WatchEnd::TimeUp);
        };
        if look.now_ms >= input.due_ms {
            return Some(WatchEnd::Backlog);
        }
        // Without such a time the look was asked for, whatever is on its way.
        let is_helped = input.quiet_until_ms > 0
            && (look.since_launch_ms.is_some_and(|since| since < LAUNCH_QUIET_MS)
                || look.now_ms < input.quiet_until_ms);
        let is_worked_off =
            look.stats.values().any(|stats| stats.dispatch_rate > 0.0) && standing_ms < STUCK_MS;
        (!is_helped && !is_worked_off).then_some(WatchEnd::Backlog)
    }

    /// Whether the workers are to be counted now, though nothing calls for a decision; `has_workers`
    /// says whether there were any.
    pub(crate) fn wants_count(&mut self, look: &Look, has_workers: bool) -> bool {
        let lately = look.since_launch_ms.is_some_and(|since| since < LAUNCHED_LATELY_MS);
        let every = if has_workers || lately { LOOKS_WITH_WORKERS } else { LOOKS_WITHOUT };
        self.looks += 1;
        if self.looks < every {
            return false;
        }
        self.looks = 0;
        true
    }

    /// For how long the backlog has not become smaller; `None` while there is none.
    fn stands(&mut self, look: &Look) -> Option<i64> {
        let backlog = backlog(&look.stats);
        if backlog == 0 {
            self.standing = None;
            return None;
        }
        match self.standing {
            Some((last, since)) if backlog >= last => Some(look.now_ms - since),
            _ => {
                self.standing = Some((backlog, look.now_ms));
                Some(0)
            }
        }
    }

    /// How long until the next look.
    pub(crate) fn pace(&self, look: &Look) -> Duration {
        let is_busy = self.standing.is_some()
            || look.since_launch_ms.is_some_and(|since| since < 2 * LAUNCH_QUIET_MS);
        if is_busy { BUSY_PACE } else { IDLE_PACE }
    }
}

fn backlog(stats: &StatsByType) -> u64 {
    stats.values().map(|stats| stats.backlog).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wci_contract::{TaskType, VersionId, stats::QueueStats};

    const INPUT: fn() -> WatchInput = || WatchInput {
        quiet_until_ms: 1_000,
        due_ms: 60_000,
        until_ms: 90_000,
        version: VersionId::new("d", "b").unwrap(),
        types: Vec::new(),
    };

    fn look(now_ms: i64, backlog: u64, dispatch_rate: f64) -> Look {
        let stats = QueueStats { backlog, dispatch_rate, ..QueueStats::default() };
        Look { now_ms, since_launch_ms: None, stats: [(TaskType::Workflow, stats)].into() }
    }

    #[test]
    fn a_first_task_that_nobody_helps_ends_the_watch_at_once() {
        assert_eq!(Watch::default().judge(&INPUT(), &look(2_000, 1, 0.0)), Some(WatchEnd::Backlog));
    }

    #[test]
    fn a_backlog_that_workers_are_on_their_way_to_is_left_to_them() {
        let mut watch = Watch::default();
        assert_eq!(watch.judge(&INPUT(), &look(500, 9, 0.0)), None);
        let launched = Look { since_launch_ms: Some(100), ..look(2_000, 9, 0.0) };
        assert_eq!(watch.judge(&INPUT(), &launched), None);
    }

    #[test]
    fn a_backlog_that_is_worked_off_is_left_alone_until_it_is_due() {
        let mut watch = Watch::default();
        for (second, backlog) in [(2, 50), (7, 50), (8, 40), (13, 40)] {
            assert_eq!(watch.judge(&INPUT(), &look(second * 1000, backlog, 3.0)), None);
        }
        assert_eq!(watch.judge(&INPUT(), &look(60_000, 30, 3.0)), Some(WatchEnd::Backlog));
    }

    #[test]
    fn a_backlog_that_does_not_shrink_wants_help() {
        let mut watch = Watch::default();
        assert_eq!(watch.judge(&INPUT(), &look(2_000, 50, 3.0)), None);
        assert_eq!(watch.judge(&INPUT(), &look(8_000, 50, 3.0)), Some(WatchEnd::Backlog));
    }

    #[test]
    fn workers_are_counted_often_while_there_are_some_and_seldom_otherwise() {
        let quiet = look(1, 0, 0.0);
        let launched = Look { since_launch_ms: Some(59_999), ..quiet.clone() };
        let long_ago = Look { since_launch_ms: Some(60_000), ..quiet.clone() };
        for (look, has_workers, every) in
            [(&quiet, false, 30), (&quiet, true, 5), (&launched, false, 5), (&long_ago, false, 30)]
        {
            let mut watch = Watch::default();
            let counts = (0..60).filter(|_| watch.wants_count(look, has_workers)).count();
            assert_eq!(counts, 60 / every);
        }
    }

    #[test]
    fn an_idle_watch_ends_when_its_time_is_up() {
        let mut watch = Watch::default();
        assert_eq!(watch.judge(&INPUT(), &look(89_999, 0, 0.0)), None);
        assert_eq!(watch.judge(&INPUT(), &look(90_000, 0, 0.0)), Some(WatchEnd::TimeUp));
    }
}
