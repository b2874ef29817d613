//! `wci claim`: the instance of `wci` exists before another client configures the version.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use temporalio_common::protos::temporal::api::{
    enums::v1::EventType, history::v1::history_event::Attributes,
};
use wci_contract::names::DEFAULT_TASK_QUEUE;
use wci_tests::{SOON, World, wait_for};

#[tokio::test]
async fn a_create_of_the_temporal_cli_reaches_a_claimed_instance_and_its_tasks_are_served() {
    let world = World::builder().with_controller().start().await;
    let version = world.version("claimed");
    world.lambda().runs("claimed", version.greeter());
    let output = version.wci("claim", &["-o", "json"]).await.ok().json();
    assert_eq!(output["result"], "claimed", "{output}");
    let run = version.run_id().await;
    version.create_by_cli("claimed").await.ok();
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    assert_eq!(version.run_id().await, run, "the built-in controller started an instance");
    let shown = version.described_by_cli().await;
    let provider = &shown["computeConfig"]["scalingGroups"]["default"]["provider"]["type"];
    assert_eq!(provider, "aws-lambda", "{shown:#}");
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.by_cli("set-current-version", &["--yes"]).await.ok();
    version.scaled_to_zero().await;
    version.load(2, 10).await.done(SOON).await;
    let output = version.wci("claim", &["-o", "json"]).await.ok().json();
    assert_eq!(output["result"], "configured", "{output}");
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_claimed_instance_answers_queries_and_waits_ten_minutes_for_a_compute_config() {
    let world = World::new().await;
    let version = world.version("waiting");
    version.wci("claim", &[]).await.ok();
    assert_eq!(version.dump().await.unwrap().spec, None);
    let again = version.wci("claim", &["-o", "json"]).await.ok().json();
    assert_eq!(again["result"], "waiting", "{again}");
    let timer = wait_for("its timer", SOON, async || {
        let events = version.history().await.into_events().into_iter();
        events.filter_map(|event| event.attributes).find_map(|attributes| match attributes {
            Attributes::TimerStartedEventAttributes(timer) => timer.start_to_fire_timeout,
            _ => None,
        })
    });
    assert_eq!(timer.await.seconds, 600);
}

#[tokio::test]
async fn a_claimed_and_deleted_version_can_be_claimed_and_created_again_immediately() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("again");
    let mut runs = Vec::new();
    for _ in 0..3 {
        version.wci("claim", &[]).await.ok();
        version.create_by_cli("again").await.ok();
        runs.push(version.run_id().await);
        version.by_cli("delete-version", &[]).await.ok();
        let history = version.history().await;
        assert_eq!(history.count(EventType::WorkflowExecutionCompleted), 1);
        let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
        assert_eq!(listed["instances"], serde_json::json!([]), "{listed}");
    }
    runs.dedup();
    assert_eq!(runs.len(), 3);
}

/// Its timers and activities must not delay the end of the workflow.
#[tokio::test]
async fn a_cancelled_instance_ends_immediately_and_can_be_claimed_again() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("cancelled");
    version.wci("claim", &[]).await.ok();
    version.create_by_cli("cancelled").await.ok();
    let run = version.run_id().await;
    world.temporal(&["workflow", "cancel", "-w", &version.id.workflow_id()]).await.ok();
    wait_for("its end", SOON, async || {
        let history = version.history_of(&run).await;
        (history.count(EventType::WorkflowExecutionCanceled) == 1).then_some(())
    })
    .await;
    assert_eq!(version.history_of(&run).await.failed_tasks(), 0);
    let output = version.wci("claim", &["-o", "json"]).await.ok().json();
    assert_eq!(output["result"], "claimed", "{output}");
}

#[tokio::test]
async fn a_claim_without_a_system_worker_leaves_nothing_behind() {
    let world = World::builder().workers(0).start().await;
    let version = world.version("nobody");
    let output = version.wci("claim", &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("`wci worker -n default`"), "{output:?}");
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"], serde_json::json!([]), "{listed}");
}

#[tokio::test]
async fn a_rejected_first_compute_config_leaves_the_claim_and_the_next_one_is_accepted() {
    let world = World::builder().with_controller().start().await;
    let version = world.version("second");
    version.wci("claim", &[]).await.ok();
    let run = version.run_id().await;
    let refused = version.create_by_cli("missing").await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("Function not found"), "{refused:?}");
    version.create_by_cli("second").await.ok();
    assert_eq!(version.run_id().await, run);
}
