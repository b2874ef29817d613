//! A version is registered until the server knows its task queues, however the first starts end, and
//! everybody who asks is told until it is.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use wci_tests::{
    FlakyGreeter, Group, SOON, SpecFile, Version, World, flaky_greeter, greeter_that_fails_once,
    wait_for,
};

/// Several attempts, with the waits between them.
const ATTEMPTS: Duration = Duration::from_secs(60);
/// The worst that a worker of these tests says.
const EXIT: &str = "the worker exited with code 3: no route to the database";
const OF_VERSION: [&str; 2] = ["worker_deployment_name=\"flaky\"", "worker_build_id=\"v2\""];

async fn world_with(flaky: &FlakyGreeter) -> World {
    let allowed = format!("flaky={}", flaky.program.display());
    World::builder().worker_args(&["--allow-command", &allowed]).start().await
}

fn spec(version: &Version) -> SpecFile {
    SpecFile::of(&version.id).group("default", Group::command("flaky", &version.queue))
}

async fn described(version: &Version) -> String {
    version.wci("describe", &[]).await.ok().stdout
}

/// Waits until `wci describe` shows `text`, and returns the line.
async fn shown(version: &Version, text: &str) -> String {
    wait_for(text, SOON, async || {
        let described = described(version).await;
        described.lines().find(|line| line.contains(text)).map(str::to_owned)
    })
    .await
}

async fn no_longer_shown(version: &Version, text: &str) {
    wait_for("the health", SOON, async || (!described(version).await.contains(text)).then_some(()))
        .await;
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn a_worker_whose_first_starts_fail_is_started_again_until_its_task_queues_are_known() {
    let folder = folder();
    let flaky = flaky_greeter(folder.path());
    let world = world_with(&flaky).await;
    let version = world.version("flaky");
    version.apply_unregistered(&spec(&version)).await.ok();
    let health = shown(&version, "not registered: default").await;
    assert!(health.contains(EXIT), "{health}");
    assert_eq!(version.queues().await, 0);

    flaky.mend();
    wait_for("the task queues", ATTEMPTS, async || (version.queues().await >= 1).then_some(()))
        .await;
    no_longer_shown(&version, "not registered").await;
    version.load(1, 10).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn an_apply_returns_once_a_worker_has_polled_even_if_its_first_start_fails() {
    let folder = folder();
    let world = world_with(&greeter_that_fails_once(folder.path())).await;
    let version = world.version("flaky");
    let output = version.apply_with(&spec(&version), &["--set-current", "-o", "json"]).await.ok();
    let report = output.json();
    assert_eq!((&report["current"], &report["registered"]), (&true.into(), &"yes".into()));
    assert!(output.stderr.is_empty(), "progress is for terminals: {output:?}");
    assert!(version.queues().await >= 1);
    version.load(1, 10).await.done(SOON).await;
}

#[tokio::test]
async fn a_broken_build_never_becomes_current_and_everybody_is_told_why() {
    let folder = folder();
    let flaky = flaky_greeter(folder.path());
    let mut world = world_with(&flaky).await;
    let old = world.version_of("flaky", "v1");
    old.at_zero().await;
    let new = world.version_of("flaky", "v2");
    let output = new.apply_with(&spec(&new), &["--set-current", "--timeout", "3s"]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    for expected in [EXIT, "it is not set as current", "`wci describe flaky:v2`", "within 3s"] {
        assert!(output.stderr.contains(expected), "{expected:?} is missing: {output:?}");
    }
    assert!(output.stdout.contains("flaky:v2 created"), "{output:?}");
    assert_eq!(status(&world, &old).await, "current");

    // Without --wide, the list shows what the server knows.
    wait_for("the status on the server", SOON, async || {
        let health = listed(&world, &new, "health").await?;
        (health == format!("not registered: default: {EXIT}")).then_some(())
    })
    .await;
    for args in [&["list"][..], &["list", "--wide"], &["explain", "flaky:v2"]] {
        let output = world.wci(args).await.ok().stdout;
        assert!(output.contains("not registered: default"), "{args:?}: {output}");
    }
    let unregistered = async |world: &mut World| {
        world.worker().metrics().await.sum("wci_groups_not_registered", &OF_VERSION)
    };
    assert_eq!(unregistered(&mut world).await, Some(1.0));

    // The next attempt on its own is far away by now.
    wait_for("several attempts", ATTEMPTS, async || {
        let troubles = new.dump().await?.wci?.unregistered;
        (troubles.get("default")?.attempts >= 4).then_some(())
    })
    .await;
    flaky.mend();
    let began = Instant::now();
    let output = new.apply(&spec(&new)).await.ok();
    println!("registered {:?} after it was applied again", began.elapsed());
    assert!(output.stdout.contains("flaky:v2 unchanged, now current"), "{output:?}");
    no_longer_shown(&new, "not registered").await;
    wait_for("the status on the server", SOON, async || {
        listed(&world, &new, "health").await?.is_empty().then_some(())
    })
    .await;
    assert_eq!(unregistered(&mut world).await, None);
    assert_eq!(new.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn those_who_mean_it_make_a_version_current_whose_workers_do_not_run() {
    let folder = folder();
    let flaky = flaky_greeter(folder.path());
    let world = world_with(&flaky).await;
    let version = world.version("flaky");
    let forced = ["--set-current", "--force", "--timeout", "1s"];
    let output = version.apply_with(&spec(&version), &forced).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stdout.contains("flaky:v1 created, now current"), "{output:?}");
    assert_eq!(status(&world, &version).await, "current");
    let output = version.apply_with(&spec(&version), &["--wait=false"]).await.ok();
    assert!(output.stdout.contains("flaky:v1 unchanged"), "{output:?}");
}

#[tokio::test]
async fn workers_that_fail_one_after_another_are_told_of_until_one_lives() {
    let folder = folder();
    let flaky = flaky_greeter(folder.path());
    flaky.mend();
    let mut world = world_with(&flaky).await;
    let version = world.version_of("flaky", "v2");
    version.at_zero_with(&spec(&version)).await;
    flaky.break_again();
    let load = version.load(4, 10).await;
    let health = shown(&version, "crash loop: default:").await;
    assert!(health.contains("workers in a row exited with 3 within "), "{health}");
    assert!(health.contains("s: no route to the database"), "{health}");
    for args in [&["list", "--wide"][..], &["explain", "flaky:v2"]] {
        let output = world.wci(args).await.ok().stdout;
        assert!(output.contains("crash loop: default:"), "{args:?}: {output}");
    }
    let failed = world.worker().metrics().await.sum("wci_workers_failed_in_a_row", &OF_VERSION);
    assert!(failed >= Some(2.0), "{failed:?}");

    flaky.mend();
    load.done(ATTEMPTS * 2).await;
    no_longer_shown(&version, "crash loop").await;
    let failed = world.worker().metrics().await.sum("wci_workers_failed_in_a_row", &OF_VERSION);
    assert_eq!(failed, Some(0.0));
    assert_eq!(version.history().await.failed_tasks(), 0);
}

/// The rollout status of a version.
async fn status(world: &World, version: &Version) -> String {
    listed(world, version, "status").await.unwrap()
}

/// What `wci list` says of a version.
async fn listed(world: &World, version: &Version, key: &str) -> Option<String> {
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    let instances = listed["instances"].as_array().unwrap().iter();
    let build = version.id.build_id();
    let of_build = instances.filter(|instance| instance["build_id"] == build);
    of_build.filter_map(|instance| instance[key].as_str()).next().map(str::to_owned)
}
