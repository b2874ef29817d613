//! Whoever is killed, the work is done in the end.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use wci_tests::{SOON, World, wait_for};

/// A greeter's activity that was lost with its process is repeated after its work and this.
const GREETERS_MARGIN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_worker_killed_during_an_activity_leaves_a_task_that_another_one_does() {
    let world = World::new().await;
    let version = world.version("felled");
    version.at_zero().await;
    let load = version.load(1, 1_000).await;
    wait_for("the activity to run", SOON, async || load.is_working().await.then_some(())).await;
    let [worker] = world.living()[..] else { panic!("{:?}", world.living()) };
    worker.kill();
    load.done(GREETERS_MARGIN + SOON).await;
    version.left_alone().await;
}

#[tokio::test]
async fn a_worker_killed_before_its_first_task_is_replaced() {
    let world = World::new().await;
    let version = world.version("stillborn");
    version.at_zero().await;
    let load = version.load(1, 10).await;
    let worker = wait_for("the worker", SOON, async || world.living().first().copied()).await;
    worker.kill();
    load.done(SOON).await;
}

#[tokio::test]
async fn a_system_worker_killed_with_tasks_waiting_serves_them_when_it_is_back() {
    let mut world = World::new().await;
    let version = world.version("orphans");
    version.at_zero().await;
    world.worker().kill();
    let load = version.load(5, 10).await;
    assert_eq!(version.living(), 0);
    world.worker().restart().await;
    let back = Instant::now();
    load.done(SOON).await;
    assert!(back.elapsed() < Duration::from_secs(12), "{:?}", back.elapsed());
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_system_worker_that_is_asked_to_end_does_so_at_once_and_another_goes_on() {
    let mut world = World::builder().workers(2).start().await;
    let version = world.version("relay");
    version.at_zero().await;
    let mut first = world.workers().remove(0);
    first.process().terminate();
    let status = first.process().ended(Duration::from_secs(5)).await;
    assert_eq!(status.code(), Some(0), "{}", first.log());
    let told = Instant::now();
    version.load(3, 10).await.done(SOON).await;
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
}

#[tokio::test]
async fn a_server_that_is_stopped_and_started_finds_its_instances_at_work() {
    let mut world = World::builder().that_keeps_data().start().await;
    let version = world.version("outage");
    version.at_zero().await;
    let load = version.load(5, 500).await;
    let run = version.run_id().await;
    world.server.restart().await;
    load.done(Duration::from_secs(60)).await;
    let load = version.load(3, 10).await;
    load.done(SOON).await;
    assert_eq!(version.run_id().await, run);
    assert_eq!(version.history().await.failed_tasks(), 0);
}
