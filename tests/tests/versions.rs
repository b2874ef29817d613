//! Which tasks are an instance's business, and which are not.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_tests::{Group, SOON, SpecFile, World, wait_for};

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
    // The new routing reaches the server's partitions one by one.
    wait_for("the other version to be asked", SOON, async || {
        new.load(4, 10).await.done(SOON).await;
        new.left_alone().await;
        (new.history().await.workers_started() >= 1).then_some(())
    })
    .await;
    let before = old.history().await.launches().len();
    new.load(4, 10).await.done(SOON).await;
    assert_eq!(old.history().await.launches().len(), before);
}

/// The server deletes no version that was polled lately, so this one's workers never come.
#[tokio::test]
async fn a_deleted_version_ends_its_instance() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("gone");
    let spec = SpecFile::of(&version.id).group("default", Group::lambda("gone"));
    version.apply_with(&spec, &[]).await.ok();
    let asked = version.wci("delete", &[]).await;
    assert_eq!(asked.code, Some(1), "{asked:?}");
    assert!(asked.stderr.contains("--yes"), "{asked:?}");
    let said = version.wci("delete", &["--yes"]).await.ok();
    assert_eq!(said.stdout.trim(), "gone:v1 deleted");
    let history = version.history().await;
    assert_eq!(history.count(EventType::WorkflowExecutionCompleted), 1);
    assert_eq!(history.failed_tasks(), 0);
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"], serde_json::json!([]), "{listed}");
    let again = version.wci("delete", &["--yes"]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("gone:v1 does not exist"), "{again:?}");
}

/// Somebody has put a workflow that nobody serves in the place of the server's own.
#[tokio::test]
async fn a_deployment_that_does_not_answer_hides_no_other() {
    let drains = r#"matching.wv.VersionDrainageStatusVisibilityGracePeriod="1s""#;
    let looks = r#"matching.wv.VersionDrainageStatusRefreshInterval="1s""#;
    let builder = World::builder().dynamic_config(drains).dynamic_config(looks);
    let world = builder.with_lambda().start().await;
    let [old, new] = ["v1", "v2"].map(|build| world.version_of("speaks", build));
    let silent = world.version("silent");
    for version in [&old, &new, &silent] {
        let function = format!("{}-{}", version.id.deployment(), version.id.build_id());
        let spec = SpecFile::of(&version.id).group("default", Group::lambda(&function));
        version.apply(&spec).await.ok();
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

    let said = world.wci(&["list", "-o", "json"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("deployment silent: "), "{said:?}");
    let listed = said.json();
    let status = |build: &str| {
        let rows = listed["instances"].as_array().unwrap();
        rows.iter().find(|row| row["build_id"] == build && row["deployment"] == "speaks").unwrap()
            ["status"]
            .clone()
    };
    assert_eq!((status("v1"), status("v2")), ("drained".into(), "current".into()), "{listed}");
    assert_eq!(listed["instances"].as_array().unwrap().len(), 3, "{listed}");

    let said = world.wci(&["delete", "--drained", "--yes"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(said.stdout.trim(), "speaks:v1 deleted", "{said:?}");
    assert!(said.stderr.contains("deployment silent: "), "{said:?}");
    assert!(!old.has_instance().await && new.has_instance().await && silent.has_instance().await);
}
