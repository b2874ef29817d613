//! The invocation's deadline and the time that it leaves to work. Without a clock: the caller
//! passes the current time.

use crate::{error::Error, millis::whole_millis, variables};
use std::time::Duration;

/// 2020-01-01T00:00:00Z in milliseconds since the Unix epoch. No invocation predates it, so a
/// smaller number is a duration, such as some Lambda emulators send.
const EARLIEST_TIMESTAMP_MS: u64 = 1_577_836_800_000;
/// Too little time to poll, process one task and report its result.
const TOO_LITTLE: Duration = Duration::from_secs(1);
/// Below this, the time to work hardly justifies the cost of the start.
const SHORT: Duration = Duration::from_secs(5);

/// How a deadline's number is interpreted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Deadline {
    /// As a timestamp, which is this far away; zero if it is in the past.
    Timestamp(Duration),
    /// As a duration from now, because it is not a plausible timestamp.
    FromNow(Duration),
}

impl Deadline {
    /// Parses `value` at `now_ms`, milliseconds since the Unix epoch.
    pub(crate) fn parse(value: &str, now_ms: u64) -> Result<Self, Error> {
        let millis: u64 = value.parse().map_err(|_| Error::Variable {
            name: variables::DEADLINE_MS,
            value: value.to_owned(),
            expected: "milliseconds since the Unix epoch".to_owned(),
        })?;
        Ok(Self::from_millis(millis, now_ms))
    }

    /// Interprets `millis` at `now_ms`, milliseconds since the Unix epoch.
    pub(crate) fn from_millis(millis: u64, now_ms: u64) -> Self {
        if millis < EARLIEST_TIMESTAMP_MS {
            Self::FromNow(Duration::from_millis(millis))
        } else {
            Self::Timestamp(Duration::from_millis(millis.saturating_sub(now_ms)))
        }
    }

    /// Returns the time left until the deadline.
    pub(crate) fn left(self) -> Duration {
        match self {
            Self::Timestamp(left) | Self::FromNow(left) => left,
        }
    }
}

/// The time that a worker has to work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct WorkTime {
    /// From now until the shutdown must begin.
    pub(crate) time: Duration,
    /// Whether it is so short that it deserves a warning.
    pub(crate) short: bool,
}

/// Computes the time to work from `left`, the time until the deadline, and `buffer`, the time
/// reserved for the shutdown.
pub(crate) fn work_time(left: Duration, buffer: Duration) -> Result<WorkTime, Error> {
    let time = left.saturating_sub(buffer);
    if time <= TOO_LITTLE {
        return Err(Error::TooLittleTime {
            work_ms: whole_millis(time),
            left_ms: whole_millis(left),
            buffer_ms: whole_millis(buffer),
        });
    }
    Ok(WorkTime { time, short: time < SHORT })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_770_000_000_000;
    const BUFFER: Duration = Duration::from_secs(8);

    #[test]
    fn a_plausible_timestamp_is_a_point_in_time() {
        let deadline = Deadline::parse("1770000060000", NOW_MS).unwrap();
        assert_eq!(deadline, Deadline::Timestamp(Duration::from_secs(60)));
    }

    #[test]
    fn a_timestamp_before_2020_is_a_duration_from_now() {
        let deadline = Deadline::parse("600000", NOW_MS).unwrap();
        assert_eq!(deadline, Deadline::FromNow(Duration::from_secs(600)));
    }

    #[test]
    fn a_past_time_leaves_nothing() {
        let deadline = Deadline::parse("1700000000000", NOW_MS).unwrap();
        assert_eq!(deadline.left(), Duration::ZERO);
    }

    #[test]
    fn anything_else_is_refused() {
        for value in ["soon", "-1", "1.5"] {
            let error = Deadline::parse(value, NOW_MS).unwrap_err().to_string();
            assert!(error.contains("TEMPORAL_SERVERLESS_DEADLINE_MS"), "{error}");
        }
    }

    #[test]
    fn the_buffer_comes_off_the_work_time() {
        let work = work_time(Duration::from_secs(60), BUFFER).unwrap();
        assert_eq!(work.time, Duration::from_secs(52));
        assert!(!work.short);
    }

    #[test]
    fn a_second_or_less_is_refused_with_the_numbers() {
        let error = work_time(Duration::from_secs(9), BUFFER).unwrap_err().to_string();
        for number in ["1000 ms to work", "9000 ms left", "8000 ms"] {
            assert!(error.contains(number), "{error}");
        }
        assert!(work_time(Duration::from_millis(9001), BUFFER).is_ok());
        assert!(work_time(Duration::ZERO, BUFFER).is_err());
    }

    #[test]
    fn less_than_five_seconds_is_short() {
        assert!(work_time(Duration::from_millis(12_999), BUFFER).unwrap().short);
        assert!(!work_time(Duration::from_secs(13), BUFFER).unwrap().short);
    }
}
