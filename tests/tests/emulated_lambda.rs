//! The whole path of a task, on this machine: matching finds no worker, the instance invokes the
//! function through the AWS SDK, and `cargo lambda watch` runs it behind the real runtime API.
//! Only Lambda's control plane is a stand-in.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use wci_tests::{Emulator, FUNCTION, Group, SOON, SpecFile, Version, World};

const CONCURRENCY: usize = 4;

async fn emulated(name: &str) -> (World, Version, Emulator) {
    let world = World::builder().with_lambda().start().await;
    let version = world.version(name);
    let functions = [(FUNCTION, &version.greeter())];
    let emulator = Emulator::start(&functions, CONCURRENCY, world.dir()).await;
    world.lambda().forwards(FUNCTION, &emulator);
    let spec = SpecFile::of(&version.id).group("default", Group::lambda(FUNCTION));
    version.at_zero_with(&spec).await;
    (world, version, emulator)
}

/// The results of the invocations for the tasks, without the one that registered the version.
async fn run_tasks(world: &World, version: &Version, tasks: usize) -> Vec<serde_json::Value> {
    let before = world.lambda().results(FUNCTION).len();
    let load = version.load(tasks, 50).await;
    load.done(SOON).await;
    version.scaled_to_zero().await;
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
async fn one_task_invokes_the_function_which_completes_it_and_shuts_down_cleanly() {
    let (world, version, emulator) = emulated("emulated-one").await;
    let results = run_tasks(&world, &version, 1).await;
    let done: u64 =
        results.iter().map(|result| result["tasks"]["activity"].as_u64().unwrap()).sum();
    assert_eq!(done, 1, "{results:#?}");
    for result in results {
        assert_eq!(
            (&result["reason"], &result["abandoned"]["activity"]),
            (&"idle".into(), &0.into())
        );
    }
    assert!(emulator.log().contains("worker stopped (idle)"), "{}", emulator.log());
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn twenty_tasks_are_completed_by_at_most_four_environments() {
    let (world, version, emulator) = emulated("emulated-twenty").await;
    let results = run_tasks(&world, &version, 20).await;
    let done: u64 =
        results.iter().map(|result| result["tasks"]["activity"].as_u64().unwrap()).sum();
    assert_eq!(done, 20, "{results:#?}");
    assert!(results.iter().all(|result| result["reason"] == "idle"), "{results:#?}");
    let log = emulator.log();
    let environments: BTreeSet<_> =
        log.lines().filter(|line| line.contains("starting lambda function instance")).collect();
    assert!((1..=CONCURRENCY).contains(&environments.len()), "{environments:#?}");
    assert_eq!(version.history().await.failed_tasks(), 0);
}

/// One program, deployed as two functions with different variables.
#[tokio::test]
async fn workflows_and_activities_can_be_two_functions_in_two_groups() {
    const WORKFLOWS: &str = "orders-workflows";
    const ACTIVITIES: &str = "orders-activities";
    let world = World::builder().with_lambda().start().await;
    let version = world.version("emulated-halves");
    let workflows = version.greeter().env("GREETER_ROLE", "workflows");
    let activities = version.greeter().env("GREETER_ROLE", "activities");
    let functions = [(WORKFLOWS, &workflows), (ACTIVITIES, &activities)];
    let emulator = Emulator::start(&functions, CONCURRENCY, world.dir()).await;
    for function in [WORKFLOWS, ACTIVITIES] {
        world.lambda().forwards(function, &emulator);
    }
    let spec = SpecFile::of(&version.id)
        .group("workflows", Group::lambda(WORKFLOWS).types(&["workflow"]))
        .group("activities", Group::lambda(ACTIVITIES).types(&["activity"]));
    version.at_zero_with(&spec).await;
    let load = version.load(3, 50).await;
    load.done(SOON).await;
    version.scaled_to_zero().await;
    for n in 0..3 {
        let history = load.history(n).await;
        let all_of = |workers: Vec<String>, function| {
            assert!(!workers.is_empty(), "no worker");
            assert!(workers.iter().all(|it| it.ends_with(&format!("@{function}"))), "{workers:?}");
        };
        all_of(history.workflow_workers(), WORKFLOWS);
        all_of(history.activity_workers(), ACTIVITIES);
    }
    for (function, theirs, others) in
        [(WORKFLOWS, "workflow", "activity"), (ACTIVITIES, "activity", "workflow")]
    {
        let results: Result<Vec<_>, _> = world.lambda().results(function).into_iter().collect();
        let results = results.expect("an invocation failed");
        let done = |kind| results.iter().filter_map(|it| it["tasks"][kind].as_u64()).sum::<u64>();
        assert!(done(theirs) >= 3 && done(others) == 0, "{function}: {results:#?}");
    }
    assert_eq!(version.history().await.failed_tasks(), 0);
}
