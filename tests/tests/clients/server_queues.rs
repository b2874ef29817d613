//! The server's own task queues, which `wci` must not poll.

use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    enums::v1::TaskQueueType, taskqueue::v1::TaskQueue,
    workflowservice::v1::DescribeTaskQueueRequest,
};
use wci_contract::names::{DEFAULT_TASK_QUEUE, SERVER_QUEUE_PREFIX};
use wci_tests::{SOON, World, wait_for};

use crate::config_changes::{changed_group, created};

/// The server's own queues in a namespace, on which it rejects workflows of clients. The first is
/// that of its deployment workflows.
const SERVER_QUEUES: [&str; 2] = ["per-ns-tq", "worker-controller-per-ns-tq"];

/// A poller of a server's queue would take tasks of the server.
#[tokio::test]
async fn wci_polls_no_queue_of_the_server_in_any_namespace() {
    let builder = World::builder().with_controller().namespace("second");
    let mut world = builder.worker_args(&["-n", "second", "--adopt"]).start().await;
    let version = created(&world, "elsewhere").await;
    version.change(&changed_group("other")).await.unwrap();
    let pid = world.worker().process().pid();
    let is_ours = |identity: &String| identity.contains(&pid.to_string());
    for namespace in ["default", "second"] {
        for queue in [DEFAULT_TASK_QUEUE, "wci-system-watch"] {
            wait_for("wci to poll its queues", SOON, async || {
                pollers(&world, namespace, queue).await.iter().any(is_ours).then_some(())
            })
            .await;
        }
        for queue in SERVER_QUEUES {
            let queue = format!("{SERVER_QUEUE_PREFIX}{queue}");
            let found = pollers(&world, namespace, &queue).await;
            assert!(!found.iter().any(is_ours), "{namespace}, {queue}: {found:?}");
        }
    }
    // The server's own worker is listed there, so a worker of wci would be.
    let queue = format!("{SERVER_QUEUE_PREFIX}{}", SERVER_QUEUES[0]);
    wait_for("the server to poll its queues", SOON, async || {
        (!pollers(&world, "default", &queue).await.is_empty()).then_some(())
    })
    .await;
}

async fn pollers(world: &World, namespace: &str, queue: &str) -> Vec<String> {
    let mut identities = Vec::new();
    for kind in [TaskQueueType::Workflow, TaskQueueType::Activity, TaskQueueType::Nexus] {
        let request = DescribeTaskQueueRequest {
            namespace: namespace.into(),
            task_queue: Some(TaskQueue { name: queue.into(), ..Default::default() }),
            task_queue_type: kind.into(),
            ..Default::default()
        };
        let mut service = world.client.connection().workflow_service();
        let found = service.describe_task_queue(request.into_request()).await.unwrap();
        identities.extend(found.into_inner().pollers.into_iter().map(|poller| poller.identity));
    }
    identities
}
