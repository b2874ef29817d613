//! Why something that was asked of server or instance was not done.

use std::{error::Error, time::Duration};

use temporalio_client::{
    errors::{WorkflowQueryError, WorkflowStartError, WorkflowUpdateError},
    tonic::{Code, Status},
};
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use wci_contract::limits::{MAX_MESSAGE, cut};

/// Why it was not done. The messages are those of the server or of the instance, cut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// The request cannot be carried out as it stands.
    #[error("{0}")]
    Refused(String),
    /// Something is not in the state that the request needs.
    #[error("{0}")]
    Precondition(String),
    /// What was asked about is not there.
    #[error("{0}")]
    NotFound(String),
    /// What should be created is there already.
    #[error("{0}")]
    Exists(String),
    /// The server knows no such call.
    #[error("the server does not know this call: {0}")]
    Unsupported(String),
    /// Nobody answered in time.
    #[error("no answer within {} s: {}", .limit.as_secs(), .what)]
    Silence {
        /// What was asked.
        what: &'static str,
        /// For how long.
        limit: Duration,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Waits for `call`, which is about `what`, for `limit` at most.
pub(crate) async fn within<T, E: Into<Trouble>>(
    what: &'static str,
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(Trouble::Silence { what, limit }),
    }
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        let message = words(status.message(), status.code());
        match status.code() {
            Code::InvalidArgument => Self::Refused(message),
            Code::FailedPrecondition => Self::Precondition(message),
            Code::NotFound => Self::NotFound(message),
            Code::AlreadyExists => Self::Exists(message),
            Code::Unimplemented => Self::Unsupported(message),
            Code::PermissionDenied | Code::Unauthenticated => Self::Other(format!(
                "the server refuses these credentials: {message}; see --api-key and --tls-cert-path"
            )),
            _ => Self::Other(message),
        }
    }
}

impl From<WorkflowStartError> for Trouble {
    fn from(error: WorkflowStartError) -> Self {
        match error {
            WorkflowStartError::AlreadyStarted { source, .. } => {
                Self::Exists(words(source.message(), source.code()))
            }
            WorkflowStartError::Rpc(status) => status.into(),
            other => Self::other(&other),
        }
    }
}

impl From<WorkflowQueryError> for Trouble {
    fn from(error: WorkflowQueryError) -> Self {
        match error {
            WorkflowQueryError::NotFound(status) | WorkflowQueryError::Rpc(status) => status.into(),
            other => Self::other(&other),
        }
    }
}

impl From<WorkflowUpdateError> for Trouble {
    fn from(error: WorkflowUpdateError) -> Self {
        match error {
            WorkflowUpdateError::NotFound(status) | WorkflowUpdateError::Rpc(status) => {
                status.into()
            }
            WorkflowUpdateError::Failed(failure) => Self::refused(&failure),
            other => Self::other(&other),
        }
    }
}

impl Trouble {
    /// Anything else.
    pub(crate) fn other(error: &dyn Error) -> Self {
        Self::Other(cut(&error.to_string(), MAX_MESSAGE).to_owned())
    }

    fn refused(failure: &Failure) -> Self {
        Self::Refused(cut(&failure.message, MAX_MESSAGE).to_owned())
    }
}

fn words(message: &str, code: Code) -> String {
    if message.is_empty() {
        return code.description().to_owned();
    }
    cut(message, MAX_MESSAGE).to_owned()
}
