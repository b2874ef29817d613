//! A rate limit of the task queue: more workers than it lets tasks through for are of no use.

use serde_json::{Map, Value};

use super::{
    fields::{Fields, put},
    fleet::Fleet,
    learned::WINDOW_MS,
    sample::Sample,
    waiting::SAMPLE_AGE_MS,
};
use crate::number;

/// How long a limit is believed without being reported again, milliseconds. It is reported whenever
/// the workers are counted.
const BELIEVED_MS: i64 = 600_000;
/// The share of the limit from which a dispatch rate counts as held back by it: the server measures
/// rates over half a minute, and spreads a limit over the partitions of a queue.
const REACHED: f64 = 0.85;
/// Tasks by which a count within the window of the rates may be off.
const OFF_BY: f64 = 1.5;
/// The share of the limit below which nobody else can be taking the rest.
const SHARED: f64 = 0.6;
/// Slots given in excess of the dispatched tasks, as a share of these, from which workers evidently
/// found no tasks.
const EXCESS: f64 = 1.25;
/// The mean time between two tasks, milliseconds, from which a limit counts as a pause of the queue.
const PAUSE_MS: f64 = 60_000.0;

/// A limit that the server reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct QueueLimit {
    /// Tasks a second, of all types with waiting tasks together.
    rate: f64,
    /// When it was reported, milliseconds since the Unix epoch.
    at_ms: i64,
}

/// How a limit holds a queue back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It does not: more workers would help.
    None,
    /// Tasks are dispatched about as fast as it allows.
    Reached,
    /// Workers had many more slots than there were tasks for: others take a share of the limit, or
    /// only some partitions of the queue have tasks left.
    Shared,
    /// Workers find no tasks, and leave before the limit lets through the next ones.
    Missed,
}

/// The tasks that a limit of `rate` a second lets through within `within_ms`.
pub(super) fn tasks_within(rate: f64, within_ms: i64) -> u64 {
    let within_ms = number::to_float(within_ms.max(0).unsigned_abs());
    u64::from(number::whole((rate * within_ms / 1000.0).ceil()))
}

impl QueueLimit {
    pub(super) fn read(fields: Fields<'_>) -> Option<Self> {
        let limit = fields.object("limit")?;
        let read = Self { rate: limit.amount("rate")?, at_ms: limit.time("at_ms")? };
        (fields.now_ms.saturating_sub(read.at_ms) < BELIEVED_MS).then_some(read)
    }

    pub(super) fn to_json(self) -> Map<String, Value> {
        let mut map = Map::new();
        put(&mut map, "rate", Some(number::to_json(self.rate)));
        put(&mut map, "at_ms", Some(self.at_ms));
        map
    }

    /// The limit after `sample`. A sample without a count of the workers says nothing about it, and
    /// neither does one without waiting tasks.
    pub(super) fn after(before: Option<Self>, now_ms: i64, sample: &Sample) -> Option<Self> {
        if sample.workers.is_none() || sample.waiting == 0 {
            return before;
        }
        sample.limit.map(|rate| Self { rate, at_ms: now_ms })
    }

    /// Tasks a minute, rounded up.
    pub(super) fn per_minute(self) -> u64 {
        tasks_within(self.rate, 60_000)
    }

    /// The tasks that it lets through within `within_ms`.
    pub(super) fn tasks_within(self, within_ms: i64) -> u64 {
        tasks_within(self.rate, within_ms)
    }

    /// The time from one task to the next, milliseconds; `None` for a queue that is as good as
    /// paused.
    pub(super) fn spacing_ms(self) -> Option<i64> {
        Some(1000.0 / self.rate).filter(|ms| *ms < PAUSE_MS).and_then(number::truncate)
    }

    /// Whether the limit, and not the number of workers, holds the queue back.
    pub(super) fn hold(
        self,
        now_ms: i64,
        dispatch: f64,
        fleet: &Fleet,
        (start_ms, slots): (i64, u64),
    ) -> Hold {
        let seconds = |ms: i64| number::to_float(ms.max(0).unsigned_abs()) / 1000.0;
        let dispatched = dispatch * seconds(WINDOW_MS);
        // The rates may be as old as a sample, on average half as old.
        let first_ms = fleet.first_known().unwrap_or(i64::MIN).saturating_add(start_ms);
        let lasted_ms = now_ms.saturating_sub(first_ms).saturating_sub(SAMPLE_AGE_MS / 2);
        let allowed = self.rate * seconds(lasted_ms.min(WINDOW_MS));
        if dispatched + OFF_BY >= REACHED * allowed {
            return Hold::Reached;
        }
        let until_ms = now_ms.saturating_sub(SAMPLE_AGE_MS).saturating_sub(start_ms);
        let workers = fleet.requested_between(until_ms.saturating_sub(WINDOW_MS), until_ms);
        let given = number::to_float(workers.saturating_mul(slots));
        let spare = number::to_float(slots.saturating_mul(2));
        match given >= EXCESS * dispatched + spare {
            true if dispatched < SHARED * allowed => Hold::Missed,
            true => Hold::Shared,
            false => Hold::None,
        }
    }
}
