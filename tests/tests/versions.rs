//! Which tasks an instance serves, and which it ignores.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_tests::{Group, SOON, SpecFile, World, wait_for};

#[tokio::test]
async fn an_instance_ignores_unversioned_tasks_and_serves_pinned_ones() {
    let world = World::new().await;
    let version = world.version("aside");
    version.apply_with(&version.greeters(), &[]).await.ok();
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.scaled_to_zero().await;
    let stray = version.load(3, 10).await;
    version.pinned_load(1, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
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
    new.scaled_to_zero().await;
    old.load(2, 10).await.done(SOON).await;
    assert!(old.history().await.workers_started() >= 1);
    assert_eq!(new.history().await.launches().len(), 0);
    new.scaled_to_zero().await;
    new.apply(&new.greeters()).await.ok();
    // The new routing reaches the server's partitions one by one.
    wait_for("a worker of the other version", SOON, async || {
        new.load(4, 10).await.done(SOON).await;
        new.scaled_to_zero().await;
        (new.history().await.workers_started() >= 1).then_some(())
    })
    .await;
    let before = old.history().await.launches().len();
    new.load(4, 10).await.done(SOON).await;
    assert_eq!(old.history().await.launches().len(), before);
}

/// The server deletes no version with recent pollers, so no worker of this one starts.
#[tokio::test]
async fn a_deleted_version_ends_its_instance() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("gone");
    let spec = SpecFile::of(&version.id).group("default", Group::lambda("gone"));
    version.apply_with(&spec, &["--wait=false"]).await.ok();
    let unconfirmed = version.wci("delete", &[]).await;
    assert_eq!(unconfirmed.code, Some(1), "{unconfirmed:?}");
    assert!(unconfirmed.stderr.contains("--yes"), "{unconfirmed:?}");
    let output = version.wci("delete", &["--yes"]).await.ok();
    assert_eq!(output.stdout.trim(), "gone:v1 deleted");
    let history = version.history().await;
    assert_eq!(history.count(EventType::WorkflowExecutionCompleted), 1);
    assert_eq!(history.failed_tasks(), 0);
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"], serde_json::json!([]), "{listed}");
    let again = version.wci("delete", &["--yes"]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("gone:v1 does not exist"), "{again:?}");
}

/// The test replaces the server's own workflow of the deployment with one that no worker serves.
#[tokio::test]
async fn a_deployment_that_does_not_respond_hides_no_other() {
    let drains = r#"matching.wv.VersionDrainageStatusVisibilityGracePeriod="1s""#;
    let refresh = r#"matching.wv.VersionDrainageStatusRefreshInterval="1s""#;
    let builder = World::builder().dynamic_config(drains).dynamic_config(refresh);
    let world = builder.with_lambda().start().await;
    let [old, new] = ["v1", "v2"].map(|build| world.version_of("responds", build));
    let silent = world.version("silent");
    for version in [&old, &new, &silent] {
        let function = format!("{}-{}", version.id.deployment(), version.id.build_id());
        let spec = SpecFile::of(&version.id).group("default", Group::lambda(&function));
        version.apply_unregistered(&spec).await.ok();
    }
    wait_for("the old build to be drained", SOON, async || {
        let listed = world.wci(&["list"]).await.ok().stdout;
        listed.contains("1 version is drained").then_some(())
    })
    .await;
    let stuck = "temporal-sys-worker-deployment:silent";
    world.temporal(&["workflow", "terminate", "-w", stuck]).await.ok();
    let start = ["workflow", "start", "--type", "stuck", "--task-queue", "nobody", "-w", stuck];
    world.temporal(&start).await.ok();

    let output = world.wci(&["list", "-o", "json"]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("deployment silent: "), "{output:?}");
    let listed = output.json();
    let status = |build: &str| {
        let rows = listed["instances"].as_array().unwrap();
        rows.iter().find(|row| row["build_id"] == build && row["deployment"] == "responds").unwrap()
            ["status"]
            .clone()
    };
    assert_eq!((status("v1"), status("v2")), ("drained".into(), "current".into()), "{listed}");
    assert_eq!(listed["instances"].as_array().unwrap().len(), 3, "{listed}");

    let output = world.wci(&["delete", "--drained", "--yes"]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert_eq!(output.stdout.trim(), "responds:v1 deleted", "{output:?}");
    assert!(output.stderr.contains("deployment silent: "), "{output:?}");
    assert!(!old.has_instance().await && new.has_instance().await && silent.has_instance().await);
}
