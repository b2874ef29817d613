//! When tasks are really taken: once the server lists this process among those who poll.

use std::time::Duration;

use temporalio_client::{Client, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    enums::v1::TaskQueueType, taskqueue::v1::TaskQueue,
    workflowservice::v1::DescribeTaskQueueRequest,
};

use wci_cli::connection;

/// Between two looks.
const PACE: Duration = Duration::from_millis(100);
/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits until this process polls `queue` for workflow tasks.
pub(super) async fn wait(client: Client, queue: String) {
    let identity = connection::identity();
    while !is_listed(&client, &queue, &identity).await {
        tokio::time::sleep(PACE).await;
    }
}

/// A server that does not answer lists nobody.
async fn is_listed(client: &Client, queue: &str, identity: &str) -> bool {
    let mut request = DescribeTaskQueueRequest {
        namespace: client.options().namespace.clone(),
        task_queue: Some(TaskQueue { name: queue.to_owned(), ..Default::default() }),
        task_queue_type: TaskQueueType::Workflow.into(),
        ..Default::default()
    }
    .into_request();
    request.set_timeout(PATIENCE);
    let answer = client.connection().workflow_service().describe_task_queue(request).await;
    let pollers = answer.map(|answer| answer.into_inner().pollers).unwrap_or_default();
    pollers.iter().any(|poller| poller.identity == identity)
}
