//! Arithmetic with the invocation's deadline. Knows no clock: the caller says what time it is.

use crate::{error::Error, report::whole_millis, variables};
use std::time::Duration;

/// 2020-01-01T00:00:00Z in milliseconds since the epoch. Nothing was invoked before it, so a
/// smaller number is a duration; some emulators of Lambda send one.
const EARLIEST_TIME_MS: u64 = 1_577_836_800_000;
/// Too little to poll, process one task and answer.
const TOO_LITTLE: Duration = Duration::from_secs(1);
/// Enough, but hardly worth the start.
const LITTLE: Duration = Duration::from_secs(5);

/// What a deadline's number means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Deadline {
    /// A point in time, this far away; zero if it is past.
    Time(Duration),
    /// No plausible time: this many milliseconds from now.
    Span(Duration),
}

impl Deadline {
    /// Reads `value` at `now_ms`, milliseconds since the epoch.
    pub(crate) fn read(value: &str, now_ms: u64) -> Result<Self, Error> {
        let millis: u64 = value.parse().map_err(|_| Error::Variable {
            name: variables::DEADLINE_MS,
            value: value.to_owned(),
            expected: "milliseconds since the Unix epoch".to_owned(),
        })?;
        Ok(Self::of(millis, now_ms))
    }

    /// What `millis` means at `now_ms`, milliseconds since the epoch.
    pub(crate) fn of(millis: u64, now_ms: u64) -> Self {
        if millis < EARLIEST_TIME_MS {
            Self::Span(Duration::from_millis(millis))
        } else {
            Self::Time(Duration::from_millis(millis.saturating_sub(now_ms)))
        }
    }

    /// Time left until the deadline.
    pub(crate) fn left(self) -> Duration {
        match self {
            Self::Time(left) | Self::Span(left) => left,
        }
    }
}

/// How long a worker may work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct WorkTime {
    /// From now until the shutdown must begin.
    pub(crate) time: Duration,
    /// Whether it is so short that the start was hardly worth it.
    pub(crate) short: bool,
}

/// The time to work when `left` is left after connecting and `buffer` is kept for the shutdown.
pub(crate) fn work_time(left: Duration, buffer: Duration) -> Result<WorkTime, Error> {
    let time = left.saturating_sub(buffer);
    if time <= TOO_LITTLE {
        return Err(Error::TooLittleTime {
            work_ms: whole_millis(time),
            left_ms: whole_millis(left),
            buffer_ms: whole_millis(buffer),
        });
    }
    Ok(WorkTime { time, short: time < LITTLE })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_770_000_000_000;
    const BUFFER: Duration = Duration::from_secs(8);

    #[test]
    fn a_plausible_time_is_a_time() {
        let deadline = Deadline::read("1770000060000", NOW_MS).unwrap();
        assert_eq!(deadline, Deadline::Time(Duration::from_secs(60)));
    }

    #[test]
    fn a_time_before_2020_is_a_duration_from_now() {
        let deadline = Deadline::read("600000", NOW_MS).unwrap();
        assert_eq!(deadline, Deadline::Span(Duration::from_secs(600)));
    }

    #[test]
    fn a_past_time_leaves_nothing() {
        let deadline = Deadline::read("1700000000000", NOW_MS).unwrap();
        assert_eq!(deadline.left(), Duration::ZERO);
    }

    #[test]
    fn anything_else_is_refused() {
        for value in ["soon", "-1", "1.5"] {
            let error = Deadline::read(value, NOW_MS).unwrap_err().to_string();
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
