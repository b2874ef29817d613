//! Errors of calls to the server and to instances.

use std::{error::Error, time::Duration};

use temporalio_client::{
    errors::{WorkflowQueryError, WorkflowStartError, WorkflowUpdateError},
    tonic::{Code, Status},
};
use temporalio_common::protos::temporal::api::failure::v1::{Failure, failure::FailureInfo};
use tokio::time::{Instant, sleep};
use wci_contract::{
    FailureType,
    limits::{MAX_MESSAGE, cut},
};

/// How long to retry while the server is busy, and the time between two attempts.
const BUSY_LIMIT: Duration = Duration::from_secs(15);
const BUSY_PAUSE: Duration = Duration::from_millis(300);
/// Part of the server's message about a query that no worker polled for.
const NO_POLLER: &str = "no poller seen";

/// Why a call failed. Messages are those of the server or the instance, cut to a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The request is invalid.
    #[error("{0}")]
    Refused(String),
    /// The state does not permit the request.
    #[error("{0}")]
    Precondition(String),
    /// The object does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The object to create exists already.
    #[error("{0}")]
    Exists(String),
    /// The server does not implement the call.
    #[error("the server does not support this call: {0}")]
    Unsupported(String),
    /// The server is busy: retry later.
    #[error("{0}")]
    Busy(String),
    /// The call timed out.
    #[error("{what}: no answer within {} s", .limit.as_secs())]
    NoAnswer {
        /// What the call does.
        what: &'static str,
        /// Its time limit.
        limit: Duration,
    },
    /// The call was interrupted: its outcome is unknown.
    #[error("the call was interrupted: {0}")]
    Interrupted(String),
    /// Any other error.
    #[error("{0}")]
    Other(String),
}

/// Waits for `call`, which does `what`, up to `limit`.
pub(crate) async fn within<T, E: Into<ControlError>>(
    what: &'static str,
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, ControlError> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(ControlError::NoAnswer { what, limit }),
    }
}

/// Makes `call`, and retries it while the server is busy, up to a limit. The server's deployment
/// workflows are busy for up to a second after each change.
pub(super) async fn retry_while_busy<T, F: Future<Output = Result<T, ControlError>>>(
    mut call: impl FnMut() -> F,
) -> Result<T, ControlError> {
    let began = Instant::now();
    loop {
        match call().await {
            Err(ControlError::Busy(_)) if began.elapsed() < BUSY_LIMIT => sleep(BUSY_PAUSE).await,
            result => return result,
        }
    }
}

impl From<Status> for ControlError {
    fn from(status: Status) -> Self {
        let message = words(status.message(), status.code());
        match status.code() {
            Code::InvalidArgument => Self::Refused(message),
            Code::FailedPrecondition if message.contains(NO_POLLER) => Self::Interrupted(message),
            Code::FailedPrecondition => Self::Precondition(message),
            Code::NotFound => Self::NotFound(message),
            Code::AlreadyExists => Self::Exists(message),
            Code::ResourceExhausted => Self::Busy(message),
            Code::Unimplemented => Self::Unsupported(message),
            Code::Cancelled | Code::DeadlineExceeded => Self::Interrupted(message),
            Code::PermissionDenied | Code::Unauthenticated => Self::Other(format!(
                "the server rejects these credentials: {message}; see --api-key and --tls-cert-path"
            )),
            _ => Self::Other(message),
        }
    }
}

impl From<WorkflowStartError> for ControlError {
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

impl From<WorkflowQueryError> for ControlError {
    fn from(error: WorkflowQueryError) -> Self {
        match error {
            WorkflowQueryError::NotFound(status) | WorkflowQueryError::Rpc(status) => status.into(),
            other => Self::other(&other),
        }
    }
}

impl From<WorkflowUpdateError> for ControlError {
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

impl ControlError {
    /// Any other error.
    pub(crate) fn other(error: &dyn Error) -> Self {
        Self::Other(cut(&error.to_string(), MAX_MESSAGE).to_owned())
    }

    /// Whether the request may still be carried out.
    pub(crate) fn is_outcome_unknown(&self) -> bool {
        matches!(self, Self::NoAnswer { .. } | Self::Interrupted(_))
    }

    /// The failure of an update, by its type.
    fn refused(failure: &Failure) -> Self {
        let message = cut(&failure.message, MAX_MESSAGE).to_owned();
        let kind = match &failure.failure_info {
            Some(FailureInfo::ApplicationFailureInfo(info)) => info.r#type.as_str(),
            _ => "",
        };
        if kind == FailureType::InvalidArgument.as_str() {
            Self::Refused(message)
        } else if kind == FailureType::FailedPrecondition.as_str() {
            Self::Precondition(message)
        } else {
            Self::Other(message)
        }
    }
}

fn words(message: &str, code: Code) -> String {
    if message.is_empty() {
        return code.description().to_owned();
    }
    cut(message, MAX_MESSAGE).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_the_words_of_the_server() {
        let status = Status::invalid_argument("entry g: invalid compute provider type 'x'");
        let words = "entry g: invalid compute provider type 'x'";
        assert_eq!(ControlError::from(status), ControlError::Refused(words.to_owned()));
    }

    #[test]
    fn what_may_still_happen_is_told_from_what_will_not() {
        let is_outcome_unknown = |status| ControlError::from(status).is_outcome_unknown();
        assert!(is_outcome_unknown(Status::deadline_exceeded("Timeout expired")));
        assert!(is_outcome_unknown(Status::failed_precondition(
            "no poller seen for task queue recently"
        )));
        assert!(!is_outcome_unknown(Status::failed_precondition("it is draining")));
        assert!(!is_outcome_unknown(Status::invalid_argument("no")));
    }

    #[tokio::test]
    async fn a_busy_server_is_asked_again() {
        let mut calls = 0;
        let answer = retry_while_busy(|| {
            calls += 1;
            let busy = Err(ControlError::Busy("try again later".into()));
            std::future::ready(if calls < 3 { busy } else { Ok(calls) })
        });
        assert_eq!(answer.await, Ok(3));
    }

    #[tokio::test]
    async fn a_call_that_nobody_answers_ends_in_time() {
        let never = std::future::pending::<Result<(), Status>>();
        let limit = Duration::from_millis(1);
        let error = within("asking", limit, never).await.unwrap_err();
        assert_eq!(error, ControlError::NoAnswer { what: "asking", limit });
    }
}
