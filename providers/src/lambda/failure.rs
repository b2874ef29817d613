//! Classifying the errors of AWS.

use std::error::Error;

use aws_sdk_lambda::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use wci_contract::FailureClass;

use crate::{ProviderError, scrub::scrub};

const REMEDY: &str = "check the system worker's own AWS credentials";

/// A failed request to AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProviderFailure {
    /// Its class.
    pub(super) class: FailureClass,
    /// The message from AWS, without credentials.
    pub(super) message: String,
}

impl ProviderFailure {
    /// The failure of `operation`, for example `Lambda: Invoke`.
    pub(super) fn new<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (class, details) = match error {
            SdkError::ServiceError(refusal) => {
                let status = refusal.raw().status().as_u16();
                let code = refusal.err().code().unwrap_or("UnknownError");
                let request_id = request_id(refusal.raw());
                let message = refusal.err().message().unwrap_or("no message");
                let details = format!(
                    "https response error StatusCode: {status}, RequestID: {request_id}, \
                     {code}: {message}"
                );
                (class_of(status, code), details)
            }
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => {
                (FailureClass::Unavailable, chain(error))
            }
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
                (FailureClass::Unavailable, chain(error))
            }
            // Nothing was sent, so the fault is on our side.
            _ => (FailureClass::Internal, format!("{}: {REMEDY}", chain(error))),
        };
        Self { class, message: scrub(&format!("operation error {operation}, {details}")) }
    }

    /// Whether the same request may succeed a moment later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self.class, FailureClass::Unavailable | FailureClass::Throttled)
    }

    /// The same failure with `context` before its message.
    pub(super) fn with_context(self, context: &str) -> Self {
        Self { message: scrub(&format!("{context}: {}", self.message)), ..self }
    }

    /// As a failure to connect to the provider.
    pub(super) fn connect(self) -> ProviderError {
        ProviderError::connect(self.class, self.message)
    }

    /// As a failure to access the function.
    pub(super) fn access(self) -> ProviderError {
        ProviderError::access(self.class, self.message)
    }
}

/// The class of an error response. The code takes precedence: Lambda uses some status codes for
/// several kinds of errors.
fn class_of(status: u16, code: &str) -> FailureClass {
    match code {
        "TooManyRequestsException"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "EC2ThrottledException"
        | "ENILimitReachedException"
        | "SlowDown"
        | "SubnetIPAddressLimitReachedException" => FailureClass::Throttled,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RequestExpired"
        | "UnrecognizedClientException" => FailureClass::Internal,
        "KMSAccessDeniedException" => FailureClass::AccessDenied,
        "KMSDisabledException"
        | "KMSInvalidStateException"
        | "KMSNotFoundException"
        | "SnapStartNotReadyException"
        | "ResourceNotReadyException" => FailureClass::Conflict,
        "InvalidRuntimeException"
        | "InvalidZipFileException"
        | "InvalidSubnetIDException"
        | "InvalidSecurityGroupIDException"
        | "RegionDisabledException" => FailureClass::Rejected,
        _ => class_of_status(status),
    }
}

fn class_of_status(status: u16) -> FailureClass {
    match status {
        429 => FailureClass::Throttled,
        401 | 403 => FailureClass::AccessDenied,
        404 => FailureClass::NotFound,
        409 => FailureClass::Conflict,
        400..=499 => FailureClass::Rejected,
        _ => FailureClass::Unavailable,
    }
}

fn request_id(response: &HttpResponse) -> &str {
    let header = |name| response.headers().get(name);
    header("x-amzn-requestid").or_else(|| header("x-amz-request-id")).unwrap_or("none")
}

/// An error and its sources on one line.
fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        message.push_str(": ");
        message.push_str(&error.to_string());
        source = error.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_class(status: u16, codes: &[&str], class: FailureClass) {
        for code in codes {
            assert_eq!(class_of(status, code), class, "{status} {code}");
        }
    }

    #[test]
    fn a_known_code_takes_precedence_over_its_status() {
        let codes = ["TooManyRequestsException", "Throttling", "ThrottlingException"];
        assert_class(400, &codes, FailureClass::Throttled);
        let codes = ["ThrottledException", "RequestLimitExceeded", "RequestThrottled", "SlowDown"];
        assert_class(400, &codes, FailureClass::Throttled);
        let codes = ["RequestThrottledException", "EC2ThrottledException"];
        assert_class(502, &codes, FailureClass::Throttled);
        let codes = ["ENILimitReachedException", "SubnetIPAddressLimitReachedException"];
        assert_class(502, &codes, FailureClass::Throttled);
        let codes = ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"];
        assert_class(403, &codes, FailureClass::Internal);
        let codes = ["InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired"];
        assert_class(403, &codes, FailureClass::Internal);
        let codes = ["IncompleteSignature", "IncompleteSignatureException"];
        assert_class(400, &codes, FailureClass::Internal);
        let codes = ["MissingAuthenticationToken", "MissingAuthenticationTokenException"];
        assert_class(403, &codes, FailureClass::Internal);
        assert_class(403, &["UnrecognizedClientException"], FailureClass::Internal);
        assert_class(502, &["KMSAccessDeniedException"], FailureClass::AccessDenied);
        let codes = ["KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException"];
        assert_class(502, &codes, FailureClass::Conflict);
        let codes = ["SnapStartNotReadyException", "ResourceNotReadyException"];
        assert_class(502, &codes, FailureClass::Conflict);
        let codes = ["InvalidRuntimeException", "InvalidZipFileException"];
        assert_class(502, &codes, FailureClass::Rejected);
        let codes = ["InvalidSubnetIDException", "InvalidSecurityGroupIDException"];
        assert_class(502, &codes, FailureClass::Rejected);
        assert_class(403, &["RegionDisabledException"], FailureClass::Rejected);
    }

    #[test]
    fn an_unknown_code_is_classified_by_its_status() {
        for (status, class) in [
            (400, FailureClass::Rejected),
            (401, FailureClass::AccessDenied),
            (403, FailureClass::AccessDenied),
            (404, FailureClass::NotFound),
            (409, FailureClass::Conflict),
            (413, FailureClass::Rejected),
            (429, FailureClass::Throttled),
            (499, FailureClass::Rejected),
            (500, FailureClass::Unavailable),
            (502, FailureClass::Unavailable),
            (301, FailureClass::Unavailable),
        ] {
            assert_class(status, &["", "AnythingElseException"], class);
        }
    }

    #[test]
    fn only_unavailability_and_throttling_are_transient() {
        let is_transient = |class| ProviderFailure { class, message: String::new() }.is_transient();
        assert!(is_transient(FailureClass::Unavailable) && is_transient(FailureClass::Throttled));
        for class in [FailureClass::AccessDenied, FailureClass::Internal, FailureClass::Rejected] {
            assert!(!is_transient(class), "{class:?}");
        }
    }
}
