//! The Prometheus metrics of the system worker.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_tests::{Behaviour, Group, SOON, SpecFile, World, wait_for};

const SECRET: &str = "open-sesame-4711";

#[tokio::test]
async fn the_metrics_show_the_decisions_and_launches_of_a_burst() {
    let mut world = World::new().await;
    let version = world.version("counted");
    let greeters = Group::greeters("counted").env("GREETING_TOKEN", SECRET);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", greeters)).await;
    let load = version.load(30, 100).await;
    load.done(SOON).await;
    version.scaled_to_zero().await;
    let history = version.history().await;
    let launches = history.launches().len() as f64;
    let metrics = wait_for("the end of the launches", SOON, async || {
        let metrics = world.worker().metrics().await;
        (metrics.sum("wci_workers_in_flight", &[]) == Some(0.0)).then_some(metrics)
    });
    let metrics = metrics.await;
    let sum = |name, labels: &[&str]| metrics.sum(name, labels);
    let succeeded = ["class=\"none\"", "namespace=\"default\"", "provider=\"subprocess\""];
    assert_eq!(sum("wci_launches_total", &succeeded), Some(launches), "{}", metrics.text());
    assert_eq!(sum("wci_launch_latency_seconds_count", &succeeded), Some(launches));
    assert!(sum("wci_launch_latency_seconds_sum", &succeeded).unwrap() > 0.0);
    assert_eq!(
        sum("wci_workers_total", &["result=\"started\""]),
        Some(f64::from(history.workers_started()))
    );
    assert!(sum("wci_decision_reasons_total", &["reason=\"tasks_announced\""]).unwrap() >= 1.0);
    assert!(sum("wci_watch_reads_total", &["result=\"ok\""]).unwrap() >= 1.0);
    assert!(sum("wci_watch_lag_seconds_count", &[]).unwrap() >= 1.0);
    assert_eq!(sum("wci_instances_cached", &[]), Some(1.0));
    // The metrics of the built-in controller, under the same names.
    let of_version = ["worker_deployment_name=\"counted\"", "worker_build_id=\"v1\""];
    let builtin = |name: &str, more: &[&str]| {
        let labels = [&of_version, more].concat();
        metrics.sum(&format!("worker_controller_instance_{name}"), &labels)
    };
    assert_eq!(builtin("created", &[]), Some(1.0));
    assert_eq!(builtin("scale_up_count", &[]), Some(launches));
    let signals = history.count(EventType::WorkflowExecutionSignaled) as f64;
    assert_eq!(builtin("signals", &["signal_type=\"task_add\""]), Some(signals));
    assert!(builtin("updates", &["update_type=\"update_instance\""]).unwrap() >= 1.0);
    let calls = ["operation=\"invoke_worker\"", "error_type=\"none\""];
    assert_eq!(builtin("operations", &calls), Some(launches));
    assert_eq!(builtin("workflow_error_count", &[]), None, "no workflow task failed");
    // The metrics of the SDK.
    let decisions = ["activity_type=\"DecideScaling\"", "namespace=\"default\""];
    assert!(sum("temporal_activity_execution_latency_count", &decisions).unwrap() >= 1.0);
    assert!(!metrics.text().contains(SECRET), "the metrics contain a secret");
}

#[tokio::test]
async fn the_metrics_show_a_failing_provider_until_it_recovers() {
    let mut world = World::builder().with_lambda().start().await;
    let version = world.version("failing");
    world.lambda().runs("failing", version.greeter());
    let spec = SpecFile::of(&version.id).group("default", Group::lambda("failing"));
    version.at_zero_with(&spec).await;
    world.lambda().set("failing", Behaviour::Throttles);
    let load = version.load(2, 10).await;
    let labels = ["class=\"throttled\"", "provider=\"aws-lambda\""];
    wait_for("the back-off in the metrics", SOON, async || {
        let metrics = world.worker().metrics().await;
        let backing_off = metrics.sum("wci_groups_backing_off", &labels) == Some(1.0);
        let refused = metrics.sum("wci_launches_total", &labels)? >= 1.0;
        let why = metrics.sum("wci_decision_reasons_total", &["reason=\"launch_failed\""])?;
        (backing_off && refused && why >= 1.0).then_some(())
    })
    .await;
    world.lambda().set("failing", Behaviour::Accepts);
    load.done(SOON).await;
    wait_for("the end of the back-off", SOON, async || {
        let metrics = world.worker().metrics().await;
        metrics.sum("wci_groups_backing_off", &labels).is_none().then_some(())
    })
    .await;
}
