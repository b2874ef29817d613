//! The number of instances in a namespace, against the limit that the operator set.

use temporalio_client::tonic::Status;
use temporalio_common::protos::temporal::api::workflowservice::v1::CountWorkflowExecutionsRequest;
use wci_contract::{
    Refusal, VersionId,
    names::{DIVISION, DIVISION_ATTRIBUTE, INSTANCE_WORKFLOW},
};

use super::{
    connection::{Server, request},
    query_literal::query_literal,
};

/// Refuses one more instance on `task_queue` if there are `max` already. The limit is soft: the
/// server's lists are slightly out of date, and a list that cannot be read refuses nothing.
pub(super) async fn refuse_above(
    server: &Server,
    max: u32,
    task_queue: &str,
    version: &VersionId,
) -> Option<Refusal> {
    match other_instances(server, task_queue, version).await {
        Ok(others) if others < i64::from(max) => None,
        Ok(others) => Some(Refusal::invalid(format!(
            "namespace {} has {others} instances, and the operator allows {max}: delete one (see \
             `wci list`), or have the system worker's --max-instances raised",
            server.namespace()
        ))),
        Err(status) => {
            tracing::warn!(message = status.message(), "cannot count the instances");
            None
        }
    }
}

/// The number of instances on `task_queue` besides that of `version`.
async fn other_instances(
    server: &Server,
    task_queue: &str,
    version: &VersionId,
) -> Result<i64, Box<Status>> {
    let own = query_literal(&version.workflow_id());
    let task_queue = query_literal(task_queue);
    let request = request(CountWorkflowExecutionsRequest {
        namespace: server.namespace(),
        query: format!(
            "WorkflowType = '{INSTANCE_WORKFLOW}' AND {DIVISION_ATTRIBUTE} = '{DIVISION}' AND \
             ExecutionStatus = 'Running' AND TaskQueue = {task_queue} AND WorkflowId != {own}"
        ),
    });
    Ok(server.service().count_workflow_executions(request).await?.into_inner().count)
}
