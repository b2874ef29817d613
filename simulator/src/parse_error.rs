//! Why what somebody wrote cannot be simulated.

use wci_contract::limits::cut;

/// Bytes of a text that a message repeats.
const MAX_SHOWN: usize = 60;

/// A text on the command line, or in a file of arrivals, that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParseError {
    /// Not a span of time.
    #[error("`{text}` is no duration: write a number and us, ms, s, m or h, for example 300ms")]
    Duration {
        /// What was written.
        text: String,
    },
    /// A span that is longer than any simulation.
    #[error("`{text}` is longer than a year")]
    TooLong {
        /// What was written.
        text: String,
    },
    /// Not a number within bounds.
    #[error("`{text}` for {key} is no number from {min} to {max}")]
    Number {
        /// What was written.
        text: String,
        /// For what.
        key: String,
        /// The least that is allowed.
        min: f64,
        /// The most that is allowed.
        max: f64,
    },
    /// A name that is none of those known.
    #[error("there is no {what} `{name}`: choose one of {known}")]
    Unknown {
        /// What is named.
        what: &'static str,
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A key that this kind does not have.
    #[error("{kind} has no key `{key}`: {known}")]
    UnknownKey {
        /// The kind.
        kind: String,
        /// The key.
        key: String,
        /// Those that it has.
        known: String,
    },
    /// A key that is written twice.
    #[error("{kind}: {key} is given twice")]
    Twice {
        /// The kind.
        kind: String,
        /// The key.
        key: String,
    },
    /// A key without which the rest says nothing.
    #[error("{kind} needs {key}: for example {example}")]
    Missing {
        /// The kind.
        kind: String,
        /// The key.
        key: &'static str,
        /// How it would be right.
        example: &'static str,
    },
    /// Values that do not go together.
    #[error("{what}")]
    Unfit {
        /// Why not.
        what: String,
    },
    /// A file of arrivals that cannot be read.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A line of a file of arrivals that cannot be used.
    #[error("{path}, line {line}: {problem}")]
    Line {
        /// The file.
        path: String,
        /// The line, the first is 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
}

impl ParseError {
    /// `text`, cut for a message.
    pub(crate) fn shown(text: &str) -> String {
        cut(text, MAX_SHOWN).to_owned()
    }

    pub(crate) fn unfit(what: impl Into<String>) -> Self {
        Self::Unfit { what: what.into() }
    }
}
