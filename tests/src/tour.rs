//! A workflow that waits for a signal, and returns the builds that served it.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use temporalio_client::{
    Client, UntypedSignal, UntypedWorkflow, UntypedWorkflowHandle, WorkflowDescribeOptions,
    WorkflowExecutionStatus, WorkflowGetResultOptions, WorkflowSignalOptions, WorkflowStartOptions,
};
use temporalio_common::data_converters::RawValue;
use wci_workflows::{payload_of, text_of};

use crate::{SOON, Version, wait_for};

/// Events of a workflow after its first completed task: the start, and three for each task.
const ONE_TASK: usize = 4;

/// A `tour` workflow.
pub struct Tour {
    handle: UntypedWorkflowHandle<Client>,
    /// Its workflow ID.
    pub id: String,
}

impl Version {
    /// Starts a tour of one stop on the version's queue. The server chooses the version.
    pub async fn tour(&self) -> Tour {
        static TOURS: AtomicU32 = AtomicU32::new(0);
        let id = format!("{}-tour{}", self.queue, TOURS.fetch_add(1, Ordering::Relaxed));
        let options = WorkflowStartOptions::new(&self.queue, &id).build();
        let input = payload_of(&json!({"stops": 1})).unwrap();
        let workflow = UntypedWorkflow::new("tour");
        let handle = self.client.start_workflow(workflow, input, options).await.unwrap();
        Tour { handle, id }
    }
}

impl Tour {
    /// Waits until a worker has completed all workflow tasks so far.
    pub async fn wait_until_idle(&self) {
        wait_for("the tour to be served", SOON, async || self.is_idle().await.then_some(())).await;
    }

    /// Whether a worker has completed all workflow tasks so far.
    pub async fn is_idle(&self) -> bool {
        let found = self.handle.describe(WorkflowDescribeOptions::default()).await.unwrap();
        found.history_length() >= ONE_TASK && found.raw().pending_workflow_task.is_none()
    }

    /// Sends the signal that continues it to its last stop.
    pub async fn signal_next(&self) {
        let nothing = RawValue::new(Vec::new());
        let options = WorkflowSignalOptions::default();
        self.handle.signal(UntypedSignal::new("next"), nothing, options).await.unwrap();
    }

    /// The builds that served the start and the stop.
    pub async fn builds(&self) -> Vec<String> {
        wait_for("the end of the tour", SOON, async || {
            let found = self.handle.describe(WorkflowDescribeOptions::default()).await.ok()?;
            (found.status() == WorkflowExecutionStatus::Completed).then_some(())
        })
        .await;
        let result = self.handle.get_result(WorkflowGetResultOptions::default()).await.unwrap();
        serde_json::from_str(text_of(&result).unwrap()).unwrap()
    }
}
