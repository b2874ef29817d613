//! The programs in examples/ do what they and the documentation describe.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use futures::future::{join, join_all};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use wci_tests::{Collector, Group, SOON, SpecFile, Version, World, built, wait_for};

/// Timeouts for workers with a lifetime of six seconds: a little over three of them to work.
const SHORT_TIMEOUTS: [(&str, &str); 4] = [
    ("TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS", "2700"),
    ("TEMPORAL_SERVERLESS_WORKER_STOP_TIMEOUT_MS", "2000"),
    ("TEMPORAL_SERVERLESS_SHUTDOWN_HOOK_BUDGET_MS", "500"),
    ("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "500"),
];

async fn world(program: &str) -> (World, Version) {
    world_of(program, &built(program)).await
}

async fn world_of(program: &str, path: &Path) -> (World, Version) {
    let command = format!("{program}={}", path.display());
    let args = ["--allow-command", &command, "--allow-env", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    let builder = World::builder().worker_args(&args);
    let world = builder.worker_args(&["--allow-env", "OTEL_SERVICE_NAME"]).start().await;
    let version = world.version(program);
    (world, version)
}

#[tokio::test]
async fn an_activity_longer_than_its_workers_lifetime_resumes_in_the_next_worker() {
    let (_world, version) = world("resume").await;
    let group = Group::command("resume", &version.queue).provider("lifetime_ms", 6_000);
    let group = SHORT_TIMEOUTS.iter().fold(group, |group, (name, value)| group.env(name, value));
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let copy = version.start("copy", &json!({"rows": 80, "row_ms": 100})).await;
    let progress = copy.result(2 * SOON).await;
    let rows: Vec<u64> = serde_json::from_value(progress["rows_by_attempt"].clone()).unwrap();
    assert_eq!(rows.iter().sum::<u64>(), 80, "a row was copied twice, or never: {rows:?}");
    assert!(rows.len() >= 2, "eight seconds of work in one worker: {rows:?}");
    version.scaled_to_zero().await;
}

#[tokio::test]
async fn a_workflow_spans_several_workers_none_of_which_waits_for_its_timers() {
    let (_world, version) = world("span").await;
    let group = Group::command("span", &version.queue);
    let group = SHORT_TIMEOUTS.iter().fold(group, |group, (name, value)| group.env(name, value));
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let remind = version.start("remind", &json!({"times": 3, "every_ms": 5_000})).await;
    for fired in 1..=3 {
        wait_for("a reminder", SOON, async || {
            let reminders = remind.history().await.activities();
            (reminders.iter().filter(|activity| activity.closed.is_some()).count() >= fired)
                .then_some(())
        })
        .await;
        version.scaled_to_zero().await;
    }
    assert_eq!(remind.result(SOON).await, 3);
    let workers = remind.history().await.identities();
    assert!(workers.len() >= 3, "three reminders, each by a new worker: {workers:?}");
}

/// Converts four images, the second of which fails once with `failure`: it is retried, and the
/// others succeed at the first attempt.
async fn only_one_is_retried(version: &Version, slots: &str, failure: &str) {
    let group = Group::command("isolate", &version.queue)
        .env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", slots)
        .env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "2000");
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let image = |failure: Option<&str>| json!({"work_ms": 2_000, "failure": failure});
    let images = [None, Some(failure), None, None].map(image);
    let conversions = join_all(images.iter().map(|image| version.start("convert", image))).await;
    let attempts = join_all(conversions.iter().map(|one| one.result(2 * SOON))).await;
    let attempts: Vec<u64> = attempts.iter().map(|attempt| attempt.as_u64().unwrap()).collect();
    let [first, failed, third, fourth] = attempts[..] else { panic!("{attempts:?}") };
    assert_eq!([first, third, fourth], [1, 1, 1], "{attempts:?}");
    // The server may dispatch the next attempt to the process that is gone, too.
    assert!(failed >= 2, "{attempts:?}");
}

#[tokio::test]
async fn an_activity_that_crashes_its_process_affects_no_other() {
    let (_world, version) = world("isolate").await;
    only_one_is_retried(&version, "1", "crash").await;
}

/// The process is limited to about 1.5 GB of address space, and allocates four.
#[tokio::test]
async fn an_activity_that_runs_out_of_memory_affects_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let limited = dir.path().join("limited");
    let script = format!("#!/bin/sh\nulimit -v 1500000\nexec {}\n", built("isolate").display());
    fs::write(&limited, script).unwrap();
    fs::set_permissions(&limited, Permissions::from_mode(0o755)).unwrap();
    let (_world, version) = world_of("isolate", &limited).await;
    only_one_is_retried(&version, "1", "memory").await;
}

