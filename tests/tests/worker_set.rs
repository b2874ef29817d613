//! Workers that a provider keeps as a set: its size follows the rates, and outlives who keeps it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use wci_contract::{names, state::WorkerSet};
use wci_tests::{Group, SOON, SpecFile, Version, World, wait_for};

async fn world() -> World {
    World::builder().worker_args(&["--enable-provider", "subprocess-pool"]).start().await
}

/// The set of the only group, once its provider took the size.
async fn set(version: &Version) -> Option<WorkerSet> {
    let sets = version.dump().await?.wci?.worker_sets;
    sets.get("default").filter(|set| set.acknowledged).cloned()
}

async fn has_size(version: &Version, size: u32) {
    wait_for(&format!("a set of {size}"), SOON, async || {
        (set(version).await?.wanted == size).then_some(())
    })
    .await;
}

async fn has_living(world: &World, count: usize) {
    wait_for(&format!("{count} processes"), SOON, async || {
        (world.living().len() == count).then_some(())
    })
    .await;
}

async fn has_as_many_as_wanted(world: &World, version: &Version) {
    wait_for("as many processes as wanted", SOON, async || {
        let wanted = set(version).await?.wanted;
        (wanted > 0 && world.living().len() == usize::try_from(wanted).ok()?).then_some(())
    })
    .await;
}

fn shown(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_set_grows_with_the_work_shrinks_without_losing_any_and_outlives_its_keeper() {
    let mut world = world().await;
    let version = world.version("pooled");
    let of_version = ["worker_deployment_name=\"pooled\"", "worker_build_id=\"v1\""];
    let group = ["min_count", "initial_count"]
        .into_iter()
        .fold(Group::pool("pooled"), |it, key| it.rate_based(key, 1));
    let group = group.rate_based("max_count", 2);
    // So that the figures of the burst ask for no more than one.
    let group = group.rate_based("initial_per_consumer_capacity", 100);
    let applied = version.apply(&SpecFile::of(&version.id).group("default", group)).await.ok();
    assert!(applied.stdout.contains("default is a set of 1"), "{}", applied.stdout);
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;

    version.load(20, 300).await.done(SOON).await;
    has_size(&version, 2).await;
    has_living(&world, 2).await;
    let both = world.living();
    wait_for("the metrics to tell of the set and of who polls", SOON, async || {
        let metrics = world.worker().metrics().await;
        let told = |name: &str| metrics.sum(name, &of_version);
        let names = ["wci_worker_set_wanted", "wci_worker_set_running", "wci_workers_seen"];
        let builtin = told("worker_controller_instance_target_worker_count");
        let all = names.into_iter().all(|name| told(name) == Some(2.0));
        (all && builtin == Some(2.0)).then_some(())
    })
    .await;
    let listed = shown(&world.wci(&["list", "--wide"]).await.ok().stdout);
    assert!(listed.contains("default (subprocess-pool, set of 2)"), "{listed}");

    // Both are at work when nothing waits and nothing arrives any more.
    let long = version.load(2, 45_000).await;
    has_size(&version, 1).await;
    assert_eq!(long.completed().await, 0, "it shrank while both were at work");
    let described = shown(&version.wci("describe", &[]).await.ok().stdout);
    assert!(described.contains("default subprocess-pool rate-based"), "{described}");
    assert!(described.contains("set of 1"), "{described}");
    let explained = shown(&version.wci("explain", &["--limit", "500"]).await.ok().stdout);
    assert!(explained.contains("Size of the worker set: 1."), "{explained}");
    assert!(explained.contains("keeps 2 workers for default, 1 more"), "{explained}");
    assert!(explained.contains("keep the size of its worker set"), "{explained}");
    for words in ["start no workers", "a launch"] {
        assert!(!explained.contains(words), "{words}: {explained}");
    }
    long.done(SOON).await;
    for n in 0..2 {
        let attempts: Vec<i32> =
            long.history(n).await.activities().iter().map(|activity| activity.attempts).collect();
        assert_eq!(attempts, [1]);
    }

    wait_for("the surplus process to leave", SOON, async || {
        let now = world.living();
        (!both.iter().all(|process| now.contains(process))).then_some(())
    })
    .await;
    // The last of the work may call for a second worker at any time from here on.
    has_as_many_as_wanted(&world, &version).await;
    let before = world.living();
    world.worker().kill();
    world.worker().restart().await;
    let after = world.living();
    assert!(before.iter().all(|process| after.contains(process)), "{before:?} {after:?}");
    has_as_many_as_wanted(&world, &version).await;
    before[0].kill();
    wait_for("the process to be gone", SOON, async || {
        (!world.living().contains(&before[0])).then_some(())
    })
    .await;
    has_as_many_as_wanted(&world, &version).await;

    version.load(1, 10).await.done(SOON).await;
    version.update::<Value>(names::DELETE, &json!({"identity": "me"})).await.unwrap();
    version.left_alone().await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_group_that_gets_another_provider_leaves_no_set_behind() {
    let world = world().await;
    let version = world.version("moved");
    let spec = |group| SpecFile::of(&version.id).group("default", group);
    version.apply(&spec(Group::pool("moved"))).await.ok();
    // It is to be empty, but for the worker that tells the server of the queues.
    has_living(&world, 1).await;
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.apply(&spec(Group::greeters("moved"))).await.ok();
    version.left_alone().await;
    version.load(1, 10).await.done(SOON).await;
    assert!(version.dump().await.unwrap().wci.unwrap().worker_sets.is_empty());
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn an_algorithm_fits_its_kind_of_provider_alone() {
    let world = world().await;
    let version = world.version("unfit");
    let refused = async |group: Group| {
        let said = version.apply(&SpecFile::of(&version.id).group("default", group)).await;
        assert_ne!(said.code, Some(0), "{}", said.stdout);
        said.stderr
    };
    for (group, words) in [
        (
            Group::pool("unfit").demand("worker_slots", 2),
            "Scaling Algorithm 'demand' is not compatible with compute provider 'subprocess-pool'",
        ),
        (
            Group::greeters("unfit").rate_based("max_count", 2),
            "Scaling Algorithm 'rate-based' is not compatible with compute provider 'subprocess'",
        ),
        (
            Group::pool("unfit").provider("stop_timeout_ms", 1),
            "default: stop_timeout_ms must be from 5000",
        ),
    ] {
        let said = refused(group).await;
        assert!(said.contains(words), "{said}");
    }
}
