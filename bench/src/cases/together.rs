//! Twenty versions whose first tasks come at once: what the last but few wait for.

use std::time::Duration;

use anyhow::Context;
use futures::future::{try_join, try_join_all};

use crate::{
    contender::{Contender, Setup, Side},
    figures::{Figures, Target, median},
    load::Load,
    stage::Stage,
    waits::{Waits, called},
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
        let (builtin, ours) = try_join(
            Contender::create(stage, Side::Builtin, &setup),
            Contender::create(stage, Side::Ours, &setup),
        )
        .await?;
        contenders.0.push(builtin);
        contenders.1.push(ours);
    }
    let (mut builtin, mut ours) = (Waits::default(), Waits::default());
    for round in 0..if full { 8 } else { 3 } {
        one(stage, &contenders.0, round, &mut builtin).await?;
        one(stage, &contenders.1, round, &mut ours).await?;
    }
    builtin.tell("built-in");
    ours.tell("ours");
    figures.compare(
        "20 instances at once, start to provider call (median)",
        "ms",
        median(builtin.called),
        median(ours.called),
        Target::OfBuiltin(0.3),
    );
    Ok(())
}

async fn one(
    stage: &Stage,
    contenders: &[Contender],
    round: usize,
    waits: &mut Waits,
) -> anyhow::Result<()> {
    tokio::time::sleep(PAUSE).await;
    let loads = contenders.iter().map(|contender| async move {
        let name = format!("round{round}");
        let load = Load::start(stage, contender, &name, 1, 0, Duration::ZERO).await?;
        let waited = called(stage, &contender.name, load.began, Duration::from_secs(60)).await;
        let waited = waited.with_context(|| format!("{} was not called", contender.name))?;
        anyhow::Ok((contender, load, waited))
    });
    for (contender, load, waited) in try_join_all(loads).await? {
        waits.add(stage, contender, load.began, waited).await?;
        load.clear_away().await?;
    }
    Ok(())
}
