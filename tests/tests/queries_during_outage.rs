//! Queries that arrive while the system worker is down are answered and change nothing.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;
use tokio::task::JoinHandle;
use wci_contract::names;
use wci_tests::{SOON, Version, World, wait_for};
use wci_workflows::payload_of;

/// How often the system worker is killed.
const ROUNDS: usize = 3;
/// The number of concurrent queries.
const QUERIES: usize = 20;

/// Waits until no launch is running and no signal is pending.
async fn wait_until_idle(version: &Version) {
    wait_for("the instance to be idle", SOON, async || {
        let state = version.dump().await?;
        let is_idle = state.wci?.launches.is_empty() && state.pending_task_add_signals.is_empty();
        is_idle.then_some(())
    })
    .await;
    version.scaled_to_zero().await;
}

/// The server holds the queries and dispatches them to the next worker, with the history that the
/// instance has by then.
async fn signal_while_queries_wait(world: &mut World, version: &Version) {
    world.worker().kill();
    version.reset_sticky_queue().await;
    let queries: Vec<JoinHandle<_>> = (0..QUERIES)
        .map(|_| {
            let version = version.clone();
            tokio::spawn(async move { version.dump().await })
        })
        .collect();
    // A query that arrives after the signal waits for the signal's workflow task.
    version.run_id().await;
    let signal = json!({"task_queue_name": version.queue, "task_queue_type": 1,
        "is_sync_match": false, "no_sync_match_signals_batched": 1});
    version.signal(names::TASK_ADD_SIGNAL, payload_of(&signal).unwrap()).await;
    world.worker().restart().await;
    wait_until_idle(version).await;
    // The server dispatched some of them to the killed worker.
    queries.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn a_query_that_waited_beside_a_signal_leaves_a_history_that_replays() {
    let mut world = World::new().await;
    let version = world.version("absent");
    version.at_zero().await;
    for _ in 0..ROUNDS {
        signal_while_queries_wait(&mut world, &version).await;
    }
    assert_eq!(version.history().await.mistimed_decisions(), []);
    world.worker().restart().await;
    version.load(1, 20).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0, "{}", world.worker().log());
}
