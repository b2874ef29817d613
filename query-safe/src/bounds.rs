//! Bounds of what a worker receives.

use futures::{FutureExt, future::BoxFuture};
use prost::Message;
use temporalio_client::tonic::{Code, Status};
use temporalio_common::{
    data_converters::PayloadConversionError,
    payload_visitor::{AsyncPayloadVisitor, PayloadField, PayloadFieldData, PayloadVisitable},
    protos::temporal::api::{
        common::v1::Payload, update::v1::Request as UpdateRequest,
        workflowservice::v1::PollWorkflowTaskQueueResponse,
    },
};

/// Bounds of what a worker receives, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of one payload. A larger one is replaced.
    pub payload: usize,
    /// What replaces a payload with this many bytes.
    pub replacement: fn(usize) -> Payload,
    /// Of a history that is read as a whole. A longer one is an error.
    pub history: usize,
    /// Of all tasks that the worker handles at a time. Others wait, and are dropped if they wait
    /// for longer than the server does.
    pub in_flight: usize,
}

impl Bounds {
    /// Replaces the payloads of `message` that are too large.
    pub(super) async fn apply(&self, message: &mut impl PayloadVisitable) -> Result<(), Status> {
        let mut visitor = Replace(*self);
        let visited = message.visit_payloads_mut(&mut visitor).await;
        visited.map_err(|error| Status::internal(format!("cannot bound a message: {error}")))
    }

    /// The same for a workflow task, whose updates are packed messages.
    pub(super) async fn apply_to_task(
        &self,
        task: &mut PollWorkflowTaskQueueResponse,
    ) -> Result<(), Status> {
        self.apply(task).await?;
        for message in &mut task.messages {
            let Some(body) = message.body.as_mut().filter(|it| it.value.len() > self.payload)
            else {
                continue;
            };
            // Anything else than a request is not sent to workers.
            let mut request = UpdateRequest::decode(body.value.as_slice()).unwrap_or_default();
            self.apply(&mut request).await?;
            body.value = request.encode_to_vec();
        }
        Ok(())
    }

    /// Fails if a history of this many bytes is too long.
    pub(super) fn check_history(&self, bytes: usize) -> Result<(), Status> {
        if bytes <= self.history {
            return Ok(());
        }
        let limit = self.history;
        Err(too_long(format!("the history has more than {limit} bytes")))
    }
}

/// An error that the SDK does not retry: the history does not become shorter.
pub(super) fn too_long(message: impl Into<String>) -> Status {
    Status::failed_precondition(message)
}

/// Whether a response was not read because of its size.
pub(super) fn is_too_large(status: &Status) -> bool {
    matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted)
        && (status.message().contains("message length too large")
            || status.message().contains("size limit"))
}

/// Replaces payloads that are too large.
struct Replace(Bounds);

impl AsyncPayloadVisitor for Replace {
    fn visit<'a>(
        &'a mut self,
        field: PayloadField<'a>,
    ) -> BoxFuture<'a, Result<(), PayloadConversionError>> {
        match field.data {
            PayloadFieldData::Single(payload) => self.bound(payload),
            PayloadFieldData::Repeated(payloads) => {
                payloads.iter_mut().for_each(|payload| self.bound(payload));
            }
            PayloadFieldData::Payloads(payloads) => {
                payloads.payloads.iter_mut().for_each(|payload| self.bound(payload));
            }
        }
        futures::future::ready(Ok(())).boxed()
    }
}

impl Replace {
    fn bound(&self, payload: &mut Payload) {
        let bytes = payload.encoded_len();
        if bytes > self.0.payload {
            *payload = (self.0.replacement)(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use temporalio_common::protos::temporal::api::{
        common::v1::Payloads,
        history::v1::{
            History, HistoryEvent, WorkflowExecutionSignaledEventAttributes,
            history_event::Attributes,
        },
        protocol::v1::Message as ProtocolMessage,
        query::v1::WorkflowQuery,
        update::v1::Input,
    };

    const BOUNDS: Bounds = Bounds {
        payload: 1000,
        replacement: |bytes| Payload { data: bytes.to_string().into(), ..Payload::default() },
        history: 5000,
        in_flight: 10_000,
    };

    fn payloads(bytes: &[usize]) -> Option<Payloads> {
        let payload = |bytes: &usize| Payload { data: vec![1; *bytes], ..Payload::default() };
        Some(Payloads { payloads: bytes.iter().map(payload).collect() })
    }

    #[tokio::test]
    async fn every_payload_of_a_task_that_is_too_large_is_replaced_by_its_size() {
        let signal = WorkflowExecutionSignaledEventAttributes {
            input: payloads(&[999, 3_000_000]),
            ..Default::default()
        };
        let event = HistoryEvent {
            attributes: Some(Attributes::WorkflowExecutionSignaledEventAttributes(signal)),
            ..HistoryEvent::default()
        };
        let update = UpdateRequest {
            input: Some(Input { args: payloads(&[2_000_000]), ..Input::default() }),
            ..UpdateRequest::default()
        };
        let mut message = ProtocolMessage::default();
        message.body.get_or_insert_default().value = update.encode_to_vec();
        let mut task = PollWorkflowTaskQueueResponse {
            history: Some(History { events: vec![event; 3] }),
            query: Some(WorkflowQuery { query_args: payloads(&[900_000]), ..Default::default() }),
            messages: vec![message],
            ..Default::default()
        };
        assert!(task.encoded_len() > 11_000_000);
        BOUNDS.apply_to_task(&mut task).await.unwrap();
        assert!(task.encoded_len() < 4_000, "{}", task.encoded_len());
        let body = task.messages.remove(0).body.unwrap();
        let update = UpdateRequest::decode(body.value.as_slice()).unwrap();
        assert_eq!(update.input.unwrap().args.unwrap().payloads[0].data, b"2000004");
    }

    #[test]
    fn a_history_is_too_long_beyond_its_bound() {
        assert!(BOUNDS.check_history(5000).is_ok());
        assert!(BOUNDS.check_history(5001).unwrap_err().message().contains("5000 bytes"));
    }
}
