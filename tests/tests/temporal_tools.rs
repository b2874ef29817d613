//! What the Temporal CLI and the server show of an instance.

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
        let output = world.temporal(&["workflow", "list", "--query", &query]).await.ok();
        output.stdout.lines().find(|line| line.contains(&id)).map(str::to_owned)
    });
    let listed = listed.await;
    assert!(listed.contains("Running") && listed.contains(INSTANCE_WORKFLOW), "{listed}");
    let users = world.temporal(&["workflow", "list"]).await.ok().stdout;
    assert!(!users.contains(&id), "a user's list shows a system workflow:\n{users}");
    let ours = world.wci(&["list"]).await.ok().stdout;
    assert!(ours.lines().any(|line| line.contains("shown") && line.contains("wci")), "{ours}");
}

#[tokio::test]
async fn workflow_show_shows_the_decisions_and_their_reasons() {
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
        // The signal and the watch race to report the task.
        "]: deficit waiting=",
        // The outcome of the launch, which was part of the decision.
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
    // For a moment after a change, the server is busy.
    let shown = wait_for("the response of the server", SOON, async || {
        let output = world.temporal(&args).await;
        (output.code == Some(0)).then(|| output.json().to_string())
    });
    let shown = shown.await;
    for expected in ["\"default\"", "subprocess"] {
        assert!(shown.contains(expected), "{expected} is missing: {shown}");
    }
    let described = version.wci("describe", &[]).await.ok().stdout;
    // The signal and the watch race to report the task.
    assert!(described.contains("deficit waiting="), "{described}");
}

/// A user sends the queries of Temporal's own services.
#[tokio::test]
async fn workflow_query_returns_the_compute_config_and_the_whole_state() {
    let world = World::new().await;
    let version = a_version_that_served_a_task(&world).await;
    let id = version.id.workflow_id();
    for (query, key) in [("describe-wci", "conflict_token"), ("dump-local-state", "scaling_state")]
    {
        let args = ["workflow", "query", "-w", &id, "--type", query, "-o", "json"];
        let output = world.temporal(&args).await.ok().json();
        let response = &output["queryResult"][0];
        let groups = &response["spec"]["scaling_group_specs"];
        assert_eq!(groups["default"]["compute"]["provider_type"], "subprocess", "{output:#}");
        assert!(!response[key].is_null(), "{key}: {output:#}");
    }
}

/// To describe a version, the server queries the instance, and rejects concurrent calls of clients.
#[tokio::test]
async fn a_watch_reads_the_stats_without_a_query_to_the_instance_each_time() {
    let world = World::builder().with_server_proxy(&[]).start().await;
    let version = world.version("watched");
    version.at_zero().await;
    let load = version.steady_load(Duration::from_millis(700));
    load.wait_for_more(3).await;
    let calls = |method| world.server_proxy().calls(method);
    let (read, describe) = ("DescribeTaskQueue", "DescribeWorkerDeploymentVersion");
    let (reads, describes) = (calls(read), calls(describe));
    wait_for("12 reads", SOON, async || (calls(read) >= reads + 12).then_some(())).await;
    let described = calls(describe) - describes;
    assert!(described <= 4, "described {described} times");
    load.finish().await;
}
