//! A system worker that is killed in the middle of a launch.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use serde_json::json;
use wci_contract::{activities::INVOKE, launch::Outcome};
use wci_tests::{World};

const WORKERS: usize = 20;

/// A launch as an instance would ask for it, as an activity by itself: `no-sync` starts workers
/// one by one.
fn launch(queue: &str) -> String {
    let config = json!({"command": "greeter", "lifetime_ms": 60_000, "env": {
        "TEMPORAL_TASK_QUEUE": queue, "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS": "15000"}});
    let config = config.as_object().cloned().unwrap();
    json!({"deployment_name": "halfway", "build_id": "v1", "group": "default",
        "compute": {"provider_type": "subprocess",
            "config": wci_contract::payload::ConfigPayload::from_map(&config)},
        "launch_id": "the-launch", "count": WORKERS})
    .to_string()
}

#[tokio::test]
async fn no_more_workers_come_of_a_launch_that_was_cut_in_two_than_were_asked_for() {
    let mut world = World::new().await;
    let input = launch("halfway");
    let args = ["activity", "start", "--activity-id", "launch", "--type", INVOKE];
    let options = ["--task-queue", "wci-system", "--heartbeat-timeout", "4s"];
    let limits = ["--start-to-close-timeout", "60s", "--retry-initial-interval", "200ms"];
    let input = ["--input", &input];
    world.temporal(&[&args[..], &options, &limits, &input].concat()).await.ok();
    while world.living().len() < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world.worker().kill();
    let before = world.living().len();
    world.worker().restart().await;
    let back = Instant::now();
    println!("{before} records when killed");
    let result = ["activity", "result", "--activity-id", "launch", "-o", "json"];
    let said = world.temporal(&result).await.ok();
    println!("{} {:?}", said.stdout, back.elapsed());
    let outcome: Outcome = serde_json::from_value(said.json()["result"].clone()).unwrap();
    assert_eq!(outcome, Outcome::started(20));
    assert_eq!(world.records(), WORKERS);
    assert!(world.living().len() <= WORKERS);
}
