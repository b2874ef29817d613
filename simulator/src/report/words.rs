//! Numbers as people read them.

/// Milliseconds, in the unit that suits them.
pub fn span(ms: f64) -> String {
    match ms {
        ms if ms >= 600_000.0 => format!("{:.1} min", ms / 60_000.0),
        ms if ms >= 10_000.0 => format!("{:.1} s", ms / 1_000.0),
        ms if ms >= 1_000.0 => format!("{:.2} s", ms / 1_000.0),
        ms => format!("{ms:.0} ms"),
    }
}

/// Seconds, with a fraction where that matters.
pub fn seconds(secs: f64) -> String {
    if secs < 100.0 { format!("{secs:.1} s") } else { format!("{secs:.0} s") }
}

/// A number of things, its digits in threes.
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
        assert_eq!([10.44, 1_234.5].map(seconds), ["10.4 s", "1234 s"]);
    }
}
