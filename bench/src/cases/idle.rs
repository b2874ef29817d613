//! What an idle instance costs in events. A minute is measured and taken for an hour; what the
//! one watch of an hour that ends costs is added.

use std::time::Duration;

use crate::{
    burst::settled,
    figures::Figures,
    stage::{IDLE, Stage},
};

const MEASURED: Duration = Duration::from_secs(60);
/// Counted in a history: the watch started and completed, a workflow task, the next watch, the
/// decision, and the workflow task for it.
const EVENTS_OF_A_WATCH: f64 = 12.0;
const TARGET: f64 = 60.0;

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let before = settled(stage, IDLE).await?;
    tokio::time::sleep(MEASURED).await;
    let after = settled(stage, IDLE).await?;
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
