//! The workflow behind an instance, as the server sees it from outside.

use serde::Serialize;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution, enums::v1::WorkflowExecutionStatus,
    workflow::v1::WorkflowExecutionInfo, workflowservice::v1::DescribeWorkflowExecutionRequest,
};
use wci_contract::{VersionId, names};

use super::{AdminClient, ControlError, SOON, within};
use crate::clock::{self, Millis};

/// Who runs an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The system worker that this command talks to.
    Wci,
    /// The server's own controller.
    Server,
    /// Somebody on another task queue.
    Other,
}

impl Owner {
    /// The owner of instances on `queue`, where `ours` is the queue of our system worker.
    pub(crate) fn of(queue: &str, ours: &str) -> Self {
        if queue == ours {
            Self::Wci
        } else if queue.starts_with(names::SERVER_QUEUE_PREFIX) {
            Self::Server
        } else {
            Self::Other
        }
    }

    /// The owner in a word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Wci => "wci",
            Self::Server => "server",
            Self::Other => "other",
        }
    }
}

/// What the server knows of an instance's workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Execution {
    /// The run.
    pub(crate) run_id: String,
    /// Where it runs.
    pub(crate) task_queue: String,
    /// For example `Running`.
    pub(crate) status: WorkflowExecutionStatus,
    /// When the run began.
    pub(crate) started: Millis,
    /// When it ended.
    pub(crate) closed: Option<Millis>,
    /// Events in its history.
    pub(crate) history_length: i64,
}

impl Execution {
    /// Whether it runs.
    pub(crate) fn is_open(&self) -> bool {
        self.status == WorkflowExecutionStatus::Running
    }

    fn of(info: WorkflowExecutionInfo) -> Self {
        Self {
            run_id: info.execution.unwrap_or_default().run_id,
            task_queue: info.task_queue,
            status: WorkflowExecutionStatus::try_from(info.status).unwrap_or_default(),
            started: info
                .start_time
                .map(|at| clock::of_parts(at.seconds, at.nanos))
                .unwrap_or_default(),
            closed: info.close_time.map(|at| clock::of_parts(at.seconds, at.nanos)),
            history_length: info.history_length,
        }
    }
}

impl AdminClient {
    /// The latest run of the instance, open or closed; `None` when there never was one.
    pub(crate) async fn latest_run(
        &self,
        id: &VersionId,
    ) -> Result<Option<Execution>, ControlError> {
        self.find(id.workflow_id()).await
    }

    /// The latest run of a workflow.
    pub(super) async fn find(
        &self,
        workflow_id: String,
    ) -> Result<Option<Execution>, ControlError> {
        let request = DescribeWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            execution: Some(WorkflowExecution { workflow_id, run_id: String::new() }),
        };
        let mut service = self.service();
        let call = service.describe_workflow_execution(request.into_request());
        match within("looking for the instance", SOON, call).await {
            Ok(found) => Ok(found.into_inner().workflow_execution_info.map(Execution::of)),
            Err(ControlError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_queue_tells_who_runs_an_instance() {
        assert_eq!(Owner::of("wci-system", "wci-system"), Owner::Wci);
        assert_eq!(Owner::of("temporal-sys-per-ns-tq", "wci-system"), Owner::Server);
        assert_eq!(Owner::of("wci-blue", "wci-system"), Owner::Other);
    }
}
