//! The settings of `no-sync`: names, defaults and bounds.

use serde_json::{Map, Value};

use crate::{
    Algorithm, ConfigError, Range,
    setting::{Float, Integer, check_keys},
};

const COOLOFF: Integer = Integer::new("scale_up_cooloff_ms", 100, 0);
const THRESHOLD: Integer = Integer::new("scale_up_backlog_threshold", 0, 0);
const LIFETIME: Integer = Integer::new("max_worker_lifetime_ms", 600_000, 0);
const POLL: Integer = Integer::new("metrics_poll_interval_ms", 60_000, 10_000);
const EPSILON: Float =
    Float { name: "scale_up_dispatch_rate_epsilon", default: 0.0, range: Range::Closed(0.0, 0.1) };
const CONFIRM: Integer = Integer::new("scale_up_dispatch_rate_epsilon_confirm_ms", 90_000, 0);
const SUPPRESS: Integer = Integer::new("suppress_scale_up_ms", 120_000, 0);
const SUPPRESS_POLL: Integer = Integer::new("suppress_poll_interval_ms", 90_000, 0);

const INTEGERS: [Integer; 7] =
    [COOLOFF, THRESHOLD, LIFETIME, POLL, CONFIRM, SUPPRESS, SUPPRESS_POLL];

/// The settings of a group; times in milliseconds, none negative.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// The minimum time between two starts.
    pub(super) cooloff_ms: i64,
    /// The largest backlog that starts no worker.
    pub(super) threshold: u64,
    /// A worker's lifetime; 0: unlimited.
    pub(super) lifetime_ms: i64,
    /// The poll interval.
    poll_ms: i64,
    /// The relative difference from the reference up to which a dispatch rate counts as the same;
    /// 0: no suppression.
    pub(super) epsilon: f64,
    /// How long the rate must stay the same.
    pub(super) confirm_ms: i64,
    /// How long that suppresses scale-ups.
    pub(super) suppress_ms: i64,
    /// The poll interval during a suppression.
    suppress_poll_ms: i64,
}

impl Settings {
    /// Reads `config`; invalid values count as their defaults.
    pub(super) fn read(config: &Map<String, Value>) -> Self {
        Self {
            cooloff_ms: COOLOFF.read(config),
            threshold: THRESHOLD.read(config).unsigned_abs(),
            lifetime_ms: LIFETIME.read(config),
            poll_ms: POLL.read(config),
            epsilon: EPSILON.read(config),
            confirm_ms: CONFIRM.read(config),
            suppress_ms: SUPPRESS.read(config),
            suppress_poll_ms: SUPPRESS_POLL.read(config),
        }
    }

    /// The time until the next poll.
    pub(super) fn interval_ms(&self, suppressed: bool) -> i64 {
        match (suppressed, self.suppress_poll_ms) {
            (false, _) => self.poll_ms,
            (true, 0) => SUPPRESS_POLL.default,
            (true, interval) => interval,
        }
    }
}

/// Checks `config` strictly.
pub(crate) fn check(config: &Map<String, Value>) -> Result<(), ConfigError> {
    let known = |key: &str| key == EPSILON.name || INTEGERS.iter().any(|known| known.name == key);
    check_keys(config, known, Algorithm::NoSync)?;
    for integer in INTEGERS {
        integer.check(config)?;
    }
    EPSILON.check(config)?;
    check_together(&Settings::read(config))
}

fn check_together(settings: &Settings) -> Result<(), ConfigError> {
    let poll = (POLL.name, settings.poll_ms);
    if settings.poll_ms < settings.cooloff_ms {
        let cooloff = (COOLOFF.name, settings.cooloff_ms);
        return Err(unfit(poll, ">=", cooloff, "metric-driven scale-ups will never fire"));
    }
    if settings.epsilon <= 0.0 {
        return Ok(());
    }
    let confirm = (CONFIRM.name, settings.confirm_ms);
    if confirm.1 <= poll.1 {
        return Err(unfit(confirm, ">", poll, "two polls are enough to suppress scale-ups"));
    }
    let suppress_poll = (SUPPRESS_POLL.name, settings.suppress_poll_ms);
    if suppress_poll.1 == 0 {
        return Err(ConfigError::ZeroWith { name: SUPPRESS_POLL.name, with: EPSILON.name });
    }
    let suppress = (SUPPRESS.name, settings.suppress_ms);
    if suppress.1 <= suppress_poll.1 {
        let otherwise = "suppression ends before the next poll can prolong it";
        return Err(unfit(suppress, ">", suppress_poll, otherwise));
    }
    Ok(())
}

fn unfit(
    (name, value): (&'static str, i64),
    relation: &'static str,
    (other, other_value): (&'static str, i64),
    otherwise: &'static str,
) -> ConfigError {
    ConfigError::Unfit { name, value, relation, other, other_value, otherwise }
}
