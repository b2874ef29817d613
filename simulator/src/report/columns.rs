//! The columns of the comparison: a row for each run.

use wci_charts::{count, span};

use crate::Run;

/// The names of the columns.
pub const HEADER: [&str; 11] = [
    "algorithm",
    "queue time p50",
    "p95",
    "p99",
    "worker-seconds",
    "of ideal",
    "invocations",
    "throttled",
    "refused",
    "peak",
    "drained after",
];

/// The row of a run.
pub fn row(run: &Run) -> [String; HEADER.len()] {
    let (wait, starts) = (&run.queue_time_ms, &run.invocations);
    let left = run.tasks.arrived - run.tasks.done;
    [
        run.contender.name().to_owned(),
        span(wait.p50),
        span(wait.p95),
        span(wait.p99),
        format!("{:.0}", run.workers.seconds),
        format!("{:.2}", run.workers.to_ideal),
        count(starts.requested),
        count(starts.throttled),
        count(starts.refused),
        count(run.workers.peak.into()),
        run.drained_after_ms.map_or_else(|| format!("never, {} left", count(left)), span),
    ]
}

/// Seconds, with a fraction below 100 s.
pub fn seconds(secs: f64) -> String {
    if secs < 100.0 { format!("{secs:.1} s") } else { format!("{secs:.0} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_a_fraction_where_it_matters() {
        assert_eq!([10.44, 1_234.5].map(seconds), ["10.4 s", "1234 s"]);
    }
}
