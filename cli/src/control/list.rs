//! Lists the running instances of a namespace, from visibility alone.

use serde_json::Value;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    workflow::v1::WorkflowExecutionInfo, workflowservice::v1::ListWorkflowExecutionsRequest,
};
use wci_contract::{
    VersionId,
    messages::Memo,
    names::{DIVISION, DIVISION_ATTRIBUTE, INSTANCE_WORKFLOW, MEMO},
};

use super::{AdminClient, ControlError, Owner, SOON, within};
use crate::clock::{self, Millis};

/// Instances per page.
const PAGE: usize = 200;

/// A running instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its version.
    pub id: VersionId,
    /// Who runs it.
    pub owner: Owner,
    /// The task queue that it runs on.
    pub task_queue: String,
    /// When it was created; a later run keeps this time. Milliseconds since the epoch.
    pub created: Millis,
}

impl AdminClient {
    /// Running instances, at most `limit`, and whether there are more.
    pub async fn list(&self, limit: usize) -> Result<(Vec<Listed>, bool), ControlError> {
        let mut listed = Vec::new();
        let mut token = Vec::new();
        loop {
            let wanted = limit.saturating_add(1) - listed.len();
            let request = ListWorkflowExecutionsRequest {
                namespace: self.namespace.clone(),
                page_size: i32::try_from(wanted.min(PAGE)).unwrap_or(i32::MAX),
                next_page_token: token,
                query: format!(
                    "WorkflowType = '{INSTANCE_WORKFLOW}' AND {DIVISION_ATTRIBUTE} = '{DIVISION}' \
                     AND ExecutionStatus = 'Running'"
                ),
            };
            let mut service = self.service();
            let call = service.list_workflow_executions(request.into_request());
            let page = within("listing instances", SOON, call).await?.into_inner();
            listed.extend(page.executions.into_iter().filter_map(|info| self.listed(info)));
            token = page.next_page_token;
            if listed.len() > limit {
                listed.truncate(limit);
                return Ok((listed, true));
            }
            if token.is_empty() {
                return Ok((listed, false));
            }
        }
    }

    fn listed(&self, info: WorkflowExecutionInfo) -> Option<Listed> {
        let id = VersionId::from_workflow_id(&info.execution.as_ref()?.workflow_id)?;
        let started = info.start_time.as_ref().map(|at| clock::of_parts(at.seconds, at.nanos));
        let created = memo(&info).map(|memo| memo.create_time.as_millis()).filter(|at| *at > 0);
        Some(Listed {
            id,
            owner: Owner::of(&info.task_queue, &self.task_queue),
            created: created.or(started).unwrap_or_default(),
            task_queue: info.task_queue,
        })
    }
}

fn memo(info: &WorkflowExecutionInfo) -> Option<Memo> {
    let payload = info.memo.as_ref()?.fields.get(MEMO)?;
    let value: Value = serde_json::from_slice(&payload.data).ok()?;
    serde_json::from_value(value).ok()
}
