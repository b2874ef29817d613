//! The provider throttles for half a minute, then recovers.

use std::time::{Duration, SystemTime};

use futures::future::try_join;

use crate::{
    bench_version::{BenchVersion, Controller, Setup, Workers},
    figures::{Figures, Target},
    lambda::Behaviour,
    load::{Load, workers_exited},
    testbed::Testbed,
};

const TASKS: usize = 20;
const WORK_MS: u64 = 1_000;
const THROTTLED: Duration = Duration::from_secs(30);
const WORKERS: Workers = Workers { slots: 4, limit: 30, idle_ms: 5_000, deadline_ms: 600_000 };
const TIMEOUT: Duration = Duration::from_secs(600);

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let setup = Setup::of("refusals", Some(WORKERS));
    let (builtin, ours) = try_join(
        measure_one(testbed, Controller::Builtin, &setup),
        measure_one(testbed, Controller::Ours, &setup),
    )
    .await?;
    figures.compare(
        "429 for 30 s, then recovery: time until 20 tasks are done",
        "s",
        builtin.recovery,
        ours.recovery,
        Target::AtMost(ours.healthy + 5.0),
    );
    figures.compare(
        "429 for 30 s: rejected calls",
        "",
        builtin.rejected,
        ours.rejected,
        Target::AtMost(12.0),
    );
    Ok(())
}

/// The result for one controller.
struct Recovery {
    /// Seconds that the tasks take while the provider works.
    healthy: f64,
    /// Seconds from the end of the failure to the last completed task.
    recovery: f64,
    /// The number of rejected calls.
    rejected: f64,
}

async fn measure_one(
    testbed: &Testbed,
    controller: Controller,
    setup: &Setup,
) -> anyhow::Result<Recovery> {
    let version = BenchVersion::create(testbed, controller, setup).await?;
    let load = Load::start(testbed, &version, "healthy", TASKS, WORK_MS, Duration::ZERO).await?;
    let healthy = load.drained(TIMEOUT).await?;
    workers_exited(testbed, &version.name, TIMEOUT).await?;
    let (recovery, rejected) = throttled(testbed, &version).await?;
    Ok(Recovery { healthy, recovery, rejected })
}

/// Seconds from the end of the failure to the last completed task, and the number of rejected
/// calls.
async fn throttled(testbed: &Testbed, version: &BenchVersion) -> anyhow::Result<(f64, f64)> {
    testbed.lambda.set(&version.name, Behaviour::Throttles);
    let began = SystemTime::now();
    let load = Load::start(testbed, version, "throttled", TASKS, WORK_MS, Duration::ZERO).await?;
    tokio::time::sleep(THROTTLED.saturating_sub(began.elapsed()?)).await;
    testbed.lambda.set(&version.name, Behaviour::Accepts);
    let failed_for = began.elapsed()?.as_secs_f64();
    let done = load.drained(TIMEOUT).await? - failed_for;
    let rejected = testbed.lambda.rejected(&version.name, began);
    workers_exited(testbed, &version.name, TIMEOUT).await?;
    Ok((done, f64::from(u32::try_from(rejected)?)))
}
