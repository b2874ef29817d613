//! The programs in examples/ do what their words, and the documentation's, say.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};
use wci_tests::{Collector, Group, SOON, SpecFile, Version, World, built, wait_for};

/// Six seconds until a worker must be gone, a little over three of them to work.
const SHORT: [(&str, &str); 4] = [
    ("TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS", "2700"),
    ("TEMPORAL_SERVERLESS_WORKER_STOP_TIMEOUT_MS", "2000"),
    ("TEMPORAL_SERVERLESS_SHUTDOWN_HOOK_BUDGET_MS", "500"),
    ("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "500"),
];

async fn world(program: &str) -> (World, Version) {
    let command = format!("{program}={}", built(program).display());
    let world = World::builder().worker_args(&["--allow-command", &command]).start().await;
    let version = world.version(program);
    (world, version)
}

#[tokio::test]
async fn an_activity_longer_than_its_worker_s_life_goes_on_where_the_last_one_was() {
    let (_world, version) = world("resume").await;
    let group = Group::command("resume", &version.queue).provider("lifetime_ms", 6_000);
    let group = SHORT.iter().fold(group, |group, (name, value)| group.env(name, value));
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let copy = version.start("copy", &json!({"rows": 80, "row_ms": 100})).await;
    let progress = copy.result(2 * SOON).await;
    let rows: Vec<u64> = serde_json::from_value(progress["rows_by_attempt"].clone()).unwrap();
    assert_eq!(rows.iter().sum::<u64>(), 80, "a row was copied twice, or never: {rows:?}");
    assert!(rows.len() >= 2, "eight seconds of work in one life: {rows:?}");
    version.left_alone().await;
}

#[tokio::test]
async fn a_workflow_spans_workers_none_of_which_waits_with_it() {
    let (_world, version) = world("span").await;
    let group = Group::command("span", &version.queue);
    let group = SHORT.iter().fold(group, |group, (name, value)| group.env(name, value));
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let remind = version.start("remind", &json!({"times": 3, "every_ms": 5_000})).await;
    for fired in 1..=3 {
        wait_for("a reminder", SOON, async || {
            let reminders = remind.history().await.activities();
            (reminders.iter().filter(|activity| activity.ended.is_some()).count() >= fired)
                .then_some(())
        })
        .await;
        version.left_alone().await;
    }
    assert_eq!(remind.result(SOON).await, 3);
    let workers = remind.history().await.identities();
    assert!(workers.len() >= 3, "three reminders, and workers that left: {workers:?}");
}

#[tokio::test]
async fn an_activity_that_takes_its_process_with_it_touches_no_other() {
    let (_world, version) = world("isolate").await;
    let group = Group::command("isolate", &version.queue)
        .env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "1")
        .env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "2000");
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let image = |crash| json!({"work_ms": 2_000, "crash": crash});
    let images = [false, true, false, false].map(image);
    let conversions = join_all(images.iter().map(|image| version.start("convert", image))).await;
    let attempts = join_all(conversions.iter().map(|one| one.result(2 * SOON))).await;
    assert_eq!(attempts, [1, 2, 1, 1].map(Value::from));
}

#[tokio::test]
async fn spans_and_metrics_of_a_life_are_with_the_collector_when_the_worker_has_left() {
    let collector = Collector::start().await;
    let (_world, version) = world("span").await;
    let group = Group::command("span", &version.queue)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_SERVICE_NAME", "reminders");
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    version.start("remind", &json!({"times": 1, "every_ms": 1})).await.result(SOON).await;
    version.left_alone().await;
    let ours = ["reminders", "RunActivity:send-reminder", "temporal_serverless_tasks"];
    let cores = ["temporal_workflow_completed", "temporal_activity_execution_latency"];
    for words in ours.iter().chain(&cores) {
        assert!(collector.knows(words), "the collector knows no {words}");
    }
}

const PAGE: &str = include_str!("../../docs/serverless-worker.md");

/// Section 2 of the page, as a reader would type it.
#[tokio::test]
async fn the_program_that_the_documentation_builds_does_its_first_task() {
    let world = World::builder().workers(0).start().await;
    let version = world.version("orders");
    let program = version.greeter().program_is(&built("orders"));
    let run = async || program.start(&world.dir().join("orders.log")).ended(SOON).await;
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
fn the_documentation_shows_the_program_and_the_dependencies_that_are_tested() {
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
    let said = adds.flat_map(|line| line.split('#').next().unwrap().split_whitespace());
    let pinned: Vec<(&str, &str)> = said.clone().filter_map(|word| word.split_once("@=")).collect();
    let workspace = include_str!("../../Cargo.toml");
    for (name, version) in &pinned {
        let pins = |line: &str| line.starts_with(&format!("{name} =")) && line.contains(version);
        assert!(workspace.lines().any(pins), "{name} is another version than {version} here");
    }
    for name in tested.iter().filter(|name| **name != "temporal-serverless-worker") {
        let added = |word: &str| word == *name || word.starts_with(&format!("{name}@="));
        assert!(said.clone().any(added), "the page adds no {name}");
    }
    assert_eq!(pinned.len(), 4, "{pinned:?}");
}
