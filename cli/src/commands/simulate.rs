//! `wci simulate`: compares scaling algorithms in simulated time.

mod args;
mod contenders;
mod progress;
mod scenario;
mod table;

use std::time::Instant;

use anyhow::Context;
use wci_simulator::{Comparison, Contender, Run, Scenario, simulate};

use crate::output::{self, Output};

pub(crate) use args::SimulateArgs;

/// Runs the command.
pub(crate) fn run(args: SimulateArgs) -> anyhow::Result<()> {
    let SimulateArgs { model, choice, output, report } = args;
    let scenario = scenario::build(&model)?;
    let contenders = contenders::choose(&choice, &scenario)?;
    let mut runs = Vec::new();
    for contender in &contenders {
        runs.push(simulate_one(&scenario, contender)?);
    }
    let comparison = Comparison::new(scenario, runs);
    if let Some(path) = report {
        std::fs::write(&path, comparison.to_html())
            .with_context(|| format!("cannot write {}", path.display()))?;
        output::note(format!("report written to {}", path.display()));
    }
    match output {
        Output::Json => output::json(&comparison)?,
        Output::Table => output::say_lines(table::write(&comparison)),
    }
    Ok(())
}

fn simulate_one(scenario: &Scenario, contender: &Contender) -> anyhow::Result<Run> {
    let began = Instant::now();
    let display = progress::ProgressDisplay::new(contender.name());
    let run = simulate(scenario, contender, &mut |progress| display.show(progress))?;
    display.end();
    let (tasks, took) = (wci_charts::count(run.tasks.arrived), began.elapsed());
    crate::output::note(format_args!(
        "{contender}: {tasks} tasks simulated in {:.2} s",
        took.as_secs_f64()
    ));
    Ok(run)
}
