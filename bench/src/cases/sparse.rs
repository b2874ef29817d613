//! A task now and then: what the workers cost that wait in between.

use std::time::Duration;

use futures::future::try_join;

use crate::{
    contender::{Contender, Setup, Side, Workers},
    figures::{Figures, Target},
    load::{Load, left},
    stage::Stage,
};

const EVERY: Duration = Duration::from_secs(25);
const DEADLINE_MS: u64 = 60_000;
const IDLE_MS: u64 = 5_000;
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn measure(
    stage: &Stage,
    figures: &mut Figures,
    full: bool,
) -> anyhow::Result<()> {
    let tasks: u32 = if full { 12 } else { 5 };
    let (builtin, ours) =
        try_join(one(stage, Side::Builtin, 0, tasks), one(stage, Side::Ours, IDLE_MS, tasks))
            .await?;
    figures.compare(
        &format!("one task of 1 s every 25 s, {tasks} times, deadline 60 s: worker-seconds"),
        "s",
        builtin,
        ours,
        Target::OfBuiltin(0.3),
    );
    Ok(())
}

/// Worker-seconds of one side, whose workers leave when idle for `idle_ms`, 0 for never.
async fn one(stage: &Stage, side: Side, idle_ms: u64, tasks: u32) -> anyhow::Result<f64> {
    let workers = Workers { slots: 4, limit: 10, idle_ms, deadline_ms: DEADLINE_MS };
    let contender = Contender::create(stage, side, &Setup::of("sparse", Some(workers))).await?;
    let during = EVERY * tasks;
    let tasks = usize::try_from(tasks)?;
    let load = Load::start(stage, &contender, "task", tasks, 1_000, during).await?;
    load.drained(during + PATIENCE).await?;
    left(stage, &contender.name, PATIENCE).await?;
    Ok(stage.stand_in.worker_seconds(&contender.name))
}
