//! Old backlogs: tasks that have waited without any worker may no longer exist, because their
//! workflows were terminated or timed out meanwhile. The server notices only when a worker polls.
//! So one worker goes first, and the others follow as soon as it finds tasks.

use wci_contract::decision::Reason;

use super::{Call, waiting::SAMPLE_AGE_MS};

/// The age from which tasks that nobody took may no longer exist, milliseconds.
const OLD_MS: i64 = 60_000;
/// Announcements within this time after a worker was sent are of the same tasks, milliseconds.
const SAME_MS: i64 = 1_000;

impl Call<'_> {
    /// The workers to start of the `workers` that `waiting` tasks need: one while the tasks may no
    /// longer exist, and none until that one has had its time.
    pub(super) fn with_scout_first(&mut self, waiting: u64, workers: u64) -> u64 {
        let age_ms = self.memory.waiting.backlog.map_or(0, |backlog| backlog.age_ms);
        if let Some(since_ms) = self.memory.scout_ms {
            let ends_ms = self.scout_ends_ms(since_ms);
            self.decision.add_reason(Reason::OldBacklog { waiting, age_ms });
            self.decision.tick_by(ends_ms);
            return 0;
        }
        if workers > 1 && self.is_backlog_dubious() {
            self.decision.add_reason(Reason::OldBacklog { waiting, age_ms });
            self.memory.scout_ms = Some(self.now_ms);
            return 1;
        }
        workers
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

    /// Ends the time of a worker that was sent first as soon as there is an answer: tasks were
    /// dispatched, none is left, or new ones were announced. What was announced before is in the
    /// backlog, if it exists.
    pub(super) fn hear_scout(&mut self) {
        let Some(since_ms) = self.memory.scout_ms else { return };
        let backlog = self.memory.waiting.recent(self.now_ms).filter(|b| b.at_ms > since_ms);
        let is_found = backlog.is_some_and(|b| b.dispatch > 0.0 || b.age_ms < OLD_MS);
        let old_ms = since_ms.saturating_add(SAME_MS);
        if is_found {
            self.memory.waiting.forget_announced(old_ms);
        }
        let is_over = self.scout_ends_ms(since_ms) <= self.now_ms;
        if is_found || is_over || self.misses > 0 && self.now_ms > old_ms {
            self.memory.scout_ms = None;
        }
    }

    /// When a worker that was sent first at `since_ms` has had its time.
    fn scout_ends_ms(&self, since_ms: i64) -> i64 {
        let start_ms = self.memory.learned.start_ms(self.settings);
        since_ms.saturating_add(start_ms).saturating_add(SAMPLE_AGE_MS + 1_000)
    }
}
