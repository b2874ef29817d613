//! A server that announces no tasks: the backlog is all there is.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_contract::{names, payload::ConfigPayload};
use wci_tests::{SOON, Version, World};

/// Instances of the namespace: those that get a task, and those that have nothing to do but to
/// watch.
const TRIED: usize = 4;
const OTHERS: usize = 16;
/// The server's figures are up to 5 s old, and each version is looked at every 2 s.
const SERVED_WITHIN: Duration = Duration::from_secs(7);

async fn others(world: &World) {
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

/// How long a task took that came to a version of which nobody had asked anything.
async fn lone_task(version: &Version) -> Duration {
    let began = Instant::now();
    version.load(1, 0).await.done(SOON).await;
    let took = began.elapsed();
    version.left_alone().await;
    took
}

#[tokio::test]
async fn a_lone_first_task_is_served_within_seven_seconds_among_twenty_instances() {
    let world = World::builder().without_hook().start().await;
    let tried: Vec<Version> = (0..TRIED).map(|n| world.version(&format!("lone{n}"))).collect();
    for version in &tried {
        version.at_zero().await;
    }
    others(&world).await;
    let mut took = Vec::new();
    for version in &tried {
        took.push(lone_task(version).await);
        let history = version.history().await;
        assert_eq!(history.count(EventType::WorkflowExecutionSignaled), 0);
        assert_eq!(history.failed_tasks(), 0);
    }
    println!("served after {took:?}");
    assert!(took.iter().all(|took| *took < SERVED_WITHIN), "{took:?}");
}

/// Without the hook the server refuses compute configs; `wci` gives them to the instance itself.
#[tokio::test]
async fn apply_and_delete_work_on_the_instance_itself() {
    let world = World::builder().without_hook().start().await;
    let version = world.version("direct");
    let said = version.apply_with(&version.greeters(), &[]).await.ok();
    assert!(said.stdout.contains("direct:v1 created"), "{said:?}");
    let said = version.apply_with(&version.greeters(), &[]).await.ok();
    assert!(said.stdout.contains("direct:v1 unchanged"), "{said:?}");
    let described = version.wci("describe", &["-o", "json"]).await.ok().json();
    assert_eq!(described["spec"]["groups"]["default"]["provider"]["type"], "subprocess");
    let request = wci_tests::Change::of(json!({"groups": {"default": {
        "provider": {"type": "subprocess", "details": {"json": {"command": "greeter"}}}}}}));
    let refused = version.create(&request).await;
    assert!(refused.is_err(), "the server's own API knows no compute configs without the hook");
}
