//! Worker sets: the size follows the task rates, and the set survives its system worker.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use wci_contract::{names, state::WorkerSet};
use wci_tests::{Group, SOON, SpecFile, Version, World, wait_for};

async fn world() -> World {
    World::builder().worker_args(&["--enable-provider", "subprocess-pool"]).start().await
}

/// The set of the group `default`, once its provider has acknowledged the size.
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

async fn has_processes(world: &World, count: usize) {
    wait_for(&format!("{count} processes"), SOON, async || {
        (world.running_workers().len() == count).then_some(())
    })
    .await;
}

async fn has_as_many_as_wanted(world: &World, version: &Version) {
    wait_for("as many processes as wanted", SOON, async || {
        let wanted = set(version).await?.wanted;
        (wanted > 0 && world.running_workers().len() == usize::try_from(wanted).ok()?).then_some(())
    })
    .await;
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A set of one or two greeters.
fn pool_of_one_or_two() -> Group {
    let pool = ["min_count", "initial_count"]
        .into_iter()
        .fold(Group::pool("pooled"), |pool, key| pool.rate_based(key, 1));
    // With a high capacity, the rates of the burst alone need only one worker.
    pool.rate_based("max_count", 2).rate_based("initial_per_consumer_capacity", 100)
}

#[tokio::test]
async fn a_set_grows_and_shrinks_with_the_work_and_survives_its_system_worker() {
    let mut world = world().await;
    let version = world.version("pooled");
    let spec = SpecFile::of(&version.id).group("default", pool_of_one_or_two());
    let applied = version.apply(&spec).await.ok();
    assert!(applied.stdout.contains("default is a set of 1"), "{}", applied.stdout);
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;

    version.load(20, 300).await.done(SOON).await;
    has_size(&version, 2).await;
    has_processes(&world, 2).await;
    let both = world.running_workers();
    set_of_two_is_shown(&mut world).await;
    set_shrinks_without_losing_work(&version).await;

    wait_for("the surplus process to exit", SOON, async || {
        let now = world.running_workers();
        (!both.iter().all(|process| now.contains(process))).then_some(())
    })
    .await;
    set_survives_crashes(&mut world, &version).await;

    version.load(1, 10).await.done(SOON).await;
    version.update::<Value>(names::DELETE, &json!({"identity": "me"})).await.unwrap();
    version.scaled_to_zero().await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

/// Waits until the metrics show a set of two, and checks that `wci list` does.
async fn set_of_two_is_shown(world: &mut World) {
    let of_version = ["worker_deployment_name=\"pooled\"", "worker_build_id=\"v1\""];
    wait_for("the metrics of the set and of its pollers", SOON, async || {
        let metrics = world.worker().metrics().await;
        let names = [
            "wci_worker_set_wanted",
            "wci_worker_set_running",
            "wci_workers_seen",
            "worker_controller_instance_target_worker_count",
        ];
        let all = names.into_iter().all(|name| metrics.sum(name, &of_version) == Some(2.0));
        all.then_some(())
    })
    .await;
    let listed = single_spaced(&world.wci(&["list", "--wide"]).await.ok().stdout);
    assert!(listed.contains("default (subprocess-pool, set of 2)"), "{listed}");
}

/// Runs one long activity on each of two workers. The set shrinks, and both activities complete at
/// their first attempt.
async fn set_shrinks_without_losing_work(version: &Version) {
    // Both are busy when no task waits and none arrives any more.
    let long = version.load(2, 45_000).await;
    has_size(version, 1).await;
    assert_eq!(long.completed().await, 0, "it shrank while both were busy");
    let described = single_spaced(&version.wci("describe", &[]).await.ok().stdout);
    assert!(described.contains("default subprocess-pool rate-based"), "{described}");
    assert!(described.contains("set of 1"), "{described}");
    let explained = single_spaced(&version.wci("explain", &["--limit", "500"]).await.ok().stdout);
    assert!(explained.contains("Size of the worker set: 1."), "{explained}");
    assert!(explained.contains("keeps 2 workers for default, 1 more"), "{explained}");
    assert!(explained.contains("keep the size of its worker set"), "{explained}");
    for expected in ["start no workers", "a launch"] {
        assert!(!explained.contains(expected), "{expected}: {explained}");
    }
    long.done(SOON).await;
    for n in 0..2 {
        let attempts: Vec<i32> =
            long.history(n).await.activities().iter().map(|activity| activity.attempts).collect();
        assert_eq!(attempts, [1]);
    }
}

/// Kills the system worker, and then a worker of the set, which is replaced.
async fn set_survives_crashes(world: &mut World, version: &Version) {
    // The last tasks may need a second worker at any time from here on.
    has_as_many_as_wanted(world, version).await;
    let before = world.running_workers();
    world.worker().kill();
    world.worker().restart().await;
    let after = world.running_workers();
    assert!(before.iter().all(|process| after.contains(process)), "{before:?} {after:?}");
    has_as_many_as_wanted(world, version).await;
    before[0].kill();
    wait_for("the process to be gone", SOON, async || {
        (!world.running_workers().contains(&before[0])).then_some(())
    })
    .await;
    has_as_many_as_wanted(world, version).await;
}

#[tokio::test]
async fn a_group_that_gets_another_provider_leaves_no_set_behind() {
    let world = world().await;
    let version = world.version("moved");
    let spec = |group| SpecFile::of(&version.id).group("default", group);
    version.apply(&spec(Group::pool("moved"))).await.ok();
    // Its size is 0, except for the worker that registers the queues.
    has_processes(&world, 1).await;
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.apply(&spec(Group::greeters("moved"))).await.ok();
    version.scaled_to_zero().await;
    version.load(1, 10).await.done(SOON).await;
    assert!(version.dump().await.unwrap().wci.unwrap().worker_sets.is_empty());
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn an_algorithm_is_rejected_for_a_provider_of_the_wrong_kind() {
    let world = world().await;
    let version = world.version("unfit");
    let error_of = async |group: Group| {
        let output = version.apply(&SpecFile::of(&version.id).group("default", group)).await;
        assert_ne!(output.code, Some(0), "{}", output.stdout);
        output.stderr
    };
    for (group, expected) in [
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
        let output = error_of(group).await;
        assert!(output.contains(expected), "{output}");
    }
}
