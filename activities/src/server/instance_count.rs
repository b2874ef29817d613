//! How many instances a namespace has, against what the operator allows.

use temporalio_client::tonic::{IntoRequest, Status};
use temporalio_common::protos::temporal::api::workflowservice::v1::CountWorkflowExecutionsRequest;
use wci_contract::{
    Refusal, VersionId,
    names::{DIVISION, DIVISION_ATTRIBUTE, INSTANCE_WORKFLOW},
};

use crate::server::version_reader::{PATIENCE, VersionReader};

impl VersionReader {
    /// Refuses one more instance on `task_queue` where there are `most` already. The limit is
    /// soft: the server's lists are a moment behind, and one that cannot be read refuses nothing.
    pub(crate) async fn refuse_above(
        &self,
        most: u32,
        task_queue: &str,
        version: &VersionId,
    ) -> Option<Refusal> {
        match self.others(task_queue, version).await {
            Ok(others) if others < i64::from(most) => None,
            Ok(others) => Some(Refusal::invalid(format!(
                "namespace {} has {others} instances, and the operator allows {most}: delete one \
                 (see `wci list`), or have the system worker's --max-instances raised",
                self.client.options().namespace
            ))),
            Err(status) => {
                tracing::warn!(message = status.message(), "cannot count the instances");
                None
            }
        }
    }

    /// Instances on `task_queue` besides that of `version`.
    async fn others(&self, task_queue: &str, version: &VersionId) -> Result<i64, Box<Status>> {
        let own = quoted(&version.workflow_id());
        let mut request = CountWorkflowExecutionsRequest {
            namespace: self.client.options().namespace.clone(),
            query: format!(
                "WorkflowType = '{INSTANCE_WORKFLOW}' AND {DIVISION_ATTRIBUTE} = '{DIVISION}' \
                 AND ExecutionStatus = 'Running' AND TaskQueue = {} AND WorkflowId != {own}",
                quoted(task_queue)
            ),
        }
        .into_request();
        request.set_timeout(PATIENCE);
        let mut service = self.client.connection().workflow_service();
        Ok(service.count_workflow_executions(request).await?.into_inner().count)
    }
}

/// A string as a query has it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_with_quotes_stays_one_string() {
        assert_eq!(super::quoted(r"it's\"), r"'it\'s\\'");
    }
}
