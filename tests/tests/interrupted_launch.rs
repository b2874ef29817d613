//! A system worker that is killed during a launch.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use wci_tests::{Group, SOON, SpecFile, World, wait_for};

const WORKERS: usize = 20;
/// A lost activity times out within 5 s; starting the remaining workers takes time, too.
const COMPLETED_WITHIN: Duration = Duration::from_secs(15);

/// Waits until some of the workers run. It polls every millisecond, because a launch is short.
async fn wait_until_running(world: &World) {
    let began = Instant::now();
    while world.running_workers().len() < 3 {
        assert!(began.elapsed() < SOON, "no worker was started");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn an_interrupted_launch_is_resumed_and_starts_no_more_workers_than_requested() {
    let mut world = World::new().await;
    let version = world.version("halfway");
    let group = Group::greeters(&version.queue)
        .provider("lifetime_ms", 600_000)
        .env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "1")
        .demand("worker_slots", 1);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let registered = world.records();
    let load = version.load(WORKERS, 5_000).await;
    wait_until_running(&world).await;
    world.worker().kill();
    world.worker().restart().await;
    let back = Instant::now();
    wait_for("the outcomes of all launches", SOON, async || {
        let launches = version.history().await.launches();
        launches.iter().all(|launch| launch.outcome.is_some()).then_some(())
    })
    .await;
    assert!(back.elapsed() < COMPLETED_WITHIN, "{:?}", back.elapsed());
    load.done(2 * SOON).await;
    let launches = version.history().await.launches();
    let ids: BTreeSet<_> = launches.iter().map(|launch| &launch.requested.launch_id).collect();
    assert_eq!(ids.len(), launches.len());
    let requested: u32 = launches.iter().map(|launch| launch.requested.count).sum();
    let started = world.records() - registered;
    assert!(started <= usize::try_from(requested).unwrap(), "{started} for {requested}");
}
