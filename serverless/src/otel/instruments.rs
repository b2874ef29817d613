//! The metrics of a run.

use crate::{
    report::{Phases, Report},
    task_counts::TaskCounts,
};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter},
};
use std::time::Duration;

/// Bucket boundaries of phases in seconds: connecting takes milliseconds, a run up to minutes.
const PHASE_BUCKETS: [f64; 13] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0, 120.0, 900.0];

#[derive(Clone, Debug)]
pub(super) struct Instruments {
    runs: Counter<u64>,
    tasks: Counter<u64>,
    abandoned: Counter<u64>,
    phase: Histogram<f64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = |name| meter.u64_counter(name).build();
        Self {
            runs: counter("temporal_serverless_lives"),
            tasks: counter("temporal_serverless_tasks"),
            abandoned: counter("temporal_serverless_tasks_abandoned"),
            phase: meter
                .f64_histogram("temporal_serverless_phase")
                .with_unit("s")
                .with_boundaries(PHASE_BUCKETS.to_vec())
                .build(),
        }
    }

    /// Records a run. Without a report, the run failed.
    pub(super) fn record(&self, report: Option<&Report>) {
        let reason = report.map_or("failed", |report| report.reason.as_str());
        self.runs.add(1, &[KeyValue::new("reason", reason)]);
        let Some(report) = report else { return };
        count(&self.tasks, &report.tasks);
        count(&self.abandoned, &report.abandoned);
        let Phases { connect, first_poll, work, drain, idle, hooks: _, total: _ } = report.phases;
        let phase = |name, time: Duration| {
            self.phase.record(time.as_secs_f64(), &[KeyValue::new("phase", name)]);
        };
        for (name, time) in [("connect", connect), ("work", work), ("drain", drain), ("idle", idle)]
        {
            phase(name, time);
        }
        if let Some(time) = first_poll {
            phase("first_poll", time);
        }
    }
}

fn count(counter: &Counter<u64>, tasks: &TaskCounts) {
    for (kind, count) in [
        ("workflow", tasks.workflow),
        ("activity", tasks.activity),
        ("local_activity", tasks.local_activity),
        ("nexus", tasks.nexus),
    ] {
        if count > 0 {
            counter.add(count, &[KeyValue::new("type", kind)]);
        }
    }
}
