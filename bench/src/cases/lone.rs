//! A lone task that finds no worker: from StartWorkflow to the call of the provider.

use std::time::Duration;

use anyhow::Context;

use crate::{
    contender::{Contender, Setup, Side},
    figures::{Figures, Target, median},
    load::{Load, called},
    stage::Stage,
};

const RUNS: u32 = 15;
/// The hook announces at most one batch in 500 ms; and nothing of the last run is under way.
const PAUSE: Duration = Duration::from_millis(1_000);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let mut setup = Setup::of("lone", None);
    setup.scaler = Some(("no-sync", serde_json::Map::new()));
    let builtin = Contender::create(stage, Side::Builtin, &setup).await?;
    let ours = Contender::create(stage, Side::Ours, &setup).await?;
    let (mut theirs, mut own) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        theirs.push(one(stage, &builtin, run).await?);
        own.push(one(stage, &ours, run).await?);
    }
    figures.compare(
        "one task, start to provider call (median of 15)",
        "ms",
        median(theirs),
        median(own),
        Target::OfBuiltin(1.0),
    );
    Ok(())
}

/// Milliseconds until the provider of `contender` is called.
async fn one(stage: &Stage, contender: &Contender, run: u32) -> anyhow::Result<f64> {
    tokio::time::sleep(PAUSE).await;
    let name = format!("run{run}");
    let load = Load::start(stage, contender, &name, 1, 0, Duration::ZERO).await?;
    let waited = called(stage, &contender.name, load.began, Duration::from_secs(30)).await;
    load.clear_away().await?;
    Ok(waited.with_context(|| format!("{}: the provider was not called", contender.name))? * 1e3)
}
