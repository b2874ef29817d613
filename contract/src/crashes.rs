//! Workers that exit with an error right after their start, one after another.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// From this many in a row it is a crash loop, and told.
const LOOP: u32 = 2;

/// How many workers of a group failed in a row, up to the present. None has lived since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crashes {
    /// Their number; 0 after a worker that lived.
    #[serde(default)]
    pub in_a_row: u32,
    /// The longest that one of them lived, milliseconds.
    #[serde(default)]
    pub within_ms: u64,
    /// How the last one exited, as a predicate: `exited with 3`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub exit: String,
    /// Whether others exited in another way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_mixed: bool,
    /// The last line of its output, without secrets, on one line and cut.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_line: String,
    /// When the last worker exited, or the first one lived again; milliseconds since the Unix
    /// epoch.
    #[serde(default)]
    pub at_ms: i64,
    /// What the version's validation status on the server says of it. Absent in runs of earlier
    /// revisions, which report nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<String>,
    /// What a later build may add; kept as it came.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What an instance knows of a group's failures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCrashes {
    /// When the last report was true, milliseconds since the Unix epoch.
    #[serde(default)]
    pub at_ms: i64,
    /// Whether it was of a crash loop.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_loop: bool,
}

impl Crashes {
    /// Whether a loop began or ended since the report that is known.
    pub fn is_news_to(&self, known: KnownCrashes) -> bool {
        self.at_ms > known.at_ms && self.is_loop() != known.is_loop
    }

    /// Whether workers keep failing: a single failure is none.
    pub fn is_loop(&self) -> bool {
        self.in_a_row >= LOOP
    }

    /// Whether this count is worth a report of its own: the first that is a loop, and then twice as
    /// many each time.
    pub fn is_milestone(&self) -> bool {
        self.is_loop() && self.in_a_row.is_power_of_two()
    }
}

impl fmt::Display for Crashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { in_a_row, within_ms, exit, is_mixed, last_line, .. } = self;
        let seconds = within_ms.div_ceil(1_000).max(1);
        if *is_mixed {
            write!(f, "{in_a_row} workers in a row failed within {seconds} s, the last {exit}")?;
        } else {
            write!(f, "{in_a_row} workers in a row {exit} within {seconds} s")?;
        }
        if last_line.is_empty() { Ok(()) } else { write!(f, ": {last_line}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_says_how_many_exited_how_soon_and_with_what_words() {
        let crashes = Crashes {
            in_a_row: 3,
            within_ms: 1_200,
            exit: "exited with 3".to_owned(),
            last_line: "boom".to_owned(),
            ..Crashes::default()
        };
        assert_eq!(crashes.to_string(), "3 workers in a row exited with 3 within 2 s: boom");
        let mixed = Crashes { is_mixed: true, last_line: String::new(), ..crashes };
        let expected = "3 workers in a row failed within 2 s, the last exited with 3";
        assert_eq!(mixed.to_string(), expected);
        let counts = [1, 2, 3, 4, 5, 8].map(|in_a_row| Crashes { in_a_row, ..Crashes::default() });
        assert_eq!(counts.map(|it| it.is_milestone()), [false, true, false, true, false, true]);
    }
}
