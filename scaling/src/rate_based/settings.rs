//! The settings of `rate-based`: names, defaults and bounds.

use serde_json::{Map, Value};

use crate::{
    Algorithm, ConfigError, Range,
    setting::{Float, Integer, check_keys},
};

/// The largest number of workers: the server's controller stores it in 32 bits.
pub(super) const MAX_COUNT: i64 = i32::MAX as i64;

const MIN: Integer = Integer::new("min_count", 0, 0).up_to(MAX_COUNT);
const MAX: Integer = Integer::new("max_count", 30, 1).up_to(MAX_COUNT);
const INITIAL: Integer = Integer::new("initial_count", 0, 0).up_to(MAX_COUNT);
const POLL: Integer = Integer::new("metrics_poll_interval_ms", 60_000, 30_000);
const MATERIAL: Integer = Integer::new("material_backlog_threshold", 50, 1);
const STEP: Integer = Integer::new("max_scale_up_step", 4, 1).up_to(MAX_COUNT);
/// Not in the server's controller, which always removes one worker: the default.
const STEP_DOWN: Integer = Integer::new("max_scale_down_step", 1, 1).up_to(MAX_COUNT);
const UP: Integer = Integer::new("scale_up_cooldown_ms", 2_000, 0);
const DOWN: Integer = Integer::new("scale_down_cooldown_ms", 60_000, 0);
const QUIET: Integer = Integer::new("no_sync_quiet_ms", 90_000, 0);

const ALPHA: Float = Float { name: "ewma_alpha", default: 0.45, range: Range::Above(0.0, 1.0) };
const CAPACITY: Float =
    Float { name: "initial_per_consumer_capacity", default: 2.0, range: Range::GreaterThan(0.0) };
const DRAIN: Float =
    Float { name: "target_backlog_drain_rate", default: 2.0, range: Range::AtLeast(0.0) };
const UTILIZATION: Float =
    Float { name: "utilization_target", default: 0.80, range: Range::Above(0.0, 1.0) };
const BETA: Float = Float { name: "halfin_whitt_beta", default: 0.5, range: Range::AtLeast(0.0) };

const INTEGERS: [Integer; 10] =
    [MIN, MAX, INITIAL, POLL, MATERIAL, STEP, STEP_DOWN, UP, DOWN, QUIET];
const FLOATS: [Float; 5] = [ALPHA, CAPACITY, DRAIN, UTILIZATION, BETA];

/// The settings of a group; times in milliseconds, rates in tasks a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// The minimum number of workers.
    pub(super) min: u32,
    /// The maximum number of workers; not below `min`.
    pub(super) max: u32,
    /// The number of workers before the first poll.
    pub(super) initial: u32,
    /// The poll interval.
    pub(super) poll_ms: i64,
    /// The backlog from which the dispatch rate shows a worker's capacity.
    pub(super) material_backlog: u64,
    /// The maximum number of workers added at once.
    pub(super) step: u32,
    /// The maximum number of workers removed at once.
    pub(super) step_down: u32,
    /// The minimum time between two scale-ups.
    pub(super) up_cooldown_ms: i64,
    /// The minimum time between two scale-downs.
    pub(super) down_cooldown_ms: i64,
    /// How long no task may have missed before a scale-down.
    pub(super) quiet_ms: i64,
    /// Weight of the newest sample.
    pub(super) alpha: f64,
    /// A worker's capacity before the first measurement.
    pub(super) capacity: f64,
    /// The rate added to the arrival rate while tasks wait.
    pub(super) drain: f64,
    /// The target share of busy workers.
    pub(super) utilization: f64,
    /// Halfin and Whitt's beta.
    pub(super) beta: f64,
}

impl Settings {
    /// Reads `config`; invalid values count as their defaults.
    pub(super) fn read(config: &Map<String, Value>) -> Self {
        let count = |integer: Integer| u32::try_from(integer.read(config)).unwrap_or_default();
        let (min, max) = (count(MIN), count(MAX));
        let max = max.max(min);
        Self {
            min,
            max,
            initial: count(INITIAL).clamp(min, max),
            poll_ms: POLL.read(config),
            material_backlog: MATERIAL.read(config).unsigned_abs(),
            step: count(STEP),
            step_down: count(STEP_DOWN),
            up_cooldown_ms: UP.read(config),
            down_cooldown_ms: DOWN.read(config),
            quiet_ms: QUIET.read(config),
            alpha: ALPHA.read(config),
            capacity: CAPACITY.read(config),
            drain: DRAIN.read(config),
            utilization: UTILIZATION.read(config),
            beta: BETA.read(config),
        }
    }
}

/// Checks `config` strictly.
pub(crate) fn check(config: &Map<String, Value>) -> Result<(), ConfigError> {
    let known = |key: &str| {
        INTEGERS.iter().any(|integer| integer.name == key)
            || FLOATS.iter().any(|float| float.name == key)
    };
    check_keys(config, known, Algorithm::RateBased)?;
    for integer in INTEGERS {
        integer.check(config)?;
    }
    for float in FLOATS {
        float.check(config)?;
    }
    check_counts(config)?;
    let up = "the scale-up cooldown blocks every poll";
    let down = "the scale-down cooldown blocks every poll";
    check_cooldown(config, UP, up)?;
    check_cooldown(config, DOWN, down)
}

fn check_counts(config: &Map<String, Value>) -> Result<(), ConfigError> {
    let (min, max, initial) = (MIN.read(config), MAX.read(config), INITIAL.read(config));
    if min > max {
        return Err(ConfigError::Exceeds {
            name: MIN.name,
            value: min,
            other: MAX.name,
            other_value: max,
        });
    }
    if (min..=max).contains(&initial) {
        return Ok(());
    }
    Err(ConfigError::NotBetween {
        name: INITIAL.name,
        value: initial,
        low: MIN.name,
        low_value: min,
        high: MAX.name,
        high_value: max,
    })
}

fn check_cooldown(
    config: &Map<String, Value>,
    cooldown: Integer,
    otherwise: &'static str,
) -> Result<(), ConfigError> {
    let (poll_ms, cooldown_ms) = (POLL.read(config), cooldown.read(config));
    if cooldown_ms <= poll_ms {
        return Ok(());
    }
    Err(ConfigError::Unfit {
        name: POLL.name,
        value: poll_ms,
        relation: ">=",
        other: cooldown.name,
        other_value: cooldown_ms,
        otherwise,
    })
}
