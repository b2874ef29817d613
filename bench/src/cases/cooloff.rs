//! A task that arrives within the cooloff of the task before it; no worker starts for either.

use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use crate::{
    bench_version::{BenchVersion, Controller, Setup},
    figures::{Figures, Target},
    load::Load,
    testbed::Testbed,
    waits::called,
};

const COOLOFF_MS: u32 = 2_000;
/// The hook of each partition sends at most one signal in 500 ms.
const WITHIN_COOLOFF: Duration = Duration::from_millis(700);

pub(crate) async fn measure(
    testbed: &Testbed,
    figures: &mut Figures,
    full: bool,
) -> anyhow::Result<()> {
    let mut setup = Setup::of("cooloff", None);
    let settings = json!({"scale_up_cooloff_ms": COOLOFF_MS});
    setup.scaler = Some(("no-sync", settings.as_object().cloned().unwrap_or_default()));
    let case = "a task within a cooloff of 2 s, after the task before it";
    let most = Target::AtMost(f64::from(COOLOFF_MS) / 1e3 + 0.2);
    let ours = measure_one(testbed, Controller::Ours, &setup).await?;
    if full {
        let builtin = measure_one(testbed, Controller::Builtin, &setup).await?;
        figures.compare(case, "s", builtin, ours, most);
    } else {
        figures.add(case, "s", ours, most);
    }
    Ok(())
}

/// Seconds from the first call of the provider to the second.
async fn measure_one(
    testbed: &Testbed,
    controller: Controller,
    setup: &Setup,
) -> anyhow::Result<f64> {
    const TIMEOUT: Duration = Duration::from_secs(400);
    let version = BenchVersion::create(testbed, controller, setup).await?;
    let function = &version.name;
    let first = Load::start(testbed, &version, "first", 1, 0, Duration::ZERO).await?;
    let waited = called(testbed, function, first.began, TIMEOUT).await;
    let called_at = first.began + Duration::from_secs_f64(waited.context("never called")?);
    tokio::time::sleep(WITHIN_COOLOFF).await;
    let second = Load::start(testbed, &version, "second", 1, 0, Duration::ZERO).await?;
    let waited = called(testbed, function, second.began, TIMEOUT).await;
    let again = second.began + Duration::from_secs_f64(waited.context("never called again")?);
    first.terminate().await?;
    second.terminate().await?;
    Ok(again.duration_since(called_at)?.as_secs_f64())
}
