//! The waiting tasks, from two sources that describe the same tasks: announcements, which are
//! immediate but omit the end of a burst, and the server's statistics, which are complete but up
//! to five seconds old. They are never added together.

use super::{
    counts::Counts,
    fields::{Fields, put, put_counts},
    sample::Sample,
};
use crate::number;
use serde_json::{Map, Value};

/// How old the server's statistics may be, milliseconds: the server caches them for this long.
pub(super) const SAMPLE_AGE_MS: i64 = 5_000;
/// How late a miss may be announced, milliseconds: the matching service batches them by partition.
pub(super) const ANNOUNCEMENT_DELAY_MS: i64 = 500;
/// How long announcements and samples count without newer ones, milliseconds.
const RELEVANT_MS: i64 = 15_000;
/// How long the end of a burst may stay unannounced, milliseconds.
const UNANNOUNCED_MS: i64 = 600_000;

/// The last sample, while it is not too old.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Backlog {
    /// When it was taken, milliseconds since the Unix epoch.
    pub(super) at_ms: i64,
    /// Tasks that waited.
    pub(super) waiting: u64,
    /// Age of the oldest of them, milliseconds.
    pub(super) age_ms: i64,
    /// Free slots.
    pub(super) free: u64,
    /// Tasks dispatched each second.
    pub(super) dispatch: f64,
    /// Of the waiting tasks, those that the server's limits let through in time.
    pub(super) reachable: u64,
    /// Whether workers were polling.
    pub(super) has_workers: bool,
}

/// The waiting tasks.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting {
    /// Announced tasks for which no worker has arrived yet.
    announced: Counts,
    /// Tasks that the backlog showed first, and that may still be announced.
    unannounced: Counts,
    /// Announced tasks that were deferred and will be announced again.
    deferred: Counts,
    pub(super) backlog: Option<Backlog>,
}

impl Waiting {
    pub(super) fn read(fields: Fields<'_>) -> Self {
        let backlog = fields.object("backlog").and_then(|fields| {
            let waiting = fields.count("waiting")?;
            Some(Backlog {
                at_ms: fields.time("at_ms")?,
                waiting,
                reachable: fields.count("reachable").unwrap_or(waiting),
                age_ms: i64::try_from(fields.count("age_ms").unwrap_or(0)).unwrap_or(i64::MAX),
                free: fields.count("free").unwrap_or(0),
                dispatch: fields.amount("dispatch").unwrap_or(0.0),
                has_workers: fields.flag("polled"),
            })
        });
        Self {
            announced: fields.counts("announced"),
            unannounced: fields.counts("told"),
            deferred: fields.counts("put_off"),
            backlog,
        }
    }

    pub(super) fn write(&self, map: &mut Map<String, Value>) {
        put_counts(map, "announced", &self.announced);
        put_counts(map, "told", &self.unannounced);
        put_counts(map, "put_off", &self.deferred);
        let backlog = self.backlog.map(|backlog| {
            let mut map = Map::new();
            put(&mut map, "at_ms", Some(backlog.at_ms));
            // Within the range of a JSON integer.
            put(&mut map, "waiting", i64::try_from(backlog.waiting).ok().or(Some(i64::MAX)));
            put(&mut map, "age_ms", Some(backlog.age_ms));
            put(&mut map, "free", i64::try_from(backlog.free).ok().or(Some(i64::MAX)));
            put(&mut map, "dispatch", Some(number::to_json(backlog.dispatch)));
            let reachable = Some(backlog.reachable).filter(|tasks| *tasks < backlog.waiting);
            put(&mut map, "reachable", reachable.and_then(|tasks| i64::try_from(tasks).ok()));
            put(&mut map, "polled", backlog.has_workers.then_some(true));
            map
        });
        put(map, "backlog", backlog);
    }

    /// Removes what is too old to count.
    pub(super) fn expire(&mut self, now_ms: i64) {
        self.announced.expire(now_ms.saturating_sub(RELEVANT_MS));
        self.unannounced.expire(now_ms.saturating_sub(UNANNOUNCED_MS));
        self.deferred.expire(now_ms.saturating_sub(UNANNOUNCED_MS));
        let is_known = |b: &Backlog| now_ms.saturating_sub(b.at_ms) < RELEVANT_MS;
        self.backlog = self.backlog.filter(is_known);
    }

    /// Records announced misses; returns the number that are new. Misses that the backlog showed
    /// before are not, except for one: when in doubt, one task is new.
    pub(super) fn record_misses(&mut self, now_ms: i64, misses: u64) -> u64 {
        let late = self.unannounced.sum().min(misses.saturating_sub(1));
        self.unannounced.take_oldest(late, i64::MAX);
        self.deferred.take_oldest(misses - late, i64::MAX);
        self.announced.add(now_ms, misses - late);
        misses - late
    }

    /// Records that at least this number of tasks wait; returns the number that are new.
    pub(super) fn record_known(&mut self, now_ms: i64, tasks: u64) -> u64 {
        let new = tasks.saturating_sub(self.announced.sum());
        self.announced.add(now_ms, new);
        new
    }

