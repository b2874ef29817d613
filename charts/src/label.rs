//! Numbers and times as people read them.

use std::time::{Duration, UNIX_EPOCH};

const SECOND: f64 = 1_000.0;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
pub(crate) const DAY: f64 = 24.0 * HOUR;
/// The last millisecond of the year 9999, after which RFC 3339 ends.
const LAST: f64 = 253_402_300_799_999.0;

/// A number of things, its digits in threes: `1,234`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let first = digits.len() % 3;
    let mut words = digits.get(..first).unwrap_or_default().to_owned();
    for three in digits.get(first..).unwrap_or_default().as_bytes().chunks(3) {
        if !words.is_empty() {
            words.push(',');
        }
        words.extend(three.iter().map(|digit| char::from(*digit)));
    }
    words
}

/// Milliseconds, in the unit that suits them: `330 ms`, `1.03 s`, `15.0 min`.
pub fn span(ms: f64) -> String {
    match ms {
        ms if ms >= 600_000.0 => format!("{:.1} min", ms / MINUTE),
        ms if ms >= 10_000.0 => format!("{:.1} s", ms / SECOND),
        ms if ms >= SECOND => format!("{:.2} s", ms / SECOND),
        ms => format!("{ms:.0} ms"),
    }
}

/// A number of things in the room beside an axis: `500,000`, `2.5M`.
pub(crate) fn compact(value: f64) -> String {
    for (unit, name) in [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")] {
        if value >= unit {
            return format!("{}{name}", value / unit);
        }
    }
    whole(value)
}

/// A value that is a whole number of things.
pub(crate) fn whole(value: f64) -> String {
    // The cast saturates, and nothing counts less than nothing.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    count(value.round() as u64)
}

pub(crate) fn percent(value: f64) -> String {
    format!("{value} %")
}

/// A multiple of `step`, exactly, in the largest unit that divides `step`; both milliseconds.
pub(crate) fn multiple(ms: f64, step: f64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")];
    let unit = units.into_iter().find(|(unit, _)| step % unit == 0.0);
    let (unit, name) = unit.unwrap_or((1.0, "ms"));
    if ms == 0.0 { "0".to_owned() } else { format!("{} {name}", ms / unit) }
}

/// A Unix time in milliseconds, in RFC 3339, to the millisecond; clamped to the years 1970 to 9999.
pub(crate) fn rfc3339(ms: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let since = Duration::from_millis(ms.clamp(0.0, LAST) as u64);
    humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
}

/// As much of a Unix time as tells one tick from the next; all milliseconds.
pub(crate) fn clock(ms: f64, step: f64, length: f64) -> String {
    let instant = rfc3339(ms);
    let part = match step {
        step if step < SECOND => 11..23,
        // From a day on, a time of day may come twice.
        step if step < DAY && length >= DAY => 5..16,
        step if step < MINUTE => 11..19,
        step if step < DAY => 11..16,
        _ if length >= 365.0 * DAY => 0..10,
        _ => 5..10,
    };
    instant.get(part).unwrap_or(&instant).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(
            [0, 12, 123, 1_234, 1_234_567].map(count),
            ["0", "12", "123", "1,234", "1,234,567"]
        );
        assert_eq!(
            [0.2, 330.0, 1_030.0, 61_000.0, 900_000.0].map(span),
            ["0 ms", "330 ms", "1.03 s", "61.0 s", "15.0 min"]
        );
        assert_eq!([0.0, 5e5, 2.5e6, 2e19].map(compact), ["0", "500,000", "2.5M", "20E"]);
    }

    #[test]
    fn a_multiple_has_the_unit_of_its_step() {
        assert_eq!(multiple(90_000.0, 30_000.0), "90 s");
        assert_eq!(multiple(120_000.0, MINUTE), "2 min");
        assert_eq!(multiple(400.0, 200.0), "400 ms");
        assert_eq!(multiple(0.0, DAY), "0");
    }
}
