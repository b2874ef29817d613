//! Failures: their types towards clients, and their classes within `wci`.

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
    /// The history is long: a retry reaches the next run.
    #[serde(rename = "errLongHistory")]
    LongHistory,
    /// An error in `wci` or behind it; a retry of the same request may succeed.
    Unavailable,
}

impl FailureType {
    /// The type as an ApplicationFailure carries it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "InvalidArgument",
            Self::FailedPrecondition => "FailedPrecondition",
            Self::LongHistory => "errLongHistory",
            Self::Unavailable => "Unavailable",
        }
    }

    /// Whether a retry of the same request cannot succeed.
    pub fn is_final(self) -> bool {
        matches!(self, Self::InvalidArgument | Self::FailedPrecondition)
    }
}

/// What failed when a compute provider was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// The provider wants fewer requests, or has no capacity left.
    Throttled,
    /// The provider denies `wci` access.
    AccessDenied,
    /// The resource to start does not exist.
    NotFound,
    /// The provider rejects the request as malformed.
    Rejected,
    /// The provider does not answer, or its answer makes no sense.
    Unavailable,
    /// The credentials or the configuration of `wci` are wrong.
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

    /// The name in lower case, as in reasons and logs.
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

    /// Whether a retry can succeed only after a change of configuration.
    pub fn is_configuration(self) -> bool {
        matches!(self, Self::AccessDenied | Self::NotFound | Self::Rejected | Self::Forbidden)
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an update or a validation was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The type, which clients match on.
    pub kind: FailureType,
    /// The message, for people.
    pub message: String,
}

impl Refusal {
    /// Refuses the request itself.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { kind: FailureType::InvalidArgument, message: message.into() }
    }

    /// Refuses because of the instance's state.
    pub fn precondition(message: impl Into<String>) -> Self {
        Self { kind: FailureType::FailedPrecondition, message: message.into() }
    }
}