/// All activities share one process.
#[tokio::test]
async fn an_activity_that_panics_fails_only_its_own_attempt() {
    let (_world, version) = world("isolate").await;
    only_one_is_retried(&version, "4", "panic").await;
}

/// Cloud Run, AgentCore and others stop a container with SIGTERM, and kill it ten seconds later.
#[tokio::test]
async fn a_process_that_receives_sigterm_returns_its_task_and_exits_within_ten_seconds() {
    let world = World::builder().workers(0).start().await;
    let version = world.version("container");
    let log = world.dir().join("container.log");
    let start = || version.greeter().long_lived().start(&log);
    let mut first = start();
    let known = ["--deployment-name", "container", "--build-id", "v1", "--yes"];
    let set = [&["worker", "deployment", "set-current-version"], &known[..]].concat();
    wait_for("the version to be known", SOON, async || {
        (world.temporal(&set).await.code == Some(0)).then_some(())
    })
    .await;
    let load = version.load(1, 600_000).await;
    wait_for("the task to run", SOON, async || load.is_working().await.then_some(())).await;
    let terminated = Instant::now();
    first.terminate();
    assert!(first.exited(SOON).await.success(), "{}", first.log());
    assert!(terminated.elapsed() < Duration::from_secs(10), "{:?}", terminated.elapsed());
    assert!(first.log().contains("worker stopped (sigterm)"), "{}", first.log());
    let _second = start();
    wait_for("the task to run again", SOON, async || load.is_working().await.then_some(())).await;
    load.terminate().await;
}

/// Sends a request to the program that listens on `port`; returns the body of the response.
async fn http(port: &str, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).await.ok()?;
    let request = format!("{request} HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await.ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.0 200"), "{response}");
    Some(body.to_owned())
}

