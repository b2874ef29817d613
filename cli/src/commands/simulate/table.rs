//! The result as a table.

use wci_charts::count;
use wci_simulator::{
    Comparison,
    report::{HEADER, row, seconds},
};

use crate::output;

/// The table, below a description of the scenario.
pub(super) fn write(comparison: &Comparison) -> String {
    let header = HEADER.map(str::to_uppercase);
    let mut table = output::table(&header.each_ref().map(String::as_str));
    for run in &comparison.runs {
        table.add_row(row(run));
    }
    format!("{}\n\n{}", about(comparison), output::text(&table))
}

fn about(comparison: &Comparison) -> String {
    let (ideal, scenario) = (&comparison.ideal, &comparison.scenario);
    let arrived = comparison.runs.first().map_or(0, |run| run.tasks.arrived);
    format!(
        "{}: {} tasks, {} of work, {} slots a worker\nideal: {} workers, {} worker-seconds\n\
         seed {}, wci {}",
        comparison.traffic(),
        count(arrived),
        seconds(ideal.work_seconds),
        scenario.workers.slots,
        count(ideal.workers.into()),
        format_args!("{:.0}", ideal.worker_seconds),
        scenario.seed,
        comparison.build(),
    )
}
