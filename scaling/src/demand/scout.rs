//! Old backlogs: tasks that have waited without any worker may no longer exist, because their
//! workflows were terminated or timed out meanwhile. The server notices only when a worker polls,
//! and counts a task that it drops as dispatched. So one worker goes first, and as long as the rest
//! of the backlog is old, each sign of progress brings a few times as many as before.

use serde_json::{Map, Value};
use wci_contract::decision::Reason;

use super::{
    Call,
    fields::{Fields, put},
    waiting::{Backlog, SAMPLE_AGE_MS},
};

/// The age from which tasks that nobody took may no longer exist, milliseconds.
const OLD_MS: i64 = 60_000;
/// Announcements within this time after a worker was sent are of the same tasks, milliseconds.
const SAME_MS: i64 = 1_000;
/// The time that workers have to drop tasks that no longer exist, milliseconds.
const STEP_MS: i64 = 1_500;
/// Workers of the next step for each worker sent so far.
const FACTOR: u64 = 3;

/// The workers that were sent to an old backlog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scout {
    /// When the last of them were sent, milliseconds since the Unix epoch.
    at_ms: i64,
    workers: u64,
}

impl Scout {
    /// Older states know only when one worker was sent.
    pub(super) fn read(fields: Fields<'_>) -> Option<Self> {
        let workers = fields.count("scouts").unwrap_or(1);
        Some(Self { at_ms: fields.time("scout_ms")?, workers })
    }

    pub(super) fn write(self, map: &mut Map<String, Value>) {
        put(map, "scout_ms", Some(self.at_ms));
        put(map, "scouts", (self.workers > 1).then_some(self.workers));
    }

    /// Whether `backlog` shows that its workers found something.
    fn has_found(self, backlog: &Backlog) -> bool {
        backlog.at_ms > self.at_ms && (backlog.dispatch > 0.0 || backlog.age_ms < OLD_MS)
    }
}

impl Call<'_> {
    /// The workers to start of the `workers` that `waiting` tasks need: few while the tasks may no
    /// longer exist, and none until those have had their time.
    pub(super) fn with_scout_first(&mut self, waiting: u64, workers: u64) -> u64 {
        let age_ms = self.memory.waiting.backlog.map_or(0, |backlog| backlog.age_ms);
        let Some(scout) = self.memory.scout else {
            if workers <= 1 || !self.is_backlog_dubious() {
                return workers;
            }
            self.decision.add_reason(Reason::OldBacklog { waiting, age_ms });
            self.memory.scout = Some(Scout { at_ms: self.now_ms, workers: 1 });
            return 1;
        };
        let next_ms = scout.at_ms.saturating_add(STEP_MS);
        let has_found = self.new_backlog().is_some_and(|backlog| scout.has_found(&backlog));
        let allowed = scout.workers.saturating_mul(FACTOR);
        if has_found && workers <= allowed {
            self.memory.scout = None;
            return workers;
        }
        self.decision.add_reason(Reason::OldBacklog { waiting, age_ms });
        if !has_found || self.now_ms < next_ms {
            let ends_ms = self.scout_ends_ms(scout);
            self.decision.tick_by(if has_found { next_ms } else { ends_ms });
            return 0;
        }
        let sent = scout.workers.saturating_add(allowed);
        self.memory.scout = Some(Scout { at_ms: self.now_ms, workers: sent });
        allowed
    }

    fn new_backlog(&self) -> Option<Backlog> {
        self.memory.waiting.recent(self.now_ms)
    }

    /// Whether the backlog may no longer exist: it is old, nothing was dispatched, and nobody has
    /// tried lately. Announcements prove nothing: those of an hour arrive together when the system
    /// worker comes back.
    fn is_backlog_dubious(&self) -> bool {
        let Some(backlog) = self.memory.waiting.recent(self.now_ms) else { return false };
        let is_untouched = backlog.age_ms >= OLD_MS && backlog.dispatch <= 0.0;
        let has_workers = backlog.has_workers || self.memory.fleet.workers() > 0;
        let is_tried = self.memory.fleet.requested() > 0 || self.memory.presence.has_no_shows();
        is_untouched && !has_workers && !is_tried
    }

    /// Ends the time of the workers that were sent first as soon as there is an answer: old tasks are
    /// no longer there, or new ones were announced. What was announced before is in the backlog, if
    /// it exists.
    pub(super) fn hear_scout(&mut self) {
        let Some(scout) = self.memory.scout else { return };
        let old_ms = scout.at_ms.saturating_add(SAME_MS);
        let found = self.new_backlog().filter(|backlog| scout.has_found(backlog));
        if found.is_some() {
            self.memory.waiting.forget_announced(old_ms);
        }
        let is_gone = found.is_some_and(|backlog| backlog.age_ms < OLD_MS);
        let is_over = self.scout_ends_ms(scout) <= self.now_ms;
        if is_gone || is_over || self.misses > 0 && self.now_ms > old_ms {
            self.memory.scout = None;
        }
    }

    /// When workers that were sent first have had their time.
    fn scout_ends_ms(&self, scout: Scout) -> i64 {
        let start_ms = self.memory.learned.start_ms(self.settings);
        scout.at_ms.saturating_add(start_ms).saturating_add(SAMPLE_AGE_MS + 1_000)
    }
}
