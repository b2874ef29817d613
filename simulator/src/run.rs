//! The result of a simulation.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Contender, Timeline, queue_times::QueueTimes, world::World};

/// The result of one simulation. Times are milliseconds unless their names say seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// The simulated algorithm.
    #[serde(flatten)]
    pub contender: Contender,
    /// Tasks.
    pub tasks: Tasks,
    /// Queue times of tasks.
    pub queue_time_ms: QueueTimes,
    /// Workers.
    pub workers: Workers,
    /// Invocations of the provider.
    pub invocations: Invocations,
    /// The controller's work.
    pub control: ControllerCounts,
    /// When the last task completed; `None` if some did not.
    pub drained_after_ms: Option<f64>,
    /// The simulated time.
    pub simulated_ms: f64,
    /// Samples over time.
    #[serde(skip)]
    pub timeline: Timeline,
}

/// Counts of tasks. Every task that arrived is done, running, waiting or away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tasks {
    /// Tasks that arrived.
    pub arrived: u64,
    /// Completed.
    pub done: u64,
    /// Running at the end.
    pub running: u64,
    /// Waiting at the end.
    pub waiting: u64,
    /// Killed with a worker, and not back in the queue at the end.
    pub away: u64,
    /// How often a task was killed with its worker.
    pub lost: u64,
}

/// Workers, and how long they lived.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Workers {
    /// The maximum number alive at once.
    pub peak: u32,
    /// Alive at the end.
    pub at_end: u32,
    /// Left because the load did not need them.
    pub surplus: u64,
    /// The sum of their lifetimes.
    pub seconds: f64,
    /// That, as a multiple of the ideal.
    pub to_ideal: f64,
}

/// Counts of workers requested from the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Invocations {
    /// Requested.
    #[serde(rename = "asked")]
    pub requested: u64,
    /// Started.
    pub started: u64,
    /// Refused because of the provider's limits.
    pub throttled: u64,
    /// Refused for other reasons.
    pub refused: u64,
}

/// Counts of the controller's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControllerCounts {
    /// Signals that it received.
    pub signals: u64,
    /// Reads of the queue's stats.
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
        // Tasks that still wait count with their time so far.
        let still = queue.drain().map(|task| now.saturating_sub(task.since));
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
                surplus: counters.surplus,
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
