//! The tasks that wait, from two sources that speak of the same tasks: announcements, which are
//! fresh but leave out the end of a burst, and the server's figures, which are complete but up
//! to five seconds old. They are never added up.

use serde_json::{Map, Value};
use wci_contract::{
    decision::Poll,
    stats::{QueueStats, WorkersSeen},
};

use super::{
    counts::Counts,
    fields::{Fields, put, put_counts},
};
use crate::number;

/// How old the server's figures may be, milliseconds: it keeps them for so long.
pub(super) const FIGURES_AGE_MS: i64 = 5_000;
/// How late a miss may be announced, milliseconds: matching batches them by partition.
pub(super) const ANNOUNCED_LATE_MS: i64 = 500;
/// What was heard or seen counts for so long when nothing newer comes, milliseconds.
const KNOWN_MS: i64 = 15_000;
/// How long the end of a burst may stay unannounced, milliseconds.
const TOLD_MS: i64 = 600_000;

/// The figures of one look at the queues, of all types together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Look {
    pub(super) waiting: u64,
    /// How long the oldest task waits.
    pub(super) age_ms: i64,
    /// Tasks a second.
    pub(super) arrival: f64,
    /// Tasks a second.
    pub(super) dispatch: f64,
    pub(super) workers: Option<WorkersSeen>,
}

impl Look {
    /// The figures of `poll`; rates that make no sense count as none.
    pub(super) fn of(poll: &Poll) -> Self {
        let rate = |rate: f64| if rate.is_finite() { rate.max(0.0) } else { 0.0 };
        let mut look = Self { workers: poll.workers, ..Self::default() };
        for QueueStats { backlog, arrival_rate, dispatch_rate, age_ms } in poll.stats.values() {
            look.waiting = look.waiting.saturating_add(*backlog);
            look.age_ms = look.age_ms.max(i64::try_from(*age_ms).unwrap_or(i64::MAX));
            look.arrival = (look.arrival + rate(*arrival_rate)).min(f64::MAX);
            look.dispatch = (look.dispatch + rate(*dispatch_rate)).min(f64::MAX);
        }
        look
    }

    /// Slots that are known to be free.
    pub(super) fn free(&self) -> u64 {
        self.workers.map_or(0, |workers| workers.slots_free)
    }
}

/// What the last look found, while it is not too old.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Backlog {
    /// When it was, milliseconds since the Unix epoch.
    pub(super) at_ms: i64,
    /// Tasks that waited.
    pub(super) waiting: u64,
    /// How long the oldest of them did, milliseconds.
    pub(super) age_ms: i64,
    /// Slots that were free.
    pub(super) free: u64,
    /// Tasks taken each second.
    pub(super) dispatch: f64,
}

/// The tasks that wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting {
    /// Tasks announced for which no worker has arrived yet.
    announced: Counts,
    /// Tasks that the backlog told of first, and that are yet to be announced.
    told: Counts,
    /// Tasks that were announced, put off, and will be announced again.
    put_off: Counts,
    pub(super) backlog: Option<Backlog>,
}

impl Waiting {
    pub(super) fn read(fields: Fields<'_>) -> Self {
        let backlog = fields.object("backlog").and_then(|fields| {
            Some(Backlog {
                at_ms: fields.time("at_ms")?,
                waiting: fields.count("waiting")?,
                age_ms: i64::try_from(fields.count("age_ms").unwrap_or(0)).unwrap_or(i64::MAX),
                free: fields.count("free").unwrap_or(0),
                dispatch: fields.amount("dispatch").unwrap_or(0.0),
            })
        });
        Self {
            announced: fields.counts("announced"),
            told: fields.counts("told"),
            put_off: fields.counts("put_off"),
            backlog,
        }
    }

    pub(super) fn write(&self, map: &mut Map<String, Value>) {
        put_counts(map, "announced", &self.announced);
        put_counts(map, "told", &self.told);
        put_counts(map, "put_off", &self.put_off);
        let backlog = self.backlog.map(|backlog| {
            let mut map = Map::new();
            put(&mut map, "at_ms", Some(backlog.at_ms));
            // Within what an integer of JSON surely holds.
            put(&mut map, "waiting", i64::try_from(backlog.waiting).ok().or(Some(i64::MAX)));
            put(&mut map, "age_ms", Some(backlog.age_ms));
            put(&mut map, "free", i64::try_from(backlog.free).ok().or(Some(i64::MAX)));
            put(&mut map, "dispatch", Some(number::to_json(backlog.dispatch)));
            map
        });
        put(map, "backlog", backlog);
    }

    /// Forgets what is too old to tell anything.
    pub(super) fn expire(&mut self, now_ms: i64) {
        self.announced.expire(now_ms.saturating_sub(KNOWN_MS));
        self.told.expire(now_ms.saturating_sub(TOLD_MS));
        self.put_off.expire(now_ms.saturating_sub(TOLD_MS));
        let is_known = |b: &Backlog| now_ms.saturating_sub(b.at_ms) < KNOWN_MS;
        self.backlog = self.backlog.filter(is_known);
    }

