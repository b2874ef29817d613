//! Two system workers on the same task queue.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use wci_tests::{SOON, World};

/// What a system worker logs for a decision.
const DECIDED: &str = "decided";

/// What a system worker logs for the registration of a version.
const REGISTERED: &str = "started a worker to register";
/// With an even chance, all of these go to the same system worker once in 500 million runs.
const MAX_VERSIONS: usize = 30;

fn decided(log: &str) -> usize {
    log.lines().filter(|line| line.contains(DECIDED)).count()
}

#[tokio::test]
async fn when_one_of_two_is_killed_the_other_takes_over_and_nothing_is_launched_twice() {
    let mut world = World::builder().workers(2).start().await;
    let version = world.version("twins");
    version.at_zero().await;
    version.load(3, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
    let counts: Vec<usize> = world.workers().iter().map(|worker| decided(&worker.log())).collect();
    let owner = usize::from(counts[1] > counts[0]);
    let other = 1 - owner;
    world.workers()[owner].kill();
    version.load(3, 10).await.done(SOON).await;
    assert!(decided(&world.workers()[other].log()) > counts[other]);
    version.scaled_to_zero().await;
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    let launches = history.launches();
    let ids: BTreeSet<_> = launches.iter().map(|launch| &launch.requested.launch_id).collect();
    assert_eq!(ids.len(), launches.len());
    let requested: u32 = launches.iter().map(|launch| launch.requested.count).sum();
    let registered = 1;
    let started = world.records();
    assert!(
        started <= usize::try_from(requested).unwrap() + registered,
        "{started} for {requested}"
    );
}

#[tokio::test]
async fn two_system_workers_share_the_instances_of_a_namespace() {
    let mut world = World::builder().workers(2).start().await;
    // Which of the two receives a task is the server's choice: the share of each is known after a
    // few versions only.
    for n in 0..MAX_VERSIONS {
        let version = world.version(&format!("shared{n}"));
        version.apply(&version.greeters()).await.ok();
        version.load(1, 10).await.done(SOON).await;
        if world.workers().iter().all(|worker| worker.log().contains(REGISTERED)) {
            return;
        }
    }
    let logs: Vec<_> = world.workers().iter().map(|worker| worker.log()).collect();
    panic!("one of the two got nothing of {MAX_VERSIONS} versions: {}", logs.join("\n\n"));
}
