//! The whole way of a task, on this machine: matching finds no worker, the instance invokes the
//! function through the AWS SDK, and `cargo lambda watch` runs it behind the real runtime API.
//! Only Lambda's control plane is a stand-in.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use wci_tests::{Emulator, FUNCTION, Group, SOON, SpecFile, Version, World};

const CONCURRENCY: usize = 4;

async fn emulated(name: &str) -> (World, Version, Emulator) {
    let world = World::builder().with_lambda().start().await;
    let version = world.version(name);
    let emulator = Emulator::start(&version.greeter(), CONCURRENCY, world.dir()).await;
    world.lambda().forwards(FUNCTION, &emulator);
    let spec = SpecFile::of(&version.id).group("default", Group::lambda(FUNCTION));
    version.at_zero_with(&spec).await;
    (world, version, emulator)
}

/// Invocations that the tasks brought, the one that registered the version not among them.
async fn after(world: &World, version: &Version, tasks: usize) -> Vec<serde_json::Value> {
    let before = world.lambda().results(FUNCTION).len();
    let load = version.load(tasks, 50).await;
    load.done(SOON).await;
    version.left_alone().await;
    for n in 0..tasks {
        let history = load.history(n).await;
        assert_eq!(history.versions(), [format!("{}.v1", version.id.deployment())]);
        for identity in history.identities() {
            let (request, function) = identity.split_once('@').expect(&identity);
            assert_eq!((request.len(), function), (36, FUNCTION), "{identity}");
        }
    }
    let results = world.lambda().results(FUNCTION).split_off(before);
    results.into_iter().map(|result| result.expect("an invocation failed")).collect()
}

#[tokio::test]
async fn one_task_invokes_the_function_which_does_it_and_leaves_cleanly() {
    let (world, version, emulator) = emulated("emulated-one").await;
    let lives = after(&world, &version, 1).await;
    let done: u64 = lives.iter().map(|life| life["tasks"]["activity"].as_u64().unwrap()).sum();
    assert_eq!(done, 1, "{lives:#?}");
    for life in lives {
        assert_eq!((&life["reason"], &life["abandoned"]["activity"]), (&"idle".into(), &0.into()));
    }
    assert!(emulator.log().contains("left (idle)"), "{}", emulator.log());
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn twenty_tasks_are_done_by_no_more_than_four_environments() {
    let (world, version, emulator) = emulated("emulated-twenty").await;
    let lives = after(&world, &version, 20).await;
    let done: u64 = lives.iter().map(|life| life["tasks"]["activity"].as_u64().unwrap()).sum();
    assert_eq!(done, 20, "{lives:#?}");
    assert!(lives.iter().all(|life| life["reason"] == "idle"), "{lives:#?}");
    let log = emulator.log();
    let environments: BTreeSet<_> =
        log.lines().filter(|line| line.contains("starting lambda function instance")).collect();
    assert!((1..=CONCURRENCY).contains(&environments.len()), "{environments:#?}");
    assert_eq!(version.history().await.failed_tasks(), 0);
}
