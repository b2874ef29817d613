//! One workflow of any type.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::Value;
use temporalio_client::{
    Client, UntypedWorkflow, UntypedWorkflowHandle, WorkflowGetResultOptions, WorkflowStartOptions,
};
use wci_workflows::{payload_of, text_of};

use crate::{History, version::history};

/// A workflow that was started.
pub struct StartedWorkflow(UntypedWorkflowHandle<Client>);

impl StartedWorkflow {
    pub(crate) async fn start(client: &Client, queue: &str, kind: &str, input: &Value) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let id = format!("{queue}-{kind}-{}", STARTED.fetch_add(1, Ordering::Relaxed));
        let options = WorkflowStartOptions::new(queue, &id).build();
        let input = payload_of(input).unwrap();
        client.start_workflow(UntypedWorkflow::new(kind), input, options).await.unwrap();
        Self(client.get_workflow_handle::<UntypedWorkflow>(&id))
    }

    /// Its result.
    pub async fn result(&self, limit: Duration) -> Value {
        let result = self.0.get_result(WorkflowGetResultOptions::default());
        let result =
            tokio::time::timeout(limit, result).await.expect("the workflow takes too long");
        serde_json::from_str(text_of(&result.expect("the workflow failed")).unwrap()).unwrap()
    }

    /// Its history.
    pub async fn history(&self) -> History {
        history(&self.0).await
    }
}
