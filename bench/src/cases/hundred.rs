//! Memory of a fresh system worker that serves a hundred instances.

use super::memory::{resident_kb, start_all, terminate_all};
use crate::{
    figures::{Figures, Target},
    testbed::Testbed,
};

const INSTANCES: u32 = 100;
const TARGET: Target = Target::AtMost(60.0);
const TASK_QUEUE: &str = "wci-hundred";

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    // The worker of the other cases has grown and keeps its memory.
    let worker = testbed.fresh_worker(TASK_QUEUE)?;
    start_all(testbed, TASK_QUEUE, 0..INSTANCES).await?;
    let resident = resident_kb(&worker)? / 1024.0;
    figures.add("resident memory of wci worker with 100 instances", "MB", resident, TARGET);
    terminate_all(testbed, INSTANCES).await
}
