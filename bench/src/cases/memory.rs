//! Memory of the system worker.

use anyhow::Context;

use crate::{figures::Figures, stage::Stage};

const TARGET_MB: f64 = 40.0;

/// Resident memory of the system worker after the cases before.
pub(crate) fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", stage.worker.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .context("no resident memory in the process's status")?;
    figures.add(
        "resident memory of wci worker, idle after the above",
        "MB",
        kb / 1024.0,
        TARGET_MB,
    );
    Ok(())
}
