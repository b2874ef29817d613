//! The number of events of an idle instance. The events of a minute are extrapolated to an hour,
//! and those of the one watch that ends in an hour are added.

use std::time::Duration;

use super::burst::idle_event_count;
use crate::{
    bench_version::{BenchVersion, Controller, Setup},
    figures::{Figures, Target},
    testbed::Testbed,
};

const MEASURED: Duration = Duration::from_secs(60);
/// For a minute after a change, the watch is shorter.
const SETTLING_TIME: Duration = Duration::from_secs(70);
/// Counted in a history: the watch started and completed, a workflow task, the next watch, the
/// decision, and the workflow task for it.
const EVENTS_OF_A_WATCH: f64 = 12.0;
const TARGET: Target = Target::AtMost(36.0);

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let version = BenchVersion::create(testbed, Controller::Ours, &Setup::of("idle", None)).await?;
    tokio::time::sleep(SETTLING_TIME).await;
    let before = idle_event_count(testbed, &version).await?;
    tokio::time::sleep(MEASURED).await;
    let after = idle_event_count(testbed, &version).await?;
    let measured = f64::from(u32::try_from(after - before)?);
    let hours = MEASURED.as_secs_f64() / 3600.0;
    figures.add(
        "events of an idle hour (extrapolated from a minute, plus the end of a watch)",
        "",
        measured / hours + EVENTS_OF_A_WATCH,
        TARGET,
    );
    Ok(())
}
