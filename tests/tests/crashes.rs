//! Tasks are completed whichever process is killed.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use wci_tests::{SOON, World, wait_for};

/// An activity that is lost with its process is retried this long after its work time.
const RETRY_MARGIN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_activity_of_a_killed_worker_is_completed_by_another_worker() {
    let world = World::new().await;
    let version = world.version("felled");
    version.at_zero().await;
    let load = version.load(1, 1_000).await;
    wait_for("the activity to run", SOON, async || load.is_working().await.then_some(())).await;
    let [worker] = world.running_workers()[..] else { panic!("{:?}", world.running_workers()) };
    worker.kill();
    load.done(RETRY_MARGIN + SOON).await;
    version.scaled_to_zero().await;
}

#[tokio::test]
async fn a_worker_killed_before_its_first_task_is_replaced() {
    let world = World::new().await;
    let version = world.version("stillborn");
    version.at_zero().await;
    let load = version.load(1, 10).await;
    let worker =
        wait_for("the worker", SOON, async || world.running_workers().first().copied()).await;
    worker.kill();
    load.done(SOON).await;
}

#[tokio::test]
async fn tasks_that_wait_while_the_system_worker_is_down_are_served_after_its_restart() {
    let mut world = World::new().await;
    let version = world.version("orphans");
    version.at_zero().await;
    world.worker().kill();
    let load = version.load(5, 10).await;
    assert_eq!(version.running_workers(), 0);
    world.worker().restart().await;
    let back = Instant::now();
    load.done(SOON).await;
    assert!(back.elapsed() < Duration::from_secs(12), "{:?}", back.elapsed());
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_system_worker_exits_immediately_on_sigterm_and_another_takes_over() {
    let mut world = World::builder().workers(2).start().await;
    let version = world.version("relay");
    version.at_zero().await;
    let mut first = world.workers().remove(0);
    first.process().terminate();
    let status = first.process().exited(Duration::from_secs(5)).await;
    assert_eq!(status.code(), Some(0), "{}", first.log());
    let terminated = Instant::now();
    version.load(3, 10).await.done(SOON).await;
    assert!(terminated.elapsed() < Duration::from_secs(10), "{:?}", terminated.elapsed());
}

#[tokio::test]
async fn instances_continue_after_a_restart_of_the_server() {
    let mut world = World::builder().with_durable_server().start().await;
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
