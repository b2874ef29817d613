//! Records which activities the workflow code of this process schedules, so that those that
//! somebody else scheduled on its task queue are recognised.

use std::sync::Arc;

use async_trait::async_trait;
use temporalio_common::protos::coresdk::{
    workflow_commands::workflow_command::Variant,
    workflow_completion::{WorkflowActivationCompletion, workflow_activation_completion::Status},
};
use temporalio_sdk::interceptors::WorkerInterceptor;
use wci_activities::ScheduledHere;

/// Records the activities of the workflows of one namespace.
pub(super) struct ScheduledInterceptor(Arc<ScheduledHere>);

impl ScheduledInterceptor {
    pub(super) fn new(scheduled: Arc<ScheduledHere>) -> Self {
        Self(scheduled)
    }
}

#[async_trait(?Send)]
impl WorkerInterceptor for ScheduledInterceptor {
    /// Called before the commands leave the process, and so before any of the activities starts.
    async fn on_workflow_activation_completion(&self, completion: &WorkflowActivationCompletion) {
        let Some(Status::Successful(success)) = &completion.status else { return };
        for command in &success.commands {
            if let Some(Variant::ScheduleActivity(activity)) = &command.variant {
                self.0.record(&completion.run_id, &activity.activity_id);
            }
        }
    }
}
