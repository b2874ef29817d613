//! The state of an instance is the same whether its worker cached it or replayed its history.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use wci_tests::{SOON, Version, World, wait_for};

/// The number of queries to response while decisions are made.
const QUERIES: usize = 30;

/// Queries the state of the instance until `stop` is set. Queries have made workers record commands
/// that they could not replay.
async fn query_until(version: &Version, answers: &AtomicUsize, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        answers.fetch_add(usize::from(version.dump().await.is_some()), Ordering::Relaxed);
    }
}

async fn assert_same_state_after_restart(world: &mut World, version: &Version) {
    let state = wait_for("the end of the launches", SOON, async || {
        let state = version.dump().await?;
        state.wci.as_ref()?.launches.is_empty().then_some(state)
    })
    .await;
    world.worker().restart().await;
    assert_eq!(version.dump().await, Some(state));
}

#[tokio::test]
async fn an_instance_that_is_often_evicted_from_the_cache_misses_nothing() {
    let mut world = World::builder().worker_args(&["--cached-instances", "10"]).start().await;
    let version = world.version("evicted");
    version.at_zero().await;
    let others: Vec<_> = (0..14).map(|n| world.version(&format!("other-{n}"))).collect();
    for other in &others {
        world.wci(&["claim", &other.id.to_string()]).await.ok();
    }
    let (answers, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let evicting = async {
        while !stop.load(Ordering::Relaxed) {
            for other in &others {
                other.dump().await;
            }
        }
    };
    let working = async {
        for tasks in [1, 10, 1, 5, 1, 1] {
            version.scaled_to_zero().await;
            version.load(tasks, 20).await.done(SOON).await;
        }
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(working, evicting, query_until(&version, &answers, &stop));
    let metrics = world.worker().metrics().await;
    let cached = metrics.sum("wci_instances_cached", &[]).unwrap();
    assert!(cached <= 10.0, "{cached} instances are cached");
    version.scaled_to_zero().await;
    assert_same_state_after_restart(&mut world, &version).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn an_instance_has_the_same_state_after_a_restart_of_its_worker() {
    let mut world = World::new().await;
    let version = world.version("again");
    version.at_zero().await;
    let (answers, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let working = async {
        for tasks in [1, 20, 1, 5, 1] {
            version.load(tasks, 20).await.done(SOON).await;
        }
        while answers.load(Ordering::Relaxed) < QUERIES {
            version.load(1, 20).await.done(SOON).await;
        }
        stop.store(true, Ordering::Relaxed);
    };
    let query = || query_until(&version, &answers, &stop);
    tokio::join!(working, query(), query(), query());
    assert_same_state_after_restart(&mut world, &version).await;
    version.load(1, 20).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}
