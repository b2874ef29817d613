//! Why a question cannot be answered. The words are those that a stock server's clients know.

use crate::Algorithm;

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
    /// No number, or none that is finite.
    #[error("{name} must be a finite number in [{min}, {max}]")]
    NotANumber {
        /// The key.
        name: &'static str,
        /// The smallest value that is allowed.
        min: f64,
        /// The largest value that is allowed.
        max: f64,
    },
    /// A number out of bounds.
    #[error("{name} ({value}) must be a finite number in [{min}, {max}]")]
    OutOfRange {
        /// The key.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The smallest value that is allowed.
        min: f64,
        /// The largest value that is allowed.
        max: f64,
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
