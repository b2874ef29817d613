//! Reading a reason's line, also one that another build wrote.

use serde::{Serialize, Serializer};

use super::Reason;

/// A line, read as far as this build understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParsedReason<'a> {
    /// A reason of this build. Numbers that the line does not hold are 0.
    Known(Reason),
    /// A reason, or a failure class, that this build does not know.
    Unknown {
        /// What precedes the brackets and numbers.
        name: &'a str,
        /// The whole line.
        line: &'a str,
    },
}

impl<'a> ParsedReason<'a> {
    /// The name alone.
    pub fn name(&self) -> &'a str {
        match self {
            Self::Known(reason) => reason.name(),
            Self::Unknown { name, .. } => name,
        }
    }
}

impl Reason {
    /// Reads a line as [`Display`](std::fmt::Display) writes it. Lenient towards other builds:
    /// missing numbers are 0, and additional ones are ignored.
    pub fn parse(line: &str) -> ParsedReason<'_> {
        let parts = Line::split(line);
        Self::read(&parts)
            .map_or(ParsedReason::Unknown { name: parts.name, line }, ParsedReason::Known)
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The parts of a line.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    /// What follows the name in brackets.
    pub(super) brackets: Option<&'a str>,
    /// Everything after that.
    pub(super) rest: &'a str,
}

impl<'a> Line<'a> {
    fn split(line: &'a str) -> Self {
        let (name, rest) = line.split_at(line.find([' ', '(']).unwrap_or(line.len()));
        match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            Some((brackets, rest)) => Self { name, brackets: Some(brackets), rest },
            None => Self { name, brackets: None, rest },
        }
    }

    /// The value of `key=value`.
    pub(super) fn value(&self, key: &str) -> Option<&'a str> {
        let pairs = self.rest.split_whitespace().filter_map(|word| word.split_once('='));
        pairs.into_iter().find_map(|(found, value)| (found == key).then_some(value))
    }
}
