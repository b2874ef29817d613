//! The programs in examples/patterns do what their words say.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

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
    for words in ["reminders", "RunActivity:send-reminder", "temporal_serverless_tasks"] {
        assert!(collector.knows(words), "the collector knows no {words}");
    }
}
