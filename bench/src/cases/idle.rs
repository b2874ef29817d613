//! What an idle instance costs in events. A minute is measured and taken for an hour; what the
//! one watch of an hour that ends costs is added.

use std::time::Duration;

use super::burst::settled;
use crate::{
    contender::{Contender, Setup, Side},
    figures::{Figures, Target},
    stage::Stage,
};

const MEASURED: Duration = Duration::from_secs(60);
/// For a minute after a change the watch is a shorter one.
const CALM: Duration = Duration::from_secs(70);
/// Counted in a history: the watch started and completed, a workflow task, the next watch, the
/// decision, and the workflow task for it.
const EVENTS_OF_A_WATCH: f64 = 12.0;
const TARGET: Target = Target::AtMost(36.0);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let contender = Contender::create(stage, Side::Ours, &Setup::of("idle", None)).await?;
    tokio::time::sleep(CALM).await;
    let before = settled(stage, &contender).await?;
    tokio::time::sleep(MEASURED).await;
    let after = settled(stage, &contender).await?;
    let measured = f64::from(u32::try_from(after - before)?);
    let hours = MEASURED.as_secs_f64() / 3600.0;
    figures.add(
        "events of an idle hour (a minute measured, the end of a watch added)",
        "",
        measured / hours + EVENTS_OF_A_WATCH,
        TARGET,
    );
    Ok(())
}
