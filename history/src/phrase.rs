//! Parts of sentences.

use std::time::Duration;

use wci_contract::{FailureClass, stats::StatsByType, summaries};

use crate::time;

/// `1 worker`, `2 workers`, `2 launches`.
pub(super) fn count(number: impl Into<i128>, noun: &str) -> String {
    match number.into() {
        1 => format!("1 {noun}"),
        number if noun.ends_with("ch") => format!("{number} {noun}es"),
        number => format!("{number} {noun}s"),
    }
}

/// A length of time, milliseconds.
pub(super) fn span(ms: i64) -> String {
    time::span(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

/// What became of a request that a provider did not carry out, with the class of its failure.
/// Throttling is not called a failure: the provider works.
pub fn how_failed(class: &str) -> String {
    if class == FailureClass::Throttled.as_str() {
        "was throttled".to_owned()
    } else {
        format!("failed ({class})")
    }
}

/// The words with commas, and `and` before the last.
pub(super) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Waiting tasks by type; `None` if there are none.
pub(super) fn backlog(stats: &StatsByType) -> Option<String> {
    let waiting: Vec<String> = stats
        .iter()
        .filter(|(_, stats)| stats.backlog > 0)
        .map(|(kind, stats)| {
            let tasks = count(stats.backlog, &format!("{} task", kind.as_str()));
            let age = i64::try_from(stats.age_ms).unwrap_or(i64::MAX);
            if age > 0 { format!("{tasks} (the oldest for {})", span(age)) } else { tasks }
        })
        .collect();
    (!waiting.is_empty()).then(|| list(&waiting))
}

/// The sum of the rates of the task types, tasks per second.
pub(super) fn rate(rates: impl Iterator<Item = f64>) -> String {
    let rate: f64 = rates.sum();
    if rate == 0.0 { "none".to_owned() } else { format!("{rate:.1} per second") }
}

/// The text with a full stop at its end. Its first letter stays: it may begin with a name.
pub(super) fn full_stop(mut text: String) -> String {
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// The purpose of a timer from its summary.
pub(super) fn purpose(summary: &str) -> &str {
    match summary {
        "" => "go on",
        known if summaries::DECIDE_AGAIN.contains(&known) => "decide again about deferred tasks",
        known if summaries::WAIT_FOR_LAUNCHES.contains(&known) => "continue as new",
        known if summaries::NOTIFY_AGAIN.contains(&known) => "notify the version again",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_read_as_people_say_them() {
        assert_eq!(count(1u64, "worker"), "1 worker");
        assert_eq!(count(0u64, "worker"), "0 workers");
        assert_eq!(count(2u64, "launch"), "2 launches");
        let words = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&words), "a, b and c");
        assert_eq!(list(&words[..1]), "a");
        assert_eq!(full_stop("ends here".to_owned()), "ends here.");
    }
}
