//! Instants and lengths of time, as a history has them and as people read them.

use std::time::Duration;

use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

/// An instant in seconds and nanoseconds, as protos have it.
pub fn of_parts(seconds: i64, nanos: i32) -> Millis {
    seconds.saturating_mul(1000).saturating_add(i64::from(nanos / 1_000_000))
}

/// When an event happened; 0 if it does not say.
pub fn of(event: &HistoryEvent) -> Millis {
    event.event_time.map_or(0, |at| of_parts(at.seconds, at.nanos))
}

/// How long ago `at` is at `now`; nothing for what lies ahead.
pub fn since(at: Millis, now: Millis) -> Duration {
    Duration::from_millis(u64::try_from(now.saturating_sub(at)).unwrap_or(0))
}

/// A length of time in its two largest units.
pub fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 => format!("{} ms", length.as_millis()),
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// How long ago `at` is, or how far ahead.
pub fn relative(at: Millis, now: Millis) -> String {
    if at > now {
        format!("in {}", span(since(now, at)))
    } else {
        format!("{} ago", span(since(at, now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        let told = |ms| span(Duration::from_millis(ms));
        assert_eq!(told(0), "0 ms");
        assert_eq!(told(999), "999 ms");
        assert_eq!(told(59_999), "59s");
        assert_eq!(told(61_000), "1m1s");
        assert_eq!(told(3_660_000), "1h1m");
        assert_eq!(told(90_000_000), "1d1h");
    }

    #[test]
    fn past_and_future_are_told_apart() {
        assert_eq!(relative(1_000, 3_000), "2s ago");
        assert_eq!(relative(63_000, 3_000), "in 1m0s");
    }
}
