//! The state of `rate-based`, under the keys that the server's controller uses.

use serde_json::Value;
use wci_contract::decision::GroupState;

use super::settings::MAX_COUNT;
use crate::number;

const COUNT: &str = "worker_count";
const ARRIVAL: &str = "ewma_arrival_rate";
const DISPATCH: &str = "ewma_dispatch_rate";
const CAPACITY: &str = "ewma_per_consumer_capacity";
const LAST_UP: &str = "last_scale_up_time_ms";
const LAST_DOWN: &str = "last_scale_down_time_ms";
const LAST_MISS: &str = "last_no_sync_match_time_ms";

/// A group's state; fields that are `None` are not in it. Times are milliseconds since the Unix epoch,
/// rates tasks a second.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct State {
    /// The last size of the worker set.
    pub(super) workers: Option<u32>,
    /// Mean arrival rate.
    pub(super) arrival: Option<f64>,
    /// Mean dispatch rate.
    pub(super) dispatch: Option<f64>,
    /// Mean dispatch rate of one worker; above 0.
    pub(super) capacity: Option<f64>,
    /// The last scale-up.
    pub(super) last_up_ms: Option<i64>,
    /// The last scale-down.
    pub(super) last_down_ms: Option<i64>,
    /// The last announcement of tasks that found no worker.
    pub(super) last_miss_ms: Option<i64>,
}

impl State {
    /// Reads the known keys; invalid values are ignored.
    pub(super) fn read(state: &GroupState) -> Self {
        let time = |key: &str| state.get(key).and_then(number::integer).filter(|ms| *ms >= 0);
        let rate = |key: &str| state.get(key).and_then(number::float).filter(|rate| *rate >= 0.0);
        let count = state.get(COUNT).and_then(number::integer);
        Self {
            workers: count
                .filter(|count| (0..=MAX_COUNT).contains(count))
                .and_then(|count| u32::try_from(count).ok()),
            arrival: rate(ARRIVAL),
            dispatch: rate(DISPATCH),
            capacity: rate(CAPACITY).filter(|rate| *rate > 0.0),
            last_up_ms: time(LAST_UP),
            last_down_ms: time(LAST_DOWN),
            last_miss_ms: time(LAST_MISS),
        }
    }

    /// The state as JSON.
    pub(super) fn write(&self) -> GroupState {
        let rate = |rate: Option<f64>| rate.filter(|r| r.is_finite()).map(number::to_json);
        let fields = [
            (COUNT, self.workers.map(Value::from)),
            (ARRIVAL, rate(self.arrival)),
            (DISPATCH, rate(self.dispatch)),
            (CAPACITY, rate(self.capacity)),
            (LAST_UP, self.last_up_ms.map(Value::from)),
            (LAST_DOWN, self.last_down_ms.map(Value::from)),
            (LAST_MISS, self.last_miss_ms.map(Value::from)),
        ];
        let known = |(key, value): (&str, Option<Value>)| Some((key.to_owned(), value?));
        fields.into_iter().filter_map(known).collect()
    }
}
