//! A thousand tasks in ten seconds, and no worker ever comes: how many were asked for soon.

use std::time::{Duration, SystemTime};

use crate::{
    contender::{Contender, Setup, Side},
    figures::{Figures, Target},
    load::Load,
    stage::Stage,
};

const DURING: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(2);
/// Workers at once that the default settings allow.
const ALLOWED: f64 = 50.0;

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let setup = Setup::of("flood", None);
    let mut counts = Vec::new();
    for side in Side::BOTH {
        let contender = Contender::create(stage, side, &setup).await?;
        let began = SystemTime::now();
        let load = Load::start(stage, &contender, "load", 1_000, 0, DURING).await?;
        let calls = stage.stand_in.calls(&contender.name, began);
        let soon = calls.iter().filter(|at| **at < began + SOON).count();
        counts.push(f64::from(u32::try_from(soon)?));
        load.clear_away().await?;
    }
    figures.compare(
        "1000 tasks in 10 s, no worker ever comes: invocations in the first 2 s",
        "",
        counts[0],
        counts[1],
        Target::AtLeast(ALLOWED),
    );
    Ok(())
}
