//! Which tasks are an instance's business, and which are not.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_tests::{SOON, World, wait_for};

#[tokio::test]
async fn tasks_of_no_version_are_nobodys_business_and_pinned_ones_are() {
    let world = World::new().await;
    let version = world.version("aside");
    version.apply_with(&version.greeters(), &[]).await.ok();
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.left_alone().await;
    let stray = version.load(3, 10).await;
    version.pinned_load(1, 10).await.done(SOON).await;
    version.left_alone().await;
    assert_eq!(stray.completed().await, 0);
    let history = version.history().await;
    assert_eq!(history.workers_started(), 1, "{:#?}", history.launches());
    assert_eq!(history.failed_tasks(), 0);
}

#[tokio::test]
async fn the_current_version_gets_the_tasks_and_the_other_starts_nothing() {
    let world = World::new().await;
    let (old, new) = (world.version_of("pair", "v1"), world.version_of("pair", "v2"));
    old.at_zero().await;
    new.apply_with(&new.greeters(), &[]).await.ok();
    wait_for("the other version's queues", SOON, async || (new.queues().await >= 2).then_some(()))
        .await;
    new.left_alone().await;
    old.load(2, 10).await.done(SOON).await;
    assert!(old.history().await.workers_started() >= 1);
    assert_eq!(new.history().await.launches().len(), 0);
    new.left_alone().await;
    new.apply(&new.greeters()).await.ok();
    let before = old.history().await.launches().len();
    new.load(2, 10).await.done(SOON).await;
    assert!(new.history().await.workers_started() >= 1);
    assert_eq!(old.history().await.launches().len(), before);
}

#[tokio::test]
async fn a_deleted_version_ends_its_instance_and_starts_nothing_more() {
    let world = World::new().await;
    let version = world.version("gone");
    version.apply_with(&version.greeters(), &[]).await.ok();
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.left_alone().await;
    // The server goes on listing the worker that left, and deletes no version that is polled.
    wait_for("the version to be deleted", SOON * 12, async || {
        let said = version.wci("delete", &["--yes", "--skip-drainage"]).await;
        (said.code == Some(0)).then_some(())
    })
    .await;
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"], serde_json::json!([]), "{listed}");
    let said = version.wci("describe", &[]).await;
    println!("{said:?}");
}
