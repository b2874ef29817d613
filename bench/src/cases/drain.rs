//! Many tasks at once: how long until they are done, and what the workers cost.

use std::time::{Duration, SystemTime};

use crate::{
    contender::{Contender, Setup, Side, Workers},
    figures::{Figures, Target},
    load::{Load, left},
    stage::Stage,
    stand_in::COLD_START,
};

const SLOTS: u32 = 4;
const LIMIT: usize = 30;
const IDLE_MS: u64 = 5_000;
const WORKERS: Workers =
    Workers { slots: SLOTS, limit: LIMIT, idle_ms: IDLE_MS, deadline_ms: 600_000 };
const PATIENCE: Duration = Duration::from_secs(900);

pub(crate) async fn measure_time(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let setup = sized("drain");
    let mut seconds = Vec::new();
    for side in Side::BOTH {
        let contender = Contender::create(stage, side, &setup).await?;
        let load = Load::start(stage, &contender, "load", 300, 2_000, Duration::ZERO).await?;
        seconds.push(load.drained(PATIENCE).await?);
        let calls = stage.stand_in.calls(&contender.name, load.began);
        let last = calls.iter().max().and_then(|at| at.duration_since(load.began).ok());
        let last = last.unwrap_or_default().as_secs_f64();
        eprintln!("  {side:?}: {} invocations, the last after {last:.1} s", calls.len());
        left(stage, &contender.name, PATIENCE).await?;
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

pub(crate) async fn measure_cost(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    const TASKS: u32 = 100;
    const TASK_S: f64 = 1.0;
    let contender = Contender::create(stage, Side::Ours, &sized("cost")).await?;
    let began = SystemTime::now();
    let load = Load::start(stage, &contender, "load", 100, 1_000, Duration::ZERO).await?;
    load.drained(PATIENCE).await?;
    left(stage, &contender.name, PATIENCE).await?;
    let workers = TASKS.div_ceil(SLOTS).min(30);
    let each = COLD_START.as_secs_f64() + IDLE_MS as f64 / 1e3;
    let ideal = f64::from(workers) * each + f64::from(TASKS) * TASK_S / f64::from(SLOTS);
    let calls = stage.stand_in.calls(&contender.name, began).len();
    eprintln!("  ideal {ideal:.1} worker-seconds with {workers} workers; {calls} invocations");
    figures.add(
        "100 tasks at once, 1 s each, 4 slots, limit 30: worker-seconds of the ideal",
        "",
        stage.stand_in.worker_seconds(&contender.name) / ideal,
        Target::AtMost(1.5),
    );
    Ok(())
}

/// Ours is told what the workers are like; the built-in controller has no setting for it.
fn sized(case: &'static str) -> Setup {
    let mut setup = Setup::of(case, Some(WORKERS));
    setup.demand = [("worker_slots", u64::from(SLOTS)), ("max_concurrent_workers", LIMIT as u64)]
        .map(|(key, value)| (key.to_owned(), value.into()))
        .into_iter()
        .collect();
    setup
}
