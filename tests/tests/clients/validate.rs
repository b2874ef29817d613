//! Checks that change nothing, and queues that are nobody's business.

use std::time::{Duration, Instant};

use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    enums::v1::TaskQueueType, taskqueue::v1::TaskQueue,
    workflowservice::v1::DescribeTaskQueueRequest,
};
use wci_contract::names::SERVER_QUEUE_PREFIX;
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

/// Whoever polls a queue of the server's would take its tasks away.
#[tokio::test]
async fn nothing_of_ours_polls_a_queue_of_the_servers() {
    let mut world = World::builder().with_lambda().start().await;
    let version = created(&world, "elsewhere").await;
    version.change(&crate::changes::changed_group("other")).await.unwrap();
    let pid = world.worker().process().pid();
    let ours = |identity: &String| identity.contains(&pid.to_string());
    for (queue, is_polled_by_us) in [
        ("wci-system".to_owned(), true),
        (format!("{SERVER_QUEUE_PREFIX}per-ns-tq"), false),
        (format!("{SERVER_QUEUE_PREFIX}worker-controller-per-ns-tq"), false),
    ] {
        let identities = wait_for("somebody to poll", SOON, async || {
            let found = pollers(&world, &queue).await;
            (!found.is_empty() || !is_polled_by_us).then_some(found)
        })
        .await;
        assert_eq!(identities.iter().any(ours), is_polled_by_us, "{queue}: {identities:?}");
    }
}

async fn pollers(world: &World, queue: &str) -> Vec<String> {
    let mut identities = Vec::new();
    for kind in [TaskQueueType::Workflow, TaskQueueType::Activity] {
        let request = DescribeTaskQueueRequest {
            namespace: "default".into(),
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
