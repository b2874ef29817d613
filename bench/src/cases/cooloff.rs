//! A task that comes inside the cooloff of the one before, and no worker comes for either.

use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use crate::{
    contender::{Contender, Setup, Side},
    figures::{Figures, Target},
    load::Load,
    stage::Stage,
    waits::called,
};

const COOLOFF_MS: u32 = 2_000;
/// The hook of each partition announces at most one batch in 500 ms.
const INSIDE: Duration = Duration::from_millis(700);

pub(crate) async fn measure(
    stage: &Stage,
    figures: &mut Figures,
    full: bool,
) -> anyhow::Result<()> {
    let mut setup = Setup::of("cooloff", None);
    let settings = json!({"scale_up_cooloff_ms": COOLOFF_MS});
    setup.scaler = Some(("no-sync", settings.as_object().cloned().unwrap_or_default()));
    let case = "a task inside a cooloff of 2 s, after the task before it";
    let most = Target::AtMost(f64::from(COOLOFF_MS) / 1e3 + 0.2);
    let ours = one(stage, Side::Ours, &setup).await?;
    if full {
        let builtin = one(stage, Side::Builtin, &setup).await?;
        figures.compare(case, "s", builtin, ours, most);
    } else {
        figures.add(case, "s", ours, most);
    }
    Ok(())
}

/// Seconds from the first call of the provider to the second.
async fn one(stage: &Stage, side: Side, setup: &Setup) -> anyhow::Result<f64> {
    const PATIENCE: Duration = Duration::from_secs(400);
    let contender = Contender::create(stage, side, setup).await?;
    let function = &contender.name;
    let first = Load::start(stage, &contender, "first", 1, 0, Duration::ZERO).await?;
    let waited = called(stage, function, first.began, PATIENCE).await;
    let called_at = first.began + Duration::from_secs_f64(waited.context("never called")?);
    tokio::time::sleep(INSIDE).await;
    let second = Load::start(stage, &contender, "second", 1, 0, Duration::ZERO).await?;
    let waited = called(stage, function, second.began, PATIENCE).await;
    let again = second.began + Duration::from_secs_f64(waited.context("never called again")?);
    first.clear_away().await?;
    second.clear_away().await?;
    Ok(again.duration_since(called_at)?.as_secs_f64())
}
