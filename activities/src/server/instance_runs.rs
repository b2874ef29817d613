//! What the server and the instances themselves report about runs of instances.

use temporalio_client::{
    Client,
    tonic::{Code, Status},
};
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution,
    enums::v1::WorkflowExecutionStatus,
    query::v1::WorkflowQuery,
    workflow::v1::WorkflowExecutionInfo,
    workflowservice::v1::{DescribeWorkflowExecutionRequest, QueryWorkflowRequest},
};
use wci_contract::{Spec, VersionId, messages::Description, names::DESCRIBE};

use super::{
    connection::{Server, request},
    instance_count::{count, instances},
};

/// A description is a few kilobytes; a larger answer is no description.
const MAX_DESCRIPTION: usize = 2 * 1024 * 1024;

/// A run, as the server knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InstanceRun {
    pub(crate) workflow_id: String,
    pub(crate) run_id: String,
    pub(crate) kind: String,
    pub(crate) task_queue: String,
    /// The first run of the instance.
    first_run_id: String,
    /// Nanoseconds since the Unix epoch.
    started: Option<i128>,
}

/// Reads runs of one namespace.
pub(crate) struct InstanceRuns {
    server: Server,
}

impl InstanceRuns {
    pub(crate) fn new(client: Client) -> Self {
        Self { server: Server::new(client) }
    }

    /// The open run `run_id` of the workflow with the instance ID of `version`. Errors are messages.
    pub(crate) async fn describe(
        &self,
        version: &VersionId,
        run_id: &str,
    ) -> Result<InstanceRun, String> {
        let id = version.workflow_id();
        let info = self.info(&id, run_id).await.map_err(|status| {
            format!("the server does not say who requests this: {}", status.message())
        })?;
        if info.status() != WorkflowExecutionStatus::Running {
            return Err(format!("the run {run_id:.100} of {version} has ended"));
        }
        Ok(InstanceRun {
            workflow_id: id,
            run_id: run_id.to_owned(),
            kind: info.r#type.map(|kind| kind.name).unwrap_or_default(),
            task_queue: info.task_queue,
            first_run_id: info.first_run_id,
            started: info.start_time.map(|at| nanoseconds(at.seconds, at.nanos)),
        })
    }

    /// Why the instance of `run` is one too many; `None` if it is not, or if the server's lists
    /// cannot be read. Those that began earlier have precedence, so a limit that is exceeded by new
    /// instances takes nothing from the others.
    pub(crate) async fn excess(
        &self,
        task_queue: &str,
        max: u32,
        run: &InstanceRun,
    ) -> Option<String> {
        // A run that continues an instance is as old as its first run, and older than the server
        // remembers if that one is gone.
        let first = &run.first_run_id;
        let began = if first.is_empty() || *first == run.run_id {
            run.started
        } else {
            let first = self.info(&run.workflow_id, first).await.ok()?;
            first.start_time.map(|at| nanoseconds(at.seconds, at.nanos))
        };
        let others = instances(task_queue, &run.workflow_id);
        let query = format!("{others} AND StartTime < {}", began?);
        match count(&self.server, query).await {
            Ok(earlier) if earlier < i64::from(max) => None,
            Ok(earlier) => Some(format!(
                "namespace {} has {earlier} instances that began earlier, and the operator allows \
                 {max} altogether: this one starts no workers until others end (see `wci list`), \
                 or the system worker's --max-instances is raised",
                self.server.namespace()
            )),
            Err(status) => {
                tracing::warn!(message = status.message(), "cannot count the instances");
                None
            }
        }
    }

    /// The spec that the instance has now. Errors are messages.
    pub(crate) async fn spec(&self, run: &InstanceRun) -> Result<Spec, String> {
        let query = request(QueryWorkflowRequest {
            namespace: self.server.namespace(),
            execution: Some(execution(&run.workflow_id, &run.run_id)),
            query: Some(WorkflowQuery { query_type: DESCRIBE.to_owned(), ..Default::default() }),
            ..Default::default()
        });
        let answer = self.server.service().query_workflow(query).await.map_err(|status| {
            format!("the instance does not say what its compute config is: {}", status.message())
        })?;
        let payloads = answer.into_inner().query_result.unwrap_or_default().payloads;
        let data = payloads.first().map(|payload| payload.data.as_slice()).unwrap_or_default();
        if data.len() > MAX_DESCRIPTION {
            return Err("the instance's answer is too large".to_owned());
        }
        let description: Description = serde_json::from_slice(data)
            .map_err(|error| format!("the instance's answer cannot be read: {error}"))?;
        Ok(description.spec.unwrap_or_default())
    }

    async fn info(&self, id: &str, run_id: &str) -> Result<WorkflowExecutionInfo, Box<Status>> {
        let describe = request(DescribeWorkflowExecutionRequest {
            namespace: self.server.namespace(),
            execution: Some(execution(id, run_id)),
        });
        let answer = self.server.service().describe_workflow_execution(describe).await?;
        let info = answer.into_inner().workflow_execution_info;
        info.ok_or_else(|| Box::new(Status::new(Code::NotFound, "the server knows no such run")))
    }
}

fn nanoseconds(seconds: i64, nanos: i32) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanos)
}

fn execution(id: &str, run_id: &str) -> WorkflowExecution {
    WorkflowExecution { workflow_id: id.to_owned(), run_id: run_id.to_owned() }
}
