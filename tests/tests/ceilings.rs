//! What a client of the namespace can make the system worker start.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use wci_contract::{FailureClass, activities, names, payload::ConfigPayload};
use wci_tests::{Group, SOON, SpecFile, World, schedule_from_own_workflow, wait_for};

/// What a client's own workflow puts on our task queue.
fn launch_of(deployment: &str) -> Value {
    let config = json!({"command": "greeter", "lifetime_ms": 60_000,
        "env": {"TEMPORAL_TASK_QUEUE": deployment}});
    let config = ConfigPayload::from_map(config.as_object().unwrap());
    json!({"deployment_name": deployment, "build_id": "v1", "group": "default",
        "compute": {"provider_type": "subprocess", "config": config},
        "launch_id": "theirs", "count": 1000, "asked_ms": 1, "spec": {}, "types": [],
        "due_ms": i64::MAX, "until_ms": i64::MAX, "now_ms": 1, "groups": {}})
}

#[tokio::test]
async fn a_workflow_of_a_clients_own_starts_no_workers_whatever_it_calls_itself() {
    let mut world = World::new().await;
    let input = launch_of("theirs");
    let own_id = world.version("theirs").id.workflow_id();
    let queue = (activities::INVOKE, names::DEFAULT_TASK_QUEUE);
    for (caller, expected) in [
        (("their-workflow", "theirs"), "only carried out for its own instance"),
        ((names::INSTANCE_WORKFLOW, "another-id"), "only carried out for its own instance"),
        (("their-workflow", &*own_id), "only carried out for its own instance"),
    ] {
        let result = schedule_from_own_workflow(&world.client, caller, queue, &input).await;
        let message = result.expect_err("it was carried out");
        assert!(message.contains(expected), "{message}");
        let terminate = ["workflow", "terminate", "-w", caller.1];
        world.temporal(&terminate).await.ok();
    }
    // Type and ID of an instance, on a task queue of the client's own.
    let caller = (names::INSTANCE_WORKFLOW, &*own_id);
    let outcome = schedule_from_own_workflow(&world.client, caller, queue, &input).await.unwrap();
    assert_eq!((&outcome["class"], &outcome["started"]), (&json!("forbidden"), &json!(0)));
    assert!(outcome["message"].as_str().unwrap().contains("runs on the task queue"), "{outcome}");
    assert_eq!(world.records(), 0);
    let metrics = world.worker().metrics().await;
    let refused = metrics.sum("wci_activities_refused_total", &["reason=\"caller\""]);
    assert_eq!(refused, Some(4.0), "{}", metrics.text());
}

#[tokio::test]
async fn every_activity_that_we_serve_is_refused_to_workflows_of_clients() {
    let world = World::new().await;
    let input = launch_of("theirs");
    let watch_queue = names::watch_queue(names::DEFAULT_TASK_QUEUE);
    for (activity, queue) in [
        (activities::RESIZE, names::DEFAULT_TASK_QUEUE),
        (activities::REGISTER, names::DEFAULT_TASK_QUEUE),
        (activities::VALIDATE_SPEC, names::DEFAULT_TASK_QUEUE),
        (activities::DECIDE, names::DEFAULT_TASK_QUEUE),
        (activities::WATCH, &*watch_queue),
    ] {
        let caller = ("their-workflow", activity);
        let result =
            schedule_from_own_workflow(&world.client, caller, (activity, queue), &input).await;
        let message = result.expect_err(activity);
        assert!(message.contains("for its own instance") || message.contains("only made for an"));
    }
    assert_eq!(world.records(), 0);
}

#[tokio::test]
async fn a_launch_that_is_not_of_the_instances_spec_starts_nothing() {
    let mut world = World::builder().workers(2).start().await;
    let version = world.version("honest");
    version.at_zero().await;
    let before = world.records();
    // An activity of its own, without any workflow.
    let args = ["activity", "start", "--activity-id", "launch", "--type", activities::INVOKE];
    let options = ["--task-queue", names::DEFAULT_TASK_QUEUE, "--start-to-close-timeout", "20s"];
    let input = launch_of("honest").to_string();
    world.temporal(&[&args[..], &options, &["--input", &input]].concat()).await.ok();
    let result = world.temporal(&["activity", "result", "--activity-id", "launch"]).await;
    assert_ne!(result.code, Some(0), "{result:?}");
    assert_eq!(world.records(), before);
    // Both system workers serve the instance, whoever of them hosts its workflow.
    for _ in 0..3 {
        version.load(3, 10).await.done(SOON).await;
        version.scaled_to_zero().await;
    }
    let logs: String = world.workers().iter().map(|worker| worker.log()).collect();
    assert!(!logs.contains("reason=\"spec\""), "{logs}");
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn workers_above_the_ceiling_wait_for_the_next_minute_and_everybody_sees_why() {
    let builder = World::builder().worker_args(&["--max-workers-per-minute", "6"]);
    let mut world = builder.start().await;
    let version = world.version("ceiling");
    let group = Group::greeters(&version.queue)
        .env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "1")
        .demand("worker_slots", 1);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    // Each of them occupies a worker for longer than the workers last.
    let load = version.load(30, 2_000).await;
    let described = wait_for("the ceiling in the description", SOON, async || {
        let output = version.wci("describe", &[]).await.ok().stdout;
        output.contains("ceiling of 6 workers a minute").then_some(output)
    });
    let described = described.await;
    assert!(described.contains("max_workers_per_minute"), "{described}");
    let explained = version.wci("explain", &[]).await.ok().stdout;
    assert!(explained.contains("ceiling of 6 workers a minute"), "{explained}");
    let labels = ["ceiling=\"namespace-workers-per-minute\"", "provider=\"subprocess\""];
    let metrics = world.worker().metrics().await;
    let over = metrics.sum("wci_workers_over_ceiling_total", &labels);
    assert!(over.is_some_and(|count| count >= 1.0), "{}", metrics.text());
    let throttled = version.history().await.launches().into_iter().filter_map(|it| it.outcome);
    let throttled = throttled.filter(|it| it.class == Some(FailureClass::Throttled));
    assert!(throttled.map(|it| it.throttled).sum::<u32>() > 0);
    load.done(3 * SOON).await;
}

#[tokio::test]
async fn one_namespace_cannot_take_all_processes_of_the_machine() {
    const CONFIG: &str = r#"
namespaces:
  default:
    providers: {subprocess: {commands: {greeter: "{greeter}"}}}
  second:
    providers: {subprocess: {commands: {greeter: "{greeter}"}}}
"#;
    let builder = World::builder().namespace("second").config(CONFIG);
    let world = builder.worker_args(&["--max-processes", "4"]).start().await;
    let version = world.version("greedy");
    let group = Group::greeters(&version.queue)
        .env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "1")
        .demand("worker_slots", 1);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let load = version.load(12, 1_000).await;
    let described = wait_for("the limit in the description", SOON, async || {
        assert!(version.running_workers() <= 2);
        let output = version.wci("describe", &[]).await.ok().stdout;
        output.contains("limit of 2 processes of namespace default").then_some(output)
    });
    assert!(described.await.contains("max_processes"));
    load.done(2 * SOON).await;
}
