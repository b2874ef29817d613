//! The workers that the server sees, as opposed to the requested ones.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_tests::{Group, SOON, SpecFile, World, wait_for};

#[tokio::test]
async fn a_backlog_is_reported_with_the_polling_workers() {
    let mut world = World::builder().with_lambda().start().await;
    let version = world.version("forsaken");
    let spec = SpecFile::of(&version.id).group("default", Group::lambda("nobody-comes"));
    version.apply_unregistered(&spec).await.ok();
    // The server knows the queues once a worker has polled them.
    let slots = "TEMPORAL_SERVERLESS_ACTIVITY_SLOTS";
    let resident = version.greeter().long_lived().env(slots, "1");
    let log = world.dir().join("resident.log");
    let mut first = resident.start(&log);
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    // A graceful shutdown: the server may list a killed poller for a while.
    first.terminate();
    first.exited(SOON).await;
    // The second task waits for longer than the watch allows starting workers.
    let load = version.load(2, 10_000).await;
    wait_for("a backlog without workers", SOON, async || {
        (version.history().await.watch_results().pop()?.workers.is_some()).then_some(())
    })
    .await;
    let _second = resident.start(&log);
    // A watch that sees the worker take tasks has no reason to end: it tells its metrics.
    let worker = world.worker();
    wait_for("the worker in the metrics", SOON, async || {
        let labels = ["worker_deployment_name=\"forsaken\""];
        let seen = worker.metrics().await.sum("wci_workers_seen", &labels);
        (seen == Some(1.0)).then_some(())
    })
    .await;
    load.done(SOON).await;
}

#[tokio::test]
async fn workers_that_never_appear_are_reported_and_requested_less_often() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("stillborn");
    let group = Group::lambda("stillborn").demand("start_timeout_ms", 2_000);
    version.apply_unregistered(&SpecFile::of(&version.id).group("default", group)).await.ok();
    let log = world.dir().join("resident.log");
    let mut first = version.greeter().start(&log);
    wait_for("the exit of a first worker", SOON, async || (!first.is_running()).then_some(()))
        .await;
    let load = version.load(8, 10).await;
    wait_for("the report", SOON, async || {
        let output = version.wci("describe", &[]).await.ok().stdout;
        output.contains("workers_do_not_appear").then_some(())
    })
    .await;
    let invocations = world.lambda().calls("stillborn");
    assert!((3..=20).contains(&invocations), "{invocations} invocations for 8 tasks");
    let _resident = version.greeter().long_lived().start(&log);
    load.done(SOON).await;
}
