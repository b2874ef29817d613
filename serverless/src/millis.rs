//! Durations as whole milliseconds.

use std::time::Duration;

/// Converts to whole milliseconds, in a type that every log format writes as a number.
pub(crate) fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
