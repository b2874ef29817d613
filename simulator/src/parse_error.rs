//! Errors of the input of a simulation.

use wci_contract::limits::cut;

/// Maximum bytes of a text in a message.
const MAX_SHOWN: usize = 60;

/// A flag, or a file of arrivals, that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParseError {
    /// Not a duration.
    #[error("`{text}` is not a duration: write a number and us, ms, s, m or h, for example 300ms")]
    Duration {
        /// The text.
        text: String,
    },
    /// A duration that is longer than any simulation.
    #[error("`{text}` is longer than a year")]
    TooLong {
        /// The text.
        text: String,
    },
    /// Not a number within bounds.
    #[error("`{text}` for {key} is not a number from {min} to {max}")]
    Number {
        /// The text.
        text: String,
        /// The key.
        key: String,
        /// The minimum.
        min: f64,
        /// The maximum.
        max: f64,
    },
    /// An unknown name.
    #[error("there is no {what} `{name}`: choose one of {known}")]
    Unknown {
        /// The kind of thing that is named.
        what: &'static str,
        /// The name.
        name: String,
        /// The known names.
        known: String,
    },
    /// An unknown key.
    #[error("{kind} has no key `{key}`: {known}")]
    UnknownKey {
        /// The kind.
        kind: String,
        /// The key.
        key: String,
        /// The known keys.
        known: String,
    },
    /// A repeated key.
    #[error("{kind}: {key} is given twice")]
    Twice {
        /// The kind.
        kind: String,
        /// The key.
        key: String,
    },
    /// A missing key.
    #[error("{kind} needs {key}: for example {example}")]
    Missing {
        /// The kind.
        kind: String,
        /// The key.
        key: &'static str,
        /// A correct example.
        example: &'static str,
    },
    /// Values that do not fit together.
    #[error("{what}")]
    Unfit {
        /// Why.
        what: String,
    },
    /// A file of arrivals that cannot be read.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A line of a file of arrivals that cannot be used.
    #[error("{path}, line {line}: {problem}")]
    Line {
        /// The file.
        path: String,
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong.
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
