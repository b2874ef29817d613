//! What the system worker tells Prometheus of what it did.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_tests::{Behaviour, Group, SOON, SpecFile, World, wait_for};

const SECRET: &str = "open-sesame-4711";

#[tokio::test]
async fn after_a_burst_the_metrics_tell_what_was_decided_and_launched() {
    let mut world = World::new().await;
    let version = world.version("counted");
    let greeters = Group::greeters("counted").env("GREETING_TOKEN", SECRET);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", greeters)).await;
    let load = version.load(30, 100).await;
    load.done(SOON).await;
    version.left_alone().await;
    let history = version.history().await;
    let launches = history.launches().len() as f64;
    let metrics = wait_for("the launches to have ended", SOON, async || {
        let metrics = world.worker().metrics().await;
        (metrics.sum("wci_workers_in_flight", &[]) == Some(0.0)).then_some(metrics)
    });
    let metrics = metrics.await;
    let told = |name, labels: &[&str]| metrics.sum(name, labels);
    let went_well = ["class=\"none\"", "namespace=\"default\"", "provider=\"subprocess\""];
    assert_eq!(told("wci_launches_total", &went_well), Some(launches), "{}", metrics.text());
    assert_eq!(told("wci_launch_latency_seconds_count", &went_well), Some(launches));
    assert!(told("wci_launch_latency_seconds_sum", &went_well).unwrap() > 0.0);
    assert_eq!(
        told("wci_workers_total", &["result=\"started\""]),
        Some(f64::from(history.workers_started()))
    );
    assert!(told("wci_decision_reasons_total", &["reason=\"tasks_announced\""]).unwrap() >= 1.0);
    assert!(told("wci_watch_reads_total", &["result=\"ok\""]).unwrap() >= 1.0);
    assert!(told("wci_watch_lag_seconds_count", &[]).unwrap() >= 1.0);
    assert_eq!(told("wci_instances_cached", &[]), Some(1.0));
    // What the server's own controller tells under the same names.
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
    // And what the SDK tells of itself.
    let decisions = ["activity_type=\"DecideScaling\"", "namespace=\"default\""];
    assert!(told("temporal_activity_execution_latency_count", &decisions).unwrap() >= 1.0);
    assert!(!metrics.text().contains(SECRET), "a secret stands in the metrics");
}

#[tokio::test]
async fn a_provider_in_trouble_shows_in_the_metrics_until_it_is_well_again() {
    let mut world = World::builder().with_lambda().start().await;
    let version = world.version("ailing");
    world.lambda().runs("ailing", version.greeter());
    let spec = SpecFile::of(&version.id).group("default", Group::lambda("ailing"));
    version.at_zero_with(&spec).await;
    world.lambda().set("ailing", Behaviour::Throttles);
    let load = version.load(2, 10).await;
    let labels = ["class=\"throttled\"", "provider=\"aws-lambda\""];
    wait_for("the back-off to show", SOON, async || {
        let metrics = world.worker().metrics().await;
        let backing_off = metrics.sum("wci_groups_backing_off", &labels) == Some(1.0);
        let refused = metrics.sum("wci_launches_total", &labels)? >= 1.0;
        let why = metrics.sum("wci_decision_reasons_total", &["reason=\"launch_failed\""])?;
        (backing_off && refused && why >= 1.0).then_some(())
    })
    .await;
    world.lambda().set("ailing", Behaviour::Accepts);
    load.done(SOON).await;
    wait_for("the back-off to be over", SOON, async || {
        let metrics = world.worker().metrics().await;
        metrics.sum("wci_groups_backing_off", &labels).is_none().then_some(())
    })
    .await;
}
