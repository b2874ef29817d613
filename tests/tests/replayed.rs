//! What an instance knows does not depend on whether its history was lived through or replayed.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use wci_tests::{SOON, Version, World, wait_for};

/// Answers that queries are to get while decisions are made.
const ANSWERS: usize = 30;

/// Asks the instance all that it knows, again and again. Queries have made workers record what
/// they could not replay.
async fn ask_all_the_time(version: &Version, answers: &AtomicUsize, enough: &AtomicBool) {
    while !enough.load(Ordering::Relaxed) {
        answers.fetch_add(usize::from(version.dump().await.is_some()), Ordering::Relaxed);
    }
}

async fn knows_the_same_after_a_restart(world: &mut World, version: &Version) {
    let known = wait_for("the launches to end", SOON, async || {
        let known = version.dump().await?;
        known.wci.as_ref()?.launches.is_empty().then_some(known)
    })
    .await;
    world.worker().restart().await;
    assert_eq!(version.dump().await, Some(known));
}

#[tokio::test]
async fn an_instance_that_is_pushed_out_of_memory_again_and_again_misses_nothing() {
    let mut world = World::builder().worker_args(&["--cached-instances", "10"]).start().await;
    let version = world.version("pushed");
    version.at_zero().await;
    let others: Vec<_> = (0..14).map(|n| world.version(&format!("other-{n}"))).collect();
    for other in &others {
        world.wci(&["claim", &other.id.to_string()]).await.ok();
    }
    let (answers, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let pushing = async {
        while !enough.load(Ordering::Relaxed) {
            for other in &others {
                other.dump().await;
            }
        }
    };
    let working = async {
        for tasks in [1, 10, 1, 5, 1, 1] {
            version.left_alone().await;
            version.load(tasks, 20).await.done(SOON).await;
        }
        enough.store(true, Ordering::Relaxed);
    };
    tokio::join!(working, pushing, ask_all_the_time(&version, &answers, &enough));
    let metrics = world.worker().metrics().await;
    let cached = metrics.sum("wci_instances_cached", &[]).unwrap();
    assert!(cached <= 10.0, "{cached} are in memory");
    version.left_alone().await;
    knows_the_same_after_a_restart(&mut world, &version).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn an_instance_knows_the_same_after_its_worker_was_lost() {
    let mut world = World::new().await;
    let version = world.version("again");
    version.at_zero().await;
    let (answers, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let working = async {
        for tasks in [1, 20, 1, 5, 1] {
            version.load(tasks, 20).await.done(SOON).await;
        }
        while answers.load(Ordering::Relaxed) < ANSWERS {
            version.load(1, 20).await.done(SOON).await;
        }
        enough.store(true, Ordering::Relaxed);
    };
    let ask = || ask_all_the_time(&version, &answers, &enough);
    tokio::join!(working, ask(), ask(), ask());
    knows_the_same_after_a_restart(&mut world, &version).await;
    version.load(1, 20).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}
