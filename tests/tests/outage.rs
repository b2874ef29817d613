//! Outages of the system worker and of namespaces.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant, SystemTime};

use wci_tests::{SOON, World, wait_for};

/// Tasks that waited for the system worker are served within this time after its restart.
const SERVED_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_system_worker_that_is_down_is_reported_and_tasks_wait_for_it() {
    let mut world = World::new().await;
    let version = world.version("outage");
    version.at_zero().await;
    world.worker().kill();
    let load = version.load(3, 10).await;
    let began = Instant::now();
    let output = version.wci("describe", &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("does not respond"), "{output:?}");
    assert!(output.stderr.contains("wci-system"), "{output:?}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let listed = world.wci(&["list"]).await.ok().stdout;
    assert!(listed.contains("outage"), "{listed}");
    assert_eq!(load.completed().await, 0);
    world.worker().restart().await;
    let back = SystemTime::now();
    load.done(SOON).await;
    let launches = version.history().await.launches();
    let requested = launches.iter().filter_map(|launch| launch.activity.started).min().unwrap();
    let requested = SystemTime::UNIX_EPOCH + Duration::from_millis(requested.try_into().unwrap());
    let took = requested.duration_since(back).unwrap_or_default();
    println!("a worker was requested {took:?} after the restart of the system worker");
    assert!(took < SERVED_WITHIN, "{took:?}");
}

#[tokio::test]
async fn a_watch_that_can_read_nothing_is_shown_and_goes_on_as_soon_as_it_can() {
    let world = World::builder().with_server_proxy(&[]).start().await;
    let version = world.version("blind");
    version.at_zero().await;
    let reads = ["DescribeTaskQueue", "DescribeWorkerDeploymentVersion"];
    reads.iter().for_each(|method| world.server_proxy().refuse(method));
    wait_for("the failing watch to be shown", SOON * 3, async || {
        let described = version.wci("describe", &[]).await.ok().stdout;
        let mut lines = described.lines().filter(|line| line.starts_with("Not done yet"));
        let is_shown = |line: &str| {
            line.contains("WatchTaskQueues is at attempt") && line.contains("Request unauthorized")
        };
        lines.any(is_shown).then_some(())
    })
    .await;
    reads.iter().for_each(|method| world.server_proxy().admit(method));
    version.load(1, 10).await.done(SOON).await;
    wait_for("the watch to go on", SOON, async || {
        let described = version.wci("describe", &[]).await.ok().stdout;
        (!described.contains("Not done yet")).then_some(())
    })
    .await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_failing_namespace_does_not_affect_another() {
    let world =
        World::builder().worker_args(&["-n", "second", "--adopt"]).namespace("second").start();
    let world = world.await;
    let version = world.version("unharmed");
    version.at_zero().await;
    let delete = ["operator", "namespace", "delete", "--namespace", "second", "--yes"];
    world.temporal(&delete).await.ok();
    wait_for("the namespace to be gone", SOON, async || {
        let output = world.wci(&["list", "-n", "second"]).await;
        (output.code == Some(1)).then_some(())
    })
    .await;
    for _ in 0..5 {
        version.load(1, 10).await.done(SOON).await;
        version.scaled_to_zero().await;
    }
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_namespace_is_served_once_it_exists_and_delays_no_other() {
    let world = World::builder().worker_args(&["-n", "later"]).start().await;
    let version = world.version("meanwhile");
    version.at_zero().await;
    version.load(1, 10).await.done(SOON).await;
    let output = world.wci(&["claim", "patient:v1", "-n", "later"]).await;
    assert!(output.stderr.contains("does not exist"), "{output:?}");
    let create = ["operator", "namespace", "create", "--namespace", "later"];
    world.temporal(&create).await.ok();
    wait_for("the namespace to be served", SOON, async || {
        let output = world.wci(&["claim", "patient:v1", "-n", "later"]).await;
        (output.code == Some(0)).then_some(())
    })
    .await;
}

/// At startup, and while it is served.
#[tokio::test]
async fn a_namespace_with_rejected_credentials_is_served_once_they_are_accepted() {
    let builder = World::builder().namespace("locked").with_server_proxy(&["locked"]);
    let mut world = builder.worker_args(&["-n", "locked", "--adopt"]).start().await;
    let version = world.version("unharmed");
    version.at_zero().await;
    let log = world.worker().log();
    for expected in ["cannot serve the namespace", "namespace=\"locked\"", "Request unauthorized."]
    {
        assert!(log.contains(expected), "{log}");
    }
    world.server_proxy().accept("locked");
    wait_until_served(&world, "first:v1").await;

    world.server_proxy().reject("locked");
    let refused = world.server_proxy().rejections();
    // A task for its worker, whose response is rejected.
    world.wci(&["claim", "forsaken:v1", "-n", "locked"]).await;
    wait_for("a rejected call", SOON, async || {
        (world.server_proxy().rejections() > refused).then_some(())
    })
    .await;
    for _ in 0..5 {
        version.load(1, 10).await.done(SOON).await;
        version.scaled_to_zero().await;
    }
    assert_eq!(version.history().await.failed_tasks(), 0);
    world.server_proxy().accept("locked");
    wait_until_served(&world, "second:v1").await;
}

/// Waits until the namespace `locked` is served.
async fn wait_until_served(world: &World, id: &str) {
    wait_for("the namespace to be served", SOON, async || {
        let output = world.wci(&["claim", id, "-n", "locked"]).await;
        (output.code == Some(0)).then_some(())
    })
    .await;
}
