//! The server learns task queues from workers that poll them: a group whose task types it does not
//! know gets one worker, once.

use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_contract::activities::REGISTER;
use wci_tests::{Change, SOON, Version, World, wait_for};

use crate::config_changes::{changed_group, created, group};

fn of_types(function: &str, types: Value) -> Value {
    let mut group = group(function);
    group["task_types"] = types;
    group
}

/// Waits until the instance has completed `times` registrations.
async fn registered(version: &Version, times: usize) {
    wait_for("registration", SOON, async || {
        let activities = version.history().await.activities();
        let ended = activities.iter().filter(|a| a.activity_type == REGISTER && a.closed.is_some());
        (ended.count() >= times).then_some(())
    })
    .await;
}

#[tokio::test]
async fn only_groups_with_unregistered_task_types_get_a_worker() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("partly");
    // A worker of the version that serves workflows alone has polled.
    let polls = version.greeter().env("GREETER_ROLE", "workflows").long_lived();
    let log = world.dir().join("poller.log");
    let _poller = polls.start(&log);
    wait_for("its task queue", SOON, async || (version.queues().await == 1).then_some(())).await;
    version.claim().await;
    let groups = json!({
        "workflows": of_types("workflows", json!(["workflow"])),
        "activities": of_types("activities", json!(["activity"])),
    });
    version.change(&Change::of(json!({"groups": groups}))).await.unwrap();
    registered(&version, 1).await;
    assert_eq!((world.lambda().calls("workflows"), world.lambda().calls("activities")), (0, 1));
}

#[tokio::test]
async fn a_worker_that_is_starting_is_not_launched_again() {
    let world = World::builder().with_lambda().start().await;
    let version = created(&world, "sent").await;
    registered(&version, 1).await;
    assert_eq!(world.lambda().calls("sent"), 1);
    // Another group is added before the first group's worker polls.
    let mut other = of_types("other", json!(["nexus"]));
    for n in 0..3_u64 {
        other["scaler"] = json!({"type": "no-sync",
            "details": {"json": {"scale_up_cooloff_ms": 100 + n}}});
        other["mask"] = json!(["scaler"]);
        version.change(&Change::of(json!({"groups": {"other": other}}))).await.unwrap();
    }
    registered(&version, 2).await;
    wait_for("a worker of the other group", SOON, async || {
        (world.lambda().calls("other") > 0).then_some(())
    })
    .await;
    // Another function needs another worker.
    version.change(&changed_group("next")).await.unwrap();
    wait_for("a worker of the next function", SOON, async || {
        (world.lambda().calls("next") > 0).then_some(())
    })
    .await;
    let calls = |function| world.lambda().calls(function);
    assert_eq!((calls("sent"), calls("other"), calls("next")), (1, 1, 1));
    assert_eq!(version.history().await.count(EventType::WorkflowTaskFailed), 0);
}
