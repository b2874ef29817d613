//! Uses every public item of this crate with its type. If a line here no longer compiles, programs
//! break. The test `semver` beside this one reads the sources and determines the version that a
//! change requires; here the compiler checks what the sources do not show.
//!
//! Structs without `non_exhaustive` are built and destructured field by field, so that a new field
//! is noticed, too. The traits of each type are listed.

#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "most of it only has to compile")]

use serde::Serialize;
use std::{
    fmt::{Debug, Display},
    future::Future,
    panic::UnwindSafe,
    time::Duration,
};
use temporal_serverless_worker::{
    Builder, Consolidation, Error, ErrorClass, HookOutcome, LeaveReason, Phases, Pollers, Report,
    ServerlessWorker, Slots, StopSignal, TaskCounts, Timing, VersioningBehavior, block_on,
    variables,
};

fn builder(builder: Builder) -> Result<ServerlessWorker, Error> {
    builder
        .deployment_name("shop")
        .build_id(String::from("v1"))
        .default_versioning_behavior(VersioningBehavior::Pinned)
        .identity("me")
        .slots(Slots { activity: 2, workflow: 10, local_activity: 2, nexus: 5 })
        .pollers(Pollers { activity: 1, workflow: 2, nexus: 1, sticky_cache: 100 })
        .timing(Timing {
            idle_timeout: Some(Duration::from_secs(5)),
            deadline_buffer: Duration::from_secs(8),
            worker_stop_timeout: Duration::from_secs(5),
            shutdown_hook_budget: Duration::from_secs(2),
            longest_activity: None,
            connect_timeout: Duration::from_secs(10),
            termination_grace: None,
            heartbeat_interval: None,
        })
        .consolidation(Some(Consolidation {
            wait_percent: 10,
            min_life: Duration::from_secs(5),
            interval: Duration::from_secs(5),
        }))
        .data_converter(temporalio_common::data_converters::DataConverter::default())
        .worker_options(|options| options.max_cached_workflows = 1)
        .on_shutdown(|| async {})
        .build()
}

async fn worker(worker: ServerlessWorker) -> Result<(), Error> {
    let _: Report = worker.clone().run().await?;
    worker.serve().await
}

fn runtime<F: Future>(future: F) -> Result<F::Output, Error> {
    block_on(future)
}

fn report(report: &Report) -> (impl Display + use<>, u64) {
    let Report { reason, tasks, abandoned, hooks, phases, .. } = *report;
    let TaskCounts { workflow: _, activity: _, local_activity: _, nexus: _ } = tasks;
    let HookOutcome { completed, panicked, cut } = hooks;
    let _: [usize; 3] = [completed, panicked, cut];
    let Phases { connect, first_poll, work, drain, hooks, idle, total } = phases;
    let _: [Duration; 6] = [connect, work, drain, hooks, idle, total];
    let _: Option<Duration> = first_poll;
    let _: &'static str = reason.as_str();
    match reason {
        LeaveReason::Idle | LeaveReason::Surplus | LeaveReason::Deadline => {}
        LeaveReason::Signal(StopSignal::Terminate | StopSignal::Interrupt) => {}
        _ => {}
    }
    report.log();
    (reason, abandoned.total())
}

fn error(error: &Error) -> &'static str {
    match error {
        Error::Variable { name: _, value: _, expected: _ }
        | Error::Missing { what: _, variable: _, method: _ }
        | Error::OutOfRange { what: _, value: _, remedy: _ }
        | Error::Tuning(_)
        | Error::NothingRegistered
        | Error::Registration(_)
        | Error::ClientSettings { file: _, reason: _ }
        | Error::Unreachable { target: _, reason: _ }
        | Error::Refused { target: _, reason: _ }
        | Error::Namespace { namespace: _, reason: _ }
        | Error::TooLittleTime { work_ms: _, left_ms: _, buffer_ms: _ }
        | Error::NotPolling { waited_ms: _ }
        | Error::Process(_)
        | Error::Telemetry(_)
        | Error::Worker(_) => {}
        _ => {}
    }
    match error.class() {
        ErrorClass::Settings
        | ErrorClass::Connection
        | ErrorClass::Deadline
        | ErrorClass::Worker => {}
        _ => {}
    }
    error.class().as_str()
}

