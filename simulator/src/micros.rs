//! Simulated time in whole microseconds, so that sums come out the same in any order.

use std::{
    fmt,
    ops::{Add, AddAssign},
    str::FromStr,
    time::Duration,
};

use serde::{Serialize, Serializer};

use crate::ParseError;

/// A duration of simulated time, or a time as the duration since the start; microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(u64);

/// Suffixes of durations, and their microseconds.
const UNITS: [(&str, f64); 5] = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 60e6), ("h", 3_600e6)];

impl Micros {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration that can be written or drawn: a year.
    pub const LONGEST: Self = Self(365 * 24 * 3_600_000_000);

    /// From milliseconds.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// From seconds. Negative numbers and NaN become zero, longer ones than a year become a year.
    pub fn from_secs(secs: f64) -> Self {
        let micros = (secs * 1e6).clamp(0.0, Self::LONGEST.as_f64());
        #[expect(clippy::cast_possible_truncation, reason = "clamped")]
        #[expect(clippy::cast_sign_loss, reason = "clamped; NaN becomes 0")]
        Self(micros.round() as u64)
    }

    /// Whole milliseconds, rounded down.
    pub fn whole_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// Milliseconds.
    pub fn as_ms(self) -> f64 {
        self.as_f64() / 1e3
    }

    /// Seconds.
    pub fn as_secs(self) -> f64 {
        self.as_f64() / 1e6
    }

    /// The difference, zero if `other` is longer.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The product.
    #[must_use]
    pub fn saturating_mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// How often `other` fits into this; 0 times if `other` is zero.
    pub(crate) fn div_floor(self, other: Self) -> u64 {
        self.0.checked_div(other.0).unwrap_or_default()
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 285 years")]
    fn as_f64(self) -> f64 {
        self.0 as f64
    }
}

impl From<Micros> for Duration {
    fn from(time: Micros) -> Self {
        Self::from_micros(time.0)
    }
}

impl From<Duration> for Micros {
    fn from(time: Duration) -> Self {
        Self(time.as_micros().try_into().unwrap_or(u64::MAX))
    }
}

impl Add for Micros {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Micros {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl FromStr for Micros {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let wrong = || ParseError::Duration { text: ParseError::shown(text) };
        let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at(unit);
        let (_, scale) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = number.parse().ok().filter(|_| is_plain).ok_or_else(wrong)?;
        let secs = number * scale / 1e6;
        if secs > Self::LONGEST.as_secs() {
            return Err(ParseError::TooLong { text: ParseError::shown(text) });
        }
        Ok(Self::from_secs(secs))
    }
}

impl fmt::Display for Micros {
    /// In the largest unit that leaves no fraction, up to minutes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0s"),
            n if n % 60_000_000 == 0 => write!(f, "{}m", n / 60_000_000),
            n if n % 1_000_000 == 0 => write!(f, "{}s", n / 1_000_000),
            n if n % 1_000 == 0 => write!(f, "{}ms", n / 1_000),
            n => write!(f, "{n}us"),
        }
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, ms) in [("300ms", 300), ("1.5s", 1_500), ("10m", 600_000), ("2h", 7_200_000)] {
            assert_eq!(text.parse(), Ok(Micros::from_ms(ms)), "{text}");
        }
        assert_eq!("250us".parse::<Micros>().unwrap().to_string(), "250us");
    }

    #[test]
    fn what_is_no_span_is_refused_with_an_example() {
        for text in ["", "5", "s", "-1s", "1e3s", "nans", "infs", "1 s", "1d", "1..2s"] {
            let error = text.parse::<Micros>().unwrap_err().to_string();
            assert!(error.contains("for example 300ms"), "{text}: {error}");
        }
        assert!("9000h".parse::<Micros>().unwrap_err().to_string().contains("longer than a year"));
    }

    #[test]
    fn a_span_is_written_so_that_it_can_be_read() {
        for text in ["0s", "1500ms", "2s", "10m"] {
            assert_eq!(text.parse::<Micros>().unwrap().to_string(), text);
        }
    }
}
