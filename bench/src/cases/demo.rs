//! `wci demo`, warm, as a user runs it.

use std::{process::Stdio, time::Instant};

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::{
    figures::{Figures, Target, median},
    programs::Programs,
};

const RUNS: usize = 3;

pub(crate) async fn measure(programs: &Programs, figures: &mut Figures) -> anyhow::Result<()> {
    let (mut whole, mut first, mut drain) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let began = Instant::now();
        let done = Command::new(&programs.wci)
            .args(["demo", "-o", "json"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .await?;
        ensure!(done.status.success(), "wci demo failed");
        whole.push(began.elapsed().as_secs_f64());
        let summary: Value = serde_json::from_slice(&done.stdout)?;
        let ms = |key: &str| summary[key].as_f64().with_context(|| format!("no {key}"));
        first.push(ms("first_invoke_ms")? / 1000.0);
        drain.push(ms("drain_ms")? / 1000.0);
    }
    figures.add("wci demo, warm: total time", "s", median(whole), Target::AtMost(30.0));
    figures.add(
        "wci demo: time to the first requested worker",
        "s",
        median(first),
        Target::AtMost(1.0),
    );
    figures.add("wci demo: time to drain", "s", median(drain), Target::AtMost(30.0));
    Ok(())
}
