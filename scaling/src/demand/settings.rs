//! The settings of `demand`: names, defaults and bounds.

use serde_json::{Map, Value};

use super::{
    schedule::{self, Schedule},
    waiting::SAMPLE_AGE_MS,
};
use crate::{
    Algorithm, ConfigError,
    backoff::BackOffPolicy,
    setting::{Integer, check_keys},
};

const DAY_MS: i64 = 86_400_000;

const SLOTS: Integer = Integer::new("worker_slots", 2, 1).up_to(10_000);
const MAX: Integer = Integer::new("max_concurrent_workers", 50, 1).up_to(100_000);
const PER_MINUTE: Integer = Integer::new("max_invocations_per_minute", 600, 1).up_to(100_000);
const MIN: Integer = Integer::new("min_workers", 0, 0).up_to(100_000);
const TARGET: Integer = Integer::new("target_queue_time_ms", 1_000, 0).up_to(DAY_MS);
const START: Integer = Integer::new("expected_start_ms", 1_000, 0).up_to(DAY_MS);
const TIMEOUT: Integer = Integer::new("start_timeout_ms", 30_000, 1_000).up_to(DAY_MS);
const LIFETIME: Integer = Integer::new("worker_lifetime_ms", 600_000, 1_000).up_to(30 * DAY_MS);
const BACKOFF: Integer = Integer::new("backoff_initial_ms", 1_000, 100).up_to(DAY_MS);
const BACKOFF_MAX: Integer = Integer::new("backoff_max_ms", 60_000, 100).up_to(DAY_MS);

const INTEGERS: [Integer; 10] =
    [SLOTS, MAX, PER_MINUTE, MIN, TARGET, START, TIMEOUT, LIFETIME, BACKOFF, BACKOFF_MAX];

/// The settings of a group; times in milliseconds, none negative.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Slots of one worker; at least 1.
    pub(super) slots: u64,
    /// The maximum number of workers that were requested and are not known to have left.
    pub(super) max: u64,
    /// The maximum number of workers requested within any minute.
    pub(super) per_minute: u64,
    /// The minimum number of workers when no line of the schedule applies.
    pub(super) min: u64,
    /// The minimum number of workers at certain times.
    pub(super) schedule: Schedule,
    /// How long a task may wait for a slot.
    pub(super) target_ms: i64,
    /// From the request for a worker to its first poll, before the first measurement.
    pub(super) start_ms: i64,
    /// A worker that has not polled after this time did not start.
    pub(super) timeout_ms: i64,
    /// After this time a worker counts as gone.
    pub(super) lifetime_ms: i64,
}

impl Settings {
    /// Reads `config`; invalid values count as their defaults.
    pub(super) fn read(config: &Map<String, Value>) -> Self {
        let count = |integer: Integer| integer.read(config).unsigned_abs();
        Self {
            slots: count(SLOTS),
            max: count(MAX),
            per_minute: count(PER_MINUTE),
            min: count(MIN).min(count(MAX)),
            schedule: Schedule::read(config),
            target_ms: TARGET.read(config),
            start_ms: START.read(config),
            timeout_ms: TIMEOUT.read(config).max(START.read(config)),
            lifetime_ms: LIFETIME.read(config).max(TIMEOUT.read(config)),
        }
    }
}

impl Settings {
    /// How long a worker that was requested may take to show in the statistics, if a start takes
    /// `start_ms`.
    pub(super) fn lead_ms(&self, start_ms: i64) -> i64 {
        start_ms.saturating_add(self.target_ms).saturating_add(SAMPLE_AGE_MS)
    }
}

/// How the group backs off.
pub(crate) fn backoff_policy(config: &Map<String, Value>) -> BackOffPolicy {
    let (initial, maximum) = (BACKOFF.read(config), BACKOFF_MAX.read(config));
    BackOffPolicy::with_plateau(initial, maximum.max(initial))
}

/// Whether `config` sets a minimum number of workers, whatever its value.
pub(crate) fn has_minimum(config: &Map<String, Value>) -> bool {
    [MIN.name, schedule::KEY].into_iter().any(|key| config.contains_key(key))
}

/// Checks `config` strictly.
pub(crate) fn check(config: &Map<String, Value>) -> Result<(), ConfigError> {
    let known = |key: &str| key == schedule::KEY || INTEGERS.iter().any(|known| known.name == key);
    check_keys(config, known, Algorithm::Demand)?;
    for integer in INTEGERS {
        integer.check(config)?;
    }
    for (low, high) in [(MIN, MAX), (START, TIMEOUT), (TIMEOUT, LIFETIME), (BACKOFF, BACKOFF_MAX)] {
        check_order(config, low, high)?;
    }
    schedule::check(config, (MAX.name, MAX.read(config)))
}

fn check_order(
    config: &Map<String, Value>,
    low: Integer,
    high: Integer,
) -> Result<(), ConfigError> {
    let (value, other_value) = (low.read(config), high.read(config));
    if value <= other_value {
        return Ok(());
    }
    Err(ConfigError::Exceeds { name: low.name, value, other: high.name, other_value })
}
