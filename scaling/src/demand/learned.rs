//! What workers were seen to do.

use serde_json::{Map, Value};

use super::{
    fields::{Fields, put},
    settings::Settings,
};
use crate::number;

/// Weight of a sample that is above what was learned, and of one that is below.
const UP: f64 = 0.5;
const DOWN: f64 = 0.2;
/// Weight of a new start.
const START: f64 = 0.3;
/// Tasks a second beyond which nobody cares.
const MAX_RATE: f64 = 100_000.0;

/// What was learned of a group's workers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Learned {
    /// Tasks that one busy worker takes each second.
    service_rate: Option<f64>,
    /// From asking for a worker to its first poll, milliseconds.
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

    /// `workers` that had enough to do took `dispatch` tasks a second.
    pub(super) fn see_service(&mut self, dispatch: f64, workers: u64) {
        if workers == 0 || dispatch <= 0.0 {
            return;
        }
        let sample = (dispatch / number::to_float(workers)).min(MAX_RATE);
        let mean = self.service_rate.map_or(sample, |old| {
            let weight = if sample > old { UP } else { DOWN };
            old + weight * (sample - old)
        });
        self.service_rate = Some(mean);
    }

    /// A worker took so long to show up.
    pub(super) fn see_start(&mut self, took_ms: i64) {
        let Some(sample) = u64::try_from(took_ms).ok().map(number::to_float) else { return };
        let mean = self.start_ms.map_or(sample, |old| old + START * (sample - old));
        self.start_ms = Some(mean);
    }

    /// Tasks that one worker takes within `wait_ms`: one for each slot, and those that follow.
    pub(super) fn tasks_of_one(&self, settings: &Settings, wait_ms: i64) -> f64 {
        let following = self.service_rate.unwrap_or(0.0) * number::to_float(wait_ms.unsigned_abs());
        number::to_float(settings.slots) + following / 1000.0
    }

    /// From asking for a worker to its first poll, milliseconds.
    pub(super) fn start_ms(&self, settings: &Settings) -> i64 {
        let learned = self.start_ms.and_then(number::truncate);
        learned.unwrap_or(settings.start_ms).clamp(1, settings.timeout_ms)
    }
}
