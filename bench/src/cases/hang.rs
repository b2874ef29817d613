//! The provider hangs for one group: the latency of a task of another group.

use std::time::Duration;

use anyhow::Context;

use crate::{
    bench_version::{BenchVersion, Controller, Setup, Workers},
    figures::{Figures, Target},
    lambda::Behaviour,
    load::{Load, workers_exited},
    testbed::Testbed,
    waits::called,
};

/// The maximum wait, which the built-in controller reaches.
const TIMEOUT: Duration = Duration::from_secs(20);
const WORKERS: Workers = Workers { slots: 4, limit: 10, idle_ms: 1_000, deadline_ms: 600_000 };

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let mut setup = Setup::of("hang", Some(WORKERS));
    setup.groups = vec![
        ("workflows", vec![1], "workflows".to_owned()),
        ("activities", vec![2], "activities".to_owned()),
    ];
    let (mut healthy, mut beside) = (Vec::new(), Vec::new());
    for controller in Controller::BOTH {
        let version = BenchVersion::create(testbed, controller, &setup).await?;
        healthy.push(wait_of(testbed, &version, "healthy").await?);
        let hanging = format!("{}-activities", version.name);
        testbed.lambda.set(&hanging, Behaviour::Hangs);
        let stuck = Load::start(testbed, &version, "stuck", 1, 0, Duration::ZERO).await?;
        called(testbed, &hanging, stuck.began, TIMEOUT)
            .await
            .context("the hanging function was not called")?;
        workers_exited(testbed, &format!("{}-workflows", version.name), TIMEOUT).await?;
        beside.push(wait_of(testbed, &version, "beside").await?);
    }
    eprintln!("  with both groups healthy: {:.0} ms and {:.0} ms", healthy[0], healthy[1]);
    figures.compare(
        "a task of one group while the provider hangs for another (waits at most 20 s)",
        "ms",
        beside[0],
        beside[1],
        Target::AtMost(healthy[1] * 1.5 + 20.0),
    );
    Ok(())
}

/// Milliseconds from the start of a first task to the call of the workflows' function.
async fn wait_of(testbed: &Testbed, version: &BenchVersion, name: &str) -> anyhow::Result<f64> {
    let function = format!("{}-workflows", version.name);
    workers_exited(testbed, &function, TIMEOUT).await?;
    // The hook sends at most one signal in 500 ms.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let load = Load::start(testbed, version, name, 1, 0, Duration::ZERO).await?;
    let waited = called(testbed, &function, load.began, TIMEOUT).await;
    Ok(waited.unwrap_or(TIMEOUT.as_secs_f64()) * 1e3)
}
