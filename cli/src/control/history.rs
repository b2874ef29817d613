//! The histories of an instance's runs.

use std::time::Duration;

use temporalio_client::{WorkflowExecutionInfo, WorkflowFetchHistoryOptions};
use temporalio_common::protos::temporal::api::history::v1::{
    HistoryEvent, history_event::Attributes,
};
use wci_contract::VersionId;

use super::{AdminClient, ControlError, within};

/// How long the server may take over the history of one run.
const READ: Duration = Duration::from_secs(30);

impl AdminClient {
    /// The histories of the instance's runs, oldest first: from the latest back to the one with
    /// which there are `enough`, or as far as the server remembers; `most` at the most.
    pub(crate) async fn histories(
        &self,
        id: &VersionId,
        most: usize,
        enough: impl Fn(&[Vec<HistoryEvent>]) -> bool,
    ) -> Result<Vec<Vec<HistoryEvent>>, ControlError> {
        let mut runs: Vec<Vec<HistoryEvent>> = vec![self.history(id, "").await?];
        while runs.len() < most && !enough(&runs) {
            let Some(before) = runs.first().and_then(|run| continues(run)) else { break };
            match self.history(id, &before).await {
                Ok(events) => runs.insert(0, events),
                // The server forgets runs after a while.
                Err(ControlError::NotFound(_)) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(runs)
    }

    /// The history of one run; of the latest for an empty `run_id`.
    async fn history(
        &self,
        id: &VersionId,
        run_id: &str,
    ) -> Result<Vec<HistoryEvent>, ControlError> {
        let run = WorkflowExecutionInfo::builder()
            .namespace(&self.namespace)
            .workflow_id(id.workflow_id())
            .maybe_run_id((!run_id.is_empty()).then(|| run_id.to_owned()))
            .build()
            .bind_untyped(self.client.clone());
        let fetched = run.fetch_history(WorkflowFetchHistoryOptions::default());
        within("reading the history", READ, fetched.into_events()).await
    }
}

/// The run that this one continues.
fn continues(run: &[HistoryEvent]) -> Option<String> {
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(start)) =
        run.first().and_then(|event| event.attributes.as_ref())
    else {
        return None;
    };
    let run_id = &start.continued_execution_run_id;
    (!run_id.is_empty()).then(|| run_id.clone())
}
