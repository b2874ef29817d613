//! Memory of a system worker that serves a hundred instances and has done nothing else.

use super::memory::{end, resident_kb, start_all};
use crate::{
    figures::{Figures, Target},
    stage::Stage,
};

const INSTANCES: u32 = 100;
const TARGET: Target = Target::AtMost(60.0);
const TASK_QUEUE: &str = "wci-hundred";

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    // That of the other cases keeps what they made it grow to.
    let worker = stage.fresh_worker(TASK_QUEUE)?;
    start_all(stage, TASK_QUEUE, 0..INSTANCES).await?;
    let resident = resident_kb(&worker)? / 1024.0;
    figures.add("resident memory of wci worker with 100 instances", "MB", resident, TARGET);
    end(stage, INSTANCES).await
}
