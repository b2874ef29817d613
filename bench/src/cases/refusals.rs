//! The provider throttles for half a minute, then is well again.

use std::time::{Duration, SystemTime};

use futures::future::try_join;

use crate::{
    contender::{Contender, Setup, Side, Workers},
    figures::{Figures, Target},
    load::{Load, left},
    stage::Stage,
    stand_in::Behaviour,
};

const TASKS: usize = 20;
const WORK_MS: u64 = 1_000;
const THROTTLED: Duration = Duration::from_secs(30);
const WORKERS: Workers = Workers { slots: 4, limit: 30, idle_ms: 5_000, deadline_ms: 600_000 };
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let setup = Setup::of("refusals", Some(WORKERS));
    let (builtin, ours) =
        try_join(one(stage, Side::Builtin, &setup), one(stage, Side::Ours, &setup)).await?;
    figures.compare(
        "429 for 30 s, then well: until 20 tasks are done",
        "s",
        builtin.late,
        ours.late,
        Target::AtMost(ours.well + 5.0),
    );
    figures.compare(
        "429 for 30 s: refused calls",
        "",
        builtin.refused,
        ours.refused,
        Target::AtMost(12.0),
    );
    Ok(())
}

/// What came of one side.
struct Recovery {
    /// Seconds that the tasks take while all is well.
    well: f64,
    /// Seconds from the end of the trouble to the last task.
    late: f64,
    /// Calls that were refused.
    refused: f64,
}

async fn one(stage: &Stage, side: Side, setup: &Setup) -> anyhow::Result<Recovery> {
    let contender = Contender::create(stage, side, setup).await?;
    let load = Load::start(stage, &contender, "well", TASKS, WORK_MS, Duration::ZERO).await?;
    let well = load.drained(PATIENCE).await?;
    left(stage, &contender.name, PATIENCE).await?;
    let (late, refused) = throttled(stage, &contender).await?;
    Ok(Recovery { well, late, refused })
}

/// Seconds from the end of the trouble to the last task, and the calls that were refused.
async fn throttled(stage: &Stage, contender: &Contender) -> anyhow::Result<(f64, f64)> {
    stage.stand_in.set(&contender.name, Behaviour::Throttles);
    let began = SystemTime::now();
    let load = Load::start(stage, contender, "throttled", TASKS, WORK_MS, Duration::ZERO).await?;
    tokio::time::sleep(THROTTLED.saturating_sub(began.elapsed()?)).await;
    stage.stand_in.set(&contender.name, Behaviour::Accepts);
    let trouble = began.elapsed()?.as_secs_f64();
    let done = load.drained(PATIENCE).await? - trouble;
    let refused = stage.stand_in.refused(&contender.name, began);
    left(stage, &contender.name, PATIENCE).await?;
    Ok((done, f64::from(u32::try_from(refused)?)))
}
