//! Replaces a run of an instance with one of ours, in one step.

use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    common::v1::{Memo, Payload, Payloads, WorkflowType},
    enums::v1::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy},
    sdk::v1::UserMetadata,
    taskqueue::v1::TaskQueue,
    workflowservice::v1::StartWorkflowExecutionRequest,
};
use wci_contract::{VersionId, names, state::State};

use super::{
    AdminClient, ControlError, SOON,
    error::retry_while_busy,
    instance::{memo_of, summary},
    wire::{division, encode},
    within,
};
use crate::connection;

impl AdminClient {
    /// Starts our instance with `state` and returns its run ID. If `after`, the previous run, is
    /// open, the same step terminates it. Idempotent, also across clients: the request ID is
    /// derived from `after`, so it has only one successor.
    pub(crate) async fn take_over(
        &self,
        id: &VersionId,
        state: State,
        after: &str,
    ) -> Result<String, ControlError> {
        let memo = memo_of(id, state.create_time.unwrap_or_default());
        let memo = [(names::MEMO.to_owned(), payload(&memo)?)];
        let request = StartWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_id: id.workflow_id(),
            workflow_type: Some(WorkflowType { name: names::INSTANCE_WORKFLOW.to_owned() }),
            task_queue: Some(TaskQueue { name: self.task_queue.clone(), ..Default::default() }),
            input: Some(Payloads { payloads: encode(&self.input(id, Some(state)))?.payloads }),
            identity: connection::identity(),
            request_id: format!("wci-after-{after}"),
            workflow_id_reuse_policy: WorkflowIdReusePolicy::AllowDuplicate.into(),
            workflow_id_conflict_policy: WorkflowIdConflictPolicy::TerminateExisting.into(),
            memo: Some(Memo { fields: memo.into() }),
            search_attributes: Some(division().into_proto()),
            user_metadata: Some(UserMetadata {
                summary: Some(payload(&summary(id))?),
                ..Default::default()
            }),
            ..Default::default()
        };
        retry_while_busy(|| {
            let (mut service, request) = (self.service(), request.clone().into_request());
            async move {
                let call = service.start_workflow_execution(request);
                let started = within("taking the instance over", SOON, call).await?;
                Ok(started.into_inner().run_id)
            }
        })
        .await
    }
}

fn payload(value: &impl serde::Serialize) -> Result<Payload, ControlError> {
    Ok(encode(value)?.payloads.pop().unwrap_or_default())
}
