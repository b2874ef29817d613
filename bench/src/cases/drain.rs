//! Many tasks at once: the time until they are done, and the cost of the workers.

use std::time::{Duration, SystemTime};

use crate::{
    bench_version::{BenchVersion, Controller, Setup, Workers},
    figures::{Figures, Target},
    lambda::COLD_START,
    load::{Load, workers_exited},
    testbed::Testbed,
};

const SLOTS: u32 = 4;
const LIMIT: usize = 30;
const IDLE_MS: u64 = 5_000;
const WORKERS: Workers =
    Workers { slots: SLOTS, limit: LIMIT, idle_ms: IDLE_MS, deadline_ms: 600_000 };
const TIMEOUT: Duration = Duration::from_secs(900);

pub(crate) async fn measure_time(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let setup = sized("drain");
    let mut seconds = Vec::new();
    for controller in Controller::BOTH {
        let version = BenchVersion::create(testbed, controller, &setup).await?;
        let load = Load::start(testbed, &version, "load", 300, 2_000, Duration::ZERO).await?;
        seconds.push(load.drained(TIMEOUT).await?);
        let calls = testbed.lambda.calls(&version.name, load.began);
        let last = calls.iter().max().and_then(|at| at.duration_since(load.began).ok());
        let last = last.unwrap_or_default().as_secs_f64();
        eprintln!("  {controller:?}: {} invocations, the last after {last:.1} s", calls.len());
        workers_exited(testbed, &version.name, TIMEOUT).await?;
    }
    figures.compare(
        "300 tasks at once, 2 s each, 4 slots, limit 30: time to drain",
        "s",
        seconds[0],
        seconds[1],
        Target::OfBuiltin(0.25),
    );
    Ok(())
}

pub(crate) async fn measure_cost(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    const TASKS: u32 = 100;
    const TASK_S: f64 = 1.0;
    let version = BenchVersion::create(testbed, Controller::Ours, &sized("cost")).await?;
    let began = SystemTime::now();
    let load = Load::start(testbed, &version, "load", 100, 1_000, Duration::ZERO).await?;
    load.drained(TIMEOUT).await?;
    workers_exited(testbed, &version.name, TIMEOUT).await?;
    let workers = TASKS.div_ceil(SLOTS).min(30);
    let each = COLD_START.as_secs_f64() + IDLE_MS as f64 / 1e3;
    let ideal = f64::from(workers) * each + f64::from(TASKS) * TASK_S / f64::from(SLOTS);
    let calls = testbed.lambda.calls(&version.name, began).len();
    eprintln!("  ideal {ideal:.1} worker-seconds with {workers} workers; {calls} invocations");
    figures.add(
        "100 tasks at once, 1 s each, 4 slots, limit 30: worker-seconds relative to the ideal",
        "",
        testbed.lambda.worker_seconds(&version.name) / ideal,
        Target::AtMost(1.5),
    );
    Ok(())
}

/// Only `wci` has settings for the slots and the limit of the workers.
fn sized(case: &'static str) -> Setup {
    let mut setup = Setup::of(case, Some(WORKERS));
    setup.demand = [("worker_slots", u64::from(SLOTS)), ("max_concurrent_workers", LIMIT as u64)]
        .map(|(key, value)| (key.to_owned(), value.into()))
        .into_iter()
        .collect();
    setup
}
