//! The number of instances in a namespace, against the limit that the operator set.

use temporalio_client::tonic::Status;
use temporalio_common::protos::temporal::api::workflowservice::v1::CountWorkflowExecutionsRequest;
use wci_contract::{
    Refusal, VersionId,
    names::{DIVISION_ATTRIBUTE, INSTANCE_WORKFLOW},
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
    let others = instances(task_queue, &version.workflow_id());
    match count(server, others).await {
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

/// The query for the instances on `task_queue` besides the workflow `own`: those as well that were
/// started by hand, and belong to no division or to one that somebody made up.
pub(super) fn instances(task_queue: &str, own: &str) -> String {
    let (task_queue, own) = (query_literal(task_queue), query_literal(own));
    format!(
        "WorkflowType = '{INSTANCE_WORKFLOW}' AND ExecutionStatus = 'Running' AND \
         TaskQueue = {task_queue} AND WorkflowId != {own} AND \
         ({DIVISION_ATTRIBUTE} IS NULL OR {DIVISION_ATTRIBUTE} IS NOT NULL)"
    )
}

/// The number of workflows that match `query`.
pub(super) async fn count(server: &Server, query: String) -> Result<i64, Box<Status>> {
    let request = request(CountWorkflowExecutionsRequest { namespace: server.namespace(), query });
    Ok(server.service().count_workflow_executions(request).await?.into_inner().count)
}
