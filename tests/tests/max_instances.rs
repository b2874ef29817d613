//! The operator's limit of instances for a namespace.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use temporalio_client::{UntypedWorkflow, WorkflowStartOptions};
use wci_contract::{
    FailureClass, Spec,
    messages::StartInput,
    names,
    signal::TaskAdd,
    state::{FailureRecord, State},
};
use wci_tests::{Group, SOON, Version, World, wait_for};
use wci_workflows::payload_of;

async fn running(world: &World) -> usize {
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    listed["instances"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn an_instance_over_the_limit_is_rejected_and_leaves_nothing_behind() {
    let world = World::builder().with_lambda().worker_args(&["--max-instances", "2"]).start().await;
    for name in ["one", "two"] {
        let version = world.version(name);
        version.wci("claim", &[]).await.ok();
        version.create_by_cli(name).await.ok();
    }
    wait_for("both to be listed", SOON, async || (running(&world).await == 2).then_some(())).await;
    let third = world.version("three");
    let output = third.apply_with(&third.greeters(), &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    for expected in ["has 2 instances", "the operator allows 2", "--max-instances"] {
        assert!(output.stderr.contains(expected), "{expected:?} is missing: {output:?}");
    }
    assert_eq!(running(&world).await, 2);
    third.wci("claim", &[]).await.ok();
    let output = third.create_by_cli("three").await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("the operator allows 2"), "{output:?}");
    // Existing instances are not affected, and may change.
    world.version("one").apply_with(&world.version("one").greeters(), &[]).await.ok();
    world.version("two").by_cli("delete-version", &[]).await.ok();
    wait_for("a free instance", SOON, async || {
        (third.create_by_cli("three").await.code == Some(0)).then_some(())
    })
    .await;
    let shown: Value = third.described_by_cli().await;
    assert!(shown["computeConfig"].is_object(), "{shown:#}");
}

/// Starts the workflow of an instance as `temporal workflow start` does, with a compute config and
/// a task that waits.
async fn start_by_hand(world: &World, version: &Version) {
    let groups = [("default".to_owned(), Group::greeters(&version.queue).spec())];
    let spec = Spec { scaling_group_specs: groups.into(), ..Spec::default() };
    let waiting = TaskAdd {
        task_queue_name: version.queue.clone(),
        task_queue_type: 1,
        misses: 1,
        ..TaskAdd::default()
    };
    let input = StartInput {
        deployment_name: version.id.deployment().to_owned(),
        build_id: version.id.build_id().to_owned(),
        state: Some(State {
            spec: Some(spec),
            pending_task_add_signals: vec![waiting],
            ..State::default()
        }),
        ..StartInput::default()
    };
    let kind = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
    let options =
        WorkflowStartOptions::new(names::DEFAULT_TASK_QUEUE, version.id.workflow_id()).build();
    world.client.start_workflow(kind, payload_of(&input).unwrap(), options).await.unwrap();
}

#[tokio::test]
async fn an_instance_over_the_limit_that_was_started_by_hand_starts_no_workers() {
    let world = World::builder().worker_args(&["--max-instances", "2"]).start().await;
    let honest = world.version("honest");
    honest.at_zero().await;
    let second = world.version("second");
    second.at_zero().await;
    let before = world.records();
    for n in 0..3 {
        let version = world.version(&format!("forged-{n}"));
        start_by_hand(&world, &version).await;
        let failure: FailureRecord = wait_for("the refused launch", SOON, async || {
            version.dump().await?.wci?.last_failures.get("default").cloned()
        })
        .await;
        assert_eq!(failure.outcome.class, Some(FailureClass::Forbidden), "{failure:?}");
        let message = &failure.outcome.message;
        assert!(message.contains("the operator allows 2"), "{message}");
        assert!(message.contains("--max-instances"), "{message}");
    }
    assert_eq!(world.records(), before);
    // Those that began earlier go on.
    honest.load(2, 10).await.done(SOON).await;
    second.load(2, 10).await.done(SOON).await;
}