    /// Hears of misses; answers with how many of them are news. What the backlog told of before
    /// is none, but for one task: when in doubt it is new.
    pub(super) fn hear(&mut self, now_ms: i64, misses: u64) -> u64 {
        let late = self.told.sum().min(misses.saturating_sub(1));
        self.told.take_oldest(late, i64::MAX);
        self.put_off.take_oldest(misses - late, i64::MAX);
        self.announced.add(now_ms, misses - late);
        misses - late
    }

    /// Hears that at least so many tasks are known to wait.
    pub(super) fn know(&mut self, now_ms: i64, tasks: u64) -> u64 {
        let news = tasks.saturating_sub(self.announced.sum());
        self.announced.add(now_ms, news);
        news
    }

    /// Forgets misses that were heard just now, `news` among them: they are put off and come
    /// again.
    pub(super) fn put_off(&mut self, now_ms: i64, news: u64, misses: u64) {
        self.announced.take_newest(news);
        self.put_off.add(now_ms, misses);
    }

    /// Whether tasks were put off that will be announced again.
    pub(super) fn is_put_off(&self) -> bool {
        self.put_off.sum() > 0
    }

    /// Takes in what a look found. It knows of everything that was announced well before it.
    pub(super) fn see(&mut self, now_ms: i64, look: &Look) {
        let known_ms = now_ms.saturating_sub(FIGURES_AGE_MS + ANNOUNCED_LATE_MS);
        self.announced.expire(known_ms);
        self.told.add(now_ms, self.put_off.sum() - self.put_off.since(known_ms));
        self.put_off.expire(known_ms);
        self.backlog = Some(Backlog {
            at_ms: now_ms,
            waiting: look.waiting,
            age_ms: look.age_ms,
            free: look.free(),
            dispatch: look.dispatch,
        });
    }

    /// A worker that arrived takes so many of the tasks that were announced before.
    pub(super) fn take(&mut self, tasks: u64, until_ms: i64) {
        self.announced.take_oldest(tasks, until_ms);
    }

    /// Workers are started for tasks that were not announced.
    pub(super) fn tell(&mut self, now_ms: i64, tasks: u64) {
        self.told.add(now_ms, tasks);
    }

    /// What was announced still waits: a launch for it failed.
    pub(super) fn renew(&mut self, now_ms: i64) {
        self.announced.renew(now_ms);
    }

    /// Tasks announced that no worker has taken yet.
    pub(super) fn announced(&self) -> u64 {
        self.announced.sum()
    }

    /// The last look, when its figures may stand for now.
    pub(super) fn recent(&self, now_ms: i64) -> Option<Backlog> {
        self.backlog.filter(|b| now_ms.saturating_sub(b.at_ms) <= FIGURES_AGE_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(at_ms: i64, misses: u64) -> Waiting {
        let mut waiting = Waiting::default();
        waiting.hear(at_ms, misses);
        waiting
    }

    #[test]
    fn what_was_seen_counts_for_a_quarter_of_a_minute() {
        let mut waiting = heard(0, 3);
        waiting.see(0, &Look { waiting: 3, ..Look::default() });
        waiting.expire(14_999);
        assert_eq!((waiting.announced(), waiting.backlog.is_some()), (3, true));
        waiting.expire(15_000);
        assert_eq!((waiting.announced(), waiting.backlog), (0, None));
    }

    #[test]
    fn what_waits_again_after_a_failure_counts_from_then() {
        let mut waiting = heard(0, 3);
        waiting.renew(9_000);
        waiting.expire(23_999);
        assert_eq!(waiting.announced(), 3);
    }

    #[test]
    fn what_the_backlog_told_of_and_what_was_put_off_is_no_news() {
        let mut waiting = Waiting::default();
        waiting.tell(0, 2);
        waiting.put_off(0, 0, 10);
        assert_eq!(waiting.hear(1_000, 5), 3);
        assert_eq!((waiting.told.sum(), waiting.put_off.sum(), waiting.announced()), (0, 7, 3));
        // One of them is taken for new in any case.
        waiting.tell(1_000, 9);
        assert_eq!(waiting.hear(2_000, 5), 1);
    }

    #[test]
    fn tasks_that_are_known_to_wait_are_not_counted_twice() {
        let mut waiting = heard(0, 3);
        assert_eq!((waiting.know(1_000, 10), waiting.announced()), (7, 10));
        assert_eq!((waiting.know(2_000, 4), waiting.announced()), (0, 10));
        assert!(!waiting.is_put_off());
        waiting.put_off(2_000, 0, 1);
        assert!(waiting.is_put_off());
    }

    #[test]
    fn a_look_knows_of_what_was_announced_well_before_it() {
        let mut waiting = heard(0, 3);
        waiting.see(5_499, &Look::default());
        assert_eq!(waiting.announced(), 3);
        waiting.see(5_500, &Look::default());
        assert_eq!(waiting.announced(), 0);
    }
}
