//! Why a recorded history does not replay.

use std::io;

use wci_history::json::JsonError;

use super::recording::MAX_BYTES;

/// Why a recorded history does not replay, or cannot.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file is not there, or not ours to read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// More than anybody's history.
    #[error("is larger than {} MiB, which no history is", MAX_BYTES >> 20)]
    TooLarge,
    /// Nothing in it, or no event.
    #[error("has no events: record a run with temporal workflow show --output json")]
    Empty,
    /// Some other text, or a part of a file.
    #[error("is not JSON, or a part is missing: {0}")]
    NotJson(serde_json::Error),
    /// JSON of another kind.
    #[error("is not a history as temporal workflow show --output json prints it: {0}")]
    NotAHistory(String),
    /// Events are missing or out of order.
    #[error("is not a whole history: {0}")]
    Broken(String),
    /// No workflow task of it was completed.
    #[error("proves nothing: no workflow task was completed in it")]
    ProvesNothing,
    /// A workflow that is not ours.
    #[error("is a run of {found:?}, which this build does not have; it has {known}")]
    UnknownType {
        /// The type of the recorded workflow.
        found: String,
        /// What could have been replayed.
        known: String,
    },
    /// The workflow of this build does something else than the recorded one.
    #[error("this build does not do what was recorded, after event {after}: {message}")]
    Nondeterminism {
        /// The last event up to which all is known to be well.
        after: i64,
        /// What differs, in the SDK's words.
        message: String,
    },
    /// The workflow's code failed, as it would on a live task.
    #[error("the workflow failed after event {after}: {message}")]
    TaskFailed {
        /// The last event that the workflow was told of.
        after: i64,
        /// Why, in its own words.
        message: String,
    },
    /// The replay came to no end.
    #[error(
        "this build waits for something that was not recorded, after event {after} of {events}"
    )]
    Stuck {
        /// The last event that the workflow was told of.
        after: i64,
        /// How many there are.
        events: usize,
    },
    /// The SDK's replayer failed, or did not say how the replay ended.
    #[error("the replayer failed: {0}")]
    Replayer(String),
}

impl ReplayError {
    /// The kind of the failure, for programs.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::TooLarge => "too-large",
            Self::Empty => "empty",
            Self::NotJson(_) => "not-json",
            Self::NotAHistory(_) => "not-a-history",
            Self::Broken(_) => "broken-history",
            Self::ProvesNothing => "proves-nothing",
            Self::UnknownType { .. } => "unknown-workflow-type",
            Self::Nondeterminism { .. } => "nondeterminism",
            Self::TaskFailed { .. } => "workflow-task-failed",
            Self::Stuck { .. } => "stuck",
            Self::Replayer(_) => "replayer-failed",
        }
    }

    /// The last event up to which the replay went well; 0 where there was none.
    pub fn after(&self) -> i64 {
        match self {
            Self::Nondeterminism { after, .. }
            | Self::TaskFailed { after, .. }
            | Self::Stuck { after, .. } => *after,
            _ => 0,
        }
    }

    pub(super) fn replayer(error: impl std::fmt::Display) -> Self {
        Self::Replayer(error.to_string())
    }
}

impl From<JsonError> for ReplayError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Empty => Self::Empty,
            JsonError::NotJson(error) => Self::NotJson(error),
            JsonError::NotAHistory(why) => Self::NotAHistory(why),
            JsonError::Descriptors(why) => Self::Replayer(why),
        }
    }
}
