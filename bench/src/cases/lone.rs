//! A lone task that finds no worker: from StartWorkflow to the call of the provider.

use std::time::Duration;

use anyhow::Context;

use crate::{
    contender::{Contender, Setup, Side},
    figures::{Figures, Target, median},
    load::Load,
    stage::Stage,
    waits::{Waits, called},
};

const RUNS: u32 = 15;
/// The hook announces at most one batch in 500 ms; and nothing of the last run is under way.
const PAUSE: Duration = Duration::from_millis(1_000);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let mut setup = Setup::of("lone", None);
    setup.scaler = Some(("no-sync", serde_json::Map::new()));
    let builtin = Contender::create(stage, Side::Builtin, &setup).await?;
    let ours = Contender::create(stage, Side::Ours, &setup).await?;
    let (mut theirs, mut own) = (Waits::default(), Waits::default());
    for run in 0..RUNS {
        one(stage, &builtin, run, &mut theirs).await?;
        one(stage, &ours, run, &mut own).await?;
    }
    theirs.tell("built-in");
    own.tell("ours");
    figures.compare(
        "one task, start to provider call (median of 15)",
        "ms",
        median(theirs.called),
        median(own.called),
        Target::OfBuiltin(1.0),
    );
    Ok(())
}

async fn one(
    stage: &Stage,
    contender: &Contender,
    run: u32,
    waits: &mut Waits,
) -> anyhow::Result<()> {
    tokio::time::sleep(PAUSE).await;
    let name = format!("run{run}");
    let load = Load::start(stage, contender, &name, 1, 0, Duration::ZERO).await?;
    let waited = called(stage, &contender.name, load.began, Duration::from_secs(30)).await;
    let waited = waited.with_context(|| format!("{} was not called", contender.name))?;
    load.clear_away().await?;
    waits.add(stage, contender, load.began, waited).await
}
