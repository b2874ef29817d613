//! Long-lived workers on the same queue: workers are launched only for tasks that they cannot take.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_tests::{SOON, Version, World, wait_for};

async fn launches(version: &Version) -> usize {
    version.history().await.launches().len()
}

#[tokio::test]
async fn a_long_lived_worker_with_free_slots_does_the_work_alone() {
    let world = World::new().await;
    let version = world.version("resident");
    version.at_zero().await;
    let resident = version.greeter().long_lived().start(&world.dir().join("resident.log"));
    wait_for("the long-lived worker", SOON, async || {
        resident.log().contains("polling").then_some(())
    })
    .await;
    version.load(1, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
    let before = launches(&version).await;
    for _ in 0..5 {
        version.load(1, 10).await.done(SOON).await;
    }
    assert_eq!(launches(&version).await, before);
    assert_eq!(version.running_workers(), 0);
}

#[tokio::test]
async fn tasks_that_a_saturated_worker_cannot_take_go_to_launched_workers() {
    let world = World::new().await;
    let version = world.version("saturated");
    version.at_zero().await;
    let slots = "TEMPORAL_SERVERLESS_ACTIVITY_SLOTS";
    let resident = version.greeter().long_lived().env(slots, "1");
    let resident = resident.start(&world.dir().join("resident.log"));
    wait_for("the long-lived worker", SOON, async || {
        resident.log().contains("polling").then_some(())
    })
    .await;
    let busy = version.load(1, 8_000).await;
    wait_for("the long-lived worker to be busy", SOON, async || {
        busy.is_working().await.then_some(())
    })
    .await;
    version.scaled_to_zero().await;
    let before = version.history().await.workers_started();
    let more = version.load(3, 10).await;
    more.done(SOON).await;
    assert_eq!(busy.completed().await, 0, "the long-lived worker was free again");
    let started = version.history().await.workers_started() - before;
    assert!((1..=3).contains(&started), "{started} workers for 3 tasks");
}
