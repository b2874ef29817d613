//! Errors of reading and replaying a recorded history.

use std::io;

use wci_history::json::JsonError;

/// Size limit of a file in bytes; a server ends a run long before.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// Why a recorded history does not replay, or cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The file is larger than any history.
    #[error("is larger than {} MiB, which no history is", MAX_BYTES >> 20)]
    TooLarge,
    /// The file is empty or has no events.
    #[error("has no events: record a run with temporal workflow show --output json")]
    Empty,
    /// The file is not JSON, or not all of it.
    #[error("is not JSON, or a part is missing: {0}")]
    NotJson(serde_json::Error),
    /// The JSON is not a history.
    #[error("is not a history as temporal workflow show --output json prints it: {0}")]
    NotAHistory(String),
    /// Events are missing or out of order.
    #[error("is not a whole history: {0}")]
    Broken(String),
    /// The history has no completed workflow task.
    #[error(
        "has no completed workflow task in its events 1 to {events}, so a replay proves nothing: \
         record more of the run with temporal workflow show --output json"
    )]
    ProvesNothing {
        /// The number of events.
        events: usize,
    },
    /// The workflow type is unknown to this build.
    #[error("is a run of {found:?}; this build has {known}")]
    UnknownType {
        /// The type of the recorded workflow.
        found: String,
        /// The types that this build has.
        known: String,
    },
    /// The workflow of this build behaves differently from the recorded one.
    #[error("this build differs from the recording after event {after}: {message}")]
    Nondeterminism {
        /// The last event that replayed correctly.
        after: i64,
        /// The difference, as the SDK reports it.
        message: String,
    },
    /// The workflow's code failed, as it would on a live task.
    #[error("the workflow failed after event {after}: {message}")]
    TaskFailed {
        /// The last event that the workflow received.
        after: i64,
        /// The message of the failure.
        message: String,
    },
    /// The replay does not finish.
    #[error(
        "this build waits for something that was not recorded, after event {after} of {events}"
    )]
    Stuck {
        /// The last event that the workflow received.
        after: i64,
        /// The number of events.
        events: usize,
    },
    /// The SDK's replayer failed or did not report a result.
    #[error("the replayer failed: {0}")]
    Replayer(String),
}

impl ReplayError {
    /// The kind of error, for programs.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::TooLarge => "too-large",
            Self::Empty => "empty",
            Self::NotJson(_) => "not-json",
            Self::NotAHistory(_) => "not-a-history",
            Self::Broken(_) => "broken-history",
            Self::ProvesNothing { .. } => "proves-nothing",
            Self::UnknownType { .. } => "unknown-workflow-type",
            Self::Nondeterminism { .. } => "nondeterminism",
            Self::TaskFailed { .. } => "workflow-task-failed",
            Self::Stuck { .. } => "stuck",
            Self::Replayer(_) => "replayer-failed",
        }
    }

    /// The last event that replayed correctly; 0 if there is none.
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
