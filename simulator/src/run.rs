//! What came of a simulation.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Contender, Timeline, queue_times::QueueTimes, world::World};

/// What came of one simulation. Times are milliseconds unless they say seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// What was simulated.
    #[serde(flatten)]
    pub contender: Contender,
    /// Tasks.
    pub tasks: Tasks,
    /// How long tasks waited for a worker.
    pub queue_time_ms: QueueTimes,
    /// Workers.
    pub workers: Workers,
    /// Starts of workers.
    pub invocations: Invocations,
    /// What the controller did.
    pub control: ControllerCounts,
    /// When the last task was done; `None` when some are not.
    pub drained_after_ms: Option<f64>,
    /// How much time was simulated.
    pub simulated_ms: f64,
    /// What there was when.
    #[serde(skip)]
    pub timeline: Timeline,
}

/// Counts of tasks: what arrived is done, runs, waits, or comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tasks {
    /// Tasks that arrived.
    pub arrived: u64,
    /// Done.
    pub done: u64,
    /// Running at the end.
    pub running: u64,
    /// Waiting at the end.
    pub waiting: u64,
    /// Killed with a worker, and not offered again at the end.
    pub away: u64,
    /// How often one was killed with its worker.
    pub lost: u64,
}

/// Workers, and how long they lived.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Workers {
    /// The most that lived at once.
    pub peak: u32,
    /// Those that lived at the end.
    pub at_end: u32,
    /// How long all lived together.
    pub seconds: f64,
    /// That, as a multiple of the ideal.
    pub to_ideal: f64,
}

/// Starts of workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Invocations {
    /// Asked of the provider.
    #[serde(rename = "asked")]
    pub requested: u64,
    /// Started.
    pub started: u64,
    /// Refused for the provider's limits.
    pub throttled: u64,
    /// Refused for other reasons.
    pub refused: u64,
}

/// What the controller did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControllerCounts {
    /// Announcements that it heard.
    pub signals: u64,
    /// Looks at the queue.
    #[serde(rename = "looks")]
    pub stats_reads: u64,
    /// Decisions.
    pub decisions: u64,
    /// How often each reason was given.
    pub reasons: BTreeMap<&'static str, u64>,
}

impl Run {
    pub(crate) fn of(
        contender: &Contender,
        world: World<'_>,
        timeline: Timeline,
        ideal_seconds: f64,
    ) -> Self {
        let (now, counts) = (world.now, world.fleet.counts());
        let (waiting, running) = (world.queue.waiting(), world.fleet.running());
        let seconds = world.fleet.lived(now).as_secs();
        let World { counters, mut queue, .. } = world;
        let is_drained = counters.done == counters.arrived;
        // Those that still wait have waited for as long at least.
        let still = std::iter::from_fn(|| queue.take()).map(|task| now.saturating_sub(task.since));
        let waits = counters.waits.into_iter().chain(still).collect();
        Self {
            contender: contender.clone(),
            tasks: Tasks {
                arrived: counters.arrived,
                done: counters.done,
                running,
                waiting,
                away: counters.away,
                lost: counters.lost,
            },
            queue_time_ms: QueueTimes::of(waits),
            workers: Workers {
                peak: counters.peak,
                at_end: counts.alive(),
                seconds,
                to_ideal: seconds / ideal_seconds,
            },
            invocations: Invocations {
                requested: counters.requested,
                started: counters.started,
                throttled: counters.throttled,
                refused: counters.refused,
            },
            control: ControllerCounts {
                signals: counters.signals,
                stats_reads: counters.stats_reads,
                decisions: counters.decisions,
                reasons: counters.reasons,
            },
            drained_after_ms: is_drained.then(|| counters.last_done.as_ms()),
            simulated_ms: now.as_ms(),
            timeline,
        }
    }
}
