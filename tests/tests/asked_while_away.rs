//! Who asks an instance while its worker is away gets an answer, and changes nothing.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;
use tokio::task::JoinHandle;
use wci_contract::names;
use wci_tests::{SOON, Version, World, wait_for};
use wci_workflows::payload_of;

/// How often the worker is lost.
const ROUNDS: usize = 3;
/// How many ask at once.
const QUESTIONS: usize = 20;

/// Waits until nothing is under way.
async fn at_rest(version: &Version) {
    wait_for("the instance to rest", SOON, async || {
        let known = version.dump().await?;
        let is_idle = known.wci?.launches.is_empty() && known.pending_task_add_signals.is_empty();
        is_idle.then_some(())
    })
    .await;
    version.left_alone().await;
}

/// The server answers whoever asks now by handing the question, with the history that the
/// instance has by then, to the next worker.
async fn announce_while_questions_wait(world: &mut World, version: &Version) {
    world.worker().kill();
    version.forget_worker().await;
    let questions: Vec<JoinHandle<_>> = (0..QUESTIONS)
        .map(|_| {
            let version = version.clone();
            tokio::spawn(async move { version.dump().await })
        })
        .collect();
    // A question that comes after the signal waits for the workflow task that brings it.
    version.run_id().await;
    let signal = json!({"task_queue_name": version.queue, "task_queue_type": 1,
        "is_sync_match": false, "no_sync_match_signals_batched": 1});
    version.signal(names::TASK_ADD_SIGNAL, payload_of(&signal).unwrap()).await;
    world.worker().restart().await;
    at_rest(version).await;
    // Some were handed to the worker that is lost.
    questions.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn a_question_that_waited_beside_an_announcement_leaves_a_history_that_replays() {
    let mut world = World::new().await;
    let version = world.version("absent");
    version.at_zero().await;
    for _ in 0..ROUNDS {
        announce_while_questions_wait(&mut world, &version).await;
    }
    assert_eq!(version.history().await.ill_timed(), []);
    world.worker().restart().await;
    version.load(1, 20).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0, "{}", world.worker().log());
}
