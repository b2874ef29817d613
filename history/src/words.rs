//! Numbers and times in words.

use std::time::Duration;

use wci_contract::stats::StatsByType;

use crate::time;

/// `1 worker`, `2 workers`, `2 launches`.
pub(super) fn many(count: impl Into<i128>, noun: &str) -> String {
    match count.into() {
        1 => format!("1 {noun}"),
        count if noun.ends_with("ch") => format!("{count} {noun}es"),
        count => format!("{count} {noun}s"),
    }
}

/// A length of time, milliseconds.
pub(super) fn span(ms: i64) -> String {
    time::span(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

/// The words with commas and a last `and`.
pub(super) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What waits, by type; `None` when nothing does.
pub(super) fn backlog(stats: &StatsByType) -> Option<String> {
    let waiting: Vec<String> = stats
        .iter()
        .filter(|(_, stats)| stats.backlog > 0)
        .map(|(kind, stats)| {
            let tasks = many(stats.backlog, &format!("{} task", kind.as_str()));
            let age = i64::try_from(stats.age_ms).unwrap_or(i64::MAX);
            if age > 0 { format!("{tasks} (the oldest for {})", span(age)) } else { tasks }
        })
        .collect();
    (!waiting.is_empty()).then(|| list(&waiting))
}

/// A rate of the sum of the types, a second.
pub(super) fn rate(rates: impl Iterator<Item = f64>) -> String {
    let rate: f64 = rates.sum();
    if rate == 0.0 { "none".to_owned() } else { format!("{rate:.1} a second") }
}

/// The first letter large, a full stop at the end.
pub(super) fn as_sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let mut sentence: String = first.chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_read_as_people_say_them() {
        assert_eq!(many(1u64, "worker"), "1 worker");
        assert_eq!(many(0u64, "worker"), "0 workers");
        assert_eq!(many(2u64, "launch"), "2 launches");
        let words = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&words), "a, b and c");
        assert_eq!(list(&words[..1]), "a");
        assert_eq!(as_sentence("ends here"), "Ends here.");
    }
}
