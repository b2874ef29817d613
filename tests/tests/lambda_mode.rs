//! The worker library in Lambda mode: one process, one invocation after the other. Lambda's
//! runtime API is a stand-in; the function, the server and its tasks are real.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use serde_json::json;
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_tests::{
    ARN, Collector, Environment, Event, Footprint, Greeter, SOON, Version, World, built,
    connections_to, wait_for,
};

const MINUTE: Duration = Duration::from_secs(60);
const IDLE: &str = "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS";

/// A server without a system worker, and a version that is current on it. A first invocation
/// registers the version by polling.
async fn function(
    name: &str,
    change: impl Fn(Greeter) -> Greeter,
) -> (World, Version, Environment) {
    let world = World::builder().workers(0).start().await;
    let version = world.version(name);
    let short = version.greeter().env(IDLE, "300");
    let log = world.dir().join("function.log");
    let environment = Environment::start(&change(short), &log).await;
    let args = ["worker", "deployment", "set-current-version", "--deployment-name", name];
    let args = [&args[..], &["--build-id", "v1", "--yes", "--ignore-missing-task-queues"]].concat();
    wait_for("the version to be known", SOON, async || {
        let result = environment.invoke(Event::ending_in(MINUTE)).await;
        assert!(!result.failed, "{}", result.body);
        (world.temporal(&args).await.code == Some(0)).then_some(())
    })
    .await;
    (world, version, environment)
}

#[tokio::test]
async fn an_event_with_any_body_starts_a_worker_with_an_identity_that_exits_when_idle() {
    let (_world, version, environment) = function("any-body", |greeter| greeter).await;
    for body in [&b""[..], b"{}", b"\"text\"", b"no JSON", b"\xff\xfe"] {
        let load = version.load(1, 10).await;
        let result = environment.invoke(Event::ending_in(MINUTE).body(body)).await;
        assert!(!result.failed, "{body:?}: {}", result.body);
        assert_eq!(result.body["reason"], "idle", "{}", result.body);
        assert_eq!(result.body["tasks"]["activity"], 1, "{}", result.body);
        load.done(SOON).await;
        let history = load.history(0).await;
        assert_eq!(history.identities(), [format!("{}@{ARN}", result.request_id)]);
        assert_eq!(history.versions(), [format!("{}.v1", version.id.deployment())]);
    }
}

#[tokio::test]
async fn a_hundred_invocations_leak_nothing() {
    let few = |greeter: Greeter| greeter.env(IDLE, "50");
    let (_world, version, mut environment) = function("tidy", few).await;
    let mut after_ten = None;
    for n in 1..=100 {
        let load = version.load(1, 0).await;
        while load.completed().await < 1 {
            let result = environment.invoke(Event::ending_in(MINUTE)).await;
            assert!(!result.failed, "{}", result.body);
        }
        if n == 10 {
            after_ten = Some(idle_footprint(&mut environment).await);
        }
    }
    let (before, after) = (after_ten.unwrap(), idle_footprint(&mut environment).await);
    assert_eq!((after.files, after.threads), (before.files, before.threads));
    let grown = after.resident_kb.saturating_sub(before.resident_kb);
    assert!(grown < 8 * 1024, "{before:?} grew to {after:?}");
    let log = environment.process().log();
    assert!(!log.contains("panicked"), "{log}");
}

/// Threads and sockets of the last invocation take a moment to close. Connections to the runtime
/// API do not count: `lambda_runtime` keeps one or two.
async fn idle_footprint(environment: &mut Environment) -> Footprint {
    let (pid, port) = (environment.process().pid(), environment.port);
    let mut last = Footprint::of(pid);
    let mut same = 0;
    wait_for("the process to be idle", SOON, async || {
        let mut now = Footprint::of(pid);
        now.files -= connections_to(pid, port).min(now.files);
        same = if (now.files, now.threads) == (last.files, last.threads) { same + 1 } else { 0 };
        last = now;
        (same >= 10).then_some(now)
    })
    .await
}

/// The server stops responding during a task.
#[tokio::test]
async fn an_invocation_whose_drain_fails_ends_before_its_deadline_and_the_next_one_works() {
    let hasty = |greeter: Greeter| {
        greeter
            .env("TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS", "4000")
            .env("TEMPORAL_SERVERLESS_WORKER_STOP_TIMEOUT_MS", "1000")
            .env("TEMPORAL_SERVERLESS_SHUTDOWN_HOOK_BUDGET_MS", "500")
    };
    let (world, version, mut environment) = function("poison", hasty).await;
    let before = idle_footprint(&mut environment).await;
    let stuck = version.load(1, 600_000).await;
    let limit = Duration::from_secs(12);
    let began = Instant::now();
    let result = environment.invoke(Event::ending_in(limit));
    wait_for("the task to run", SOON, async || stuck.is_working().await.then_some(())).await;
    world.server.freeze();
    let result = result.await;
    assert!(began.elapsed() < limit, "{:?}", began.elapsed());
    assert_eq!(result.body["reason"], "deadline", "{}", result.body);
    assert_eq!(result.body["abandoned"]["activity"], 1, "{}", result.body);
    assert_eq!(result.body["hooks"]["completed"], 1, "{}", result.body);
    world.server.thaw();
    let load = version.load(3, 10).await;
    let result = environment.invoke(Event::ending_in(MINUTE));
    load.done(SOON).await;
    stuck.terminate().await;
    assert!(!result.await.failed);
    let after = idle_footprint(&mut environment).await;
    assert_eq!((after.files, after.threads), (before.files, before.threads));
}

