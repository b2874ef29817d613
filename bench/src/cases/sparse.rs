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
const IDLE_MS: u64 = 3_000;
const TASKS: u32 = 12;
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let (builtin, ours) =
        try_join(one(stage, Side::Builtin, 0), one(stage, Side::Ours, IDLE_MS)).await?;
    figures.compare(
        "one task of 1 s every 25 s for 5 min, idle exit after 3 s in ours, deadline 60 s: worker-seconds",
        "s",
        builtin,
        ours,
        Target::OfBuiltin(0.3),
    );
    Ok(())
}

/// Worker-seconds of one side, whose workers leave when idle for `idle_ms`, 0 for never.
async fn one(stage: &Stage, side: Side, idle_ms: u64) -> anyhow::Result<f64> {
    let workers = Workers { slots: 4, limit: 10, idle_ms, deadline_ms: DEADLINE_MS };
    let contender = Contender::create(stage, side, &Setup::of("sparse", Some(workers))).await?;
    let during = EVERY * TASKS;
    let tasks = usize::try_from(TASKS)?;
    let load = Load::start(stage, &contender, "task", tasks, 1_000, during).await?;
    load.drained(during + PATIENCE).await?;
    left(stage, &contender.name, PATIENCE).await?;
    let calls = stage.stand_in.calls(&contender.name, load.began).len();
    eprintln!("  sparse, {side:?}: {calls} invocations");
    Ok(stage.stand_in.worker_seconds(&contender.name))
}
