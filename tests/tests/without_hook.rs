//! A server without the hook: only the backlog shows tasks.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_contract::{names, payload::ConfigPayload};
use wci_tests::{SOON, Version, World, wait_for};

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

/// The version's report by a command, once `text` is in it.
async fn shown(version: &Version, command: &str, text: &str) -> String {
    wait_for(text, SOON, async || {
        let output = version.wci(command, &[]).await.ok().stdout;
        output.contains(text).then_some(output)
    })
    .await
}

#[tokio::test]
async fn a_server_that_announces_nothing_is_reported_once_a_task_has_waited() {
    let mut world = World::builder().without_hook().start().await;
    let version = world.version("silent");
    version.at_zero().await;
    let before = version.wci("describe", &["-o", "json"]).await.ok().json();
    assert_eq!(before["announcements"]["state"], "unknown", "{before:#}");
    assert!(world.worker().log().contains("not known yet"), "{}", world.worker().log());
    // The instance was there before the task, even though the server's stats are up to 5 s old.
    let began = Instant::now();
    wait_for("an older instance", SOON, async || {
        (began.elapsed() > Duration::from_secs(6)).then_some(())
    })
    .await;
    version.load(1, 0).await.done(SOON).await;
    for command in ["describe", "explain"] {
        let output = shown(&version, command, "waited unannounced by the server").await;
        assert!(output.contains("workercontroller.enabled=true"), "{output}");
    }
    let output = version.wci("explain", &[]).await.ok().stdout;
    assert!(output.contains("although none came for tasks that waited"), "{output}");
    let applied = version.apply_with(&version.greeters(), &[]).await.ok().stdout;
    assert!(applied.contains("workercontroller.enabled=true"), "{applied}");
    world.worker().restart().await;
    let worker = world.worker();
    wait_for("the warning in the log", SOON, async || {
        worker.log().contains("waited unannounced by the server").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_server_that_announces_tasks_is_reported_to() {
    let world = World::new().await;
    let version = world.version("heard");
    version.at_zero().await;
    version.load(1, 0).await.done(SOON).await;
    let output = version.wci("describe", &[]).await.ok().stdout;
    assert!(output.contains("Announcements    received, the latest"), "{output}");
    let output = version.wci("explain", &[]).await.ok().stdout;
    assert!(!output.contains("although none came"), "{output}");
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
