//! Times as the commands show them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

pub(crate) use wci_history::time::{Millis, of_parts, relative, since, span};

/// The current time.
pub(crate) fn now() -> Millis {
    of_system_time(SystemTime::now())
}

/// The same of a system time; 0 for what was before the epoch.
pub(crate) fn of_system_time(at: SystemTime) -> Millis {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_rfc_3339() {
        assert_eq!(rfc3339(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    }
}
