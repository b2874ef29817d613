//! Twenty versions whose first tasks arrive at the same time.

use std::time::Duration;

use anyhow::Context;
use futures::future::{try_join, try_join_all};

use crate::{
    bench_version::{BenchVersion, Controller, Setup},
    figures::{Figures, Target, median},
    load::Load,
    testbed::Testbed,
    waits::{Waits, called},
};

const VERSIONS: usize = 20;
const NAMES: [&str; VERSIONS] = [
    "t00", "t01", "t02", "t03", "t04", "t05", "t06", "t07", "t08", "t09", "t10", "t11", "t12",
    "t13", "t14", "t15", "t16", "t17", "t18", "t19",
];
const PAUSE: Duration = Duration::from_secs(3);

pub(crate) async fn measure(
    testbed: &Testbed,
    figures: &mut Figures,
    full: bool,
) -> anyhow::Result<()> {
    let mut versions = (Vec::new(), Vec::new());
    for name in NAMES {
        let setup = Setup::of(name, None);
        let (builtin, ours) = try_join(
            BenchVersion::create(testbed, Controller::Builtin, &setup),
            BenchVersion::create(testbed, Controller::Ours, &setup),
        )
        .await?;
        versions.0.push(builtin);
        versions.1.push(ours);
    }
    let (mut builtin, mut ours) = (Waits::default(), Waits::default());
    for round in 0..if full { 8 } else { 3 } {
        measure_one(testbed, &versions.0, round, &mut builtin).await?;
        measure_one(testbed, &versions.1, round, &mut ours).await?;
    }
    builtin.print("built-in");
    ours.print("ours");
    figures.compare(
        "20 instances at once, start to provider call (median)",
        "ms",
        median(builtin.called),
        median(ours.called),
        Target::OfBuiltin(0.3),
    );
    Ok(())
}

async fn measure_one(
    testbed: &Testbed,
    versions: &[BenchVersion],
    round: usize,
    waits: &mut Waits,
) -> anyhow::Result<()> {
    tokio::time::sleep(PAUSE).await;
    let loads = versions.iter().map(|version| async move {
        let name = format!("round{round}");
        let load = Load::start(testbed, version, &name, 1, 0, Duration::ZERO).await?;
        let waited = called(testbed, &version.name, load.began, Duration::from_secs(60)).await;
        let waited = waited.with_context(|| format!("{} was not called", version.name))?;
        anyhow::Ok((version, load, waited))
    });
    for (version, load, waited) in try_join_all(loads).await? {
        waits.add(testbed, version, load.began, waited).await?;
        load.terminate().await?;
    }
    Ok(())
}
