//! A dry run for a version without an instance.

use std::time::Duration;

use temporalio_client::{
    WorkflowGetResultOptions, WorkflowStartOptions, errors::WorkflowGetResultError,
};
use temporalio_common::UntypedWorkflow;
use uuid::Uuid;
use wci_contract::{
    activities::{DryRun, ValidateOutput},
    names,
};

use super::{
    CHANGE, Control, SOON, Trouble,
    instance::{decode, division, encode},
    within,
};

/// How long the dry run may take.
const DRY_RUN: Duration = CHANGE;

impl Control {
    /// Has the system worker check a change that no instance runs yet.
    pub(crate) async fn dry_run(&self, request: &DryRun) -> Result<ValidateOutput, Trouble> {
        let version = &request.version;
        let options =
            WorkflowStartOptions::new(&self.task_queue, format!("wci-validate-{}", Uuid::new_v4()))
                .execution_timeout(DRY_RUN)
                .search_attributes(division())
                .static_summary(format!(
                    "checks a compute config for {}:{}",
                    version.deployment_name, version.build_id
                ))
                .build();
        let workflow = UntypedWorkflow::new(names::VALIDATE_WORKFLOW);
        let call = self.client.start_workflow(workflow, encode(request)?, options);
        let handle = within("start the dry run", SOON, call).await?;
        let call = handle.get_result(WorkflowGetResultOptions::default());
        decode(&within("what the dry run says", DRY_RUN, call).await?)
    }
}

impl From<WorkflowGetResultError> for Trouble {
    fn from(error: WorkflowGetResultError) -> Self {
        match error {
            WorkflowGetResultError::TimedOut => {
                Self::Silence { what: "what the dry run says", limit: DRY_RUN }
            }
            WorkflowGetResultError::Failed(failure) => Self::Other(failure.to_string()),
            other => Self::other(&other),
        }
    }
}
