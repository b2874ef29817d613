//! A task now and then: the cost of workers that wait in between.

use std::time::Duration;

use futures::future::try_join;

use crate::{
    bench_version::{BenchVersion, Controller, Setup, Workers},
    figures::{Figures, Target},
    load::{Load, workers_exited},
    testbed::Testbed,
};

const EVERY: Duration = Duration::from_secs(25);
const DEADLINE_MS: u64 = 60_000;
const IDLE_MS: u64 = 3_000;
const TASKS: u32 = 12;
const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let (builtin, ours) = try_join(
        measure_one(testbed, Controller::Builtin, 0),
        measure_one(testbed, Controller::Ours, IDLE_MS),
    )
    .await?;
    figures.compare(
        "one task of 1 s every 25 s for 5 min, idle exit after 3 s in ours, deadline 60 s: worker-seconds",
        "s",
        builtin,
        ours,
        Target::OfBuiltin(0.3),
    );
    Ok(())
}

/// Worker-seconds of one controller. Its workers exit after `idle_ms` without a task; 0 is never.
async fn measure_one(
    testbed: &Testbed,
    controller: Controller,
    idle_ms: u64,
) -> anyhow::Result<f64> {
    let workers = Workers { slots: 4, limit: 10, idle_ms, deadline_ms: DEADLINE_MS };
    let version =
        BenchVersion::create(testbed, controller, &Setup::of("sparse", Some(workers))).await?;
    let during = EVERY * TASKS;
    let tasks = usize::try_from(TASKS)?;
    let load = Load::start(testbed, &version, "task", tasks, 1_000, during).await?;
    load.drained(during + TIMEOUT).await?;
    workers_exited(testbed, &version.name, TIMEOUT).await?;
    let calls = testbed.lambda.calls(&version.name, load.began).len();
    eprintln!("  sparse, {controller:?}: {calls} invocations");
    Ok(testbed.lambda.worker_seconds(&version.name))
}
