//! Why a question cannot be answered. The words are those that a stock server's clients know.

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
    /// No whole number, or one that fits no 64 bits.
    #[error("{name} must be an integer and at least {min}")]
    NotAnInteger {
        /// The key.
        name: &'static str,
        /// The smallest value that is allowed.
        min: i64,
    },
    /// Below the bound.
    #[error("{name} must be at least {min}")]
    TooSmall {
        /// The key.
        name: &'static str,
        /// The smallest value that is allowed.
        min: i64,
    },
    /// Above the bound.
    #[error("{name} must be at most {max}")]
    TooLarge {
        /// The key.
        name: &'static str,
        /// The largest value that is allowed.
        max: i64,
    },
    /// No number, or none that is finite.
    #[error("{name} must be {range}")]
    NotANumber {
        /// The key.
        name: &'static str,
        /// What it may be.
        range: Range,
    },
    /// A number out of bounds.
    #[error("{name} ({value}) must be {range}")]
    OutOfRange {
        /// The key.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: Range,
    },
    /// Two settings that do not go together.
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
        /// What would go wrong.
        otherwise: &'static str,
    },
    /// A number above another setting's.
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
    /// A number that is not between two other settings'.
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
    /// No schedule at all, or too long a one.
    #[error(
        "{name} must be a list of at most {max} lines, for example [\"mon-fri 08:00-18:00 5\"]"
    )]
    NotASchedule {
        /// The key.
        name: &'static str,
        /// Lines that it may have.
        max: usize,
    },
    /// A line of a schedule that is none.
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
    /// The settings are not the algorithm's.
    #[error(transparent)]
    Config(#[from] ConfigError),
}
