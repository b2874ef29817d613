//! No system worker is there for a while.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant, SystemTime};

use wci_tests::{SOON, World, wait_for};

/// Tasks that waited for the system worker are served within this time after it is back.
const SERVED_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_system_worker_that_is_down_is_told_from_one_that_is_slow_and_tasks_wait_for_it() {
    let mut world = World::new().await;
    let version = world.version("outage");
    version.at_zero().await;
    world.worker().kill();
    let load = version.load(3, 10).await;
    let began = Instant::now();
    let said = version.wci("describe", &[]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("does not respond"), "{said:?}");
    assert!(said.stderr.contains("wci-system"), "{said:?}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let listed = world.wci(&["list"]).await.ok().stdout;
    assert!(listed.contains("outage"), "{listed}");
    assert_eq!(load.completed().await, 0);
    world.worker().restart().await;
    let back = SystemTime::now();
    load.done(SOON).await;
    let launches = version.history().await.launches();
    let asked = launches.iter().filter_map(|launch| launch.activity.started).min().unwrap();
    let asked = SystemTime::UNIX_EPOCH + Duration::from_millis(asked.try_into().unwrap());
    let took = asked.duration_since(back).unwrap_or_default();
    println!("a worker was asked for {took:?} after the system worker was back");
    assert!(took < SERVED_WITHIN, "{took:?}");
}

#[tokio::test]
async fn a_namespace_in_trouble_does_not_touch_another() {
    let world =
        World::builder().worker_args(&["-n", "second", "--adopt"]).namespace("second").start();
    let world = world.await;
    let version = world.version("unharmed");
    version.at_zero().await;
    let delete = ["operator", "namespace", "delete", "--namespace", "second", "--yes"];
    world.temporal(&delete).await.ok();
    wait_for("the namespace to be gone", SOON, async || {
        let said = world.wci(&["list", "-n", "second"]).await;
        (said.code == Some(1)).then_some(())
    })
    .await;
    for _ in 0..5 {
        version.load(1, 10).await.done(SOON).await;
        version.left_alone().await;
    }
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_namespace_that_is_not_there_yet_is_served_when_it_is_and_holds_up_no_other() {
    let world = World::builder().worker_args(&["-n", "later"]).start().await;
    let version = world.version("meanwhile");
    version.at_zero().await;
    version.load(1, 10).await.done(SOON).await;
    let said = world.wci(&["claim", "patient:v1", "-n", "later"]).await;
    assert!(said.stderr.contains("does not exist"), "{said:?}");
    let create = ["operator", "namespace", "create", "--namespace", "later"];
    world.temporal(&create).await.ok();
    wait_for("the namespace to be served", SOON, async || {
        let said = world.wci(&["claim", "patient:v1", "-n", "later"]).await;
        (said.code == Some(0)).then_some(())
    })
    .await;
}

/// At the start, and while it is served.
#[tokio::test]
async fn a_namespace_whose_credentials_are_refused_is_left_until_they_are_accepted() {
    let builder = World::builder().namespace("locked").behind_a_front(&["locked"]);
    let mut world = builder.worker_args(&["-n", "locked", "--adopt"]).start().await;
    let version = world.version("unharmed");
    version.at_zero().await;
    let log = world.worker().log();
    for words in ["cannot serve the namespace", "namespace=\"locked\"", "Request unauthorized."] {
        assert!(log.contains(words), "{log}");
    }
    world.front().accept("locked");
    takes_claims(&world, "first:v1").await;

    world.front().refuse("locked");
    let refused = world.front().refusals();
    // A task for its worker, which may not answer.
    world.wci(&["claim", "forsaken:v1", "-n", "locked"]).await;
    wait_for("a refusal", SOON, async || (world.front().refusals() > refused).then_some(())).await;
    for _ in 0..5 {
        version.load(1, 10).await.done(SOON).await;
        version.left_alone().await;
    }
    assert_eq!(version.history().await.failed_tasks(), 0);
    world.front().accept("locked");
    takes_claims(&world, "second:v1").await;
}

/// Waits until the namespace `locked` is served.
async fn takes_claims(world: &World, id: &str) {
    wait_for("the namespace to be served", SOON, async || {
        let said = world.wci(&["claim", id, "-n", "locked"]).await;
        (said.code == Some(0)).then_some(())
    })
    .await;
}
