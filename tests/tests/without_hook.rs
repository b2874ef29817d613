//! A server without the hook: only the backlog shows tasks.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_contract::{names, payload::ConfigPayload};
use wci_tests::{SOON, Version, World};

/// Instances that get a task, and instances that only watch their queues.
const MEASURED: usize = 4;
const OTHERS: usize = 16;
/// The server's stats are up to 5 s old, and the watch reads those of each version every 2 s.
const SERVED_WITHIN: Duration = Duration::from_secs(7);

async fn start_others(world: &World) {
    for n in 0..OTHERS {
        let version = world.version(&format!("other{n}"));
        version.claim().await;
        let details = json!({"command": "greeter"});
        let config = ConfigPayload::from_map(details.as_object().unwrap());
        let spec = json!({"compute": {"provider_type": "subprocess", "config": config}});
        let request = json!({"upsert_scaling_groups": {"default": {"spec": spec}}});
        version.update::<Value>(names::UPDATE, &request).await.unwrap();
    }
}

/// The time until the first task of an idle version is completed.
async fn first_task(version: &Version) -> Duration {
    let began = Instant::now();
    version.load(1, 0).await.done(SOON).await;
    let took = began.elapsed();
    version.scaled_to_zero().await;
    took
}

#[tokio::test]
async fn a_first_task_is_served_within_seven_seconds_among_twenty_instances() {
    let world = World::builder().without_hook().start().await;
    let versions: Vec<Version> =
        (0..MEASURED).map(|n| world.version(&format!("lone{n}"))).collect();
    for version in &versions {
        version.at_zero().await;
    }
    start_others(&world).await;
    let mut took = Vec::new();
    for version in &versions {
        took.push(first_task(version).await);
        let history = version.history().await;
        assert_eq!(history.count(EventType::WorkflowExecutionSignaled), 0);
        assert_eq!(history.failed_tasks(), 0);
    }
    println!("served after {took:?}");
    assert!(took.iter().all(|took| *took < SERVED_WITHIN), "{took:?}");
}

/// Without the hook, the server rejects compute configs; `wci` sends them to the instance.
#[tokio::test]
async fn apply_works_on_the_instance_directly() {
    let world = World::builder().without_hook().start().await;
    let version = world.version("direct");
    let output = version.apply_with(&version.greeters(), &[]).await.ok();
    assert!(output.stdout.contains("direct:v1 created"), "{output:?}");
    let output = version.apply_with(&version.greeters(), &[]).await.ok();
    assert!(output.stdout.contains("direct:v1 unchanged"), "{output:?}");
    let described = version.wci("describe", &["-o", "json"]).await.ok().json();
    assert_eq!(described["spec"]["groups"]["default"]["provider"]["type"], "subprocess");
    let request = wci_tests::Change::of(json!({"groups": {"default": {
        "provider": {"type": "subprocess", "details": {"json": {"command": "greeter"}}}}}}));
    let refused = version.create(&request).await;
    assert!(refused.is_err(), "the server accepts no compute configs without the hook");
}
