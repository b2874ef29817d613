//! Errors in settings. The messages are those that a stock server's clients match on.

use crate::{Algorithm, Range};

/// What is wrong with a scaler's settings.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// The algorithm has no such setting.
    #[error("unknown config key {key:?} for {algorithm} scaling algorithm")]
    UnknownKey {
        /// The key, cut to a length that fits a message.
        key: String,
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// Not a whole number, or one that does not fit 64 bits.
    #[error("{name} must be an integer and at least {min}")]
    NotAnInteger {
        /// The key.
        name: &'static str,
        /// The minimum.
        min: i64,
    },
    /// Below the bound.
    #[error("{name} must be at least {min}")]
    TooSmall {
        /// The key.
        name: &'static str,
        /// The minimum.
        min: i64,
    },
    /// Above the bound.
    #[error("{name} must be at most {max}")]
    TooLarge {
        /// The key.
        name: &'static str,
        /// The maximum.
        max: i64,
    },
    /// Not a finite number.
    #[error("{name} must be {range}")]
    NotANumber {
        /// The key.
        name: &'static str,
        /// The allowed range.
        range: Range,
    },
    /// A number out of bounds.
    #[error("{name} ({value}) must be {range}")]
    OutOfRange {
        /// The key.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        range: Range,
    },
    /// Two settings that contradict each other.
    #[error("{name} ({value}) must be {relation} {other} ({other_value}), otherwise {otherwise}")]
    Unfit {
        /// The key.
        name: &'static str,
        /// Its value.
        value: i64,
        /// `>` or `>=`.
        relation: &'static str,
        /// The key that it is compared with.
        other: &'static str,
        /// The value of that key.
        other_value: i64,
        /// The consequence.
        otherwise: &'static str,
    },
    /// A number above that of another setting.
    #[error("{name} ({value}) must not exceed {other} ({other_value})")]
    Exceeds {
        /// The key.
        name: &'static str,
        /// Its value.
        value: i64,
        /// The key that bounds it.
        other: &'static str,
        /// The value of that key.
        other_value: i64,
    },
    /// A number that is not between those of two other settings.
    #[error("{name} ({value}) must be between {low} ({low_value}) and {high} ({high_value})")]
    NotBetween {
        /// The key.
        name: &'static str,
        /// Its value.
        value: i64,
        /// The key of the lower bound.
        low: &'static str,
        /// The value of that key.
        low_value: i64,
        /// The key of the upper bound.
        high: &'static str,
        /// The value of that key.
        high_value: i64,
    },
    /// Not a schedule, or one that is too long.
    #[error(
        "{name} must be a list of at most {max} lines, for example [\"mon-fri 08:00-18:00 5\"]"
    )]
    NotASchedule {
        /// The key.
        name: &'static str,
        /// The maximum number of lines.
        max: usize,
    },
    /// An invalid line of a schedule.
    #[error(
        "{name}: {line:?} must be days, times in UTC and workers, for example \"mon-fri 08:00-18:00 5\""
    )]
    NotALine {
        /// The key.
        name: &'static str,
        /// The line, cut to a length that fits a message.
        line: String,
    },
    /// Zero, which another setting does not allow.
    #[error("{name} must be at least 1 when {with} is above 0")]
    ZeroWith {
        /// The key.
        name: &'static str,
        /// The key of the other setting.
        with: &'static str,
    },
}

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecideError {
    /// There is no algorithm of that name.
    #[error("invalid scaling algorithm type '{0}'")]
    UnknownAlgorithm(String),
    /// Invalid settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
}