    /// Defers `misses` that were just recorded, `new` of them as new: they will be announced again.
    pub(super) fn defer(&mut self, now_ms: i64, new: u64, misses: u64) {
        self.announced.take_newest(new, (i64::MIN, i64::MAX));
        self.deferred.add(now_ms, misses);
    }

    /// Whether there are deferred tasks that will be announced again.
    pub(super) fn has_deferred(&self) -> bool {
        self.deferred.sum() > 0
    }

    /// Records a sample. It includes everything that was announced well before it.
    pub(super) fn record_sample(&mut self, now_ms: i64, sample: &Sample) {
        let known_ms = now_ms.saturating_sub(SAMPLE_AGE_MS + ANNOUNCEMENT_DELAY_MS);
        self.announced.expire(known_ms);
        self.unannounced.add(now_ms, self.deferred.sum() - self.deferred.since(known_ms));
        self.deferred.expire(known_ms);
        self.backlog = Some(Backlog {
            at_ms: now_ms,
            waiting: sample.waiting,
            age_ms: sample.age_ms,
            free: sample.free(),
            dispatch: sample.dispatch,
            reachable: sample.reachable,
            has_workers: sample.workers.is_some_and(|workers| workers.seen > 0),
        });
    }

    /// Records a sample that lacks figures: at least these tasks wait. Whatever else is known stays.
    pub(super) fn record_part(&mut self, now_ms: i64, sample: &Sample) {
        let before = self.backlog.unwrap_or_default();
        if sample.waiting > before.waiting {
            let Sample { waiting, reachable, .. } = *sample;
            let age_ms = sample.age_ms.max(before.age_ms);
            self.backlog = Some(Backlog { at_ms: now_ms, waiting, reachable, age_ms, ..before });
        }
    }

    /// A worker that arrived takes `tasks` of those that were announced before.
    pub(super) fn take(&mut self, tasks: u64, until_ms: i64) {
        self.announced.take_oldest(tasks, until_ms);
    }

    /// Records that workers were started for tasks that may still be announced.
    pub(super) fn expect_announcements(&mut self, now_ms: i64, tasks: u64) {
        self.unannounced.add(now_ms, tasks);
    }

    /// Announced tasks still wait, because a launch for them failed.
    pub(super) fn renew(&mut self, now_ms: i64) {
        self.announced.renew(now_ms);
    }

    /// Forgets the tasks that were announced up to `ms`: the backlog shows which of them exist.
    pub(super) fn forget_announced(&mut self, ms: i64) {
        self.announced.expire(ms);
    }

    /// Announced tasks that no worker has taken yet.
    pub(super) fn announced(&self) -> u64 {
        self.announced.sum()
    }

    /// The last sample, if it is recent enough to describe the present.
    pub(super) fn recent(&self, now_ms: i64) -> Option<Backlog> {
        self.backlog.filter(|b| now_ms.saturating_sub(b.at_ms) <= SAMPLE_AGE_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_misses(at_ms: i64, misses: u64) -> Waiting {
        let mut waiting = Waiting::default();
        waiting.record_misses(at_ms, misses);
        waiting
    }

    #[test]
    fn announcements_and_samples_count_for_a_quarter_of_a_minute() {
        let mut waiting = with_misses(0, 3);
        waiting.record_sample(0, &Sample { waiting: 3, ..Sample::default() });
        waiting.expire(14_999);
        assert_eq!((waiting.announced(), waiting.backlog.is_some()), (3, true));
        waiting.expire(15_000);
        assert_eq!((waiting.announced(), waiting.backlog), (0, None));
    }

    #[test]
    fn tasks_that_wait_again_after_a_failure_count_from_then() {
        let mut waiting = with_misses(0, 3);
        waiting.renew(9_000);
        waiting.expire(23_999);
        assert_eq!(waiting.announced(), 3);
    }

    #[test]
    fn misses_that_the_backlog_showed_and_deferred_tasks_are_not_new() {
        let mut waiting = Waiting::default();
        waiting.expect_announcements(0, 2);
        waiting.defer(0, 0, 10);
        assert_eq!(waiting.record_misses(1_000, 5), 3);
        assert_eq!(
            (waiting.unannounced.sum(), waiting.deferred.sum(), waiting.announced()),
            (0, 7, 3)
        );
        // One of them counts as new in any case.
        waiting.expect_announcements(1_000, 9);
        assert_eq!(waiting.record_misses(2_000, 5), 1);
    }

    #[test]
    fn known_tasks_are_not_counted_twice() {
        let mut waiting = with_misses(0, 3);
        assert_eq!((waiting.record_known(1_000, 10), waiting.announced()), (7, 10));
        assert_eq!((waiting.record_known(2_000, 4), waiting.announced()), (0, 10));
        assert!(!waiting.has_deferred());
        waiting.defer(2_000, 0, 1);
        assert!(waiting.has_deferred());
    }

    #[test]
    fn a_sample_includes_what_was_announced_well_before_it() {
        let mut waiting = with_misses(0, 3);
        waiting.record_sample(5_499, &Sample::default());
        assert_eq!(waiting.announced(), 3);
        waiting.record_sample(5_500, &Sample::default());
        assert_eq!(waiting.announced(), 0);
    }
}