#[tokio::test]
async fn an_http_platform_runs_a_worker_for_each_request_and_stops_it_with_sigterm() {
    let world = World::builder().workers(0).start().await;
    let version = world.version("endpoint");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = free.port().to_string();
    let endpoint = version.greeter().program(&built("endpoint"));
    let endpoint = endpoint.env("HOST", "127.0.0.1").env("PORT", &port);
    let mut process = endpoint.start(&world.dir().join("endpoint.log"));
    let ping = async || http(&port, "GET /ping").await;
    assert_eq!(wait_for("the endpoint", SOON, ping).await, r#"{"status":"Healthy"}"#);
    let run_worker = async || -> Value {
        serde_json::from_str(&http(&port, "POST /invocations").await.unwrap()).unwrap()
    };
    let known = ["--deployment-name", "endpoint", "--build-id", "v1", "--yes"];
    let set = [&["worker", "deployment", "set-current-version"], &known[..]].concat();
    wait_for("the version to be known", SOON, async || {
        run_worker().await;
        (world.temporal(&set).await.code == Some(0)).then_some(())
    })
    .await;
    let short = version.start("answer", &json!({"question": "why", "work_ms": 100})).await;
    let summary = run_worker().await;
    assert_eq!((&summary["reason"], &summary["tasks"]["activity"]), (&json!("idle"), &json!(1)));
    assert_eq!(short.result(SOON).await, "why: because");
    let long = version.start("answer", &json!({"question": "why", "work_ms": 600_000})).await;
    let terminated = async {
        let history = async || long.history().await;
        wait_for("the task to run", SOON, async || {
            history().await.workflow_workers().first().map(|_| ())
        })
        .await;
        process.terminate();
    };
    let (summary, ()) = join(run_worker(), terminated).await;
    assert_eq!(summary["reason"], "sigterm", "{summary}");
    assert!(process.exited(SOON).await.success(), "{}", process.log());
}

#[tokio::test]
async fn spans_and_metrics_are_exported_before_the_worker_exits() {
    let collector = Collector::start().await;
    let (_world, version) = world("span").await;
    let group = Group::command("span", &version.queue)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_SERVICE_NAME", "reminders");
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    version.start("remind", &json!({"times": 1, "every_ms": 1})).await.result(SOON).await;
    version.scaled_to_zero().await;
    let ours = ["reminders", "RunActivity:send-reminder", "temporal_serverless_tasks"];
    let cores = ["temporal_workflow_completed", "temporal_activity_execution_latency"];
    for expected in ours.iter().chain(&cores) {
        assert!(collector.has_received(expected), "the collector has not received {expected}");
    }
}

const PAGE: &str = include_str!("../../docs/serverless-worker.md");

/// Section 2 of the page, as a reader would follow it.
#[tokio::test]
async fn the_program_of_the_documentation_completes_its_first_task() {
    let world = World::builder().workers(0).start().await;
    let version = world.version("orders");
    let program = version.greeter().program(&built("orders"));
    let run = async || program.start(&world.dir().join("orders.log")).exited(SOON).await;
    assert!(run().await.success());
    let known = ["--deployment-name", "orders", "--build-id", "v1", "--yes"];
    let set = ["worker", "deployment", "set-current-version"];
    world.temporal(&[&set[..], &known].concat()).await.ok();
    let start = ["workflow", "start", "--task-queue", &version.queue, "--type", "order"];
    let order = ["--workflow-id", "one", "--input", "\"a lamp\""];
    world.temporal(&[&start[..], &order].concat()).await.ok();
    assert!(run().await.success());
    let result = world.temporal(&["workflow", "result", "--workflow-id", "one"]).await.ok();
    assert!(result.stdout.contains("a lamp, packed"), "{result:?}");
}

#[test]
fn the_documentation_shows_the_tested_program_and_dependencies() {
    let block = |kind: &str| {
        let (_, rest) = PAGE.split_once(&format!("```{kind}\n")).unwrap();
        rest.split_once("```").unwrap().0
    };
    assert_eq!(block("rust"), include_str!("../../examples/orders/src/main.rs"));
    let manifest = include_str!("../../examples/orders/Cargo.toml");
    let (_, dependencies) = manifest.split_once("[dependencies]\n").unwrap();
    let tested: BTreeSet<&str> =
        dependencies.lines().filter_map(|line| line.split(['.', ' ']).next()).collect();
    let adds = block("sh").lines().filter_map(|line| line.strip_prefix("cargo add "));
    let added_crates = adds.flat_map(|line| line.split('#').next().unwrap().split_whitespace());
    let pinned: Vec<(&str, &str)> =
        added_crates.clone().filter_map(|word| word.split_once("@=")).collect();
    let workspace = include_str!("../../Cargo.toml");
    for (name, version) in &pinned {
        let pins = |line: &str| line.starts_with(&format!("{name} =")) && line.contains(version);
        assert!(
            workspace.lines().any(pins),
            "Cargo.toml pins another version of {name} than {version}"
        );
    }
    for name in tested.iter().filter(|name| **name != "temporal-serverless-worker") {
        let added = |word: &str| word == *name || word.starts_with(&format!("{name}@="));
        assert!(added_crates.clone().any(added), "the page does not add {name}");
    }
    assert_eq!(pinned.len(), 4, "{pinned:?}");
}
