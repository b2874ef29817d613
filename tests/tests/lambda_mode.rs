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

/// A server without a system worker, and a version that is current on it: by polling, a first
/// invocation told the server of it.
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
        let answer = environment.invoke(Event::ending_in(MINUTE)).await;
        assert!(!answer.failed, "{}", answer.body);
        (world.temporal(&args).await.code == Some(0)).then_some(())
    })
    .await;
    (world, version, environment)
}

#[tokio::test]
async fn an_event_with_any_body_starts_a_worker_that_says_who_it_is_and_leaves_when_idle() {
    let (_world, version, environment) = function("any-body", |greeter| greeter).await;
    for body in [&b""[..], b"{}", b"\"text\"", b"no JSON", b"\xff\xfe"] {
        let load = version.load(1, 10).await;
        let answer = environment.invoke(Event::ending_in(MINUTE).body(body)).await;
        assert!(!answer.failed, "{body:?}: {}", answer.body);
        assert_eq!(answer.body["reason"], "idle", "{}", answer.body);
        assert_eq!(answer.body["tasks"]["activity"], 1, "{}", answer.body);
        load.done(SOON).await;
        let history = load.history(0).await;
        assert_eq!(history.identities(), [format!("{}@{ARN}", answer.request_id)]);
        assert_eq!(history.versions(), [format!("{}.v1", version.id.deployment())]);
    }
}

#[tokio::test]
async fn a_hundred_invocations_leave_nothing_behind() {
    let few = |greeter: Greeter| greeter.env(IDLE, "50");
    let (_world, version, mut environment) = function("tidy", few).await;
    let mut after_ten = None;
    for n in 1..=100 {
        let load = version.load(1, 0).await;
        while load.completed().await < 1 {
            let answer = environment.invoke(Event::ending_in(MINUTE)).await;
            assert!(!answer.failed, "{}", answer.body);
        }
        if n == 10 {
            after_ten = Some(settled(&mut environment).await);
        }
    }
    let (before, after) = (after_ten.unwrap(), settled(&mut environment).await);
    assert_eq!((after.files, after.threads), (before.files, before.threads));
    let grown = after.resident_kb.saturating_sub(before.resident_kb);
    assert!(grown < 8 * 1024, "{before:?} grew to {after:?}");
    let log = environment.process().log();
    assert!(!log.contains("panicked"), "{log}");
}

/// Threads and sockets of the last invocation take a moment to end. Connections to the runtime
/// API are `lambda_runtime`'s, which has one or two.
async fn settled(environment: &mut Environment) -> Footprint {
    let (pid, port) = (environment.process().pid(), environment.port);
    let mut last = Footprint::of(pid);
    let mut same = 0;
    wait_for("the process to settle", SOON, async || {
        let mut now = Footprint::of(pid);
        now.files -= connections_to(pid, port).min(now.files);
        same = if (now.files, now.threads) == (last.files, last.threads) { same + 1 } else { 0 };
        last = now;
        (same >= 10).then_some(now)
    })
    .await
}

/// The server stops answering in the middle of a task.
#[tokio::test]
async fn an_invocation_whose_drain_fails_ends_before_its_deadline_and_the_next_one_works() {
    let hasty = |greeter: Greeter| {
        greeter
            .env("TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS", "4000")
            .env("TEMPORAL_SERVERLESS_WORKER_STOP_TIMEOUT_MS", "1000")
            .env("TEMPORAL_SERVERLESS_SHUTDOWN_HOOK_BUDGET_MS", "500")
    };
    let (world, version, mut environment) = function("poison", hasty).await;
    let before = settled(&mut environment).await;
    let stuck = version.load(1, 600_000).await;
    let limit = Duration::from_secs(12);
    let began = Instant::now();
    let answer = environment.invoke(Event::ending_in(limit));
    wait_for("the task to run", SOON, async || stuck.is_working().await.then_some(())).await;
    world.server.freeze();
    let answer = answer.await;
    assert!(began.elapsed() < limit, "{:?}", began.elapsed());
    assert_eq!(answer.body["reason"], "deadline", "{}", answer.body);
    assert_eq!(answer.body["abandoned"]["activity"], 1, "{}", answer.body);
    assert_eq!(answer.body["hooks"]["completed"], 1, "{}", answer.body);
    world.server.thaw();
    let load = version.load(3, 10).await;
    let answer = environment.invoke(Event::ending_in(MINUTE));
    load.done(SOON).await;
    stuck.terminate().await;
    assert!(!answer.await.failed);
    let after = settled(&mut environment).await;
    assert_eq!((after.files, after.threads), (before.files, before.threads));
}

