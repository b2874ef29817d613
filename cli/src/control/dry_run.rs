//! Checks a compute config without an instance, through the validate workflow.

use std::{pin::pin, time::Duration};

use temporalio_client::{
    WorkflowGetResultOptions, WorkflowStartOptions, errors::WorkflowGetResultError,
};
use temporalio_common::UntypedWorkflow;
use tokio::time::timeout;
use uuid::Uuid;
use wci_contract::{
    activities::{DryRun, ValidateOutput},
    names,
};

use super::{
    AdminClient, CHANGE, ControlError, QUERY, SOON,
    wire::{decode, division, encode},
    within,
};

/// Time limit of a dry run.
const DRY_RUN: Duration = CHANGE;
const WAITING: &str = "waiting for the dry run";

impl AdminClient {
    /// Lets the system worker check a change for a version without an instance.
    pub(crate) async fn dry_run(&self, request: &DryRun) -> Result<ValidateOutput, ControlError> {
        let version = &request.version;
        let workflow_id = format!("wci-validate-{}", Uuid::new_v4());
        let options = WorkflowStartOptions::new(&self.task_queue, &workflow_id)
            .execution_timeout(DRY_RUN)
            .search_attributes(division())
            .static_summary(format!("checks a compute config for {version}"))
            .build();
        let workflow = UntypedWorkflow::new(names::VALIDATE_WORKFLOW);
        let call = self.client.start_workflow(workflow, encode(request)?, options);
        let handle = within("starting the dry run", SOON, call).await?;
        let result = handle.get_result(WorkflowGetResultOptions::default());
        let mut result = pin!(within(WAITING, DRY_RUN, result));
        match timeout(QUERY, &mut result).await {
            Ok(result) => decode(&result?),
            Err(_) if !self.is_started(workflow_id).await? => {
                Err(ControlError::NoAnswer { what: WAITING, limit: QUERY })
            }
            Err(_) => decode(&result.await?),
        }
    }

    /// Whether a worker completed a workflow task of the dry run: more than three events. A task
    /// that was only dispatched proves nothing.
    async fn is_started(&self, workflow_id: String) -> Result<bool, ControlError> {
        let execution = self.describe_workflow(workflow_id).await?;
        Ok(execution.is_some_and(|execution| execution.history_length > 3))
    }
}

impl From<WorkflowGetResultError> for ControlError {
    fn from(error: WorkflowGetResultError) -> Self {
        match error {
            WorkflowGetResultError::TimedOut => Self::NoAnswer { what: WAITING, limit: DRY_RUN },
            WorkflowGetResultError::Failed(failure) => Self::Other(failure.to_string()),
            other => Self::other(&other),
        }
    }
}
