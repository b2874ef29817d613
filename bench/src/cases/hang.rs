//! The provider hangs for one group: does a task of another group notice?

use std::time::Duration;

use anyhow::Context;

use crate::{
    contender::{Contender, Setup, Side, Workers},
    figures::{Figures, Target},
    load::{Load, left},
    stage::Stage,
    stand_in::Behaviour,
    waits::called,
};

/// The built-in controller is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(20);
const WORKERS: Workers = Workers { slots: 4, limit: 10, idle_ms: 1_000, deadline_ms: 600_000 };

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let mut setup = Setup::of("hang", Some(WORKERS));
    setup.groups = vec![
        ("workflows", vec![1], "workflows".to_owned()),
        ("activities", vec![2], "activities".to_owned()),
    ];
    let (mut healthy, mut beside) = (Vec::new(), Vec::new());
    for side in Side::BOTH {
        let contender = Contender::create(stage, side, &setup).await?;
        healthy.push(wait_of(stage, &contender, "healthy").await?);
        let hanging = format!("{}-activities", contender.name);
        stage.stand_in.set(&hanging, Behaviour::Hangs);
        let stuck = Load::start(stage, &contender, "stuck", 1, 0, Duration::ZERO).await?;
        called(stage, &hanging, stuck.began, PATIENCE).await.context("the hanging one")?;
        left(stage, &format!("{}-workflows", contender.name), PATIENCE).await?;
        beside.push(wait_of(stage, &contender, "beside").await?);
    }
    eprintln!("  with both groups healthy: {:.0} ms and {:.0} ms", healthy[0], healthy[1]);
    figures.compare(
        "a task of one group while the provider hangs for another (20 s waited at most)",
        "ms",
        beside[0],
        beside[1],
        Target::AtMost(healthy[1] * 1.5 + 20.0),
    );
    Ok(())
}

/// Milliseconds that a first task waits for the call of the workflows' function.
async fn wait_of(stage: &Stage, contender: &Contender, name: &str) -> anyhow::Result<f64> {
    let function = format!("{}-workflows", contender.name);
    left(stage, &function, PATIENCE).await?;
    // The hook announces at most one batch in 500 ms.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let load = Load::start(stage, contender, name, 1, 0, Duration::ZERO).await?;
    let waited = called(stage, &function, load.began, PATIENCE).await;
    Ok(waited.unwrap_or(PATIENCE.as_secs_f64()) * 1e3)
}
