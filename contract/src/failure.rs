//! How failures are named, toward clients and among ourselves.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The `type` of an ApplicationFailure that an update answers with. The server turns
/// `InvalidArgument` into gRPC INVALID_ARGUMENT with the message as it is, and everything else
/// into an opaque `something went wrong`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureType {
    /// The request cannot be carried out as it stands.
    InvalidArgument,
    /// The instance is not in the state that the request expects.
    FailedPrecondition,
    /// The history is long: ask again, a new run takes it.
    #[serde(rename = "errLongHistory")]
    LongHistory,
    /// Trouble on our side; the same request may succeed later.
    Unavailable,
}

impl FailureType {
    /// The type as it stands in a failure.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "InvalidArgument",
            Self::FailedPrecondition => "FailedPrecondition",
            Self::LongHistory => "errLongHistory",
            Self::Unavailable => "Unavailable",
        }
    }

    /// Whether asking again with the same request cannot help.
    pub fn is_final(self) -> bool {
        matches!(self, Self::InvalidArgument | Self::FailedPrecondition)
    }
}

/// What kind of trouble a compute provider made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// The provider wants fewer requests, or has no capacity left.
    Throttled,
    /// We may not do this.
    AccessDenied,
    /// What should be started does not exist.
    NotFound,
    /// The provider refuses the request as malformed.
    Rejected,
    /// The provider does not answer, or not sensibly.
    Unavailable,
    /// Our own credentials or configuration are at fault.
    Internal,
    /// The provider's state does not allow it now.
    Conflict,
    /// The operator's configuration does not allow it.
    Forbidden,
}

impl FailureClass {
    /// Every class.
    pub const ALL: [Self; 8] = [
        Self::Throttled,
        Self::AccessDenied,
        Self::NotFound,
        Self::Rejected,
        Self::Unavailable,
        Self::Internal,
        Self::Conflict,
        Self::Forbidden,
    ];

    /// The class of this name; `None` when this build does not know it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// The name in lower case, as reasons and logs have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::AccessDenied => "access-denied",
            Self::NotFound => "not-found",
            Self::Rejected => "rejected",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
            Self::Conflict => "conflict",
            Self::Forbidden => "forbidden",
        }
    }

    /// Whether somebody must change a configuration before it can work.
    pub fn is_configuration(self) -> bool {
        matches!(self, Self::AccessDenied | Self::NotFound | Self::Rejected | Self::Forbidden)
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A typed answer to an update or a validation that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What clients match on.
    pub kind: FailureType,
    /// What people read.
    pub message: String,
}

impl Refusal {
    /// A refusal of the request itself.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { kind: FailureType::InvalidArgument, message: message.into() }
    }

    /// A refusal because of the instance's state.
    pub fn precondition(message: impl Into<String>) -> Self {
        Self { kind: FailureType::FailedPrecondition, message: message.into() }
    }
}
