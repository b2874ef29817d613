//! Memory of a system worker that serves a hundred instances, when little else has happened.

use super::memory::{end, resident_kb, start_all};
use crate::{
    figures::{Figures, Target},
    stage::Stage,
};

const INSTANCES: u32 = 100;
const TARGET: Target = Target::AtMost(60.0);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    start_all(stage, INSTANCES).await?;
    let resident = resident_kb(stage)? / 1024.0;
    figures.add("resident memory of wci worker with 100 instances", "MB", resident, TARGET);
    end(stage, INSTANCES).await
}