#[cfg(feature = "otel")]
fn telemetry(builder: Builder) -> Result<Builder, Error> {
    use temporal_serverless_worker::otel::Telemetry;
    use tracing_subscriber::prelude::*;
    let telemetry = Telemetry::from_environment("orders")?;
    let _ = tracing_subscriber::registry().with(telemetry.layer());
    let _ = telemetry.meter_provider();
    Ok(builder.telemetry(telemetry))
}

fn is_an_error<E: std::error::Error + Send + Sync + 'static>() {}

fn is_send<T: Send>() {}

/// The traits of plain values.
fn is_plain<T: Copy + Eq + Debug + Send + Sync + Unpin + UnwindSafe + 'static>() {}

fn have_traits() {
    is_plain::<Slots>();
    is_plain::<Pollers>();
    is_plain::<Timing>();
    is_plain::<Consolidation>();
    is_plain::<Report>();
    is_plain::<Phases>();
    is_plain::<TaskCounts>();
    is_plain::<HookOutcome>();
    is_plain::<LeaveReason>();
    is_plain::<StopSignal>();
    is_plain::<ErrorClass>();
    is_shown::<Report>();
    is_shown::<LeaveReason>();
    is_written::<Report>();
    has_default::<Slots>();
    has_default::<Pollers>();
    has_default::<Timing>();
    has_default::<Consolidation>();
    is_shared::<ServerlessWorker>();
    is_moved::<Builder>();
}

fn is_shown<T: Display>() {}

fn is_written<T: Serialize>() {}

fn has_default<T: Default>() {}

fn is_shared<T: Clone + Send + Sync + 'static>() {}

fn is_moved<T: Send + 'static>() {}

/// Deployments use these names.
#[test]
fn the_variables_keep_their_names() {
    is_an_error::<Error>();
    is_send::<ServerlessWorker>();
    have_traits();
    let names = [
        (variables::DEADLINE_MS, "TEMPORAL_SERVERLESS_DEADLINE_MS"),
        (variables::DEPLOYMENT_NAME, "TEMPORAL_DEPLOYMENT_NAME"),
        (variables::BUILD_ID, "TEMPORAL_WORKER_BUILD_ID"),
        (variables::TASK_QUEUE, "TEMPORAL_TASK_QUEUE"),
        (variables::IDENTITY, "TEMPORAL_SERVERLESS_IDENTITY"),
        (variables::CONFIG_FILE, "TEMPORAL_CONFIG_FILE"),
        (variables::LAMBDA_TASK_ROOT, "LAMBDA_TASK_ROOT"),
        (variables::LAMBDA_RUNTIME_API, "AWS_LAMBDA_RUNTIME_API"),
        (variables::ACTIVITY_SLOTS, "TEMPORAL_SERVERLESS_ACTIVITY_SLOTS"),
        (variables::WORKFLOW_SLOTS, "TEMPORAL_SERVERLESS_WORKFLOW_SLOTS"),
        (variables::LOCAL_ACTIVITY_SLOTS, "TEMPORAL_SERVERLESS_LOCAL_ACTIVITY_SLOTS"),
        (variables::NEXUS_SLOTS, "TEMPORAL_SERVERLESS_NEXUS_SLOTS"),
        (variables::IDLE_TIMEOUT_MS, "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS"),
        (variables::CONSOLIDATE, "TEMPORAL_SERVERLESS_CONSOLIDATE"),
        (variables::CONSOLIDATE_WAIT_PERCENT, "TEMPORAL_SERVERLESS_CONSOLIDATE_WAIT_PERCENT"),
        (variables::CONSOLIDATE_MIN_LIFE_MS, "TEMPORAL_SERVERLESS_CONSOLIDATE_MIN_LIFE_MS"),
        (variables::CONSOLIDATE_INTERVAL_MS, "TEMPORAL_SERVERLESS_CONSOLIDATE_INTERVAL_MS"),
        (variables::DEADLINE_BUFFER_MS, "TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS"),
        (variables::WORKER_STOP_TIMEOUT_MS, "TEMPORAL_SERVERLESS_WORKER_STOP_TIMEOUT_MS"),
        (variables::SHUTDOWN_HOOK_BUDGET_MS, "TEMPORAL_SERVERLESS_SHUTDOWN_HOOK_BUDGET_MS"),
        (variables::LONGEST_ACTIVITY_MS, "TEMPORAL_SERVERLESS_LONGEST_ACTIVITY_MS"),
        (variables::TERMINATION_GRACE_MS, "TEMPORAL_SERVERLESS_TERMINATION_GRACE_MS"),
    ];
    for (name, published) in names {
        assert_eq!(name, published);
    }
}
