//! From one build to the next: who serves what, and who starts whose workers.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use wci_tests::{Group, SOON, SpecFile, Version, World, WorldBuilder, run, wait_for};

/// The server looks soon whether a version is drained.
fn soon_drained() -> WorldBuilder {
    World::builder()
        .dynamic_config(r#"matching.wv.VersionDrainageStatusVisibilityGracePeriod="1s""#)
        .dynamic_config(r#"matching.wv.VersionDrainageStatusRefreshInterval="1s""#)
}

/// A spec of its own for each build: another environment, as another function would be.
fn behaving(version: &Version, behaviour: &str) -> SpecFile {
    let group = Group::greeters(&version.queue).env("GREETER_VERSIONING", behaviour);
    SpecFile::of(&version.id).group("default", group)
}

async fn pair(world: &World, name: &str) -> (Version, Version) {
    (world.version_of(name, "v1"), world.version_of(name, "v2"))
}

/// Applies the new build and makes it current, and waits until new workflows reach it.
async fn replaced(old: &Version, new: &Version, spec: &SpecFile) {
    new.apply_with(spec, &[]).await.ok();
    wait_for("the new build's queues", SOON, async || (new.queues().await >= 2).then_some(()))
        .await;
    new.apply(spec).await.ok();
    old.left_alone().await;
    // The new routing reaches the server's partitions one by one.
    wait_for("new workflows on the new build", SOON, async || {
        let tour = new.tour().await;
        tour.rests().await;
        tour.go_on().await;
        (tour.builds().await == ["v2", "v2"]).then_some(())
    })
    .await;
    new.left_alone().await;
}

async fn status(world: &World, version: &Version) -> Value {
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    let rows = listed["instances"].as_array().unwrap();
    let row = rows.iter().find(|row| row["build_id"] == version.id.build_id());
    row.map_or(Value::Null, |row| row["status"].clone())
}

#[tokio::test]
async fn pinned_workflows_stay_on_their_build_which_is_scaled_until_it_is_drained() {
    let world = soon_drained().start().await;
    let (old, new) = pair(&world, "pinned").await;
    old.at_zero_with(&behaving(&old, "pinned")).await;
    let tour = old.tour().await;
    tour.rests().await;
    old.left_alone().await;
    replaced(&old, &new, &behaving(&new, "pinned")).await;
    assert_eq!(status(&world, &new).await, "current");
    wait_for("the old build to drain", SOON, async || {
        (status(&world, &old).await == "draining").then_some(())
    })
    .await;

    // There is no worker of the old build: its own instance starts one for the workflow that stays.
    let before = old.history().await.workers_started();
    tour.go_on().await;
    assert_eq!(tour.builds().await, ["v1", "v1"]);
    assert!(old.history().await.workers_started() > before);

    wait_for("the old build to be drained", SOON, async || {
        (status(&world, &old).await == "drained").then_some(())
    })
    .await;
    old.left_alone().await;
    let listed = world.wci(&["list"]).await.ok().stdout;
    assert!(
        listed.contains("1 version is drained: delete with `wci delete --drained`"),
        "{listed}"
    );
    // It costs nothing: whatever the new build has to do, the old one starts no worker.
    let before = old.history().await.workers_started();
    new.load(3, 10).await.done(SOON).await;
    new.left_alone().await;
    assert_eq!(old.history().await.workers_started(), before);
    assert_eq!(old.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn auto_upgrade_workflows_move_with_their_next_task() {
    let world = World::new().await;
    let (old, new) = pair(&world, "upgraded").await;
    old.at_zero_with(&behaving(&old, "auto-upgrade")).await;
    let tour = old.tour().await;
    tour.rests().await;
    old.left_alone().await;
    replaced(&old, &new, &behaving(&new, "auto-upgrade")).await;
    let before = old.history().await.workers_started();
    tour.go_on().await;
    assert_eq!(tour.builds().await, ["v1", "v2"]);
    assert_eq!(old.history().await.workers_started(), before);
}

#[tokio::test]
async fn ramping_splits_new_workflows_between_two_builds_that_both_scale() {
    let world = World::new().await;
    let (old, new) = pair(&world, "ramped").await;
    old.at_zero_with(&behaving(&old, "pinned")).await;
    new.apply_with(&behaving(&new, "pinned"), &[]).await.ok();
    wait_for("the new build's queues", SOON, async || (new.queues().await >= 2).then_some(()))
        .await;
    new.left_alone().await;
    let args = ["worker", "deployment", "set-ramping-version", "--deployment-name", "ramped"];
    let ramp = ["--build-id", "v2", "--percentage", "50", "--yes"];
    world.temporal(&[&args[..], &ramp].concat()).await.ok();
    assert_eq!(status(&world, &new).await, "ramping");
    let (mut on_old, mut on_new) = (0, 0);
    wait_for("workflows on both builds", SOON, async || {
        let tour = old.tour().await;
        tour.go_on().await;
        match tour.builds().await[0].as_str() {
            "v1" => on_old += 1,
            _ => on_new += 1,
        }
        (on_old >= 2 && on_new >= 2).then_some(())
    })
    .await;
    for version in [&old, &new] {
        let history = version.history().await;
        assert!(history.workers_started() >= 1 && history.failed_tasks() == 0);
    }
}

/// Workers of these builds never come, so the server lets go of them at once.
#[tokio::test]
async fn drained_versions_are_deleted_together_and_others_are_not() {
    let world = soon_drained().with_lambda().start().await;
    let (old, new) = pair(&world, "cleared").await;
    for version in [&old, &new] {
        let function = format!("cleared-{}", version.id.build_id());
        let spec = SpecFile::of(&version.id).group("default", Group::lambda(&function));
        version.apply(&spec).await.ok();
    }
    let none = world.wci(&["delete", "--drained"]).await;
    wait_for("the old build to be drained", SOON, async || {
        (status(&world, &old).await == "drained").then_some(())
    })
    .await;
    assert!(none.code == Some(0) || none.stderr.contains("--yes"), "{none:?}");
    let asked = world.wci(&["delete", "--drained"]).await;
    assert_eq!(asked.code, Some(1), "{asked:?}");
    assert!(asked.stderr.contains("cleared:v1") && asked.stderr.contains("--yes"), "{asked:?}");
    let said = world.wci(&["delete", "--drained", "--yes"]).await.ok();
    assert_eq!(said.stdout.trim(), "cleared:v1 deleted");
    assert!(!old.has_instance().await && new.has_instance().await);
    let said = world.wci(&["delete", "--drained", "--yes"]).await.ok();
    assert!(said.stdout.contains("no version is drained"), "{said:?}");
}

/// Two clear away at the same time.
#[tokio::test]
async fn a_version_that_somebody_else_deletes_meanwhile_keeps_none_of_the_others() {
    let world = soon_drained().with_lambda().behind_a_front(&[]).start().await;
    let versions = ["v1", "v2", "v3"].map(|build| world.version_of("raced", build));
    for version in &versions {
        let function = format!("raced-{}", version.id.build_id());
        let spec = SpecFile::of(&version.id).group("default", Group::lambda(&function));
        version.apply(&spec).await.ok();
    }
    let [first, second, current] = &versions;
    for version in [first, second] {
        wait_for("the build to be drained", SOON, async || {
            (status(&world, version).await == "drained").then_some(())
        })
        .await;
    }
    let front = world.front();
    front.hold("DeleteWorkerDeploymentVersion");
    let args = ["delete", "--drained", "--yes", "--address", &front.address];
    let others = async {
        front.holds_one().await;
        first.wci("delete", &["--yes"]).await.ok();
        second.wci("delete", &["--yes"]).await.ok();
        front.let_go();
    };
    let (said, ()) = tokio::join!(run(&world.programs.wci, args), others);
    let said = said.ok().stdout;
    let newest_first = "raced:v2 deleted\nraced:v1 was deleted by another client\n";
    let oldest_first = "raced:v1 deleted\nraced:v2 was deleted by another client\n";
    assert!([newest_first, oldest_first].contains(&said.as_str()), "{said}");
    assert!(!first.has_instance().await && !second.has_instance().await);
    assert!(current.has_instance().await);
}

/// One function for all builds: what runs is the code that was deployed last, and it serves its own
/// build alone.
#[tokio::test]
async fn with_one_unqualified_function_pinned_workflows_wait_until_they_are_moved() {
    let world = soon_drained().with_lambda().start().await;
    let (old, new) = pair(&world, "shared").await;
    let spec = |version: &Version| {
        SpecFile::of(&version.id).group("default", Group::unqualified_lambda("shared"))
    };
    let deploy = |version: &Version, behaviour: &str| {
        world.lambda().runs("shared", version.greeter().env("GREETER_VERSIONING", behaviour));
    };
    deploy(&old, "pinned");
    old.at_zero_with(&spec(&old)).await;
    let (tour, stuck) = (old.tour().await, old.tour().await);
    tour.rests().await;
    stuck.rests().await;
    old.left_alone().await;

    deploy(&new, "pinned");
    replaced(&old, &new, &spec(&new)).await;
    let before = world.lambda().calls("shared");
    stuck.go_on().await;
    wait_for("the old build's instance to invoke", SOON, async || {
        (world.lambda().calls("shared") > before).then_some(())
    })
    .await;
    new.left_alone().await;
    assert!(!stuck.is_at_rest().await, "the code of the old build is gone");

    // What helps: workflows are moved to the build whose code there is.
    let moved = ["workflow", "update-options", "--versioning-override-behavior", "pinned"];
    let to = ["--versioning-override-deployment-name", "shared"];
    let build = ["--versioning-override-build-id", "v2", "--workflow-id", &stuck.id];
    world.temporal(&[&moved[..], &to, &build].concat()).await.ok();
    assert_eq!(stuck.builds().await, ["v1", "v2"]);
    assert!(tour.is_at_rest().await, "nobody asked it for anything");
}

#[tokio::test]
async fn with_one_unqualified_function_auto_upgrade_workflows_wait_until_the_new_build_is_current()
{
    let world = World::builder().with_lambda().start().await;
    let (old, new) = pair(&world, "lent").await;
    let spec = |version: &Version| {
        SpecFile::of(&version.id).group("default", Group::unqualified_lambda("lent"))
    };
    world.lambda().runs("lent", old.greeter());
    old.at_zero_with(&spec(&old)).await;
    let tour = old.tour().await;
    tour.rests().await;
    old.left_alone().await;

    // The code is deployed, but the old build is still current.
    world.lambda().runs("lent", new.greeter());
    let before = world.lambda().calls("lent");
    tour.go_on().await;
    wait_for("the old build's instance to invoke", SOON, async || {
        (world.lambda().calls("lent") > before).then_some(())
    })
    .await;
    old.left_alone().await;
    assert!(!tour.is_at_rest().await, "the code of the old build is gone");
    new.apply_with(&spec(&new), &[]).await.ok();
    wait_for("the new build's queues", SOON, async || (new.queues().await >= 2).then_some(()))
        .await;
    new.apply(&spec(&new)).await.ok();
    assert_eq!(tour.builds().await, ["v1", "v2"]);
}
