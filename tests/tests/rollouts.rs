//! Rollouts of a new build: which build serves a workflow, and which instance starts workers.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use wci_tests::{Group, SOON, SpecFile, Version, World, WorldBuilder, run, wait_for};

/// A server that checks often whether a version is drained.
fn with_fast_drainage() -> WorldBuilder {
    World::builder()
        .dynamic_config(r#"matching.wv.VersionDrainageStatusVisibilityGracePeriod="1s""#)
        .dynamic_config(r#"matching.wv.VersionDrainageStatusRefreshInterval="1s""#)
}

/// A spec with this versioning behaviour.
fn spec_with_behaviour(version: &Version, behaviour: &str) -> SpecFile {
    let group = Group::greeters(&version.queue).env("GREETER_VERSIONING", behaviour);
    SpecFile::of(&version.id).group("default", group)
}

async fn pair(world: &World, name: &str) -> (Version, Version) {
    (world.version_of(name, "v1"), world.version_of(name, "v2"))
}

/// Applies the new build, makes it current, and waits until new workflows are routed to it.
async fn replace(old: &Version, new: &Version, spec: &SpecFile) {
    new.apply_with(spec, &[]).await.ok();
    wait_for("the new build's queues", SOON, async || (new.queues().await >= 2).then_some(()))
        .await;
    new.apply(spec).await.ok();
    old.scaled_to_zero().await;
    // The new routing reaches the server's partitions one by one.
    wait_for("new workflows on the new build", SOON, async || {
        let tour = new.tour().await;
        tour.wait_until_idle().await;
        tour.signal_next().await;
        (tour.builds().await == ["v2", "v2"]).then_some(())
    })
    .await;
    new.scaled_to_zero().await;
}

async fn status(world: &World, version: &Version) -> Value {
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    let rows = listed["instances"].as_array().unwrap();
    let row = rows.iter().find(|row| row["build_id"] == version.id.build_id());
    row.map_or(Value::Null, |row| row["status"].clone())
}

#[tokio::test]
async fn pinned_workflows_stay_on_their_build_which_scales_until_it_is_drained() {
    let world = with_fast_drainage().start().await;
    let (old, new) = pair(&world, "pinned").await;
    old.at_zero_with(&spec_with_behaviour(&old, "pinned")).await;
    let tour = old.tour().await;
    tour.wait_until_idle().await;
    old.scaled_to_zero().await;
    replace(&old, &new, &spec_with_behaviour(&new, "pinned")).await;
    assert_eq!(status(&world, &new).await, "current");
    wait_for("the old build to drain", SOON, async || {
        (status(&world, &old).await == "draining").then_some(())
    })
    .await;

    // No worker of the old build runs: its own instance starts one for the pinned workflow.
    let before = old.history().await.workers_started();
    tour.signal_next().await;
    assert_eq!(tour.builds().await, ["v1", "v1"]);
    assert!(old.history().await.workers_started() > before);

    wait_for("the old build to be drained", SOON, async || {
        (status(&world, &old).await == "drained").then_some(())
    })
    .await;
    old.scaled_to_zero().await;
    let listed = world.wci(&["list"]).await.ok().stdout;
    assert!(
        listed.contains("1 version is drained: delete with `wci delete --drained`"),
        "{listed}"
    );
    // A drained build costs nothing: it starts no worker for the tasks of the new build.
    let before = old.history().await.workers_started();
    new.load(3, 10).await.done(SOON).await;
    new.scaled_to_zero().await;
    assert_eq!(old.history().await.workers_started(), before);
    assert_eq!(old.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn auto_upgrade_workflows_move_to_the_new_build_with_their_next_task() {
    let world = World::new().await;
    let (old, new) = pair(&world, "upgraded").await;
    old.at_zero_with(&spec_with_behaviour(&old, "auto-upgrade")).await;
    let tour = old.tour().await;
    tour.wait_until_idle().await;
    old.scaled_to_zero().await;
    replace(&old, &new, &spec_with_behaviour(&new, "auto-upgrade")).await;
    let before = old.history().await.workers_started();
    tour.signal_next().await;
    assert_eq!(tour.builds().await, ["v1", "v2"]);
    assert_eq!(old.history().await.workers_started(), before);
}

#[tokio::test]
async fn a_ramp_splits_new_workflows_between_two_builds_that_both_scale() {
    let world = World::new().await;
    let (old, new) = pair(&world, "ramped").await;
    old.at_zero_with(&spec_with_behaviour(&old, "pinned")).await;
    new.apply_with(&spec_with_behaviour(&new, "pinned"), &[]).await.ok();
    wait_for("the new build's queues", SOON, async || (new.queues().await >= 2).then_some(()))
        .await;
    new.scaled_to_zero().await;
    let args = ["worker", "deployment", "set-ramping-version", "--deployment-name", "ramped"];
    let ramp = ["--build-id", "v2", "--percentage", "50", "--yes"];
    world.temporal(&[&args[..], &ramp].concat()).await.ok();
    assert_eq!(status(&world, &new).await, "ramping");
    let (mut on_old, mut on_new) = (0, 0);
    wait_for("workflows on both builds", SOON, async || {
        let tour = old.tour().await;
        tour.signal_next().await;
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

/// No workers of these builds start, so the server deletes the versions immediately.
#[tokio::test]
async fn drained_versions_are_deleted_together_and_others_are_not() {
    let world = with_fast_drainage().with_lambda().start().await;
    let (old, new) = pair(&world, "cleared").await;
    for version in [&old, &new] {
        let function = format!("cleared-{}", version.id.build_id());
        let spec = SpecFile::of(&version.id).group("default", Group::lambda(&function));
        version.apply_unregistered(&spec).await.ok();
    }
    let none = world.wci(&["delete", "--drained"]).await;
    wait_for("the old build to be drained", SOON, async || {
        (status(&world, &old).await == "drained").then_some(())
    })
    .await;
    assert!(none.code == Some(0) || none.stderr.contains("--yes"), "{none:?}");
    let unconfirmed = world.wci(&["delete", "--drained"]).await;
    assert_eq!(unconfirmed.code, Some(1), "{unconfirmed:?}");
    assert!(
        unconfirmed.stderr.contains("cleared:v1") && unconfirmed.stderr.contains("--yes"),
        "{unconfirmed:?}"
    );
    let output = world.wci(&["delete", "--drained", "--yes"]).await.ok();
    assert_eq!(output.stdout.trim(), "cleared:v1 deleted");
    assert!(!old.has_instance().await && new.has_instance().await);
    let output = world.wci(&["delete", "--drained", "--yes"]).await.ok();
    assert!(output.stdout.contains("no version is drained"), "{output:?}");
}

/// Two clients delete the drained versions concurrently.
#[tokio::test]
async fn a_version_that_another_client_deletes_meanwhile_does_not_stop_the_deletion_of_others() {
    let world = with_fast_drainage().with_lambda().with_server_proxy(&[]).start().await;
    let versions = ["v1", "v2", "v3"].map(|build| world.version_of("raced", build));
    for version in &versions {
        let function = format!("raced-{}", version.id.build_id());
        let spec = SpecFile::of(&version.id).group("default", Group::lambda(&function));
        version.apply_unregistered(&spec).await.ok();
    }
    let [first, second, current] = &versions;
    for version in [first, second] {
        wait_for("the build to be drained", SOON, async || {
            (status(&world, version).await == "drained").then_some(())
        })
        .await;
    }
    let proxy = world.server_proxy();
    proxy.hold("DeleteWorkerDeploymentVersion");
    let args = ["delete", "--drained", "--yes", "--address", &proxy.address];
    let others = async {
        proxy.wait_for_held_call().await;
        first.wci("delete", &["--yes"]).await.ok();
        second.wci("delete", &["--yes"]).await.ok();
        proxy.release();
    };
    let (output, ()) = tokio::join!(run(&world.programs.wci, args), others);
    let output = output.ok().stdout;
    let newest_first = "raced:v2 deleted\nraced:v1 was deleted by another client\n";
    let oldest_first = "raced:v1 deleted\nraced:v2 was deleted by another client\n";
    assert!([newest_first, oldest_first].contains(&output.as_str()), "{output}");
    assert!(!first.has_instance().await && !second.has_instance().await);
    assert!(current.has_instance().await);
}

/// One function for all builds: it always runs the code that was deployed last, which serves only
/// its own build.
#[tokio::test]
async fn with_one_unqualified_function_pinned_workflows_wait_until_they_are_moved() {
    let world = with_fast_drainage().with_lambda().start().await;
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
    tour.wait_until_idle().await;
    stuck.wait_until_idle().await;
    old.scaled_to_zero().await;

    deploy(&new, "pinned");
    replace(&old, &new, &spec(&new)).await;
    let before = world.lambda().calls("shared");
    stuck.signal_next().await;
    wait_for("the old build's instance to invoke", SOON, async || {
        (world.lambda().calls("shared") > before).then_some(())
    })
    .await;
    new.scaled_to_zero().await;
    assert!(!stuck.is_idle().await, "the code of the old build is gone");

    // The remedy: move workflows to the build whose code is deployed.
    let moved = ["workflow", "update-options", "--versioning-override-behavior", "pinned"];
    let to = ["--versioning-override-deployment-name", "shared"];
    let build = ["--versioning-override-build-id", "v2", "--workflow-id", &stuck.id];
    world.temporal(&[&moved[..], &to, &build].concat()).await.ok();
    assert_eq!(stuck.builds().await, ["v1", "v2"]);
    assert!(tour.is_idle().await, "it received no signal");
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
    tour.wait_until_idle().await;
    old.scaled_to_zero().await;

    // The code is deployed, but the old build is still current.
    world.lambda().runs("lent", new.greeter());
    let before = world.lambda().calls("lent");
    tour.signal_next().await;
    wait_for("the old build's instance to invoke", SOON, async || {
        (world.lambda().calls("lent") > before).then_some(())
    })
    .await;
    old.scaled_to_zero().await;
    assert!(!tour.is_idle().await, "the code of the old build is gone");
    new.apply_with(&spec(&new), &[]).await.ok();
    wait_for("the new build's queues", SOON, async || (new.queues().await >= 2).then_some(()))
        .await;
    new.apply(&spec(&new)).await.ok();
    assert_eq!(tour.builds().await, ["v1", "v2"]);
}
