//! The workers of a list, and the one that looks at it.

use crate::ByType;
use std::time::Duration;

/// A worker in the server's list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listed<'a> {
    /// Its worker instance key, which is unique.
    pub key: &'a str,
    /// When it started, since the Unix epoch.
    pub started: Duration,
    /// Whether it leaves by this rule, too. Others count as capacity only.
    pub consolidates: bool,
    /// Its slots; 0 for a type that it does not poll for.
    pub slots: ByType<u32>,
    /// How many of them were taken when it reported them.
    pub used: ByType<u32>,
}

/// The worker that looks at the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looker<'a> {
    /// Its worker instance key.
    pub key: &'a str,
    /// When it started, since the Unix epoch.
    pub started: Duration,
    /// Its slots; 0 for a type that it does not poll for.
    pub slots: ByType<u32>,
    /// The mean number of its busy slots; `None` if it does not know.
    pub busy: ByType<Option<f64>>,
}

impl Looker<'_> {
    /// Whether `other` started after this worker. The key decides between equal times.
    pub(crate) fn is_older_than(&self, other: &Listed<'_>) -> bool {
        (self.started, self.key) < (other.started, other.key)
    }
}
