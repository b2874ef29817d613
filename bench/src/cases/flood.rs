//! A thousand tasks in ten seconds, and no worker ever starts: the number of early invocations.

use std::time::{Duration, SystemTime};

use crate::{
    bench_version::{BenchVersion, Controller, Setup},
    figures::{Figures, Target},
    load::Load,
    testbed::Testbed,
};

const DURING: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(2);
/// The maximum number of concurrent workers by default.
const ALLOWED: f64 = 50.0;

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let setup = Setup::of("flood", None);
    let mut counts = Vec::new();
    for controller in Controller::BOTH {
        let version = BenchVersion::create(testbed, controller, &setup).await?;
        let began = SystemTime::now();
        let load = Load::start(testbed, &version, "load", 1_000, 0, DURING).await?;
        let calls = testbed.lambda.calls(&version.name, began);
        let soon = calls.iter().filter(|at| **at < began + SOON).count();
        counts.push(f64::from(u32::try_from(soon)?));
        load.terminate().await?;
    }
    figures.compare(
        "1000 tasks in 10 s, no worker ever starts: invocations in the first 2 s",
        "",
        counts[0],
        counts[1],
        Target::AtLeast(ALLOWED),
    );
    Ok(())
}
