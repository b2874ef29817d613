//! The learned service rate and start time of workers.

use serde_json::{Map, Value};

use super::{
    fields::{Fields, put},
    settings::Settings,
    waiting::SAMPLE_AGE_MS,
};
use crate::number;

/// Weights of a sample above the learned rate, and of one below.
const UP: f64 = 0.5;
const DOWN: f64 = 0.2;
/// Weight of a new start time.
const START: f64 = 0.3;
/// The largest service rate, tasks a second.
const MAX_RATE: f64 = 100_000.0;

/// The server's rates are means over about this time, milliseconds: five full intervals of 5 s and
/// the current one (service/matching/task_tracker.go).
pub(super) const WINDOW_MS: i64 = 27_500;

/// Tasks that filled the slots of new workers affect the rates for this long, milliseconds.
pub(super) const RECENT_MS: i64 = 30_000 + SAMPLE_AGE_MS;

/// The work of workers within the last [`WINDOW_MS`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    /// Tasks dispatched each second.
    pub(super) dispatch: f64,
    /// The total time that workers were there, milliseconds.
    pub(super) worked_ms: u64,
    /// Workers that arrived within the last [`LATELY_MS`].
    pub(super) arrived: u64,
    /// Whether tasks waited all the time.
    pub(super) is_busy: bool,
}

impl Service {
    /// Tasks that one worker finished each second. Tasks that filled the slots of newly arrived
    /// workers were dispatched, but not finished.
    fn rate_of_one(&self, slots: u64) -> Option<f64> {
        let worked_ms = number::to_float(self.worked_ms);
        let taken = self.dispatch * number::to_float(WINDOW_MS.unsigned_abs()) / 1000.0;
        let finished = taken - number::to_float(self.arrived.saturating_mul(slots));
        (worked_ms >= 1000.0 && finished > 0.0)
            .then(|| (finished * 1000.0 / worked_ms).min(MAX_RATE))
    }
}

/// The learned properties of a group's workers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Learned {
    /// Tasks that one busy worker finishes each second.
    service_rate: Option<f64>,
    /// From the request for a worker to its first poll, milliseconds.
    start_ms: Option<f64>,
}

impl Learned {
    pub(super) fn read(fields: Fields<'_>) -> Self {
        Self {
            service_rate: fields.amount("service_rate").map(|rate| rate.min(MAX_RATE)),
            start_ms: fields.amount("start_ms"),
        }
    }

    pub(super) fn write(&self, map: &mut Map<String, Value>) {
        put(map, "service_rate", self.service_rate.map(number::to_json));
        put(map, "start_ms", self.start_ms.map(number::to_json));
    }

    /// Records the work within [`WINDOW_MS`].
    pub(super) fn record_service(&mut self, settings: &Settings, seen: &Service) {
        let Some(sample) = seen.rate_of_one(settings.slots) else { return };
        let mean = match self.service_rate {
            None => sample,
            Some(old) if sample > old => old + UP * (sample - old),
            // Without waiting tasks, workers do less than they can.
            Some(old) if seen.is_busy => old + DOWN * (sample - old),
            Some(old) => old,
        };
        self.service_rate = Some(mean);
    }

    /// Records the time that a worker took to start.
    pub(super) fn record_start(&mut self, took_ms: i64) {
        let Some(sample) = u64::try_from(took_ms).ok().map(number::to_float) else { return };
        let mean = self.start_ms.map_or(sample, |old| old + START * (sample - old));
        self.start_ms = Some(mean);
    }

    /// Tasks that one worker accepts within `wait_ms`: one for each slot, and those that follow.
    pub(super) fn tasks_of_one(&self, settings: &Settings, wait_ms: i64) -> f64 {
        let following = self.service_rate.unwrap_or(0.0) * number::to_float(wait_ms.unsigned_abs());
        number::to_float(settings.slots) + following / 1000.0
    }

    /// From the request for a worker to its first poll, milliseconds.
    pub(super) fn start_ms(&self, settings: &Settings) -> i64 {
        let learned = self.start_ms.and_then(number::truncate);
        learned.unwrap_or(settings.start_ms).clamp(1, settings.timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_that_only_filled_slots_do_not_change_the_rate() {
        let seen = |arrived| Service { dispatch: 2.0, worked_ms: 55_000, arrived, is_busy: true };
        // Fifty-five were taken within the window.
        assert_eq!(seen(55).rate_of_one(1), None);
        assert_eq!(seen(11).rate_of_one(4), Some(0.2));
        assert_eq!(Service { worked_ms: 999, ..seen(0) }.rate_of_one(1), None);
    }

    #[test]
    fn a_start_changes_the_expected_time_by_its_weight() {
        let mut learned = Learned::default();
        learned.record_start(2_000);
        assert_eq!(learned.start_ms, Some(2_000.0));
        learned.record_start(4_000);
        assert_eq!(learned.start_ms, Some(2_600.0));
        learned.record_start(-1);
        assert_eq!(learned.start_ms, Some(2_600.0));
    }
}
