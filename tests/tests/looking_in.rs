//! What Temporal's own tools show of an instance.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use wci_contract::names::{DIVISION, INSTANCE_WORKFLOW};
use wci_tests::{SOON, Version, World, wait_for};

async fn a_version_that_served_a_task(world: &World) -> Version {
    let version = world.version("shown");
    version.at_zero().await;
    version.load(1, 10).await.done(SOON).await;
    version
}

#[tokio::test]
async fn workflow_list_with_the_division_alone_shows_the_instance() {
    let world = World::new().await;
    let version = a_version_that_served_a_task(&world).await;
    let id = version.id.workflow_id();
    let query = format!("TemporalNamespaceDivision = \"{DIVISION}\"");
    let listed = wait_for("the instance to be listed", SOON, async || {
        let said = world.temporal(&["workflow", "list", "--query", &query]).await.ok();
        said.stdout.lines().find(|line| line.contains(&id)).map(str::to_owned)
    });
    let listed = listed.await;
    assert!(listed.contains("Running") && listed.contains(INSTANCE_WORKFLOW), "{listed}");
    let users = world.temporal(&["workflow", "list"]).await.ok().stdout;
    assert!(!users.contains(&id), "a user's list shows a system workflow:\n{users}");
    let ours = world.wci(&["list"]).await.ok().stdout;
    assert!(ours.lines().any(|line| line.contains("shown") && line.contains("wci")), "{ours}");
}

#[tokio::test]
async fn workflow_show_tells_what_was_decided_and_why() {
    let world = World::new().await;
    let version = a_version_that_served_a_task(&world).await;
    let id = version.id.workflow_id();
    let events = world.temporal(&["workflow", "show", "-w", &id]).await.ok().stdout;
    for kind in ["WorkflowExecutionSignaled", "TimerCanceled", "ActivityTaskCompleted"] {
        assert!(events.contains(kind), "{kind} is missing:\n{events}");
    }
    let detailed = ["workflow", "show", "-w", &id, "--detailed"];
    let detailed = world.temporal(&detailed).await.ok().stdout;
    for line in [
        "acceptedRequest.input.name: update-worker-controller-instance",
        "signalName: task-add-signal",
        "userMetadata.summary: decide",
        "activityType.name: DecideScaling",
        "result[0].groups.default.actions[0].action: invoke-worker",
        // Whoever told of the task first, the signal or the watch.
        "]: deficit waiting=",
        // What came of it, which needed no activity of its own.
        "result[0].launched.default.started: 1",
    ] {
        assert!(detailed.contains(line), "{line:?} is missing:\n{detailed}");
    }
    let described = world.temporal(&["workflow", "describe", "-w", &id]).await.ok().stdout;
    assert!(described.contains("starts workers for shown:v1"), "{described}");
}

#[tokio::test]
async fn the_server_shows_the_versions_compute_config() {
    let world = World::new().await;
    let version = a_version_that_served_a_task(&world).await;
    let args = ["worker", "deployment", "describe-version", "--deployment-name", "shown"];
    let args = [&args[..], &["--build-id", "v1", "-o", "json"]].concat();
    // For a moment after a change the server has too much to do for an answer.
    let shown = wait_for("the server's answer", SOON, async || {
        let said = world.temporal(&args).await;
        (said.code == Some(0)).then(|| said.json().to_string())
    });
    let shown = shown.await;
    for words in ["\"default\"", "subprocess"] {
        assert!(shown.contains(words), "{words} is missing: {shown}");
    }
    let described = version.wci("describe", &[]).await.ok().stdout;
    // Whoever told of the task first, the signal or the watch.
    assert!(described.contains("deficit waiting="), "{described}");
}

/// The queries of Temporal's own services, asked by a user.
#[tokio::test]
async fn workflow_query_answers_with_the_compute_config_and_with_everything_that_is_known() {
    let world = World::new().await;
    let version = a_version_that_served_a_task(&world).await;
    let id = version.id.workflow_id();
    for (query, key) in [("describe-wci", "conflict_token"), ("dump-local-state", "scaling_state")]
    {
        let args = ["workflow", "query", "-w", &id, "--type", query, "-o", "json"];
        let said = world.temporal(&args).await.ok().json();
        let answer = &said["queryResult"][0];
        let groups = &answer["spec"]["scaling_group_specs"];
        assert_eq!(groups["default"]["compute"]["provider_type"], "subprocess", "{said:#}");
        assert!(!answer[key].is_null(), "{key}: {said:#}");
    }
}

/// To describe a version makes the server ask the instance, and clients that ask at the same time are refused.
#[tokio::test]
async fn a_watch_looks_without_having_the_instance_asked_each_time() {
    let world = World::builder().behind_a_front(&[]).start().await;
    let version = world.version("watched");
    version.at_zero().await;
    let load = version.steady_load(Duration::from_millis(700));
    load.goes_on(3).await;
    let calls = |method| world.front().calls(method);
    let (looks, described) = ("DescribeTaskQueue", "DescribeWorkerDeploymentVersion");
    let (looked, before) = (calls(looks), calls(described));
    wait_for("looks", SOON, async || (calls(looks) >= looked + 12).then_some(())).await;
    let asked = calls(described) - before;
    assert!(asked <= 4, "asked {asked} times");
    load.finish().await;
}
