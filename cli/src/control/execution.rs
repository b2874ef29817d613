//! The workflow execution of an instance, and who owns it.

use serde::Serialize;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution,
    enums::v1::WorkflowExecutionStatus,
    workflow::v1::{PendingActivityInfo, WorkflowExecutionInfo},
    workflowservice::v1::DescribeWorkflowExecutionRequest,
};
use wci_contract::{
    VersionId,
    limits::{MAX_MESSAGE, cut},
    names,
};

use super::{AdminClient, ControlError, SOON, within};
use crate::clock::{self, Millis};

/// Who runs an instance, told by its task queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The system worker of this client.
    Wci,
    /// The server's own controller.
    Server,
    /// A worker of another task queue.
    Other,
}

impl Owner {
    /// The owner of instances on `queue`. `ours` is the queue of our system worker.
    pub(crate) fn of(queue: &str, ours: &str) -> Self {
        if queue == ours {
            Self::Wci
        } else if queue.starts_with(names::SERVER_QUEUE_PREFIX) {
            Self::Server
        } else {
            Self::Other
        }
    }

    /// The owner in one word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Wci => "wci",
            Self::Server => "server",
            Self::Other => "other",
        }
    }
}

/// A run of an instance's workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Execution {
    /// The run ID.
    pub(crate) run_id: String,
    /// The task queue that it runs on.
    pub(crate) task_queue: String,
    /// For example `Running`.
    pub(crate) status: WorkflowExecutionStatus,
    /// When it started.
    pub(crate) started: Millis,
    /// When it closed, if it did.
    pub(crate) closed: Option<Millis>,
    /// Number of events in its history.
    pub(crate) history_length: i64,
    /// Its activities that failed and are retried.
    pub(crate) retrying: Vec<Retrying>,
}

/// An activity that failed and is retried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Retrying {
    /// Its type.
    pub(crate) activity: String,
    /// The number of the current attempt.
    pub(crate) attempt: i32,
    /// Why the last one failed.
    pub(crate) message: String,
}

impl Retrying {
    fn of(info: PendingActivityInfo) -> Option<Self> {
        let failure = info.last_failure.filter(|_| info.attempt > 1)?;
        Some(Self {
            activity: info.activity_type.unwrap_or_default().name,
            attempt: info.attempt,
            message: cut(&failure.message, MAX_MESSAGE).to_owned(),
        })
    }
}

impl Execution {
    /// Whether it is running.
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
            retrying: Vec::new(),
        }
    }
}

impl AdminClient {
    /// The latest run of the instance, open or closed; `None` if there is none.
    pub(crate) async fn latest_run(
        &self,
        id: &VersionId,
    ) -> Result<Option<Execution>, ControlError> {
        self.describe_workflow(id.workflow_id()).await
    }

    /// The latest run of a workflow.
    pub(super) async fn describe_workflow(
        &self,
        workflow_id: String,
    ) -> Result<Option<Execution>, ControlError> {
        let request = DescribeWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            execution: Some(WorkflowExecution { workflow_id, run_id: String::new() }),
        };
        let mut service = self.service();
        let call = service.describe_workflow_execution(request.into_request());
        match within("describing the instance", SOON, call).await {
            Ok(found) => {
                let found = found.into_inner();
                let pending = found.pending_activities.into_iter();
                let retrying = pending.filter_map(Retrying::of).collect();
                let info = found.workflow_execution_info;
                Ok(info.map(|info| Execution { retrying, ..Execution::of(info) }))
            }
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
