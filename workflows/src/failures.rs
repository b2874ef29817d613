//! Preserves the type of a refusal on its way to the client.

use temporalio_common::{
    data_converters::{
        DefaultFailureConverter, FailureConverter, PayloadConversionError, PayloadConverter,
        SerializationContextData,
    },
    error::{IncomingError, OutgoingError, OutgoingWorkflowError},
    protos::temporal::api::failure::v1::{Failure, failure::FailureInfo},
};
use temporalio_workflow::ActivityExecutionError;
use wci_contract::{
    Refusal,
    limits::{MAX_MESSAGE, cut},
};

/// A failure converter that gives a [`Refusal`] its type. The SDK drops the type of what an
/// update's handler returns, and the server turns a failure without one into an opaque message.
#[derive(Default)]
pub struct TypedFailures {
    inner: DefaultFailureConverter,
}

impl FailureConverter for TypedFailures {
    fn to_failure(
        &self,
        error: OutgoingError,
        payload_converter: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Failure {
        let kind = refusal_in(&error).map(|refusal| refusal.kind);
        let mut failure = self.inner.to_failure(error, payload_converter, context);
        if let (Some(kind), Some(FailureInfo::ApplicationFailureInfo(info))) =
            (kind, failure.failure_info.as_mut())
        {
            kind.as_str().clone_into(&mut info.r#type);
            info.non_retryable = kind.is_final();
        }
        failure
    }

    fn to_error(
        &self,
        failure: Failure,
        payload_converter: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Result<IncomingError, PayloadConversionError> {
        self.inner.to_error(failure, payload_converter, context)
    }
}

/// The message of a failed activity and of its causes, cut.
pub(crate) fn describe(error: &ActivityExecutionError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let message = inner.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = inner.source();
    }
    cut(&text, MAX_MESSAGE).to_owned()
}

fn refusal_in(error: &OutgoingError) -> Option<&Refusal> {
    match error {
        OutgoingError::Workflow(OutgoingWorkflowError::Application(app)) => {
            app.source_error().downcast_ref()
        }
        _ => None,
    }
}
