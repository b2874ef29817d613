//! Checks that change nothing, and queues that are nobody's business.

use std::time::{Duration, Instant};

use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    enums::v1::TaskQueueType, taskqueue::v1::TaskQueue,
    workflowservice::v1::DescribeTaskQueueRequest,
};
use wci_contract::names::{DEFAULT_TASK_QUEUE, SERVER_QUEUE_PREFIX};
use wci_tests::{Group, SOON, SpecFile, World, wait_for};

use crate::changes::created;

/// The server's call about such a version is answered on a queue of the server, or not at all.
#[tokio::test]
async fn a_spec_for_a_version_that_is_not_there_is_validated_at_once() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("unborn");
    let validate = async |function: &str| {
        let spec = SpecFile::of(&version.id).group("default", Group::lambda(function));
        let file = world.dir().join(format!("{function}.yaml"));
        std::fs::write(&file, spec.text()).unwrap();
        let began = Instant::now();
        let said = world.wci(&["validate", "-f", &file.display().to_string()]).await;
        // Far below the 35 s after which the server's call ends; a busy machine has its time too.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        said
    };
    validate("sound").await.ok();
    let said = validate("missing").await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("Function not found"), "{said:?}");
    assert!(!version.has_instance().await);
}

/// The server's own queues in a namespace: those that it refuses outside workflows on, and the
/// one of its deployment workflows, which is the first.
const THEIRS: [&str; 2] = ["per-ns-tq", "worker-controller-per-ns-tq"];

/// Whoever polls a queue of the server's would take its tasks away.
#[tokio::test]
async fn nothing_of_ours_polls_a_queue_of_the_servers_in_any_namespace() {
    let builder = World::builder().with_controller().namespace("second");
    let mut world = builder.worker_args(&["-n", "second", "--adopt"]).start().await;
    let version = created(&world, "elsewhere").await;
    version.change(&crate::changes::changed_group("other")).await.unwrap();
    let pid = world.worker().process().pid();
    let is_ours = |identity: &String| identity.contains(&pid.to_string());
    for namespace in ["default", "second"] {
        for queue in [DEFAULT_TASK_QUEUE, "wci-system-watch"] {
            wait_for("ours to poll its own", SOON, async || {
                pollers(&world, namespace, queue).await.iter().any(is_ours).then_some(())
            })
            .await;
        }
        for queue in THEIRS {
            let queue = format!("{SERVER_QUEUE_PREFIX}{queue}");
            let found = pollers(&world, namespace, &queue).await;
            assert!(!found.iter().any(is_ours), "{namespace}, {queue}: {found:?}");
        }
    }
    // The server's own worker is seen there, so ours would be.
    let queue = format!("{SERVER_QUEUE_PREFIX}{}", THEIRS[0]);
    wait_for("the server to poll its own", SOON, async || {
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