#[tokio::test]
async fn an_invocation_without_enough_time_is_refused_with_the_numbers_and_the_next_one_works() {
    let (_world, version, environment) = function("too-late", |greeter| greeter).await;
    let answer = environment.invoke(Event::ending_in(Duration::from_secs(5))).await;
    assert!(answer.failed);
    assert_eq!(answer.body["errorType"], "ServerlessWorker.deadline");
    let words = answer.body["errorMessage"].as_str().unwrap();
    assert!(words.contains("8000 ms"), "{words}");
    let load = version.load(1, 10).await;
    assert!(!environment.invoke(Event::ending_in(MINUTE)).await.failed);
    load.done(SOON).await;
}

#[tokio::test]
async fn a_deadline_that_is_no_time_is_taken_as_a_duration_and_the_log_says_so() {
    let (_world, _, mut environment) = function("emulated", |greeter| greeter).await;
    let event = Event { body: Vec::new(), deadline_ms: 600_000 };
    assert!(!environment.invoke(event).await.failed);
    let log = environment.process().log();
    assert!(log.contains("lambda-runtime-deadline-ms is not a plausible timestamp"), "{log}");
    assert!(log.contains(r#""deadline_in_ms":600000"#), "{log}");
}

#[tokio::test]
async fn sigterm_between_invocations_ends_the_process_at_once() {
    let (_world, _, mut environment) = function("idle-end", |greeter| greeter).await;
    environment.process().terminate();
    assert!(environment.process().ended(SOON).await.success());
}

/// Lambda kills the process half a second after the signal.
#[tokio::test]
async fn sigterm_in_an_invocation_gives_up_its_task_runs_the_hooks_and_ends_the_process() {
    let (_world, version, mut environment) = function("busy-end", |greeter| greeter).await;
    let load = version.load(1, 600_000).await;
    let answer = environment.invoke(Event::ending_in(MINUTE));
    wait_for("the task to run", SOON, async || load.is_working().await.then_some(())).await;
    let began = Instant::now();
    environment.process().terminate();
    let answer = answer.await;
    assert!(environment.process().ended(SOON).await.success());
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(answer.body["reason"], "sigterm", "{}", answer.body);
    assert_eq!(answer.body["hooks"]["completed"], 1, "{}", answer.body);
    let phases = &answer.body["phases"];
    let leaving = ["drain_ms", "hooks_ms"].map(|part| phases[part].as_u64().unwrap());
    assert!(leaving.iter().sum::<u64>() < 1_500, "{phases}: 500 ms, on a machine with time");
    load.terminate().await;
}

/// Between its steps the workflow waits for a timer of a second, and nothing runs anywhere.
#[tokio::test]
async fn a_workflow_that_goes_on_within_the_idle_timeout_keeps_its_worker() {
    let span = |greeter: Greeter| greeter.program_is(&built("span")).env(IDLE, "3000");
    let (_world, version, environment) = function("due", span).await;
    let remind = version.start("remind", &json!({"times": 3, "every_ms": 1_000})).await;
    let answer = environment.invoke(Event::ending_in(MINUTE)).await;
    assert_eq!(remind.result(SOON).await, 3);
    assert_eq!(
        (&answer.body["reason"], &answer.body["tasks"]["activity"]),
        (&json!("idle"), &json!(3))
    );
    let history = remind.history().await;
    assert_eq!(history.identities(), [format!("{}@{ARN}", answer.request_id)]);
    // All but the first went to where the workflow was cached.
    assert_eq!(history.sticky_tasks(), history.count(EventType::WorkflowTaskScheduled) - 1);
    assert_eq!(history.count(EventType::WorkflowTaskTimedOut), 0);
}

/// The next task would wait for the worker that has the workflow cached, if it had not said that
/// it leaves.
#[tokio::test]
async fn a_workflow_that_goes_on_later_does_not_wait_for_the_worker_that_left() {
    let span = |greeter: Greeter| greeter.program_is(&built("span"));
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
    assert_eq!(history.deciders().len(), 2);
    assert_eq!(history.count(EventType::WorkflowTaskTimedOut), 0);
}

/// After its answer an environment may be frozen.
#[tokio::test]
async fn metrics_of_a_life_have_left_when_its_invocation_is_answered() {
    let collector = Collector::start().await;
    let told = |greeter: Greeter| {
        let span = greeter.program_is(&built("span")).env(IDLE, "3000");
        span.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
    };
    let (_world, version, environment) = function("told", told).await;
    let remind = version.start("remind", &json!({"times": 1, "every_ms": 1})).await;
    assert!(!collector.knows("temporal_activity_execution_latency"), "nothing was executed");
    let answer = environment.invoke(Event::ending_in(MINUTE)).await;
    for name in ["temporal_serverless_tasks", "temporal_activity_execution_latency"] {
        assert!(collector.knows(name), "the collector knows no {name}: {}", answer.body);
    }
    assert_eq!(remind.result(SOON).await, 1);
}
