//! Twenty versions whose first tasks come at once: what the last but few wait for.

use std::time::Duration;

use anyhow::Context;
use futures::future::try_join_all;

use crate::{
    contender::{Contender, Setup, Side},
    figures::{Figures, Target, median},
    load::{Load, called},
    stage::Stage,
};

const VERSIONS: usize = 20;
const NAMES: [&str; VERSIONS] = [
    "t00", "t01", "t02", "t03", "t04", "t05", "t06", "t07", "t08", "t09", "t10", "t11", "t12",
    "t13", "t14", "t15", "t16", "t17", "t18", "t19",
];
const PAUSE: Duration = Duration::from_secs(3);

pub(crate) async fn measure(
    stage: &Stage,
    figures: &mut Figures,
    full: bool,
) -> anyhow::Result<()> {
    let mut contenders = (Vec::new(), Vec::new());
    for name in NAMES {
        let setup = Setup::of(name, None);
        contenders.0.push(Contender::create(stage, Side::Builtin, &setup).await?);
        contenders.1.push(Contender::create(stage, Side::Ours, &setup).await?);
    }
    let (mut builtin, mut ours) = (Vec::new(), Vec::new());
    for round in 0..if full { 8 } else { 3 } {
        builtin.extend(one(stage, &contenders.0, round).await?);
        ours.extend(one(stage, &contenders.1, round).await?);
    }
    figures.compare(
        "20 instances at once, start to provider call (median)",
        "ms",
        median(builtin),
        median(ours),
        Target::OfBuiltin(0.3),
    );
    Ok(())
}

/// Milliseconds that each version's first task waits for the provider's call.
async fn one(stage: &Stage, contenders: &[Contender], round: usize) -> anyhow::Result<Vec<f64>> {
    tokio::time::sleep(PAUSE).await;
    let waits = contenders.iter().map(|contender| async move {
        let name = format!("round{round}");
        let load = Load::start(stage, contender, &name, 1, 0, Duration::ZERO).await?;
        let waited = called(stage, &contender.name, load.began, Duration::from_secs(60)).await;
        load.clear_away().await?;
        waited.map(|s| s * 1e3).with_context(|| format!("{} was not called", contender.name))
    });
    try_join_all(waits).await
}
