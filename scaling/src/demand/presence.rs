//! Whether the requested workers start polling.

use serde_json::{Map, Value};

use super::{
    fields::{Fields, put},
    fleet::Fleet,
    sample::Sample,
    settings::Settings,
    waiting::SAMPLE_AGE_MS,
};

/// The number of workers in a row that did not start polling from which the group slows down.
const MAX_NO_SHOWS: u64 = 3;
/// The minimum time that a slowed-down group waits for one worker to poll, milliseconds.
const SLOW_MS: i64 = 60_000;
/// The accuracy of a start time that is worth learning, milliseconds.
const EXACT_MS: i64 = 3_000;

/// Workers that were requested and have not been seen since.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Presence {
    /// When the first of them was requested.
    trial_ms: Option<i64>,
    /// Workers in a row that did not start polling.
    no_shows: u64,
    /// Since when tasks wait and none is dispatched.
    stuck_ms: Option<i64>,
    /// The last sample without a worker.
    absent_ms: Option<i64>,
}

/// What a sample shows of the workers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Observation {
    /// How long the first worker took to start polling, milliseconds, where known.
    pub(super) start_ms: Option<i64>,
    /// Workers that did not start polling in time.
    pub(super) failed: u64,
}

impl Presence {
    pub(super) fn read(fields: Fields<'_>) -> Self {
        Self {
            trial_ms: fields.time("trial_ms"),
            no_shows: fields.count("no_shows").unwrap_or_default(),
            stuck_ms: fields.time("stuck_ms"),
            absent_ms: fields.time("absent_ms"),
        }
    }

    pub(super) fn write(&self, map: &mut Map<String, Value>) {
        put(map, "trial_ms", self.trial_ms);
        put(map, "no_shows", (self.no_shows > 0).then_some(self.no_shows));
        put(map, "stuck_ms", self.stuck_ms);
        put(map, "absent_ms", self.absent_ms);
    }

    /// Records a request for workers.
    pub(super) fn record_request(&mut self, now_ms: i64) {
        self.trial_ms.get_or_insert(now_ms);
    }

    /// A worker polls or processes tasks: forgets earlier failures.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Records a sample. `follows` is whether the sample before it is recent.
    ///
    /// Workers have failed to start when a task has waited since their request, their time is over,
    /// and no task was dispatched meanwhile: a worker that came and left would have taken the task.
    pub(super) fn record_sample(
        &mut self,
        now_ms: i64,
        sample: &Sample,
        follows: bool,
        settings: &Settings,
        fleet: &mut Fleet,
    ) -> Observation {
        let seen = sample.workers.map(|workers| workers.seen);
        if seen.is_some_and(|seen| seen > 0) || sample.dispatch > 0.0 {
            let start_ms = self.start_ms(now_ms, fleet);
            self.reset();
            return Observation { start_ms, failed: 0 };
        }
        self.absent_ms = Some(now_ms);
        if sample.waiting == 0 {
            self.stuck_ms = None;
            return Observation::default();
        }
        let waits_since = now_ms.saturating_sub(sample.age_ms);
        if sample.age_ms > 0 && self.has_moved(waits_since) {
            return Observation::default();
        }
        let stuck_ms = self.stuck_ms.filter(|_| follows).unwrap_or(now_ms).min(waits_since);
        self.stuck_ms = Some(stuck_ms.max(0));
        Observation { start_ms: None, failed: self.count_failed(now_ms, stuck_ms, settings, fleet) }
    }

    /// Whether the oldest task, which has waited since `oldest_ms`, is another one than before, or
    /// came after the request. Then tasks were taken, or the server repeats an old answer. Neither
    /// says that no worker came.
    fn has_moved(&self, oldest_ms: i64) -> bool {
        let earliest_ms = [self.stuck_ms, self.trial_ms].into_iter().flatten().min();
        earliest_ms.is_some_and(|ms| oldest_ms > ms.saturating_add(SAMPLE_AGE_MS))
    }

    fn count_failed(
        &mut self,
        now_ms: i64,
        stuck_ms: i64,
        settings: &Settings,
        fleet: &mut Fleet,
    ) -> u64 {
        let Some(trial_ms) = self.trial_ms else { return 0 };
        let until_ms = now_ms.saturating_sub(settings.timeout_ms);
        if trial_ms > until_ms || stuck_ms > trial_ms.saturating_add(SAMPLE_AGE_MS) {
            return 0;
        }
        let failed = fleet.remove_failed(trial_ms.saturating_sub(1), until_ms);
        self.no_shows = self.no_shows.saturating_add(failed);
        self.trial_ms = fleet.first_since(until_ms);
        failed
    }

    /// How long the first requested worker took to start polling: until between the last sample
    /// without a worker and this one. It is unknown when others were requested later, because a
    /// worker may come and leave between two samples.
    fn start_ms(&self, now_ms: i64, fleet: &Fleet) -> Option<i64> {
        let (trial_ms, absent_ms) = (self.trial_ms?, self.absent_ms?);
        if fleet.last_requested()?.saturating_sub(trial_ms) > EXACT_MS {
            return None;
        }
        let gap_ms = now_ms.saturating_sub(absent_ms);
        let start_ms = absent_ms.saturating_add(gap_ms / 2).saturating_sub(trial_ms);
        (gap_ms <= EXACT_MS && absent_ms >= trial_ms).then_some(start_ms)
    }

    /// Whether the last workers that were requested did not start polling.
    pub(super) fn has_no_shows(&self) -> bool {
        self.no_shows > 0
    }

    /// Workers requested after this time may still be starting, although they were expected
    /// earlier; `None` when every requested worker was seen.
    pub(super) fn unconfirmed_since(&self, now_ms: i64, settings: &Settings) -> Option<i64> {
        let trial_ms = self.trial_ms?.saturating_sub(1);
        Some(trial_ms.max(now_ms.saturating_sub(settings.timeout_ms)))
    }

    /// The number of workers that did not start polling, and until when no more are requested
    /// because of them.
    pub(super) fn slow_down(&self, fleet: &Fleet, settings: &Settings) -> Option<(u64, i64)> {
        if self.no_shows < MAX_NO_SHOWS {
            return None;
        }
        let wait_ms = SLOW_MS.max(settings.timeout_ms);
        Some((self.no_shows, fleet.last_requested().unwrap_or(0).saturating_add(wait_ms)))
    }
}
