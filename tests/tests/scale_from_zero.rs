//! Scaling from zero: tasks that arrive while no worker runs are completed, and the workers exit.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_tests::{SOON, World};

#[tokio::test]
async fn one_task_starts_one_worker_which_exits_afterwards() {
    let world = World::new().await;
    let version = world.version("single");
    version.at_zero().await;
    let load = version.load(1, 100).await;
    load.done(SOON).await;
    version.scaled_to_zero().await;
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    assert_eq!(history.workers_started(), 1, "{:#?}", history.launches());
}

#[tokio::test]
async fn a_burst_of_a_hundred_tasks_is_completed_and_the_workers_exit() {
    let world = World::new().await;
    let version = world.version("burst");
    version.at_zero().await;
    let load = version.load(100, 100).await;
    load.done(SOON).await;
    version.scaled_to_zero().await;
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    assert!((1..=100).contains(&history.workers_started()), "{:#?}", history.launches());
    assert_eq!(history.count(EventType::ActivityTaskTimedOut), 0);
}

#[tokio::test]
async fn on_a_server_without_the_hook_the_backlog_starts_the_worker() {
    let world = World::builder().without_hook().start().await;
    let version = world.version("silent");
    version.at_zero().await;
    version.load(2, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
    let history = version.history().await;
    assert_eq!(history.count(EventType::WorkflowExecutionSignaled), 0);
    assert_eq!(history.failed_tasks(), 0);
    assert!((1..=3).contains(&history.workers_started()), "{:#?}", history.launches());
}
