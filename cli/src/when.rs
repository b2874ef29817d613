//! Points in time in command-line arguments.

use std::str::FromStr;

use crate::clock::{self, Millis};

/// A point in time: an instant in RFC 3339, or how long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    At(Millis),
    /// Milliseconds before the present.
    Ago(Millis),
}

/// A text that is not a point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a time: give an instant like 2026-11-22T14:30:00Z, or how long ago, like 90s, 10m or 1h30m"
)]
pub(crate) struct NoTime(String);

impl When {
    /// The instant, relative to `now`.
    pub(crate) fn seen_from(self, now: Millis) -> Millis {
        match self {
            Self::At(at) => at,
            Self::Ago(ms) => now.saturating_sub(ms),
        }
    }
}

impl FromStr for When {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let text = text.trim();
        let error = || NoTime(text.chars().take(100).collect());
        if text.contains(['T', 't', ':']) {
            // The library assumes UTC for an instant without an offset; require it instead.
            if !text.ends_with(['Z', 'z']) && !has_offset(text) {
                return Err(error());
            }
            let at: prost_types::Timestamp = text.parse().map_err(|_| error())?;
            return Ok(Self::At(clock::of_parts(at.seconds, at.nanos)));
        }
        duration(text.strip_suffix("ago").unwrap_or(text).trim()).map(Self::Ago).ok_or_else(error)
    }
}

/// Whether an instant ends with an offset from UTC, like `+02:00`.
fn has_offset(text: &str) -> bool {
    text.rfind(['+', '-']).is_some_and(|at| at > 10)
}

/// Parses a time limit like 90s or 2m.
///
/// # Errors
/// A text that is not a duration.
pub(crate) fn parse_limit(text: &str) -> Result<std::time::Duration, String> {
    let ms = duration(text.trim()).and_then(|ms| u64::try_from(ms).ok());
    let shown: String = text.chars().take(100).collect();
    let error = || format!("{shown:?} is not a duration: write it like 90s, 2m or 1m30s");
    ms.map(std::time::Duration::from_millis).ok_or_else(error)
}

/// Parses a duration like 1h30m, in milliseconds.
fn duration(text: &str) -> Option<Millis> {
    let mut rest = text;
    let mut sum: Millis = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, more) = rest.split_at(digits);
        let end = more.find(|c: char| c.is_ascii_digit()).unwrap_or(more.len());
        let (unit, more) = more.split_at(end);
        let unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let number: Millis = number.parse().ok()?;
        sum = sum.checked_add(number.checked_mul(unit)?)?;
        rest = more;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Millis> {
        text.parse::<When>().ok().map(|when| when.seen_from(10_000_000))
    }

    #[test]
    fn an_instant_is_one_whatever_its_zone() {
        assert_eq!(parsed("2023-11-14T22:13:20.123Z"), Some(1_700_000_000_123));
        assert_eq!(parsed("2023-11-15T00:13:20.123+02:00"), Some(1_700_000_000_123));
    }

    #[test]
    fn a_length_of_time_is_counted_back_from_the_present() {
        assert_eq!(parsed("90s"), Some(9_910_000));
        assert_eq!(parsed("1h30m"), Some(4_600_000));
        assert_eq!(parsed("250ms ago"), Some(9_999_750));
        assert_eq!(parsed("0s"), Some(10_000_000));
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        let long = "9".repeat(400);
        for text in [
            "",
            "soon",
            "10",
            "m",
            "10x",
            "2026-11-22T14:30:00",
            "2026-99-22T14:30:00Z",
            "-5m",
            &long,
        ] {
            let error = text.parse::<When>().unwrap_err().to_string();
            assert!(error.contains("1h30m") && error.len() < 300, "{text}: {error}");
        }
    }
}
