//! The scenario of a simulation: everything except the algorithm.

use crate::{Distribution, Micros, Outage, ParseError, Traffic};
use serde::Serialize;

/// The maximum number of slots of a worker.
const MAX_SLOTS: u32 = 10_000;
/// The maximum number of partitions of a queue.
const MAX_PARTITIONS: u32 = 256;

/// Traffic, queue, workers and provider: everything except the algorithm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    /// Random seed.
    pub seed: u64,
    /// The arriving tasks.
    pub traffic: Vec<Traffic>,
    /// Service time of a task, unless a recording has it.
    pub service: Distribution,
    /// The task queue, and how the server reports it.
    pub queue: QueueModel,
    /// The workers.
    pub workers: WorkerModel,
    /// The provider that starts workers.
    pub provider: ProviderModel,
    /// The controller.
    pub controller: ControllerModel,
    /// The queue time that the ideal permits.
    pub target: Micros,
    /// The simulation ends when no task has completed for this time after the last arrival.
    pub patience: Micros,
}

/// One task queue of one type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueueModel {
    /// Partitions; the server's default is 4.
    pub partitions: u32,
    /// Minimum time between two announcements of tasks that found no worker, for each partition.
    pub miss_interval: Micros,
    /// Minimum time between two announcements of tasks that found a worker, for each partition.
    pub sync_interval: Micros,
    /// Time from an announcement to its arrival at the controller.
    pub signal_latency: Micros,
    /// Time for which the server repeats the stats that it has computed.
    #[serde(rename = "figures_age")]
    pub stats_age: Micros,
    /// Tasks a second that the server lets through, however many workers poll.
    pub rate_limit: Option<f64>,
}

/// The workers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkerModel {
    /// Concurrent tasks of a worker.
    pub slots: u32,
    /// Time from the start of a worker to its first poll.
    pub cold_start: Distribution,
    /// Idle time after which a worker exits.
    pub idle_exit: Micros,
    /// Time after which a worker is killed.
    pub lifetime: Micros,
    /// Time before that in which a worker takes no new tasks.
    pub drain: Micros,
    /// Time until a task of a killed worker returns to the queue.
    pub task_timeout: Micros,
    /// Share of workers that start but never poll, 0 to 1.
    pub no_show: f64,
    /// Whether workers leave that the load does not need, as those of the worker library do.
    pub consolidate: bool,
}

/// The provider.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProviderModel {
    /// Time until it answers a request.
    pub latency: Distribution,
    /// Limit of concurrent workers.
    pub concurrency: Option<u32>,
    /// Limit of starts in a second, which is also the number that it permits at once.
    pub rate: Option<f64>,
    /// Share of starts that it refuses at random, 0 to 1.
    pub refuse: f64,
    /// When it refuses everything.
    pub outage: Option<Outage>,
}

/// The instance of `wci`, or the built-in controller.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControllerModel {
    /// Time from an event that calls for a decision until the decision is made.
    pub decision_latency: Micros,
    /// Whether the server reports the workers that poll.
    pub sees_workers: bool,
}

impl Default for Scenario {
    /// No traffic yet; tasks of 200 ms, and workers with two slots that start within a second.
    fn default() -> Self {
        Self {
            seed: 1,
            traffic: Vec::new(),
            service: Distribution::Fixed(Micros::from_ms(200)),
            queue: QueueModel {
                partitions: 4,
                miss_interval: Micros::from_ms(500),
                sync_interval: Micros::from_ms(60_000),
                signal_latency: Micros::from_ms(10),
                stats_age: Micros::from_ms(5_000),
                rate_limit: None,
            },
            workers: WorkerModel {
                slots: 2,
                cold_start: Distribution::Fixed(Micros::from_ms(1_000)),
                idle_exit: Micros::from_ms(10_000),
                lifetime: Micros::from_ms(600_000),
                drain: Micros::from_ms(10_000),
                task_timeout: Micros::from_ms(10_000),
                no_show: 0.0,
                consolidate: false,
            },
            provider: ProviderModel {
                latency: Distribution::Fixed(Micros::from_ms(30)),
                concurrency: None,
                rate: None,
                refuse: 0.0,
                outage: None,
            },
            controller: ControllerModel {
                decision_latency: Micros::from_ms(20),
                sees_workers: true,
            },
            target: Micros::from_ms(1_000),
            patience: Micros::from_ms(900_000),
        }
    }
}

impl Scenario {
    /// Checks the values.
    ///
    /// # Errors
    /// The first value that is out of bounds, with what to do.
    pub fn check(&self) -> Result<(), ParseError> {
        let unfit = |what: &str| Err(ParseError::unfit(what));
        let (workers, provider) = (&self.workers, &self.provider);
        let shares = [workers.no_show, provider.refuse];
        let expected: f64 = self.traffic.iter().map(Traffic::expected).sum();
        match () {
            () if self.traffic.is_empty() => unfit("there is no traffic"),
            () if expected > f64::from(crate::MAX_TASKS) => {
                let most = crate::MAX_TASKS;
                unfit(&format!("the traffic is {expected:.0} tasks: at most {most} can be"))
            }
            () if !(1..=MAX_PARTITIONS).contains(&self.queue.partitions) => {
                unfit(&format!("partitions must be from 1 to {MAX_PARTITIONS}"))
            }
            () if !(1..=MAX_SLOTS).contains(&workers.slots) => {
                unfit(&format!("slots must be from 1 to {MAX_SLOTS}"))
            }
            () if workers.lifetime <= workers.drain => unfit(
                "workers that stop taking tasks as soon as they start do nothing: \
                    set the lifetime to more than the drain",
            ),
            () if shares.iter().any(|share| !(0.0..=1.0).contains(share)) => {
                unfit("a share must be from 0 to 1")
            }
            () if provider.rate.is_some_and(|rate| !(rate > 0.0 && rate <= 1e6)) => {
                unfit("the provider's rate must be above 0 and at most 1000000")
            }
            () if self.queue.rate_limit.is_some_and(|rate| !(0.0..=1e6).contains(&rate)) => {
                unfit("the queue's rate limit must be from 0 to 1000000")
            }
            () => Ok(()),
        }
    }
}
