//! Times as the commands show them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// Milliseconds since the Unix epoch.
pub(crate) type Millis = i64;

/// The present.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// An instant in seconds and nanoseconds, as protos have it.
pub(crate) fn of_parts(seconds: i64, nanos: i32) -> Millis {
    seconds.saturating_mul(1000).saturating_add(i64::from(nanos / 1_000_000))
}

/// How long ago `at` is at `now`; nothing for what lies ahead.
pub(crate) fn since(at: Millis, now: Millis) -> Duration {
    Duration::from_millis(u64::try_from(now.saturating_sub(at)).unwrap_or(0))
}

/// The instant in RFC 3339, to the millisecond.
pub(crate) fn rfc3339(at: Millis) -> String {
    let nanos = i32::try_from(at.rem_euclid(1000) * 1_000_000).unwrap_or(0);
    prost_types::Timestamp { seconds: at.div_euclid(1000), nanos }.to_string()
}

/// Serialises an instant in RFC 3339.
pub(crate) fn as_rfc3339<S: Serializer>(at: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// Serialises an instant that may be missing in RFC 3339, or as null.
pub(crate) fn as_rfc3339_or_null<S: Serializer>(
    at: &Option<Millis>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(serializer)
}

/// A length of time in its two largest units.
pub(crate) fn span(length: Duration) -> String {
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
pub(crate) fn relative(at: Millis, now: Millis) -> String {
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

    #[test]
    fn an_instant_is_written_in_rfc_3339() {
        assert_eq!(rfc3339(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    }
}
