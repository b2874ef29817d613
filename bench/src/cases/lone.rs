//! One task without a worker: from StartWorkflow to the call of the provider.

use std::time::Duration;

use anyhow::Context;

use crate::{
    bench_version::{BenchVersion, Controller, Setup},
    figures::{Figures, Target, median},
    load::Load,
    testbed::Testbed,
    waits::{Waits, called},
};

const RUNS: u32 = 15;
/// The hook sends at most one signal in 500 ms, and nothing of the previous run is pending.
const PAUSE: Duration = Duration::from_millis(1_000);

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let mut setup = Setup::of("lone", None);
    setup.scaler = Some(("no-sync", serde_json::Map::new()));
    let builtin = BenchVersion::create(testbed, Controller::Builtin, &setup).await?;
    let ours = BenchVersion::create(testbed, Controller::Ours, &setup).await?;
    let (mut builtin_waits, mut our_waits) = (Waits::default(), Waits::default());
    for run in 0..RUNS {
        measure_one(testbed, &builtin, run, &mut builtin_waits).await?;
        measure_one(testbed, &ours, run, &mut our_waits).await?;
    }
    builtin_waits.print("built-in");
    our_waits.print("ours");
    figures.compare(
        "one task, start to provider call (median of 15)",
        "ms",
        median(builtin_waits.called),
        median(our_waits.called),
        Target::OfBuiltin(1.0),
    );
    Ok(())
}

async fn measure_one(
    testbed: &Testbed,
    version: &BenchVersion,
    run: u32,
    waits: &mut Waits,
) -> anyhow::Result<()> {
    tokio::time::sleep(PAUSE).await;
    let name = format!("run{run}");
    let load = Load::start(testbed, version, &name, 1, 0, Duration::ZERO).await?;
    let waited = called(testbed, &version.name, load.began, Duration::from_secs(30)).await;
    let waited = waited.with_context(|| format!("{} was not called", version.name))?;
    load.terminate().await?;
    waits.add(testbed, version, load.began, waited).await
}
