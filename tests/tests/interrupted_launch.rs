//! A system worker that is killed during a launch.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use serde_json::json;
use wci_contract::{activities::INVOKE, launch::Outcome, payload::ConfigPayload};
use wci_tests::{SOON, World};

const WORKERS: u32 = 20;
/// A lost activity times out within 5 s; starting the remaining workers takes time, too.
const COMPLETED_WITHIN: Duration = Duration::from_secs(9);

/// A launch as an instance would request it.
fn launch(queue: &str) -> String {
    let config = json!({"command": "greeter", "lifetime_ms": 60_000, "env": {
        "TEMPORAL_TASK_QUEUE": queue, "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS": "15000"}});
    let config = ConfigPayload::from_map(config.as_object().unwrap());
    json!({"deployment_name": queue, "build_id": "v1", "group": "default",
        "compute": {"provider_type": "subprocess", "config": config},
        "launch_id": "the-launch", "count": WORKERS})
    .to_string()
}

/// Starts the activity without a workflow, because `no-sync` starts workers one by one.
async fn start(world: &World, input: &str) {
    let args = ["activity", "start", "--activity-id", "launch", "--type", INVOKE];
    let options = ["--task-queue", "wci-system", "--heartbeat-timeout", "4s"];
    let limits = ["--start-to-close-timeout", "60s", "--retry-initial-interval", "200ms"];
    world.temporal(&[&args[..], &options, &limits, &["--input", input]].concat()).await.ok();
}

/// Waits until some of the workers run. It polls every millisecond, because a launch is short.
async fn wait_until_running(world: &World) {
    let began = Instant::now();
    while world.running_workers().len() < 3 {
        assert!(began.elapsed() < SOON, "no worker was started");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn an_interrupted_launch_is_resumed_and_starts_no_more_workers_than_requested() {
    let mut world = World::new().await;
    start(&world, &launch("halfway")).await;
    wait_until_running(&world).await;
    world.worker().kill();
    world.worker().restart().await;
    let back = Instant::now();
    let result = ["activity", "result", "--activity-id", "launch", "-o", "json"];
    let result = world.temporal(&result).await.ok().json();
    let took = back.elapsed();
    let outcome: Outcome = serde_json::from_value(result["result"].clone()).unwrap();
    assert_eq!(outcome, Outcome::started(WORKERS));
    assert!(took < COMPLETED_WITHIN, "{took:?}");
    let workers = usize::try_from(WORKERS).unwrap();
    assert_eq!(world.records(), workers, "started workers");
    assert!(world.running_workers().len() <= workers);
}
