//! The result as a table.

use wci_simulator::{
    Comparison, Run,
    report::{count, seconds, span},
};

use crate::output;

const HEADER: [&str; 11] = [
    "ALGORITHM",
    "QUEUE TIME P50",
    "P95",
    "P99",
    "WORKER-SECONDS",
    "OF IDEAL",
    "INVOCATIONS",
    "THROTTLED",
    "REFUSED",
    "PEAK",
    "DRAINED AFTER",
];

/// The table, and above it what was simulated.
pub(super) fn write(comparison: &Comparison) -> String {
    let mut table = output::table(&HEADER);
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

fn row(run: &Run) -> [String; HEADER.len()] {
    let (wait, starts) = (&run.queue_time_ms, &run.invocations);
    let left = run.tasks.arrived - run.tasks.done;
    [
        run.contender.name().to_owned(),
        span(wait.p50),
        span(wait.p95),
        span(wait.p99),
        format!("{:.0}", run.workers.seconds),
        format!("{:.2}", run.workers.to_ideal),
        count(starts.asked),
        count(starts.throttled),
        count(starts.refused),
        count(run.workers.peak.into()),
        run.drained_after_ms.map_or_else(|| format!("never, {} left", count(left)), span),
    ]
}
