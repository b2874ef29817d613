//! Fetches the histories of an instance's runs.

use std::time::Duration;

use temporalio_client::{
    WorkflowExecutionInfo, WorkflowFetchHistoryOptions, errors::WorkflowInteractionError,
};
use wci_contract::VersionId;
use wci_history::RunHistory;

use super::{AdminClient, ControlError, within};

/// Time limit for reading the history of one run.
const READ: Duration = Duration::from_secs(30);

impl AdminClient {
    /// The histories of the instance's runs, oldest first. Reads back from the latest run until
    /// `enough` returns true, `most` runs are read or the server has no earlier one.
    pub(crate) async fn histories(
        &self,
        id: &VersionId,
        most: usize,
        enough: impl Fn(&[RunHistory]) -> bool,
    ) -> Result<Vec<RunHistory>, ControlError> {
        let mut runs = vec![self.history(id, "").await?];
        while runs.len() < most && !enough(&runs) {
            let Some(before) = runs.first().and_then(RunHistory::continued_from) else { break };
            match self.history(id, &before).await {
                Ok(run) => runs.insert(0, run),
                // Its retention period is over.
                Err(ControlError::NotFound(_)) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(runs)
    }

    /// The history of one run; the latest if `run_id` is empty.
    pub(crate) async fn history(
        &self,
        id: &VersionId,
        run_id: &str,
    ) -> Result<RunHistory, ControlError> {
        let run = WorkflowExecutionInfo::builder()
            .namespace(&self.namespace)
            .workflow_id(id.workflow_id())
            .maybe_run_id((!run_id.is_empty()).then(|| run_id.to_owned()))
            .build()
            .bind_untyped(self.client.clone());
        let fetched = run.fetch_history(WorkflowFetchHistoryOptions::default());
        let events = within("reading the instance's history", READ, fetched.into_events()).await?;
        Ok(RunHistory { events })
    }
}

impl From<WorkflowInteractionError> for ControlError {
    fn from(error: WorkflowInteractionError) -> Self {
        match error {
            WorkflowInteractionError::NotFound(status) | WorkflowInteractionError::Rpc(status) => {
                status.into()
            }
            other => Self::other(&other),
        }
    }
}