#[tokio::test]
async fn an_invocation_without_enough_time_fails_with_the_numbers_and_the_next_one_works() {
    let (_world, version, environment) = function("too-late", |greeter| greeter).await;
    let result = environment.invoke(Event::ending_in(Duration::from_secs(5))).await;
    assert!(result.failed);
    assert_eq!(result.body["errorType"], "ServerlessWorker.deadline");
    let message = result.body["errorMessage"].as_str().unwrap();
    assert!(message.contains("8000 ms"), "{message}");
    let load = version.load(1, 10).await;
    assert!(!environment.invoke(Event::ending_in(MINUTE)).await.failed);
    load.done(SOON).await;
}

#[tokio::test]
async fn a_deadline_that_is_not_a_timestamp_is_read_as_a_duration_with_a_warning() {
    let (_world, _, mut environment) = function("emulated", |greeter| greeter).await;
    let event = Event { body: Vec::new(), deadline_ms: 600_000 };
    assert!(!environment.invoke(event).await.failed);
    let log = environment.process().log();
    assert!(log.contains("lambda-runtime-deadline-ms is not a plausible timestamp"), "{log}");
    assert!(log.contains(r#""deadline_in_ms":600000"#), "{log}");
}

#[tokio::test]
async fn sigterm_between_invocations_stops_the_process_immediately() {
    let (_world, _, mut environment) = function("idle-end", |greeter| greeter).await;
    environment.process().terminate();
    assert!(environment.process().exited(SOON).await.success());
}

/// Lambda kills the process half a second after the signal.
#[tokio::test]
async fn sigterm_during_an_invocation_abandons_its_task_runs_the_hooks_and_stops_the_process() {
    let (_world, version, mut environment) = function("busy-end", |greeter| greeter).await;
    let load = version.load(1, 600_000).await;
    let result = environment.invoke(Event::ending_in(MINUTE));
    wait_for("the task to run", SOON, async || load.is_working().await.then_some(())).await;
    let began = Instant::now();
    environment.process().terminate();
    let result = result.await;
    assert!(environment.process().exited(SOON).await.success());
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(result.body["reason"], "sigterm", "{}", result.body);
    assert_eq!(result.body["hooks"]["completed"], 1, "{}", result.body);
    let phases = &result.body["phases"];
    let shutdown = ["drain_ms", "hooks_ms"].map(|part| phases[part].as_u64().unwrap());
    assert!(shutdown.iter().sum::<u64>() < 1_500, "{phases}: 500 ms on an idle machine");
    load.terminate().await;
}

/// Between its steps, the workflow waits for a timer of a second.
#[tokio::test]
async fn a_workflow_that_continues_within_the_idle_timeout_keeps_its_worker() {
    let span = |greeter: Greeter| greeter.program(&built("span")).env(IDLE, "3000");
    let (_world, version, environment) = function("due", span).await;
    let remind = version.start("remind", &json!({"times": 3, "every_ms": 1_000})).await;
    let result = environment.invoke(Event::ending_in(MINUTE)).await;
    assert_eq!(remind.result(SOON).await, 3);
    assert_eq!(
        (&result.body["reason"], &result.body["tasks"]["activity"]),
        (&json!("idle"), &json!(3))
    );
    let history = remind.history().await;
    assert_eq!(history.identities(), [format!("{}@{ARN}", result.request_id)]);
    // All tasks but the first were on the sticky queue.
    assert_eq!(history.sticky_tasks(), history.count(EventType::WorkflowTaskScheduled) - 1);
    assert_eq!(history.count(EventType::WorkflowTaskTimedOut), 0);
}

/// Without the shutdown call of the exited worker, the next task would wait on its sticky queue.
#[tokio::test]
async fn a_workflow_that_continues_later_does_not_wait_for_the_exited_worker() {
    let span = |greeter: Greeter| greeter.program(&built("span"));
    let (_world, version, environment) = function("later", span).await;
    let remind = version.start("remind", &json!({"times": 1, "every_ms": 3_000})).await;
    let first = environment.invoke(Event::ending_in(MINUTE)).await;
    assert_eq!(first.body["tasks"]["activity"], 0, "it waited for the timer: {}", first.body);
    wait_for("the timer", SOON, async || {
        (remind.history().await.count(EventType::TimerFired) > 0).then_some(())
    })
    .await;
    let next = environment.invoke(Event::ending_in(MINUTE)).await;
    assert_eq!(next.body["tasks"]["activity"], 1, "{}", next.body);
    assert_eq!(remind.result(SOON).await, 1);
    let history = remind.history().await;
    assert_eq!(history.workflow_workers().len(), 2);
    assert_eq!(history.count(EventType::WorkflowTaskTimedOut), 0);
}

/// Lambda may freeze an environment after its response.
#[tokio::test]
async fn metrics_of_an_invocation_are_exported_before_its_response() {
    let collector = Collector::start().await;
    let exporting = |greeter: Greeter| {
        let span = greeter.program(&built("span")).env(IDLE, "3000");
        span.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
    };
    let (_world, version, environment) = function("exported", exporting).await;
    let remind = version.start("remind", &json!({"times": 1, "every_ms": 1})).await;
    assert!(!collector.has_received("temporal_activity_execution_latency"), "nothing was executed");
    let result = environment.invoke(Event::ending_in(MINUTE)).await;
    for name in ["temporal_serverless_tasks", "temporal_activity_execution_latency"] {
        assert!(
            collector.has_received(name),
            "the collector has not received {name}: {}",
            result.body
        );
    }
    assert_eq!(remind.result(SOON).await, 1);
}
