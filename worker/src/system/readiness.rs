//! Readiness: the server lists this process among the pollers of its task queue.

use std::time::Duration;

use temporalio_client::{Client, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    enums::v1::TaskQueueType, taskqueue::v1::TaskQueue,
    workflowservice::v1::DescribeTaskQueueRequest,
};

use wci_cli::connection;

/// Time between two checks.
const INTERVAL: Duration = Duration::from_millis(100);
/// Time limit of one call.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits until this process polls `queue` for workflow tasks.
pub(super) async fn until_polling(client: Client, queue: String) {
    let identity = connection::identity();
    while !is_listed(&client, &queue, &identity).await {
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Whether the server lists `identity` as a poller; `false` if it does not answer.
async fn is_listed(client: &Client, queue: &str, identity: &str) -> bool {
    let mut request = DescribeTaskQueueRequest {
        namespace: client.options().namespace.clone(),
        task_queue: Some(TaskQueue { name: queue.to_owned(), ..Default::default() }),
        task_queue_type: TaskQueueType::Workflow.into(),
        ..Default::default()
    }
    .into_request();
    request.set_timeout(CALL_TIMEOUT);
    let answer = client.connection().workflow_service().describe_task_queue(request).await;
    let pollers = answer.map(|answer| answer.into_inner().pollers).unwrap_or_default();
    pollers.iter().any(|poller| poller.identity == identity)
}
