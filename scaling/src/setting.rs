//! One setting of an algorithm: its name, its default and its bounds.

use std::fmt;

use serde_json::{Map, Value};
use wci_contract::limits::cut;

use crate::{Algorithm, ConfigError, number};

/// Bytes of an unknown key that a message repeats.
const MAX_KEY_SHOWN: usize = 100;

/// A whole number, bounds included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Integer {
    pub(crate) name: &'static str,
    pub(crate) default: i64,
    pub(crate) min: i64,
    pub(crate) max: i64,
}

/// A finite number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Float {
    pub(crate) name: &'static str,
    pub(crate) default: f64,
    pub(crate) range: Range,
}

/// The range of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// From the first to the second, both included.
    Closed(f64, f64),
    /// Above the first, at most the second.
    Above(f64, f64),
    /// Greater than this.
    GreaterThan(f64),
    /// This or more.
    AtLeast(f64),
}

impl Range {
    fn contains(self, value: f64) -> bool {
        match self {
            Self::Closed(min, max) => (min..=max).contains(&value),
            Self::Above(min, max) => value > min && value <= max,
            Self::GreaterThan(min) => value > min,
            Self::AtLeast(min) => value >= min,
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(min, max) => write!(f, "a finite number in [{min}, {max}]"),
            Self::Above(min, max) => write!(f, "a finite number in ({min}, {max}]"),
            Self::GreaterThan(min) => write!(f, "a finite number > {min}"),
            Self::AtLeast(min) => write!(f, "a finite number >= {min}"),
        }
    }
}

impl Integer {
    /// A number that is at least `min`.
    pub(crate) const fn new(name: &'static str, default: i64, min: i64) -> Self {
        Self { name, default, min, max: i64::MAX }
    }

    /// The same, at most `max`.
    pub(crate) const fn up_to(self, max: i64) -> Self {
        Self { max, ..self }
    }

    /// The value in `config`, or the default when it is not there. A fraction is dropped; a
    /// string must be an integer in base 10.
    pub(crate) fn check(&self, config: &Map<String, Value>) -> Result<i64, ConfigError> {
        let Some(value) = config.get(self.name) else { return Ok(self.default) };
        let too_small = ConfigError::TooSmall { name: self.name, min: self.min };
        // Before the fraction is dropped: -0.5 is below 0.
        if value.as_f64().is_some_and(|float| float < 0.0) && self.min >= 0 {
            return Err(too_small);
        }
        let whole = match value {
            Value::Number(_) => value.as_i64().or_else(|| number::truncate(value.as_f64()?)),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match whole {
            None => Err(ConfigError::NotAnInteger { name: self.name, min: self.min }),
            Some(whole) if whole < self.min => Err(too_small),
            Some(whole) if whole > self.max => {
                Err(ConfigError::TooLarge { name: self.name, max: self.max })
            }
            Some(whole) => Ok(whole),
        }
    }

    /// The value in `config` if it is valid, or else the default.
    pub(crate) fn read(&self, config: &Map<String, Value>) -> i64 {
        self.check(config).unwrap_or(self.default)
    }
}

impl Float {
    /// The value in `config`, or the default when it is not there.
    pub(crate) fn check(&self, config: &Map<String, Value>) -> Result<f64, ConfigError> {
        let Some(given) = config.get(self.name) else { return Ok(self.default) };
        let Self { name, range, .. } = *self;
        let float = match given {
            Value::String(text) => text.parse().ok().filter(|float: &f64| float.is_finite()),
            _ => number::float(given),
        };
        match float {
            None => Err(ConfigError::NotANumber { name, range }),
            Some(value) if !range.contains(value) => {
                Err(ConfigError::OutOfRange { name, value, range })
            }
            Some(value) => Ok(value),
        }
    }

    /// The value in `config` if it is valid, or else the default.
    pub(crate) fn read(&self, config: &Map<String, Value>) -> f64 {
        self.check(config).unwrap_or(self.default)
    }
}

/// Refuses keys that are not `known`; the error names the first of them in alphabetical order.
pub(crate) fn check_keys(
    config: &Map<String, Value>,
    known: impl Fn(&str) -> bool,
    algorithm: Algorithm,
) -> Result<(), ConfigError> {
    match config.keys().filter(|key| !known(key)).min() {
        Some(key) => {
            Err(ConfigError::UnknownKey { key: cut(key, MAX_KEY_SHOWN).to_owned(), algorithm })
        }
        None => Ok(()),
    }
}
