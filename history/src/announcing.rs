//! Whether the server announces tasks, as far as a history shows.
//!
//! No call tells: a server whose matching service announces nothing answers all of them as others
//! do. A history tells it when a task has waited for some time and no announcement came.

use wci_contract::stats::{QueueStats, StatsByType};

use crate::{event::EventKind, history::History, time::Millis};

/// A task that found no worker is announced within this time, milliseconds: the matching service
/// batches announcements, and a signal takes a moment.
const DELAY_MS: i64 = 2_000;
/// How old the server's stats may be, milliseconds: tasks in them arrived up to this much earlier
/// than their age says.
const STATS_AGE_MS: i64 = 5_000;

/// Whether the server announces tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Announcing {
    /// Nothing shows it: no task has waited long enough.
    #[default]
    Unknown,
    /// It announced tasks, and none has waited unannounced since.
    Seen {
        /// The latest announcement.
        latest: Millis,
    },
    /// Tasks waited that it did not announce.
    Missing {
        /// How often such tasks were found since the latest announcement.
        times: u32,
        /// When they were found last.
        latest: Millis,
        /// The latest announcement, if there was one.
        announced: Option<Millis>,
    },
}

impl Announcing {
    /// What `history`, which goes up to `now`, shows.
    pub fn of(history: &History, now: Millis) -> Self {
        let mut announced = None;
        let mut missing: Option<(u32, Millis)> = None;
        for event in &history.events {
            match &event.kind {
                EventKind::TasksAnnounced(_) => {
                    announced = Some(event.at);
                    missing = None;
                }
                EventKind::WatchCompleted(result) if event.at.saturating_add(DELAY_MS) <= now => {
                    let Some(arrived) = arrival(&result.stats, event.at) else { continue };
                    let was_there = history.started().is_some_and(|started| started < arrived);
                    if was_there && announced.is_none_or(|at| at < arrived) {
                        let times = missing.map_or(0, |(times, _)| times);
                        missing = Some((times.saturating_add(1), event.at));
                    }
                }
                _ => {}
            }
        }
        match (missing, announced) {
            (Some((times, latest)), announced) => Self::Missing { times, latest, announced },
            (None, Some(latest)) => Self::Seen { latest },
            (None, None) => Self::Unknown,
        }
    }

    /// The combination of what two histories of one namespace show: an announcement to one
    /// instance shows that the server announces.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Seen { latest: a }, Self::Seen { latest: b }) => Self::Seen { latest: a.max(b) },
            (seen @ Self::Seen { .. }, _) | (_, seen @ Self::Seen { .. }) => seen,
            (Self::Unknown, other) => other,
            (found, _) => found,
        }
    }
}

/// The earliest time at which the oldest task that waits at `at` can have arrived.
fn arrival(stats: &StatsByType, at: Millis) -> Option<Millis> {
    let waiting = stats.values().filter(|stats| stats.backlog > 0);
    let age_ms = waiting.map(|QueueStats { age_ms, .. }| *age_ms).max()?;
    let age_ms = i64::try_from(age_ms).unwrap_or(i64::MAX);
    Some(at.saturating_sub(age_ms).saturating_sub(STATS_AGE_MS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Event, WatchResult},
        history::Run,
    };
    use wci_contract::{TaskType, signal::TaskAdd};

    fn announced(at: Millis) -> Event {
        Event { at, event_id: 1, run: 0, kind: EventKind::TasksAnnounced(TaskAdd::default()) }
    }

    fn found(at: Millis, backlog: u64, age_ms: u64) -> Event {
        let stats = QueueStats { backlog, age_ms, ..QueueStats::default() };
        let stats = [(TaskType::Workflow, stats)].into();
        let result = WatchResult { stats, ..WatchResult::default() };
        Event { at, event_id: 1, run: 0, kind: EventKind::WatchCompleted(result) }
    }

    fn shown(events: &[Event]) -> Announcing {
        let run = Run { started: 1_000, ..Run::default() };
        let history = History { runs: vec![run], events: events.to_vec(), ..History::default() };
        Announcing::of(&history, 60_000)
    }

    #[test]
    fn a_task_that_waited_and_was_not_announced_shows_it() {
        let missing = |times, latest, announced| Announcing::Missing { times, latest, announced };
        assert_eq!(shown(&[found(20_000, 1, 3_000)]), missing(1, 20_000, None));
        assert_eq!(
            shown(&[announced(5_000), found(20_000, 1, 3_000), found(40_000, 2, 3_000)]),
            missing(2, 40_000, Some(5_000))
        );
    }

    #[test]
    fn an_announcement_since_the_task_may_have_arrived_is_its_own() {
        let seen = |latest| Announcing::Seen { latest };
        // The server's stats are up to five seconds old.
        assert_eq!(shown(&[announced(12_000), found(20_000, 1, 3_000)]), seen(12_000));
        assert_eq!(shown(&[found(20_000, 1, 3_000), announced(21_000)]), seen(21_000));
    }

    #[test]
    fn tasks_that_are_new_or_older_than_the_instance_show_nothing() {
        assert_eq!(shown(&[]), Announcing::Unknown);
        assert_eq!(shown(&[found(58_001, 1, 3_000)]), Announcing::Unknown);
        assert_eq!(shown(&[found(20_000, 0, 3_000)]), Announcing::Unknown);
        assert_eq!(shown(&[found(20_000, 1, 14_000)]), Announcing::Unknown);
    }

    #[test]
    fn one_announcement_in_a_namespace_is_enough() {
        let seen = Announcing::Seen { latest: 5 };
        let missing = Announcing::Missing { times: 1, latest: 9, announced: None };
        assert_eq!(missing.or(seen), seen);
        assert_eq!(Announcing::Unknown.or(missing), missing);
        assert_eq!(missing.or(Announcing::Unknown), missing);
    }
}
